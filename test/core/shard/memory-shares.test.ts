import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SpaceId } from "../../../src/base/ids.ts";
import { MemoryShares } from "../../../src/core/shard/memory-shares.ts";
import { EMPTY, FREE_TO_GO, HELD_BACK, type Hold, type Places, type S3Fifo } from "../../../src/core/table/s3-fifo.ts";

const SPACES = [0, 1, 2].map((space) => space as SpaceId);
const [A, B, C] = SPACES as [SpaceId, SpaceId, SpaceId];
const LOOKS_MAX = 4096;

/** Values of one byte each, of several spaces, with room for so many. A place is a key times 4 and its space. */
class Memory implements Places {
  readonly shares = new MemoryShares(this);
  readonly held = new Set<number>();
  readonly gone: number[] = [];
  readonly #uses = new Map<number, number>();
  readonly #room: number;
  readonly #heldBack: ReadonlySet<SpaceId>;

  constructor(room: number, heldBack: readonly SpaceId[] = []) {
    this.#room = room;
    this.#heldBack = new Set(heldBack);
    for (const space of SPACES) this.shares.tenantOf(space);
  }

  get overBytes(): number {
    return this.held.size - this.#room;
  }

  /** Those that are not there come, and others go. */
  ask(space: SpaceId, from: number, to = from + 1): void {
    for (let key = from; key < to; key++) {
      const place = key * 4 + space;
      if (!this.held.has(place)) this.shares.tenantOf(space).bytes++;
      this.held.add(place);
      this.shares.tenantOf(space).pool.queues.came(place);
      this.reclaim();
    }
  }

  reclaim(): void {
    const overBytes = () => this.overBytes;
    this.shares.reclaim({ overBytes, isFull: () => overBytes() > 1, looksMax: LOOKS_MAX });
  }

  count(space: SpaceId, from = 0, to = Infinity): number {
    return [...this.held].filter((place) => place % 4 === space && place >= from * 4 && place < to * 4).length;
  }

  getUse(place: number): number {
    return this.#uses.get(place) ?? 0;
  }

  setUse(place: number, use: number): void {
    this.#uses.set(place, use);
  }

  holdOf(place: number): Hold {
    if (!this.held.has(place)) return EMPTY;
    return this.#heldBack.has((place % 4) as SpaceId) ? HELD_BACK : FREE_TO_GO;
  }

  letGo(place: number): void {
    this.held.delete(place);
    this.gone.push(place);
    this.shares.tenantOf((place % 4) as SpaceId).bytes--;
  }

  queuesOf(place: number): S3Fifo {
    return this.shares.tenantOf((place % 4) as SpaceId).pool.queues;
  }
}

