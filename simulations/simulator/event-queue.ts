/**
 * What happens next: a binary heap of events by virtual time, ties in the order of scheduling. A cancelled event stays
 * in the heap until it comes up or until half of the heap is cancelled.
 */

/** Whom an event happens to. Events of what has ended never run; those of what is paused wait. */
export interface EventOwner {
  readonly ended: boolean;
  /** Virtual ms until which nothing happens to it. */
  readonly pausedUntil: number;
}

export interface SimulatedEvent {
  at: number;
  /** Order among events of one instant. */
  sequence: number;
  readonly owner: EventOwner | undefined;
  /** It was due while its owner was paused. */
  isPutOff: boolean;
  /** Absent once cancelled. */
  run: (() => void) | undefined;
}

const COMPACT_MIN = 1024;

export class EventQueue {
  readonly #heap: SimulatedEvent[] = [];
  #nextSequence = 0;
  #cancelled = 0;

  /** Events that are still to run. */
  get size(): number {
    return this.#heap.length - this.#cancelled;
  }

  schedule(at: number, owner: EventOwner | undefined, run: () => void): SimulatedEvent {
    const event: SimulatedEvent = { at, sequence: this.#nextSequence++, owner, isPutOff: false, run };
    this.#push(event);
    return event;
  }

  /** Puts an event that was taken out back for later, behind what is already scheduled for that instant. */
  postpone(event: SimulatedEvent, at: number): void {
    event.at = at;
    event.sequence = this.#nextSequence++;
    event.isPutOff = true;
    this.#push(event);
  }

  /** An owner goes on at another time than was said: what was put off comes then, still in the order in which it was due. */
  retime(owner: EventOwner, at: number): void {
    const events = this.#heap.splice(0);
    for (const event of events) {
      if (event.isPutOff && event.owner === owner) event.at = at;
      this.#push(event);
    }
  }

  cancel(event: SimulatedEvent): void {
    if (event.run === undefined) return;
    event.run = undefined;
    this.#cancelled++;
    if (this.#cancelled > COMPACT_MIN && this.#cancelled * 2 > this.#heap.length) this.#compact();
  }

  /** The earliest event at or before `until`, taken out; cancelled ones and those of ended owners are dropped. */
  take(until: number): SimulatedEvent | undefined {
    for (;;) {
      const top = this.#heap[0];
      if (top === undefined || top.at > until) return undefined;
      this.#dropTop();
      if (top.run === undefined) this.#cancelled--;
      else if (top.owner === undefined || !top.owner.ended) {
        top.isPutOff = false;
        return top;
      }
    }
  }

  #push(event: SimulatedEvent): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up] as SimulatedEvent;
      if (!isBefore(event, parent)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = event;
  }

  #dropTop(): void {
    const heap = this.#heap;
    const last = heap.pop() as SimulatedEvent;
    if (heap.length > 0) this.#sink(0, last);
  }

  #sink(from: number, event: SimulatedEvent): void {
    const heap = this.#heap;
    const count = heap.length;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= count) break;
      if (child + 1 < count && isBefore(heap[child + 1] as SimulatedEvent, heap[child] as SimulatedEvent)) child++;
      const candidate = heap[child] as SimulatedEvent;
      if (!isBefore(candidate, event)) break;
      heap[at] = candidate;
      at = child;
    }
    heap[at] = event;
  }

  #compact(): void {
    const kept = this.#heap.filter((event) => event.run !== undefined && event.owner?.ended !== true);
    this.#heap.length = 0;
    this.#cancelled = 0;
    for (const event of kept) this.#push(event);
  }
}

function isBefore(a: SimulatedEvent, b: SimulatedEvent): boolean {
  return a.at < b.at || (a.at === b.at && a.sequence < b.sequence);
}
