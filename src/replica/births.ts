/**
 * Which lives of which replicas a cluster has seen, as a backup tells it: each life bears a number drawn at random when its
 * process began. A dot in a backup names a write of this cluster only where the life that it is of is the same here: a
 * cluster that was set up anew may have lives of the same replicas and numbers.
 */

import type { OriginId } from "../base/ids.ts";
import { lifeOf, originOf, replicaNumber, replicaOf } from "../core/origin.ts";
import type { Replica } from "./replica.ts";

const BIRTH = /^([0-9a-f]{1,8})\.([0-9a-f]{1,6})\.([0-9a-f]{1,14})$/;

type Births = ReadonlyMap<OriginId, number>;

function birthsKnown(replica: Replica): Births {
  const births = new Map<OriginId, number>();
  const note = (number: number, lineage: Replica["lineage"]) => {
    for (const { life, birth } of lineage) if (birth !== 0) births.set(originOf(number, life), birth);
  };
  for (const member of replica.members.all()) note(member.number, member.lineage);
  note(replicaNumber(replica.id), replica.lineage);
  return births;
}

/** As `BackupFacts` has them. */
export function birthsOf(replica: Replica): string[] {
  const texts = (numbers: readonly number[]) => numbers.map((number) => number.toString(16)).join(".");
  return [...birthsKnown(replica)].map(([origin, birth]) => texts([replicaOf(origin), lifeOf(origin), birth]));
}

function parseBirths(texts: readonly string[]): Births {
  const births = new Map<OriginId, number>();
  for (const text of texts) {
    const [, replica, life, birth] = (BIRTH.exec(text) ?? []).map((digits) => Number.parseInt(digits, 16));
    if (replica !== undefined && life !== undefined && birth !== undefined) births.set(originOf(replica, life), birth);
  }
  return births;
}

/**
 * Tells of dots in a backup whether they are of this cluster: not where it knows another birth of that life; else where it
 * knows any birth that the backup tells of.
 */
export function kinshipWith(replica: Replica, texts: readonly string[]): (origin: OriginId) => boolean {
  const known = birthsKnown(replica);
  const strange = new Set<OriginId>();
  let isAnyShared = false;
  for (const [origin, birth] of parseBirths(texts)) {
    const own = known.get(origin);
    if (own === birth) isAnyShared = true;
    else if (own !== undefined) strange.add(origin);
  }
  return (origin) => isAnyShared && !strange.has(origin);
}
