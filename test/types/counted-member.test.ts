import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesFromLatin1, latin1FromBytes } from "../../src/base/bytes.ts";
import type { Key, OriginId } from "../../src/base/ids.ts";
import type { Container } from "../../src/core/containers/container.ts";
import { encodeScore } from "../../src/core/containers/score-order.ts";
import { replicaOf } from "../../src/core/origin.ts";
import { wholeAmount } from "../../src/core/record/amount.ts";
import { incrementsOf, KIND_HASH, KIND_SORTED_SET } from "../../src/core/record/kind.ts";
import { fieldOfName } from "../../src/core/record/member.ts";
import { textOfOrigin } from "../../src/core/record/origin-bytes.ts";
import { flagsAt, isDead, originAt, recordLength, sequenceAt, timestampAt } from "../../src/core/record/record.ts";
import type { Tally } from "../../src/core/record/seen.ts";
import type { LocalWrite } from "../../src/core/shard/author.ts";
import {
  added,
  beginning,
  type CollectionId,
  deletionOfAll,
  memberCount,
  memberName,
  memberSlot,
  memberValue,
  removed,
} from "../../src/types/collection.ts";
import { liveMembers } from "../../src/types/container.ts";
import { memberAddition } from "../../src/types/counted-member.ts";
import { memberUpkeepOf } from "../../src/types/counted-upkeep.ts";
import { ranked, scoreOf } from "../../src/types/sorted-set.ts";
import { beginNextLife, sealEndedLives } from "../support/shard-lives.ts";
import { createShard, type LooseShard, NOW, origin, purgeMarks, sendDelta } from "../support/shards.ts";
import { type MemberAddition, MemberKnowledge } from "./counted-model.ts";

const RUNS = 120;

const HASH: CollectionId = { kind: KIND_HASH, key: "h" as Key };
const ZSET: CollectionId = { kind: KIND_SORTED_SET, key: "z" as Key };

function started(replica: number, fallingAtOnceMax = 256): LooseShard {
  const made = createShard({ fallingAtOnceMax });
  made.shard.beginLife(origin(replica));
  return made;
}

function make({ shard }: LooseShard, writes: readonly LocalWrite[], now = NOW): void {
  for (const write of writes) shard.write(write, now);
}

function add(at: LooseShard, id: CollectionId, name: string, by: number, now = NOW, due?: number): void {
  make(at, beginning(at.shard, id, now), now);
  make(at, [memberAddition(at.shard, id, name, { by: wholeAmount(by), due }, now)], now);
}

function put(at: LooseShard, id: CollectionId, name: string, value: number, now = NOW): void {
  make(at, beginning(at.shard, id, now), now);
  const bytes = id === ZSET ? encodeScore(value) : bytesFromLatin1(String(value));
  make(at, [added(id, { name, value: bytes })], now);
}

function remove(at: LooseShard, id: CollectionId, name: string, now = NOW): void {
  if (memberSlot(at.shard, id, name, now) !== 0) make(at, [removed(at.shard, id, name)], now);
}

function removeAll(at: LooseShard, id: CollectionId, now = NOW): void {
  make(at, deletionOfAll(at.shard, id), now);
}

function exchange(a: LooseShard, b: LooseShard): void {
  sendDelta(a, b);
  sendDelta(b, a);
}

/** Every member with what it comes to; of a sorted set by score. */
function shown({ shard }: LooseShard, id: CollectionId, now = NOW): Record<string, number> {
  const slots = id === ZSET ? [...ranked(shard, id, now).from(0)] : [...liveMembers(shard, id.kind, id.key, now)];
  expect(memberCount(shard, id, now)).toBe(slots.length);
  const valueIn = (slot: number) =>
    id === ZSET ? scoreOf(shard, slot) : Number(latin1FromBytes(memberValue(shard, slot)));
  const values = slots.map(valueIn);
  if (id === ZSET) expect(values).toEqual([...values].sort((x, y) => x - y));
  return Object.fromEntries(slots.map((slot) => [memberName(shard, slot), valueIn(slot)]));
}

