/**
 * Owners for all parts at once: of all assignments that spread the copies as they are to be spread and let no member
 * own more than its bound, the one of the least total reluctance. There is one such assignment, whoever looks for it.
 *
 * Every part begins with the members it wants most: rendezvous hashing. As long as a member owns too much, the cheapest
 * chain of exchanges takes a part off it: this part goes to the next member, which, if it is full, passes one on in its
 * turn, until somebody has room. Chains are shortest paths with prices of the members as potentials (successive
 * shortest paths: Ahuja, Magnanti, Orlin 1993, 9.7), so that each leaves the total the least there is. A price is by
 * how much a member's weight must be taken down for it to own no more than its bound; who has room has none.
 *
 * Mirrokni et al. let parts overflow in a fixed order, each to the next member that has room. That moves about as many
 * when members change, but may find no room for the last parts where regions limit the choice: with two, three and five
 * members in three regions, two copies and a tenth of slack it does not, since most parts must have one in the largest.
 */

import { assert } from "../../base/assert.ts";

/** Members by number, parts by number. */
export interface AssignmentTask {
  readonly parts: number;
  /** Reluctance of member m to own part p, at m * parts + p. */
  readonly reluctances: Float64Array;
  /** The region of each member. */
  readonly regions: readonly number[];
  readonly bounds: readonly number[];
  /** Copies of each part in each region. */
  readonly bases: readonly number[];
  /** Copies of each part in regions that have one more than their base. */
  readonly extras: number;
}

/** The owners of each part, the one that is wanted most first. There has to be an assignment within the bounds. */
export function assign(task: AssignmentTask): readonly (readonly number[])[] {
  const assignment = new Assignment(task);
  assignment.choose();
  assignment.relieve();
  return assignment.owners();
}

class Assignment {
  readonly #task: AssignmentTask;
  readonly #members: number;
  readonly #regions: number;
  /** 1 at m * parts + p: member m owns part p. */
  readonly #owned: Uint8Array;
  /** Copies of part p in region r, at p * regions + r. */
  readonly #copies: Uint32Array;
  readonly #partsOf: number[][];
  readonly #prices: Float64Array;
  // Of the search for a chain: the length of the way to each member, and by which exchange it comes.
  readonly #distances: Float64Array;
  readonly #isReached: Uint8Array;
  readonly #givers: Uint32Array;
  readonly #given: Uint32Array;

  constructor(task: AssignmentTask) {
    const members = task.regions.length;
    this.#task = task;
    this.#members = members;
    this.#regions = task.bases.length;
    this.#owned = new Uint8Array(members * task.parts);
    this.#copies = new Uint32Array(task.parts * task.bases.length);
    this.#partsOf = task.regions.map(() => []);
    this.#prices = new Float64Array(members);
    this.#distances = new Float64Array(members);
    this.#isReached = new Uint8Array(members);
    this.#givers = new Uint32Array(members);
    this.#given = new Uint32Array(members);
  }

