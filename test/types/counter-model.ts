/**
 * What a number that is added to on several replicas has to come to, told from what each replica knows: each addition by itself,
 * and which of them each value was written in the knowledge of. It knows neither sums nor merges.
 */

export interface AdditionEvent {
  readonly type: "add";
  readonly origin: number;
  /** The run that it is of, and its place in that. */
  readonly run: number;
  readonly place: number;
  /** Undefined: nothing was added, it has but another end. */
  readonly by: bigint | undefined;
  /** Stamp of what had come to its end when the run began. */
  readonly after: number;
  /** When the run began. */
  readonly began: number;
  /** When what it belongs to ends, as its writer saw it. */
  readonly due: number;
}

export interface BaseEvent {
  readonly type: "base";
  readonly stamp: number;
  readonly origin: number;
  /** Undefined: a deletion. */
  readonly value: bigint | undefined;
  readonly due: number;
  /** Additions that it was written in the knowledge of. */
  readonly knew: ReadonlySet<AdditionEvent>;
}

export type CounterEvent = AdditionEvent | BaseEvent;

/** What a replica knows. */
export class Knowledge {
  readonly events = new Set<CounterEvent>();
  /** Additions that went for good with a base that had expired wherever it was. */
  readonly dropped = new Set<AdditionEvent>();

  learn(other: Knowledge): void {
    for (const event of other.events) this.events.add(event);
    for (const event of other.dropped) this.dropped.add(event);
  }

  base(): BaseEvent | undefined {
    let best: BaseEvent | undefined;
    for (const event of this.events)
      if (event.type === "base" && (best === undefined || beats(event, best))) best = event;
    return best;
  }

  additions(): Set<AdditionEvent> {
    return new Set([...this.events].filter((event) => event.type === "add"));
  }

  /** Of an origin the run that goes on; undefined: none does. */
  run(origin: number, now: number): AdditionEvent | undefined {
    let last: AdditionEvent | undefined;
    for (const event of this.events) {
      if (event.type !== "add" || event.origin !== origin) continue;
      if (last === undefined || event.run > last.run || (event.run === last.run && event.place > last.place))
        last = event;
    }
    return last !== undefined && last.due > now ? last : undefined;
  }

  /** True where what was written last has come to its end. */
  isOver(now: number): boolean {
    const base = this.base();
    return base?.value !== undefined && base.due <= now;
  }

  /** What counts beside the base. */
  unseen(now: number): AdditionEvent[] {
    const base = this.base();
    const isOver = this.isOver(now);
    return [...this.additions()].filter((event) => {
      const isOut = event.by === undefined || this.dropped.has(event);
      const goesOn = isOut ? undefined : this.run(event.origin, now);
      return goesOn?.run === event.run && base?.knew.has(event) !== true && !(isOver && isTakenAlong(event, base));
    });
  }

  /** What has ended goes for good. */
  drop(now: number): void {
    const base = this.base();
    if (base === undefined || !this.isOver(now)) return;
    for (const event of this.additions()) if (isTakenAlong(event, base)) this.dropped.add(event);
  }

  value(now: number): bigint | undefined {
    const value = this.isOver(now) ? undefined : this.base()?.value;
    const unseen = this.unseen(now);
    if (value === undefined && unseen.length === 0) return undefined;
    return unseen.reduce((sum, { by = 0n }) => sum + by, value ?? 0n);
  }

  due(now: number): number {
    const base = this.base();
    if (base?.value !== undefined && !this.isOver(now)) return base.due;
    const ends = this.unseen(now).map(({ origin }) => this.run(origin, now)?.due ?? 0);
    return ends.length === 0 ? Infinity : Math.max(...ends);
  }
}

/** Of what has come to its end: it was added before, by who may have known it or not. */
export function isTakenAlong({ after, began }: AdditionEvent, base: BaseEvent | undefined): boolean {
  return base !== undefined && after < base.stamp && began < base.due;
}

function beats(a: BaseEvent, b: BaseEvent): boolean {
  if (a.stamp !== b.stamp) return a.stamp > b.stamp;
  const [isDeadA, isDeadB] = [a.value === undefined, b.value === undefined];
  return isDeadA === isDeadB ? a.origin > b.origin : isDeadB;
}