describe.each([
  ["a field of a hash", HASH],
  ["a score", ZSET],
])("%s that is added to", (_, id) => {
  it("is there without ever having been put, and gone once it was all deleted", () => {
    const a = started(1);
    add(a, id, "m", 5);
    add(a, id, "m", 2);
    expect(shown(a, id)).toEqual({ m: 7 });
    removeAll(a, id);
    expect(shown(a, id)).toEqual({});
    add(a, id, "m", 1);
    expect(shown(a, id)).toEqual({ m: 1 });
  });

  it("counts each addition once, whoever made it, and in whatever order they meet", () => {
    const [a, b] = [started(1), started(2)];
    put(a, id, "m", 100);
    exchange(a, b);
    add(a, id, "m", 1);
    add(b, id, "m", 2);
    add(b, id, "m", 4);
    exchange(a, b);
    add(a, id, "m", 8);
    exchange(a, b);
    exchange(a, b);
    expect(shown(a, id)).toEqual({ m: 115 });
    expect(shown(b, id)).toEqual({ m: 115 });
  });

  it("keeps what a value that is put had not seen, and nothing that it had", () => {
    const [a, b] = [started(1), started(2)];
    add(b, id, "m", 2);
    exchange(a, b);
    put(a, id, "m", 1000);
    add(b, id, "m", 4);
    exchange(a, b);
    expect([shown(a, id), shown(b, id)]).toEqual([{ m: 1004 }, { m: 1004 }]);
  });

  it("never wins over a value that whoever adds has not heard of", () => {
    const [a, b] = [started(1), started(2)];
    put(a, id, "m", 1000);
    add(b, id, "m", 1, NOW + 5000);
    exchange(a, b);
    expect([shown(a, id), shown(b, id)]).toEqual([{ m: 1001 }, { m: 1001 }]);
  });

  it("comes back as what a removal had not seen", () => {
    const [a, b] = [started(1), started(2)];
    put(a, id, "m", 100);
    exchange(a, b);
    add(b, id, "m", 1);
    exchange(a, b);
    remove(a, id, "m");
    add(b, id, "m", 2);
    exchange(a, b);
    expect([shown(a, id), shown(b, id)]).toEqual([{ m: 2 }, { m: 2 }]);
    remove(b, id, "m");
    exchange(a, b);
    expect([shown(a, id), shown(b, id)]).toEqual([{}, {}]);
  });

  it.each([
    ["at once", 256],
    ["in steps", 0],
  ])("comes back as what a deletion of the whole had not seen, where that lets members fall %s", (_how, most) => {
    const [a, b] = [started(1, most), started(2, most)];
    put(a, id, "m", 100);
    put(a, id, "other", 50);
    exchange(a, b);
    add(b, id, "m", 1);
    add(a, id, "other", 1);
    add(b, id, "lonely", 5);
    exchange(a, b);
    removeAll(a, id);
    expect(shown(a, id)).toEqual({});
    add(b, id, "m", 2);
    exchange(a, b);
    expect([shown(a, id), shown(b, id)]).toEqual([{ m: 2 }, { m: 2 }]);
    for (const { shard } of [a, b]) while (!shard.falling.step(1));
    expect([shown(a, id), shown(b, id)]).toEqual([{ m: 2 }, { m: 2 }]);
    expect(a.shard.fingerprint).toEqual(b.shard.fingerprint);
  });

  it("stays removed where somebody writes its sum anew at the same time", () => {
    const [a, b] = [started(1), started(2)];
    add(a, id, "m", 1);
    put(a, id, "n", 100);
    add(a, id, "n", 2);
    exchange(a, b);
    a.shard.beginLife(origin(1, 2));
    for (const { shard } of [a, b]) shard.seal(replicaOf(origin(1)), 2);
    const container = b.shard.containers.find(id.kind, id.key) as Container;
    const view = { nowMs: NOW + 10, isSettled: () => true, ageMin: 0 };
    const folded = [...container.counted.values()].flatMap((each) => memberUpkeepOf(b.shard, container, each, view));
    expect(folded).toHaveLength(2);
    make(b, folded, NOW + 10);
    expect(shown(b, id)).toEqual({ m: 1, n: 102 });
    remove(a, id, "m");
    remove(a, id, "n");
    exchange(a, b);
    expect([shown(a, id), shown(b, id)]).toEqual([{}, {}]);
  });

  it("goes by its hash where its name is too long for a field, and is named all the same", () => {
    const [a, b] = [started(1), started(2)];
    const name = "n".repeat(2000);
    add(a, id, name, 1);
    add(b, id, name, 2);
    exchange(a, b);
    expect(shown(b, id)).toEqual({ [name]: 3 });
    remove(b, id, name);
    exchange(a, b);
    expect(shown(a, id)).toEqual({});
  });

  it("is as it was once it is read from disk, in whatever order", () => {
    const [a, b] = [started(1), started(2)];
    put(a, id, "m", 100);
    put(a, id, "gone", 1);
    exchange(a, b);
    add(a, id, "m", 1);
    add(b, id, "m", 2);
    add(b, id, "lonely", 4);
    exchange(a, b);
    remove(a, id, "gone");
    add(b, id, "gone", 8);
    exchange(a, b);
    const records: Uint8Array[] = [];
    a.shard.forEachHeld((slot) => {
      const [view, at] = [a.shard.table.viewOf(slot), a.shard.table.offsetOf(slot)];
      records.push(a.shard.table.bytesOf(slot).slice(at, at + recordLength(view, at)));
    });
    for (const order of [records, [...records].reverse()]) {
      const again = createShard();
      for (const bytes of order) again.shard.load(new DataView(bytes.buffer), bytes, 0, bytes.length, NOW);
      again.shard.finishLoad();
      expect(shown(again, id)).toEqual(shown(a, id));
      expect(shown(again, id)).toEqual({ m: 103, lonely: 4, gone: 8 });
    }
  });
});

