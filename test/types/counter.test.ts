import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesFromLatin1, latin1FromBytes } from "../../src/base/bytes.ts";
import type { Key } from "../../src/base/ids.ts";
import { fractionOfText, wholeAmount } from "../../src/core/record/amount.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import {
  bodyLengthAt,
  bodyStartAt,
  expiresAt,
  FLAG_DEAD,
  FLAG_GONE,
  flagsAt,
  originAt,
  sequenceAt,
  timestampAt,
} from "../../src/core/record/record.ts";
import { addition, endOf, isValueThere, prolonged, sumOf, textOf } from "../../src/types/counter.ts";
import { upkeepOf } from "../../src/types/counter-upkeep.ts";
import { beginNextLife, sealEndedLives } from "../support/shard-lives.ts";
import { createShard, dump, type LooseShard, NOW, origin, sendDelta, vectorText } from "../support/shards.ts";
import { type AdditionEvent, isTakenAlong, Knowledge } from "./counter-model.ts";

const KEY = "k" as Key;

function started(replica: number, life = 1): LooseShard {
  const made = createShard();
  made.shard.beginLife(origin(replica, life));
  return made;
}

function set({ shard }: LooseShard, value: string, now = NOW, due?: number): number {
  return shard.write({ kind: KIND_PLAIN, key: KEY, value: bytesFromLatin1(value), expiresAt: due }, now);
}

function remove({ shard }: LooseShard, now = NOW): number {
  return shard.write({ kind: KIND_PLAIN, key: KEY }, now);
}

function dueOf({ shard }: LooseShard, now = NOW): number | undefined {
  const sum = sumOf(shard, KEY, now);
  const due = sum === undefined ? Infinity : endOf(shard, sum);
  return due === Infinity ? undefined : due;
}

function add(at: LooseShard, by: number | string, now = NOW): number {
  const amount = typeof by === "number" ? wholeAmount(by) : fractionOfText(by);
  if (amount === undefined) throw new Error("no number");
  return at.shard.write(addition(at.shard, KEY, amount, dueOf(at, now), now), now);
}

/** Gives what is there another end. */
function prolong(at: LooseShard, due: number | undefined, now = NOW): number {
  const slot = set(at, shown(at, now) ?? "", now, due);
  const own = prolonged(at.shard, KEY, now);
  if (own !== undefined) at.shard.write(own, now);
  return slot;
}

function shown({ shard }: LooseShard, now = NOW): string | undefined {
  const sum = sumOf(shard, KEY, now);
  expect(isValueThere(shard, KEY, now)).toBe(sum !== undefined);
  if (sum === undefined) return undefined;
  const text = textOf(shard, sum);
  if (text !== undefined) return latin1FromBytes(text);
  const [view, at] = [shard.table.viewOf(sum.base), shard.table.offsetOf(sum.base)];
  const start = bodyStartAt(view, at);
  return latin1FromBytes(shard.table.bytesOf(sum.base), start, start + bodyLengthAt(view, at));
}

function exchange(...all: readonly LooseShard[]): void {
  for (const from of [...all, ...all]) for (const to of all) if (from !== to) sendDelta(from, to);
}

function expectSame(...all: readonly LooseShard[]): void {
  const [first, ...others] = all as [LooseShard, ...LooseShard[]];
  for (const other of others) {
    expect(vectorText(other.shard)).toBe(vectorText(first.shard));
    expect(dump(other.shard)).toEqual(dump(first.shard));
    expect(other.shard.accounts.sum).toEqual(first.shard.accounts.sum);
    expect(shown(other)).toEqual(shown(first));
  }
}

