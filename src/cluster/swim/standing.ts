/**
 * The order of what is said of a member: a greater life wins, then a greater incarnation, then dead over suspect over alive
 * (SWIM, section 4.2). Only a member itself raises its incarnation, so that nobody but it can take back a suspicion or its death.
 */

import type { ReplicaId } from "../../base/ids.ts";
import { INCARNATION_MAX, type MemberState, type StandingFacts } from "../../wire/message.ts";

/** What is known of a member within one of its lives. */
export interface Standing extends StandingFacts {
  readonly life: number;
}

/** Witnesses of one suspicion that are told of: more than it takes to make it as short as it gets. */
export const SUSPECTORS_MAX = 4;

/**
 * A member refutes a few times a minute at the most: what is further ahead than this was never its own word. It keeps
 * nonsense from using up the numbers.
 */
export const INCARNATION_LEAP_MAX = 2 ** 32;

const RANK = { alive: 0, suspect: 1, dead: 2 } satisfies Record<MemberState, number>;

/** As whoever is heard of for the first time in a life stands. */
export function atBirth(life: number): Standing {
  return { life, incarnation: 0, state: "alive", suspectedBy: [] };
}

/** True where `told` is later than `known`, or as late and worse. */
export function supersedes(told: Standing, known: Standing): boolean {
  if (told.life !== known.life) return told.life > known.life;
  if (told.incarnation !== known.incarnation) return told.incarnation > known.incarnation;
  return RANK[told.state] > RANK[known.state];
}

/** True where nobody can honestly say this to who knows that; of the last incarnation there is no refutation. */
export function isNonsense(told: StandingFacts, known: StandingFacts): boolean {
  return told.incarnation >= INCARNATION_MAX || told.incarnation - known.incarnation > INCARNATION_LEAP_MAX;
}

/** Both together; the same object as `known` where `told` adds nothing. Of one suspicion the witnesses add up. */
export function mergeStandings(known: Standing, told: Standing): Standing {
  if (supersedes(told, known)) return { ...told, suspectedBy: told.suspectedBy.slice(0, SUSPECTORS_MAX) };
  if (told.state !== "suspect" || supersedes(known, told)) return known;
  const suspectedBy = withWitnesses(known.suspectedBy, told.suspectedBy);
  return suspectedBy.length > known.suspectedBy.length ? { ...known, suspectedBy } : known;
}

function withWitnesses(known: readonly ReplicaId[], told: readonly ReplicaId[]): ReplicaId[] {
  return [...new Set([...known, ...told])].slice(0, SUSPECTORS_MAX);
}