describe("a field that expires", () => {
  it("takes what was added to it along, and the next addition begins at nothing", () => {
    const a = started(1);
    add(a, HASH, "f", 5, NOW, NOW + 10);
    add(a, HASH, "f", 1, NOW + 5, NOW + 10);
    expect(shown(a, HASH, NOW + 9)).toEqual({ f: 6 });
    expect(shown(a, HASH, NOW + 10)).toEqual({});
    add(a, HASH, "f", 2, NOW + 11);
    expect(shown(a, HASH, NOW + 11)).toEqual({ f: 2 });
    a.shard.expiries.sweep(NOW + 12, 10, () => {});
    expect(shown(a, HASH, NOW + 12)).toEqual({ f: 2 });
  });

  it("is its text where that is no number, whatever was added", () => {
    const [a, b] = [started(1), started(2)];
    add(a, HASH, "f", 5);
    make(b, [added(HASH, { name: "f", value: bytesFromLatin1("text") })]);
    exchange(a, b);
    for (const { shard } of [a, b])
      expect(latin1FromBytes(memberValue(shard, memberSlot(shard, HASH, "f", NOW)))).toBe("text");
  });
});

interface Actor {
  readonly at: LooseShard;
  readonly knows: MemberKnowledge;
}

const NAMES = ["m", "n", "o"];

type Step = { readonly replica: number; readonly name: string } & (
  | { readonly type: "add" | "put"; readonly by: number }
  | {
      readonly type:
        | "remove"
        | "removeAll"
        | "fall"
        | "purge"
        | "purgeBeside"
        | "upkeep"
        | "restart"
        | "seal"
        | "endLife";
    }
  | { readonly type: "send"; readonly to: number }
);

