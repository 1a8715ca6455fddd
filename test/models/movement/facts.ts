/**
 * What replicas tell each other of members: numbers that only grow, so that facts from anywhere merge. A member whose
 * version is odd is placed; it grows by one when somebody says that it is displaced, and when it comes back.
 */

import type { Holds } from "./rules.ts";

export interface Facts {
  /** By member; 0: not known. The last is that of the policy. */
  readonly versions: number[];
  readonly lives: number[];
  /** The life since which the member has held what it holds. */
  readonly roots: number[];
  /** The life that was given up; 0: none. */
  readonly givenUp: number[];
}

export function copyOf({ versions, lives, roots, givenUp }: Facts): Facts {
  return { versions: [...versions], lives: [...lives], roots: [...roots], givenUp: [...givenUp] };
}

/** Takes over what is greater; true when anything was. */
export function mergeFacts(into: Facts, from: Facts): boolean {
  const lists = [
    [into.versions, from.versions],
    [into.lives, from.lives],
    [into.roots, from.roots],
    [into.givenUp, from.givenUp],
  ] as const;
  let grew = false;
  for (const [mine, theirs] of lists) {
    for (let at = 0; at < theirs.length; at++) {
      const told = theirs[at] as number;
      if (told <= (mine[at] as number)) continue;
      mine[at] = told;
      grew = true;
    }
  }
  return grew;
}

export function isGivenUp(facts: Facts, member: number): boolean {
  const life = facts.givenUp[member] as number;
  return life > 0 && (facts.roots[member] as number) <= life;
}

/** Members that are known and not given up. */
export function membersOf(facts: Facts): number[] {
  const members: number[] = [];
  for (let id = 0; id < facts.lives.length; id++) {
    if ((facts.versions[id] as number) > 0 && !isGivenUp(facts, id)) members.push(id);
  }
  return members;
}

function placedOf(facts: Facts): number[] {
  return membersOf(facts).filter((id) => (facts.versions[id] as number) % 2 === 1);
}

/** The owners by a view: as many of the placed as the policy asks for, in an order that the policy turns. */
export function ownersOf(facts: Facts, replication: number): number[] {
  const count = facts.lives.length;
  const policy = facts.versions[count] as number;
  const rank = (id: number) => (id * (policy % 2 === 0 ? 1 : count - 1) + policy) % count;
  const copies = 1 + ((replication - 1 + policy) % 2);
  return placedOf(facts)
    .sort((a, b) => rank(a) - rank(b) || a - b)
    .slice(0, copies);
}

export function digestOf(facts: Facts, rules: Holds): string {
  if (rules("a view never comes again")) {
    return [facts.versions, facts.roots, facts.givenUp].map((list) => list.join()).join(" ");
  }
  return `${placedOf(facts).join()} ${(facts.versions.at(-1) as number) % 2}`;
}

/** As sealing has it: of a member that was given up the present life has ended, too. */
export function lifeNow(facts: Facts, member: number): number {
  return (facts.lives[member] as number) + (isGivenUp(facts, member) ? 1 : 0);
}

export function livesOf(facts: Facts): string {
  return facts.lives.map((_, member) => lifeNow(facts, member)).join();
}
