/**
 * Who owns which part of a keyspace: a pure function of the view and the policy, and the one answer for reads, writes,
 * repair and handover.
 *
 * All spaces of equal policies have equal owners: who keeps parts together does so in all of them, so that a member has
 * as few partners as can be.
 *
 * No member owns more than 1.1 times its fair share, or 3.5 parts above it where that share is less than 25 parts. What
 * a join or a leave moves, `npm run bench -- --only placement` measures.
 */

import { assert } from "../../base/assert.ts";
import type { ReplicaId } from "../../base/ids.ts";
import type { Shortfall } from "../../store.ts";
import { writeReluctances } from "./affinity.ts";
import { type AssignmentTask, assign } from "./assignment.ts";
import { type Copies, copiesUnder } from "./copies.ts";
import type { PlacementMember, PlacementView } from "./placement-view.ts";
import type { Policy } from "./policy.ts";
import { boundsOf, sharesOf } from "./shares.ts";

export class Placement {
  readonly parts: number;
  /** In which the policy cannot be kept with the members there are: every part has so many copies and no more. */
  readonly shortfalls: readonly Shortfall[];
  readonly #members: readonly PlacementMember[];
  readonly #numbersById: ReadonlyMap<ReplicaId, number>;
  readonly #shares: readonly number[];
  readonly #reluctances: Float64Array;
  readonly #owners: readonly (readonly number[])[];
  readonly #ownerIds: readonly (readonly ReplicaId[])[];

  /** Places `parts` parts, 1 to 65,536; takes time and memory in proportion to these and the members. */
  constructor(view: PlacementView, policy: Policy, parts: number) {
    const copies = copiesUnder(policy, view);
    const task = taskOf(copies, parts);
    this.parts = parts;
    this.shortfalls = copies.shortfalls;
    this.#members = copies.regions.flatMap(({ members }) => members);
    this.#numbersById = new Map(this.#members.map(({ id }, number) => [id, number]));
    this.#shares = copies.regions.flatMap((region) => sharesOf(region, parts));
    this.#reluctances = task.reluctances;
    this.#owners = assign(task);
    this.#ownerIds = this.#owners.map((owners) => owners.map((number) => this.#idOf(number)));
  }

  /** The owners of a part, in an order that differs from part to part. Empty where no member may own any. */
  ownersOf(part: number): readonly ReplicaId[] {
    const owners = this.#ownerIds[part];
    assert(owners !== undefined, `part ${part} of ${this.parts}`);
    return owners;
  }

  isOwner(part: number, id: ReplicaId): boolean {
    return this.ownersOf(part).includes(id);
  }

  /** The owners of a part that are in a region, in the order of `ownersOf`. */
  ownersIn(part: number, region: string): readonly ReplicaId[] {
    const owners = this.#owners[part] ?? [];
    return owners.filter((number) => this.#members[number]?.region === region).map((number) => this.#idOf(number));
  }

  /**
   * All members that the policy lets own the part: its owners first, then the others, by how much the part wants them.
   */
  preferenceOf(part: number): readonly ReplicaId[] {
    const owners = this.ownersOf(part);
    const reluctanceOf = (number: number) => this.#reluctances[number * this.parts + part] as number;
    const others = this.#members
      .map((_, number) => number)
      .filter((number) => this.#owners[part]?.includes(number) === false)
      .sort((a, b) => reluctanceOf(a) - reluctanceOf(b));
    return [...owners, ...others.map((number) => this.#idOf(number))];
  }

  /** The fair share of a member in parts, within what the policy lets it own; 0 where it may own none. */
  shareOf(id: ReplicaId): number {
    const number = this.#numbersById.get(id);
    return number === undefined ? 0 : (this.#shares[number] as number);
  }

  #idOf(number: number): ReplicaId {
    return (this.#members[number] as PlacementMember).id;
  }
}

function taskOf({ regions, extras }: Copies, parts: number): AssignmentTask {
  const members = regions.flatMap((region) => region.members);
  const reluctances = new Float64Array(members.length * parts);
  members.forEach((member, number) => {
    writeReluctances(member, parts, reluctances, number * parts);
  });
  return {
    parts,
    reluctances,
    regions: regions.flatMap(({ members }, number) => members.map(() => number)),
    bounds: regions.flatMap((region) => boundsOf(region, parts)),
    bases: regions.map(({ base }) => base),
    extras,
  };
}
