/**
 * What a disk may do to what it was given, and how its database is found afterwards. LevelDB's own checksums are modelled
 * by what they leave: a block that does not check is missing, which it tells of (`repaired`) or does not.
 */

import { bytesFromLatin1, latin1FromBytes } from "../../src/base/bytes.ts";
import type { Random, StorageCondition } from "../../src/replica/ports.ts";
import { unit } from "./draws.ts";

export const DAMAGES = [
  /** Entries are missing from anywhere, and the database says so. */
  "repaired",
  /** Nothing could be read: a new and empty database stands in its place, and says so. */
  "set-aside",
  /** The last batch is there in part, and the database says so. */
  "torn",
  /** Bits flipped in a few keys or values; not a word. */
  "flipped",
  /** A few entries hold what belongs to others; not a word. */
  "misdirected",
  /** The last batches are gone: the log ends early, which is how it ends after any crash. Not a word. */
  "tail-lost",
  /** Empty, as if new, under the same replica id. Not a word. */
  "wiped",
] as const;

/** How a disk is found at the next opening. */
export type Damage = (typeof DAMAGES)[number];

/** A batch that the disk has taken, and what stood in its place before. */
export interface TakenBatch {
  readonly before: ReadonlyMap<string, Uint8Array | undefined>;
  /** Virtual ms: what was handed over before is on the disk once this batch is. */
  safeUpTo: number;
}

/** Of what a node came to hold after `from` and up to `to`, virtual ms, what lay in these entries may be gone. */
export interface DiskLoss {
  readonly from: number;
  readonly to: number;
  /** By key, as latin1: gone, or other than they were. */
  readonly entries: ReadonlySet<string>;
}

export interface Damaged {
  readonly condition: StorageCondition;
  /** As in `DiskLoss`. */
  readonly from: number;
}

/** Most batches that go with the end of a log. */
const TAIL_MAX = 6;
/** Batches to be kept in mind for that, so that one is left which tells up to when everything is safe. */
export const BATCHES_KEPT = TAIL_MAX + 2;
const HITS_MAX = 4;

type Content = Map<string, Uint8Array>;

/** The entries that are not what they were. */
export function entriesLost(
  before: ReadonlyMap<string, Uint8Array>,
  after: ReadonlyMap<string, Uint8Array>,
): Set<string> {
  const lost = new Set<string>();
  for (const [key, value] of before) {
    const now = after.get(key);
    if (now === undefined || Buffer.compare(now, value) !== 0) lost.add(key);
  }
  return lost;
}

/** Damages what a disk holds. `batches`: the last ones that it took, oldest first; those that are lost are removed. */
export function damageContent(damage: Damage, content: Content, batches: TakenBatch[], random: Random): Damaged {
  switch (damage) {
    case "repaired":
      for (const key of sortedKeys(content)) if (unit(random) < 0.3) content.delete(key);
      return { condition: REPAIRED, from: -Infinity };
    case "set-aside":
      content.clear();
      return { condition: { type: "set-aside", detail: "simulated damage", movedTo: "elsewhere" }, from: -Infinity };
    case "wiped":
      content.clear();
      return { condition: CLEAN, from: -Infinity };
    case "torn":
      return { condition: REPAIRED, from: undo(content, batches, 1, () => unit(random) < 0.5) };
    case "tail-lost":
      return { condition: CLEAN, from: undo(content, batches, 1 + below(random, TAIL_MAX), () => true) };
    case "flipped":
      hit(content, random, (key) => flip(content, key, random));
      return { condition: CLEAN, from: -Infinity };
    case "misdirected":
      hit(content, random, (key, keys) => {
        content.set(key, content.get(keys[below(random, keys.length)] as string) as Uint8Array);
      });
      return { condition: CLEAN, from: -Infinity };
  }
}

const CLEAN: StorageCondition = { type: "clean" };
const REPAIRED: StorageCondition = { type: "repaired", detail: "simulated damage" };

/** Takes the last batches back, or what `isLost` says of each. Returns up to when all that was handed over is safe. */
function undo(content: Content, batches: TakenBatch[], count: number, isLost: () => boolean): number {
  for (const { before } of batches.splice(Math.max(0, batches.length - count)).reverse()) {
    for (const [key, value] of before) {
      if (!isLost()) continue;
      if (value === undefined) content.delete(key);
      else content.set(key, value);
    }
  }
  return batches.at(-1)?.safeUpTo ?? -Infinity;
}

function hit(content: Content, random: Random, strike: (key: string, keys: readonly string[]) => void): void {
  const keys = sortedKeys(content);
  if (keys.length === 0) return;
  for (let hits = 1 + below(random, HITS_MAX); hits > 0; hits--)
    strike(keys[below(random, keys.length)] as string, keys);
}

/** One bit of a value or, as often as its share of the bytes, of a key. */
function flip(content: Content, key: string, random: Random): void {
  const value = content.get(key);
  // Struck before, under this name.
  if (value === undefined) return;
  const bit = below(random, (key.length + value.length) * 8);
  if (bit < value.length * 8) content.set(key, flipped(value, bit));
  else {
    content.delete(key);
    content.set(latin1FromBytes(flipped(bytesFromLatin1(key), bit - value.length * 8)), value);
  }
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = bytes.slice();
  copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
  return copy;
}

function sortedKeys(content: Content): string[] {
  return [...content.keys()].sort();
}

function below(random: Random, count: number): number {
  return Math.floor(unit(random) * count);
}