describe("a number that is added to", () => {
  it("is there once something was added, and comes to all of it", () => {
    const a = started(1);
    expect(shown(a)).toBeUndefined();
    add(a, 5);
    add(a, -2);
    expect(shown(a)).toBe("3");
    set(a, "10");
    expect(shown(a)).toBe("10");
    add(a, 1);
    expect(shown(a)).toBe("11");
  });

  it("counts what was added on both sides of a cut", () => {
    const [a, b] = [started(1), started(2)];
    set(a, "100");
    exchange(a, b);
    for (let i = 0; i < 10; i++) add(a, 1);
    for (let i = 0; i < 5; i++) add(b, 2);
    exchange(a, b);
    expect(shown(a)).toBe("120");
    expectSame(a, b);
  });

  it("takes what was added on both sides to a key that was not there", () => {
    const [a, b] = [started(1), started(2)];
    add(a, 1);
    add(b, 1);
    exchange(a, b);
    expect(shown(b)).toBe("2");
    expectSame(a, b);
  });

  it("does not count again what a value was written in the knowledge of, and counts what it was not", () => {
    const [a, b] = [started(1), started(2)];
    add(a, 3);
    exchange(a, b);
    add(b, 4);
    set(a, "0", NOW + 1);
    exchange(a, b);
    expect(shown(a)).toBe("4");
    expectSame(a, b);
  });

  it("survives a deletion that did not know of it, by what that did not know", () => {
    const [a, b] = [started(1), started(2)];
    add(a, 3);
    exchange(a, b);
    add(b, 4);
    add(a, 1);
    remove(a);
    expect(shown(a)).toBeUndefined();
    exchange(a, b);
    expect(shown(a)).toBe("4");
    expectSame(a, b);
  });

  it("is there with 0 where what a deletion did not know of comes to nothing", () => {
    const [a, b] = [started(1), started(2)];
    add(b, 3);
    exchange(a, b);
    add(b, 1);
    add(b, -1);
    remove(a);
    exchange(a, b);
    expect(shown(a)).toBe("0");
  });

  it("keeps what two new ends saw of it apart", () => {
    const [a, b] = [started(1), started(2)];
    set(a, "10");
    exchange(a, b);
    add(a, 1);
    prolong(a, NOW + 50);
    add(a, 1);
    add(b, 5);
    prolong(b, NOW + 70, NOW + 1);
    add(b, 5);
    exchange(a, b);
    expect(shown(a)).toBe("22");
    expect(dueOf(a)).toBe(NOW + 70);
    expectSame(a, b);
  });

  it("begins at nothing once it has expired, wherever that was noticed", () => {
    const [a, b] = [started(1), started(2)];
    add(a, 7);
    prolong(a, NOW + 10);
    add(a, 1);
    exchange(a, b);
    add(b, 2);
    expect(shown(b, NOW + 10)).toBeUndefined();
    a.shard.expiries.sweep(NOW + 10, 10, () => {});
    add(a, 1, NOW + 20);
    add(b, 1, NOW + 20);
    expect([shown(a, NOW + 20), shown(b, NOW + 20)]).toEqual(["1", "1"]);
    exchange(a, b);
    expect(shown(a, NOW + 20)).toBe("2");
    b.shard.expiries.sweep(NOW + 10, 10, () => {});
    expect(shown(b, NOW + 1000)).toBe("2");
  });

  it("counts what was added after its end by who had not heard of it", () => {
    const [a, b] = [started(1), started(2)];
    set(a, "5", NOW, NOW + 10);
    add(b, 1, NOW + 20);
    exchange(a, b);
    expect(shown(b, NOW + 20)).toBe("1");
    a.shard.expiries.sweep(NOW + 20, 10, () => {});
    exchange(a, b);
    for (const { shard } of [a, b]) {
      const writes = upkeepOf(shard, KEY, { nowMs: NOW + 20, isSettled: () => true, ageMin: 0 });
      expect(writes.filter(({ isRemoval }) => isRemoval === true)).toEqual([]);
    }
    add(b, 1, NOW + 30);
    exchange(a, b);
    expect([shown(a, NOW + 30), shown(b, NOW + 30)]).toEqual(["2", "2"]);
  });

  it("takes along what was added before its end by who had not heard of it", () => {
    const [a, b] = [started(1), started(2)];
    set(a, "5", NOW, NOW + 10);
    add(b, 1, NOW + 9);
    exchange(a, b);
    expect(shown(b, NOW + 9)).toBe("6");
    expect(shown(b, NOW + 10)).toBeUndefined();
    add(b, 1, NOW + 10);
    exchange(a, b);
    expect([shown(a, NOW + 10), shown(b, NOW + 10)]).toEqual(["1", "1"]);
  });

  it("does not come back where it had expired for whoever put something else", () => {
    const [a, b] = [started(1), started(2)];
    add(a, 1);
    exchange(a, b);
    prolong(b, NOW + 10);
    add(b, 5);
    exchange(a, b);
    prolong(b, NOW + 50, NOW + 5);
    a.shard.expiries.sweep(NOW + 10, 10, () => {});
    set(a, "0", NOW + 10);
    exchange(a, b);
    expect(shown(a, NOW + 10)).toBe("0");
  });

  it("is no number where what was put is none", () => {
    const [a, b] = [started(1), started(2)];
    add(a, 1);
    set(b, "text");
    exchange(a, b);
    expect(shown(a)).toBe("text");
    expectSame(a, b);
  });

  it("adds fractions up exactly, in whatever order they come", () => {
    const [a, b] = [started(1), started(2)];
    set(a, "0.1");
    exchange(a, b);
    add(a, "0.2");
    add(b, "1e-17");
    add(b, "100000000000000");
    exchange(a, b);
    add(a, "-100000000000000");
    exchange(a, b);
    expect(shown(a)).toBe("0.30000000000000001");
    expectSame(a, b);
  });

  it("is at most what 64 bits hold where two sides together go beyond", () => {
    const [a, b] = [started(1), started(2)];
    set(a, "9223372036854775800");
    exchange(a, b);
    add(a, 7);
    add(b, 7);
    exchange(a, b);
    expect(shown(a)).toBe("9223372036854775807");
    add(a, -7);
    expect(shown(a)).toBe("9223372036854775807");
    add(a, -7);
    expect(shown(a)).toBe("9223372036854775800");
  });
});

