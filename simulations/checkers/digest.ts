/**
 * Digests are equal exactly when what they sum up is equal: those of the standing registers, and those of the version
 * vectors, of every two replicas at every moment that was looked at. A replica that takes itself for equal sends nothing.
 * One that has not heard of a keyspace sums up fewer shards than others: it is compared with its like.
 */

import type { NodeSample, Sample, SampledRegister } from "../sampling/sample.ts";
import { type Evidence, type Violation, violations } from "./evidence.ts";
import { compareStamps } from "./stamp.ts";

/** One of the two things that are summed up. */
interface Aspect {
  readonly what: string;
  readonly digestOf: (node: NodeSample) => string;
  readonly isSame: (one: NodeSample, other: NodeSample) => boolean;
}

const ASPECTS: readonly Aspect[] = [
  { what: "hold % registers", digestOf: (node) => node.contentDigest, isSame: isSameContent },
  { what: "claim % dots", digestOf: (node) => node.vectorDigest, isSame: isSameVectors },
];

export function checkDigest(evidence: Evidence): Violation[] {
  const messages: string[] = [];
  for (const sample of evidence.samples) for (const aspect of ASPECTS) messages.push(...problemsOf(sample, aspect));
  return violations("digest", messages);
}

/**
 * Each replica is held against the first of each kind that was found: those that are the same as one another are so to
 * all others too, in what they hold and, unless that was told, in their digests. Of a hundred there are few kinds.
 */
function* problemsOf({ at, nodes }: Sample, { what, digestOf, isSame }: Aspect): Iterable<string> {
  const kinds: { readonly index: number; readonly node: NodeSample }[] = [];
  for (const [index, node] of nodes.entries()) {
    if (node === undefined) continue;
    let isNew = true;
    for (const kind of kinds) {
      if (kind.node.vectors.size !== node.vectors.size) continue;
      const same = isSame(kind.node, node);
      if (same) isNew = false;
      if (same === (digestOf(kind.node) === digestOf(node))) continue;
      const digests = same ? "different digests" : `one digest, ${digestOf(node)}`;
      const found = what.replace("%", same ? "the same" : "different");
      yield `at ${(at / 1000).toFixed(3)}s replicas ${kind.index} and ${index} ${found}, under ${digests}`;
    }
    if (isNew) kinds.push({ index, node });
  }
}

function isSameContent(one: NodeSample, other: NodeSample): boolean {
  let left = 0;
  for (const register of other.registers.values()) if (register.isStanding) left++;
  for (const [identity, register] of one.registers) {
    if (!register.isStanding) continue;
    const twin = other.registers.get(identity);
    if (twin?.isStanding !== true || !isSameRegister(twin, register)) return false;
    left--;
  }
  return left === 0;
}

function isSameRegister(one: SampledRegister, other: SampledRegister): boolean {
  const isSameBytes = one.sequence === other.sequence && one.checksum === other.checksum;
  return isSameBytes && compareStamps(one.stamp, other.stamp) === 0;
}

function isSameVectors(one: NodeSample, other: NodeSample): boolean {
  return [...one.vectors].every(([shard, vector]) => {
    const twin = other.vectors.get(shard);
    return twin !== undefined && vector.size === twin.size && vector.dominates(twin) && twin.dominates(vector);
  });
}