describe("a share of the memory", () => {
  it("is kept from the scans of others, though nobody asks for what is in it", () => {
    const shared = new Memory(100);
    shared.shares.set(new Map([[A, 0.5]]));
    const alike = new Memory(100);
    for (const memory of [shared, alike]) {
      memory.ask(A, 0, 50);
      memory.ask(B, 0, 1000);
      memory.ask(C, 0, 1000);
    }
    expect([alike.count(A), shared.count(A)]).toEqual([0, 50]);
    expect(shared.held.size).toBe(100);
  });

  it("is no bound as long as others leave room, and is given back to them when they want theirs", () => {
    const memory = new Memory(100);
    memory.shares.set(new Map([[A, 0.25]]));
    memory.ask(A, 0, 1000);
    expect(memory.count(A)).toBe(100);
    memory.ask(B, 0, 50);
    expect([memory.count(A), memory.count(B)]).toEqual([50, 50]);
    memory.ask(B, 50, 1000);
    expect([memory.count(A), memory.count(B)]).toEqual([25, 75]);
    memory.ask(A, 0, 1000);
    expect([memory.count(A), memory.count(B)]).toEqual([25, 75]);
  });

  it("leaves the rest to all who have none, together", () => {
    const memory = new Memory(100);
    memory.shares.set(new Map([[A, 0.6]]));
    memory.ask(B, 0, 20);
    memory.ask(C, 0, 20);
    memory.ask(A, 0, 1000);
    expect([A, B, C].map((space) => memory.count(space))).toEqual([60, 20, 20]);
    memory.ask(C, 20, 1000);
    expect(memory.count(A)).toBe(60);
  });

  it("keeps its hot set from its own scans, as all memory does", () => {
    const memory = new Memory(100);
    memory.shares.set(new Map([[A, 0.5]]));
    memory.ask(B, 0, 50);
    for (let round = 0; round < 3; round++) memory.ask(A, 0, 30);
    memory.ask(A, 100, 1000);
    expect([memory.count(A, 0, 30), memory.count(B)]).toEqual([30, 50]);
  });

  it("holds for what was there before it was given, and no more once it is taken away", () => {
    const memory = new Memory(100);
    memory.ask(A, 0, 50);
    memory.ask(B, 0, 50);
    memory.shares.set(new Map([[A, 0.5]]));
    memory.ask(B, 50, 1000);
    expect([memory.count(A, 0, 50), memory.count(B)]).toEqual([50, 50]);
    memory.shares.set(new Map([[A, 0.2]]));
    memory.ask(B, 1000, 2000);
    expect([memory.count(A), memory.count(B)]).toEqual([20, 80]);
    memory.shares.set(new Map());
    expect(memory.shares.areAny).toBe(true);
    memory.ask(B, 2000, 3000);
    expect([memory.count(A), memory.count(B), memory.shares.areAny]).toEqual([0, 100, false]);
  });

  it("is less where all of them would be more than there is", () => {
    const memory = new Memory(100);
    memory.shares.set(
      new Map([
        [A, 0.8],
        [B, 0.8],
      ]),
    );
    for (const space of [A, B, A, B]) memory.ask(space, 0, 200);
    expect([memory.count(A), memory.count(B)]).toEqual([50, 50]);
  });

  it("gives way where memory would be over its bound otherwise, since nothing else may go", () => {
    const memory = new Memory(100, [B]);
    memory.shares.set(new Map([[A, 0.5]]));
    memory.ask(A, 0, 50);
    memory.ask(B, 0, 80);
    expect(memory.count(B)).toBe(80);
    expect(memory.overBytes).toBeLessThanOrEqual(1);
  });

  it("loses nothing of what lies within it, whatever comes, is asked for, and is set", () => {
    const step = fc.record({
      space: fc.constantFrom(...SPACES),
      key: fc.nat({ max: 40 }),
      shares: fc.option(fc.array(fc.nat({ max: 60 }), { minLength: 2, maxLength: 2 }), { freq: 20 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), fc.integer({ min: 5, max: 40 }), (steps, room) => {
        const memory = new Memory(room);
        let shares = [0, 0, 1];
        for (const { space, key, shares: set } of steps) {
          if (set !== null) {
            shares = [...set.map((percent) => percent / 100), 0];
            const sum = Math.max(1, (shares[0] ?? 0) + (shares[1] ?? 0));
            shares = shares.map((share) => share / sum);
            memory.shares.set(new Map(shares.slice(0, 2).map((share, i) => [SPACES[i] as SpaceId, share])));
          }
          const before = SPACES.map((each) => memory.count(each));
          memory.ask(space, key);
          expect(memory.overBytes).toBeLessThanOrEqual(0);
          for (const [i, each] of SPACES.entries()) {
            const hasLost = memory.count(each) < (before[i] ?? 0);
            // What it has left is what it may count on, or more, but for a value that lies half within it.
            if (hasLost && memory.shares.areAny)
              expect(memory.count(each) + 1).toBeGreaterThan((shares[i] ?? 0) * room);
          }
          expect(SPACES.map((each) => memory.shares.tenantOf(each).bytes)).toEqual(
            SPACES.map((each) => memory.count(each)),
          );
        }
        const queued = new Set([...SPACES].map((each) => memory.shares.tenantOf(each).pool.queues));
        expect([...queued].reduce((sum, { length }) => sum + length, 0)).toBeGreaterThanOrEqual(memory.held.size);
      }),
      { numRuns: 200 },
    );
  });
});