  /** Each part's own choice: the best of each region, and of those who come next there the best of all. */
  choose(): void {
    const { parts, regions, bases, extras } = this.#task;
    const membersOf = bases.map((_, region) => regions.flatMap((of, member) => (of === region ? [member] : [])));
    for (let part = 0; part < parts; part++) {
      const next: number[] = [];
      membersOf.forEach((members, region) => {
        const base = bases[region] as number;
        const best = this.#best(part, members, base + (extras > 0 ? 1 : 0));
        for (const member of best.slice(0, base)) this.#take(part, member);
        next.push(...best.slice(base));
      });
      for (const member of this.#best(part, next, extras)) this.#take(part, member);
    }
  }

  /** Up to `count` of the members that the part wants most, in order. */
  #best(part: number, members: readonly number[], count: number): readonly number[] {
    const best: number[] = [];
    for (const member of members) {
      const reluctance = this.#reluctance(member, part);
      let at = best.length;
      while (at > 0 && this.#reluctance(best[at - 1] as number, part) > reluctance) at--;
      if (at >= count) continue;
      best.splice(at, 0, member);
      if (best.length > count) best.pop();
    }
    return best;
  }

  /** Takes parts off those that own too much. */
  relieve(): void {
    const { bounds } = this.#task;
    for (let member = 0; member < this.#members; member++) {
      while (this.#load(member) > (bounds[member] as number)) this.#exchange(member, this.#search(member));
    }
  }

  /**
   * Finds the cheapest chain from `from` to a member that has room, which it returns, and adapts the prices (Dijkstra).
   */
  #search(from: number): number {
    this.#distances.fill(Infinity);
    this.#isReached.fill(0);
    this.#distances[from] = 0;
    for (;;) {
      const nearest = this.#nearest();
      if (this.#load(nearest) < (this.#task.bounds[nearest] as number)) {
        this.#adapt(this.#distances[nearest] as number);
        return nearest;
      }
      this.#isReached[nearest] = 1;
      for (const part of this.#partsOf[nearest] as number[]) this.#look(nearest, part);
    }
  }

  #nearest(): number {
    let nearest = -1;
    let least = Infinity;
    for (let member = 0; member < this.#members; member++) {
      if (this.#isReached[member] === 1 || (this.#distances[member] as number) >= least) continue;
      nearest = member;
      least = this.#distances[member] as number;
    }
    assert(nearest >= 0, "no assignment is within the bounds");
    return nearest;
  }

  /** Whom `giver` could give the part to, and at what cost. */
  #look(giver: number, part: number): void {
    const { parts, reluctances, regions } = this.#task;
    const saved = this.#reluctance(giver, part) + (this.#prices[giver] as number);
    const way = this.#distances[giver] as number;
    const region = regions[giver] as number;
    const hasExtra = this.#hasExtra(part, region);
    for (let taker = 0; taker < this.#members; taker++) {
      const at = taker * parts + part;
      if (this.#owned[at] === 1 || this.#isReached[taker] === 1) continue;
      const cost = (reluctances[at] as number) + (this.#prices[taker] as number) - saved;
      // Never below 0 but for the rounding.
      const distance = way + (cost > 0 ? cost : 0);
      if (distance >= (this.#distances[taker] as number)) continue;
      const other = regions[taker] as number;
      // To another region goes only what its own has beyond the base, where the other one has none such.
      if (other !== region && (!hasExtra || this.#hasExtra(part, other))) continue;
      this.#distances[taker] = distance;
      this.#givers[taker] = giver;
      this.#given[taker] = part;
    }
  }

  #adapt(length: number): void {
    for (let member = 0; member < this.#members; member++) {
      if (this.#isReached[member] === 1) {
        this.#prices[member] = (this.#prices[member] as number) + length - (this.#distances[member] as number);
      }
    }
  }

  /** Carries out the chain that was found, from its end. */
  #exchange(from: number, to: number): void {
    for (let taker = to; taker !== from; ) {
      const giver = this.#givers[taker] as number;
      const part = this.#given[taker] as number;
      this.#drop(part, giver);
      this.#take(part, taker);
      taker = giver;
    }
  }

  #take(part: number, member: number): void {
    this.#owned[member * this.#task.parts + part] = 1;
    this.#partsOf[member]?.push(part);
    this.#count(part, member, 1);
  }

  #drop(part: number, member: number): void {
    const parts = this.#partsOf[member] as number[];
    this.#owned[member * this.#task.parts + part] = 0;
    parts.splice(parts.indexOf(part), 1);
    this.#count(part, member, -1);
  }

  #count(part: number, member: number, change: number): void {
    const at = part * this.#regions + (this.#task.regions[member] as number);
    this.#copies[at] = (this.#copies[at] as number) + change;
  }

  #hasExtra(part: number, region: number): boolean {
    return (this.#copies[part * this.#regions + region] as number) > (this.#task.bases[region] as number);
  }

  #reluctance(member: number, part: number): number {
    return this.#task.reluctances[member * this.#task.parts + part] as number;
  }

  #load(member: number): number {
    return (this.#partsOf[member] as number[]).length;
  }

  owners(): readonly (readonly number[])[] {
    const owners = Array.from({ length: this.#task.parts }, (): number[] => []);
    this.#partsOf.forEach((parts, member) => {
      for (const part of parts) owners[part]?.push(member);
    });
    return owners.map((members, part) => this.#best(part, members, members.length));
  }
}