const common = { replica: fc.nat(2), name: fc.constantFrom(...NAMES) };
const by = fc.integer({ min: -9, max: 9 });
const plain = (type: string) => fc.record({ type: fc.constant(type), ...common });
const STEP = fc.oneof(
  { weight: 8, arbitrary: fc.record({ type: fc.constant("add"), ...common, by }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("put"), ...common, by }) },
  { weight: 2, arbitrary: plain("remove") },
  { weight: 1, arbitrary: plain("removeAll") },
  { weight: 1, arbitrary: plain("fall") },
  { weight: 3, arbitrary: plain("purge") },
  { weight: 2, arbitrary: plain("purgeBeside") },
  { weight: 3, arbitrary: plain("upkeep") },
  { weight: 1, arbitrary: plain("restart") },
  { weight: 1, arbitrary: plain("seal") },
  { weight: 2, arbitrary: plain("endLife") },
  { weight: 12, arbitrary: fc.record({ type: fc.constant("send"), ...common, to: fc.nat(2) }) },
) as fc.Arbitrary<Step>;

class World {
  readonly actors: readonly Actor[];
  readonly id: CollectionId;
  now = NOW;

  constructor(id: CollectionId, fallingAtOnceMax: number) {
    this.id = id;
    this.actors = [1, 2, 3].map((each) => ({ at: started(each, fallingAtOnceMax), knows: new MemberKnowledge() }));
  }

  step(step: Step): void {
    this.now++;
    const actor = this.actors[step.replica] as Actor;
    if (step.type === "add") this.#add(actor, step.name, step.by);
    else if (step.type === "put") this.#put(actor, step.name, step.by);
    else if (step.type === "remove") this.#remove(actor, step.name);
    else if (step.type === "removeAll") this.#removeAll(actor);
    else if (step.type === "fall") actor.at.shard.falling.step(1);
    else if (step.type === "purge") this.#purge(actor);
    else if (step.type === "purgeBeside") this.#purgeBeside(actor);
    else if (step.type === "upkeep") this.#keep(actor);
    else if (step.type === "restart") beginNextLife(actor.at);
    else if (step.type === "seal") sealEndedLives(this.actors.map(({ at }) => at));
    else if (step.type === "endLife") this.#endLife(actor);
    else if (step.type === "send" && step.replica !== step.to) this.#send(actor, this.actors[step.to] as Actor);
    this.check();
  }