/** A replica, and what it knows by the model. */
interface Actor {
  readonly at: LooseShard;
  readonly knows: Knowledge;
}

type Step =
  | { readonly type: "add"; readonly replica: number; readonly by: number }
  | { readonly type: "set"; readonly replica: number; readonly value: number; readonly ttl: number }
  | {
      readonly type: "remove" | "persist" | "sweep" | "purge" | "restart" | "seal" | "upkeep";
      readonly replica: number;
    }
  | { readonly type: "expire"; readonly replica: number; readonly ttl: number }
  | { readonly type: "send"; readonly replica: number; readonly to: number };

const replica = fc.nat(2);
const STEP: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ type: fc.constant("add"), replica, by: fc.integer({ min: -9, max: 9 }) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("set"), replica, value: fc.nat(9), ttl: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("remove"), replica }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("expire"), replica, ttl: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("persist"), replica }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("sweep"), replica }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("purge"), replica }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("restart"), replica }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("seal"), replica }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("upkeep"), replica }) },
  { weight: 12, arbitrary: fc.record({ type: fc.constant("send"), replica, to: replica }) },
) as fc.Arbitrary<Step>;

class World {
  readonly actors: readonly Actor[] = [1, 2, 3].map((each) => ({ at: started(each), knows: new Knowledge() }));
  now = NOW;

  step(step: Step): void {
    this.now++;
    const actor = this.actors[step.replica] as Actor;
    if (step.type === "add") this.#add(actor, step.by);
    else if (step.type === "set")
      this.#set(actor, String(step.value), step.ttl === 0 ? undefined : this.now + 4 * step.ttl);
    else if (step.type === "remove") this.#set(actor, undefined, undefined);
    else if (step.type === "expire") this.#prolong(actor, this.now + step.ttl);
    else if (step.type === "persist") this.#prolong(actor, undefined);
    else if (step.type === "sweep") actor.at.shard.expiries.sweep(this.now, 10, () => {});
    else if (step.type === "purge") this.#purge(actor);
    else if (step.type === "upkeep") this.#keep(actor);
    else if (step.type === "restart") beginNextLife(actor.at);
    else if (step.type === "seal") sealEndedLives(this.actors.map(({ at }) => at));
    else if (step.type === "send" && step.replica !== step.to) this.#send(actor, this.actors[step.to] as Actor);
    this.check();
  }

