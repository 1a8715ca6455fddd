/**
 * When registers expire: a binary heap of (instant, slot) in typed arrays, one for each shard. Entries are never taken
 * out early; one whose register has changed since is recognised and skipped when it comes up, and when more than half
 * are such, the heap is rebuilt, so its size stays in proportion to the registers that expire.
 */

const CAPACITY_MIN = 16;
/** Half of the room is given back when so little of it is used: what expires by the million leaves no room for a million behind. */
const SHRINK_AT = 1 / 4;

export class ExpiryHeap {
  #instants = new Float64Array(0);
  #slots = new Uint32Array(0);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get residentBytes(): number {
    return this.#instants.byteLength + this.#slots.byteLength;
  }

  /** The earliest instant in unix ms; Infinity when empty. */
  get earliest(): number {
    return this.#size === 0 ? Infinity : (this.#instants[0] as number);
  }

  push(instant: number, slot: number): void {
    if (this.#size === this.#slots.length) this.#resize(Math.max(CAPACITY_MIN, this.#slots.length * 2));
    let at = this.#size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const parentInstant = this.#instants[parent] as number;
      if (parentInstant <= instant) break;
      this.#instants[at] = parentInstant;
      this.#slots[at] = this.#slots[parent] as number;
      at = parent;
    }
    this.#instants[at] = instant;
    this.#slots[at] = slot;
  }

  /** Takes out the earliest entry and returns its slot; 0 when empty. */
  pop(): number {
    if (this.#size === 0) return 0;
    const slot = this.#slots[0] as number;
    const last = --this.#size;
    const instant = this.#instants[last] as number;
    const moved = this.#slots[last] as number;
    if (last < this.#slots.length * SHRINK_AT && this.#slots.length > CAPACITY_MIN)
      this.#resize(this.#slots.length / 2);
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= last) break;
      if (child + 1 < last && (this.#instants[child + 1] as number) < (this.#instants[child] as number)) child++;
      const childInstant = this.#instants[child] as number;
      if (childInstant >= instant) break;
      this.#instants[at] = childInstant;
      this.#slots[at] = this.#slots[child] as number;
      at = child;
    }
    this.#instants[at] = instant;
    this.#slots[at] = moved;
    return slot;
  }

  /** Slots with an entry due by `instant`, outdated ones too; undefined when there are more than `looksMax` entries. */
  dueBy(instant: number, looksMax: number): Set<number> | undefined {
    const slots = new Set<number>();
    const waiting = [0];
    let looks = 0;
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      if (at >= this.#size || (this.#instants[at] as number) > instant) continue;
      if (++looks > looksMax) return undefined;
      slots.add(this.#slots[at] as number);
      waiting.push(2 * at + 1, 2 * at + 2);
    }
    return slots;
  }

  clear(): void {
    this.#size = 0;
    this.#instants = new Float64Array(0);
    this.#slots = new Uint32Array(0);
  }

  #resize(capacity: number): void {
    const instants = new Float64Array(capacity);
    const slots = new Uint32Array(capacity);
    instants.set(this.#instants.subarray(0, this.#size));
    slots.set(this.#slots.subarray(0, this.#size));
    this.#instants = instants;
    this.#slots = slots;
  }
}