  #add({ at, knows }: Actor, name: string, by: number): void {
    const write = memberAddition(at.shard, this.id, name, { by: wholeAmount(by), due: undefined }, this.now);
    const slot = at.shard.write(write, this.now);
    const { run, count } = at.shard.increments.tallyIn(slot) as Tally;
    knows.events.add({ type: "add", name, origin: at.shard.ownOrigin, run, place: count, by });
  }

  #put({ at, knows }: Actor, name: string, value: number): void {
    const bytes = this.id === ZSET ? encodeScore(value) : bytesFromLatin1(String(value));
    this.#base({ at, knows }, added(this.id, { name, value: bytes }), name, value);
  }

  #remove({ at, knows }: Actor, name: string): void {
    if (memberSlot(at.shard, this.id, name, this.now) !== 0)
      this.#base({ at, knows }, removed(at.shard, this.id, name), name, undefined);
  }

  #base({ at, knows }: Actor, write: LocalWrite, name: string, value: number | undefined): void {
    const slot = at.shard.write(write, this.now);
    const stamp = timestampAt(at.shard.table.viewOf(slot), at.shard.table.offsetOf(slot));
    knows.events.add({ type: "base", name, stamp, origin: at.shard.ownOrigin, value, knew: knows.all() });
  }

  #removeAll({ at, knows }: Actor): void {
    const summed = new Set([...knows.events].filter((event) => event.type === "add" && !this.#isHeld(at, event)));
    for (const write of deletionOfAll(at.shard, this.id)) {
      if (write.saw === undefined) this.#base({ at, knows }, write, nameOfField(write.field), undefined);
      else {
        at.shard.write(write, this.now);
        knows.events.add({ type: "delete", knew: knows.all(), summed });
      }
    }
  }

  /** Somebody's additions to a member are a register still. */
  #isHeld({ shard }: LooseShard, event: MemberAddition): boolean {
    const slot = shard.find(
      incrementsOf(this.id.kind),
      this.id.key,
      fieldOfName(event.name) + textOfOrigin(event.origin as OriginId),
    );
    return slot !== 0 && !isDead(flagsAt(shard.table.viewOf(slot), shard.table.offsetOf(slot)));
  }

  #send(from: Actor, to: Actor): void {
    sendDelta(from.at, to.at, this.now);
    to.knows.learn(from.knows);
  }

  #purge({ at }: Actor): void {
    if (this.#hasAll(at)) at.shard.graves.purge(10, this.isSettled);
  }

  /** Of other keys, whose tombstones are as new as anything that all have. */
  #purgeBeside({ at }: Actor): void {
    if (!this.#hasAll(at)) return;
    let newest = 0;
    at.shard.forEachHeld((slot) => {
      const [view, offset] = [at.shard.table.viewOf(slot), at.shard.table.offsetOf(slot)];
      if (this.isSettled(view, offset)) newest = Math.max(newest, timestampAt(view, offset));
    });
    if (newest > 0) at.shard.graves.takeOver(purgeMarks(newest));
  }

  #hasAll({ shard }: LooseShard): boolean {
    return this.actors.every((actor) => shard.vector.dominates(actor.at.shard.vector));
  }

  readonly isSettled = (view: DataView, offset: number): boolean =>
    this.actors.every(({ at }) => at.shard.vector.covers(originAt(view, offset), sequenceAt(view, offset)));

  /** What is written anew says the same as before. */
  #keep({ at }: Actor): void {
    const isSettled = this.#hasAll(at) ? this.isSettled : () => false;
    const view = { nowMs: this.now, isSettled, ageMin: 0 };
    const container = at.shard.containers.find(this.id.kind, this.id.key);
    for (const counted of [...(container?.counted.values() ?? [])]) {
      for (const write of memberUpkeepOf(at.shard, container as Container, counted, view))
        at.shard.write(write, this.now);
    }
  }

  check(): void {
    for (const { at, knows } of this.actors) {
      const values = NAMES.map((name): [string, number | undefined] => [name, knows.value(name)]);
      expect(shown(at, this.id, this.now)).toEqual(
        Object.fromEntries(values.filter(([, value]) => value !== undefined)),
      );
    }
  }

  /** All have what it wrote, so that its life is sealed. */
  #endLife({ at }: Actor): void {
    this.#exchange();
    beginNextLife(at);
    sealEndedLives(this.actors.map((each) => each.at));
  }

  #exchange(): void {
    for (const from of [...this.actors, ...this.actors]) {
      for (const to of this.actors) if (from !== to) this.#send(from, to);
    }
  }

  settle(): void {
    this.#exchange();
    this.check();
    for (const { at } of this.actors) while (!at.shard.falling.step(1));
    this.check();
    const [first] = this.actors as [Actor];
    for (const { at } of this.actors) expect(at.shard.fingerprint).toEqual(first.at.shard.fingerprint);
  }
}

function nameOfField(field: string | undefined): string {
  return (field ?? "").slice(1);
}

describe.each([
  ["a hash", HASH],
  ["a sorted set", ZSET],
])("random schedules on the members of %s", (_, id) => {
  it.each([0, 2, 256])(
    "count each addition once that nothing knew of, and none that was known; at most %i fall at once",
    (most) => {
      fc.assert(
        fc.property(fc.array(STEP, { size: "max", maxLength: 80 }), (steps) => {
          const world = new World(id, most);
          for (const step of steps) world.step(step);
          world.settle();
        }),
        { numRuns: RUNS },
      );
    },
  );
});
