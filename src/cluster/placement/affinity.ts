/**
 * How much a part wants a member: weighted rendezvous hashing (Thaler, Ravishankar 1998; Schindelhauer, Schomaker
 * 2005), in a form whose numbers can be added up.
 *
 * With a number u in (0, 1) for each part and member, the member of the least -ln(u) / weight owns the part, each in
 * proportion to its weight. The *reluctance* here is the logarithm of that: to take a constant off all reluctances of a
 * member is to raise its weight.
 *
 * The numbers of one member are spread evenly over its parts: a shuffle of one from each of `parts` equal slices of (0,
 * 1). Members of equal weight then differ by half as much (in variance) as with independent numbers, and nothing that
 * any other member does changes them.
 */

import { hashText, mix32 } from "../../base/hash.ts";
import { naturalLog } from "../../base/logarithm.ts";
import type { PlacementMember } from "./placement-view.ts";

const TWO_32 = 4294967296;
const GOLDEN = 0x9e3779b9;
const SEED = 0x706c6163;

/** Writes the reluctance of each part to be owned by the member, smaller is better, to `into` from `offset` on. */
export function writeReluctances(member: PlacementMember, parts: number, into: Float64Array, offset: number): void {
  const seed = hashText(member.id, SEED);
  const logWeight = naturalLog(member.weight);
  const slices = shuffled(parts, seed);
  for (let part = 0; part < parts; part++) {
    // The middle of one of 2^32 steps within the slice: neither 0 nor 1.
    const within = (draw(~seed, part) + 0.5) / TWO_32;
    const u = ((slices[part] as number) + within) / parts;
    into[offset + part] = naturalLog(-naturalLog(u)) - logWeight;
  }
}

/**
 * A number in [0, 1) of the member's own, by which what is not whole is rounded: of some members up, of others down.
 */
export function roundingOf(member: PlacementMember): number {
  return mix32(hashText(member.id, SEED) ^ GOLDEN) / TWO_32;
}

/** The numbers below `count` in an order that depends on the seed alone (Fisher, Yates). */
function shuffled(count: number, seed: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const other = draw(seed, last) % (last + 1);
    const moved = order[last] as number;
    order[last] = order[other] as number;
    order[other] = moved;
  }
  return order;
}

/** A uniform 32-bit number for each seed and index. */
function draw(seed: number, index: number): number {
  return mix32(mix32(seed + Math.imul(index + 1, GOLDEN)) ^ seed);
}
