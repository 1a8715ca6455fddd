/**
 * Lineage: which process lived each of a replica's latest lives. An old copy of a disk, put back, goes on from where it was
 * and lives lives of the same numbers once more; who met the other line knows of a birth that is not in this one.
 *
 * Lineages are in ascending order of lives.
 */

import { type Birth, LINEAGE_MAX } from "../wire/message.ts";

/** The latest lives of others that a replica remembers. */
export const LINEAGE_KNOWN_MAX = 8;

/** The lineage with a life more. */
export function withBirth(lineage: readonly Birth[], birth: Birth): Birth[] {
  return [...lineage, birth].slice(-LINEAGE_MAX);
}

/** True when whoever was met with the lineage `known` went on to live `lineage`, or has dropped what it held then. */
export function isContinued(known: readonly Birth[], lineage: readonly Birth[], rootLife: number): boolean {
  const last = known.at(-1);
  return last === undefined || last.life < rootLife || hasBirth(lineage, last);
}

/** The first life of which others may know, or may have closed, another line, given that `lineage` does not continue `known`. */
export function firstDoubtedLife(known: readonly Birth[], lineage: readonly Birth[]): number {
  const common = known.findLast((birth) => hasBirth(lineage, birth));
  return common === undefined ? (known[0]?.life ?? 0) : common.life + 1;
}

/** Lives of `lineage` that another process lived as well. */
export function livedTwice(known: readonly Birth[], lineage: readonly Birth[]): readonly number[] {
  const twice = lineage.filter(({ life, birth }) => known.some((each) => each.life === life && each.birth !== birth));
  return twice.map(({ life }) => life);
}

function hasBirth(lineage: readonly Birth[], { life, birth }: Birth): boolean {
  return lineage.some((each) => each.life === life && each.birth === birth);
}
