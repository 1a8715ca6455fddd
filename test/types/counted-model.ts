/**
 * What members that are added to on several replicas have to come to, told from what each replica knows: each addition by itself, and
 * what each value, removal and deletion of the whole was written in the knowledge of. It knows neither sums nor registers, nor
 * that any sum is written anew.
 */

export interface MemberAddition {
  readonly type: "add";
  readonly name: string;
  readonly origin: number;
  readonly run: number;
  /** Its place in the run. */
  readonly place: number;
  readonly by: number;
}

export interface MemberBase {
  readonly type: "base";
  readonly name: string;
  readonly stamp: number;
  readonly origin: number;
  /** Undefined: a removal. */
  readonly value: number | undefined;
  readonly knew: ReadonlySet<MemberEvent>;
}

/** Of the whole. */
export interface WholeDeletion {
  readonly type: "delete";
  readonly knew: ReadonlySet<MemberEvent>;
  /** Of the additions that it knew those that only a sum told of any more: each is gone by itself, whatever becomes of its run. */
  readonly summed: ReadonlySet<MemberEvent>;
}

export type MemberEvent = MemberAddition | MemberBase | WholeDeletion;

export class MemberKnowledge {
  readonly events = new Set<MemberEvent>();

  learn(other: MemberKnowledge): void {
    for (const event of other.events) this.events.add(event);
  }

  all(): ReadonlySet<MemberEvent> {
    return new Set(this.events);
  }

  base(name: string): MemberBase | undefined {
    let best: MemberBase | undefined;
    for (const event of this.events) {
      if (event.type !== "base" || event.name !== name) continue;
      if (best === undefined || beats(event, best)) best = event;
    }
    return best;
  }

  isDeleted(event: MemberEvent): boolean {
    for (const each of this.events) if (each.type === "delete" && each.knew.has(event)) return true;
    return false;
  }

  #isGoneByItself(event: MemberEvent): boolean {
    for (const each of this.events) if (each.type === "delete" && each.summed.has(event)) return true;
    return false;
  }

  /** What counts beside the base: each run, unless a deletion of the whole knew the last addition of that. */
  unseen(name: string): MemberAddition[] {
    const base = this.base(name);
    const lasts = new Map<string, MemberAddition>();
    for (const event of this.events) {
      if (event.type !== "add" || event.name !== name) continue;
      const last = lasts.get(runOf(event));
      if (last === undefined || event.place > last.place) lasts.set(runOf(event), event);
    }
    const counts = (event: MemberEvent): event is MemberAddition => {
      if (event.type !== "add" || event.name !== name || base?.knew.has(event) === true) return false;
      if (this.#isGoneByItself(event)) return false;
      const last = lasts.get(runOf(event));
      return last !== undefined && !this.isDeleted(last);
    };
    return [...this.events].filter(counts);
  }

  value(name: string): number | undefined {
    const base = this.base(name);
    const value = base === undefined || this.isDeleted(base) ? undefined : base.value;
    const unseen = this.unseen(name);
    if (value === undefined && unseen.length === 0) return undefined;
    return unseen.reduce((sum, { by }) => sum + by, value ?? 0);
  }
}

function runOf({ origin, run }: MemberAddition): string {
  return `${origin} ${run}`;
}

function beats(a: MemberBase, b: MemberBase): boolean {
  if (a.stamp !== b.stamp) return a.stamp > b.stamp;
  const [isDeadA, isDeadB] = [a.value === undefined, b.value === undefined];
  return isDeadA === isDeadB ? a.origin > b.origin : isDeadB;
}