  #add({ at, knows }: Actor, by: number): void {
    const due = knows.due(this.now);
    const [isOver, base] = [knows.isOver(this.now), knows.base()];
    const own = at.shard.ownOrigin;
    const sequence = at.shard.nextSequence;
    add(at, by, this.now);
    const last = knows.run(own, this.now);
    const goesOn = last !== undefined && !(isOver && isTakenAlong(last, base));
    const event: AdditionEvent = goesOn
      ? { ...last, place: last.place + 1, by: BigInt(by), due }
      : {
          type: "add",
          origin: own,
          run: sequence,
          place: 1,
          by: BigInt(by),
          after: isOver ? (base?.stamp ?? 0) : 0,
          began: this.now,
          due,
        };
    knows.events.add(event);
  }

  #set({ at, knows }: Actor, value: string | undefined, due: number | undefined): void {
    const slot = value === undefined ? remove(at, this.now) : set(at, value, this.now, due);
    this.#wrote({ at, knows }, slot, value === undefined ? undefined : BigInt(value), due);
  }

  #wrote({ at, knows }: Actor, slot: number, value: bigint | undefined, due = Infinity): void {
    const stamp = timestampAt(at.shard.table.viewOf(slot), at.shard.table.offsetOf(slot));
    knows.events.add({ type: "base", stamp, origin: at.shard.ownOrigin, value, due, knew: knows.additions() });
  }

  #prolong({ at, knows }: Actor, due: number | undefined): void {
    const value = knows.value(this.now);
    if (value === undefined) return;
    const slot = prolong(at, due, this.now);
    this.#wrote({ at, knows }, slot, value, due);
    const last = knows.run(at.shard.ownOrigin, this.now);
    if (last !== undefined)
      knows.events.add({ ...last, place: last.place + 0.001, by: undefined, due: due ?? Infinity });
  }

  #send(from: Actor, to: Actor): void {
    sendDelta(from.at, to.at, this.now);
    to.knows.learn(from.knows);
  }

  /** R6: what all have goes, where whoever forgets it has all that they have. */
  #purge({ at }: Actor): void {
    if (this.#hasAll(at)) at.shard.graves.purge(10, this.isSettled);
  }

  #hasAll({ shard }: LooseShard): boolean {
    return this.actors.every((actor) => shard.vector.dominates(actor.at.shard.vector));
  }

  readonly isSettled = (view: DataView, offset: number): boolean => {
    const isGone = (flagsAt(view, offset) & (FLAG_DEAD | FLAG_GONE)) === FLAG_GONE;
    if (isGone && expiresAt(view, offset) > this.now) return false;
    return this.actors.every(({ at }) => at.shard.vector.covers(originAt(view, offset), sequenceAt(view, offset)));
  };

  /**
   * A base that is written anew says the same as before; what its origin would have let end, as it begins another run, stays with
   * it. What a base took along goes for good.
   */
  #keep({ at, knows }: Actor): void {
    const isSettled = this.#hasAll(at) ? this.isSettled : () => false;
    const view = { nowMs: this.now, isSettled, ageMin: 0 };
    const [value, due] = [knows.value(this.now), knows.due(this.now)];
    for (const write of upkeepOf(at.shard, KEY, view)) {
      const slot = at.shard.write(write, this.now);
      if (write.kind === KIND_PLAIN) this.#wrote({ at, knows }, slot, value, due);
      else knows.drop(this.now);
    }
  }

  check(): void {
    for (const { at, knows } of this.actors) {
      const [value, due] = [knows.value(this.now), knows.due(this.now)];
      expect(shown(at, this.now)).toBe(value === undefined ? undefined : String(value));
      if (value !== undefined) expect(dueOf(at, this.now) ?? Infinity).toBe(due);
    }
  }

  settle(): void {
    for (const from of [...this.actors, ...this.actors]) {
      for (const to of this.actors) if (from !== to) this.#send(from, to);
    }
    this.check();
    for (const { at } of this.actors) at.shard.expiries.sweep(this.now, 1000, () => {});
    const values = this.actors.map(({ at }) => shown(at, this.now));
    expect(new Set(values).size).toBe(1);
  }
}

describe("random schedules on one number", () => {
  it("count each addition once that no value or deletion knew of, and none that one knew of", () => {
    fc.assert(
      fc.property(fc.array(STEP, { size: "max", maxLength: 80 }), (steps) => {
        const world = new World();
        for (const step of steps) world.step(step);
        world.settle();
      }),
      { numRuns: 500 },
    );
  });
});
