import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteWriter } from "../../../src/base/bytes.ts";
import type { Key } from "../../../src/base/ids.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import { timestampFromMs } from "../../../src/core/clock.ts";
import { KIND_PLAIN } from "../../../src/core/record/kind.ts";
import { FLAG_DEAD, originAt, recordLength, sequenceAt } from "../../../src/core/record/record.ts";
import { DeltaSession } from "../../../src/core/shard/delta.ts";
import type { Shard } from "../../../src/core/shard/shard.ts";
import { VersionVector } from "../../../src/core/version-vector.ts";
import {
  apply,
  createShard,
  dump,
  type LooseShard,
  loose,
  NOW,
  origin,
  push,
  record,
  vectorText,
} from "../../support/shards.ts";

function write({ shard }: LooseShard, key: string, value?: string): void {
  const content = value === undefined ? {} : { value: new TextEncoder().encode(value) };
  shard.write({ kind: KIND_PLAIN, key: key as Key, ...content }, NOW);
}

function started(replica: number): LooseShard {
  const made = createShard();
  made.shard.beginLife(origin(replica));
  return made;
}

/** Takes one chunk of a session over; returns how many records it had. */
function carry(session: DeltaSession, to: LooseShard, bytesMax = 1): number {
  const writer = new ByteWriter();
  session.writeChunk(writer, bytesMax);
  const { bytes, view } = loose(writer.copy());
  let records = 0;
  for (let at = 0; at < bytes.length; at += recordLength(view, at)) {
    apply(to, loose(bytes.slice(at, at + recordLength(view, at))));
    records++;
  }
  return records;
}

function carryAll(session: DeltaSession, to: LooseShard): void {
  while (!session.isDone) carry(session, to);
  to.shard.claim(session.claim);
}

describe("a delta", () => {
  it("brings what the receiver lacks, and nothing else", () => {
    const [from, to] = [started(1), started(2)];
    for (let i = 0; i < 5; i++) write(from, `k${i}`, "v");
    carryAll(new DeltaSession(from.shard, to.shard.vector), to);
    write(from, "k1", "newer");
    write(from, "k5", "v");
    const session = new DeltaSession(from.shard, to.shard.vector);
    expect(session.registers).toBe(2);
    carryAll(session, to);
    expect(dump(to.shard)).toEqual(dump(from.shard));
    expect(vectorText(to.shard)).toBe(vectorText(from.shard));
    expect(new DeltaSession(from.shard, to.shard.vector).registers).toBe(0);
  });

  it("comes in chunks within a bound, which only a record that is longer exceeds, alone", () => {
    const [from, to] = [started(1), started(2)];
    for (const bytes of [20, 30, 200, 10, 300]) write(from, `k${bytes}`, "x".repeat(bytes));
    const session = new DeltaSession(from.shard, to.shard.vector);
    const chunks: number[] = [];
    while (!session.isDone) chunks.push(carry(session, to, 200));
    expect(chunks).toEqual([2, 1, 1, 1]);
  });

  it("claims nothing when it ends half-way, and can begin again (R1)", () => {
    const [from, to] = [started(1), started(2)];
    for (let i = 0; i < 5; i++) write(from, `k${i}`, "v");
    carry(new DeltaSession(from.shard, to.shard.vector), to);
    expect([vectorText(to.shard), to.shard.isWhole()]).toEqual(["", false]);
    carryAll(new DeltaSession(from.shard, to.shard.vector), to);
    expect(dump(to.shard)).toEqual(dump(from.shard));
  });

  it("sends a slot that was overwritten meanwhile with its newer content, never skipping it (R2)", () => {
    const [from, to] = [started(1), started(2)];
    write(from, "a", "old");
    write(from, "b", "v");
    const session = new DeltaSession(from.shard, to.shard.vector);
    write(from, "a", "new");
    write(from, "b");
    carryAll(session, to);
    expect(dump(to.shard)).toEqual(dump(from.shard));
    // The newer dots are not claimed: they come again.
    expect(to.shard.vector.get(origin(1))).toBe(2);
    expect(new DeltaSession(from.shard, to.shard.vector).registers).toBe(2);
  });

  it("keeps back what is not confirmed", () => {
    const [from, to] = [started(1), started(2)];
    write(from, "a", "v");
    from.shard.quarantine.distrust({ serve: true });
    from.shard.beginLife(origin(1, 2));
    write(from, "b", "v");
    carryAll(new DeltaSession(from.shard, to.shard.vector), to);
    expect(dump(to.shard).map((line) => line[0])).toEqual(["b"]);
  });

  it("carries what is held beyond the vector too, unclaimed", () => {
    const [from, to] = [createShard(), createShard()];
    push(from, record({ key: "a", sequence: 1 }));
    push(from, record({ key: "c", sequence: 3 }));
    carryAll(new DeltaSession(from.shard, to.shard.vector), to);
    expect(dump(to.shard)).toEqual(dump(from.shard));
    expect(to.shard.vector.get(origin(1))).toBe(1);
  });

  it("covers sealed lives, and brings what the receiver lacks of them", () => {
    const [from, to] = [createShard(), createShard()];
    push(from, record({ key: "a", sequence: 1 }));
    push(from, record({ key: "b", sequence: 2 }));
    push(to, record({ key: "a", sequence: 1 }));
    from.shard.seal(1, 9);
    carryAll(new DeltaSession(from.shard, to.shard.vector), to);
    expect(dump(to.shard)).toEqual(dump(from.shard));
    expect(vectorText(to.shard)).toBe("1<9");
    push(to, record({ key: "z", sequence: 7 }));
    expect(dump(to.shard)).toHaveLength(2);
  });
});

/** Two replicas that write, push with losses, and repair each other in sessions that overlap with writes and purges. */
class Pair {
  readonly sides = [started(1), started(2)] as const;
  readonly sessions: (DeltaSession | undefined)[] = [undefined, undefined];
  readonly random: SeededRandom;
  #now = NOW;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
  }

  step(): void {
    const { random } = this;
    const to = random.below(2);
    const [receiver, sender] = to === 0 ? this.sides : ([this.sides[1], this.sides[0]] as const);
    this.#now += random.below(2);
    switch (random.below(5)) {
      case 0:
      case 1:
        return this.#write(sender, receiver);
      case 2:
        this.sessions[to] = new DeltaSession(sender.shard, receiver.shard.vector);
        return;
      case 3:
        return this.#carry(to, receiver);
      default:
        return this.#purge(receiver.shard, sender.shard);
    }
  }

  #write(sender: LooseShard, receiver: LooseShard): void {
    const { random } = this;
    const value = random.chance(0.6) ? { value: Uint8Array.of(random.below(256)) } : {};
    sender.shard.write({ kind: KIND_PLAIN, key: random.pick(["a", "b", "c"]) as Key, ...value }, this.#now);
    const written = loose(sender.writer.bytes.slice(0, recordLength(sender.writer.view, 0)));
    if (random.chance(0.5)) push(receiver, written);
  }

  #carry(to: number, receiver: LooseShard): void {
    const session = this.sessions[to];
    if (session === undefined) return;
    carry(session, receiver);
    if (session.isDone) receiver.shard.claim(session.claim);
    if (session.isDone || this.random.chance(0.1)) this.sessions[to] = undefined;
  }

  /** As R6 allows: both have it, and this side covers all that the other does. */
  #purge(here: Shard, there: Shard): void {
    if (!here.vector.dominates(there.vector)) return;
    here.graves.purge(10, (view, at) => there.vector.covers(...dotOf(view, at)));
  }

  settle(): void {
    for (const to of [0, 1] as const) {
      const [receiver, sender] = [this.sides[to], this.sides[1 - to] as LooseShard];
      carryAll(new DeltaSession(sender.shard, receiver.shard.vector), receiver);
    }
  }
}

function dotOf(view: DataView, at: number): [ReturnType<typeof origin>, number] {
  return [originAt(view, at), sequenceAt(view, at)];
}

describe("deltas between two that go on writing, pushing and purging", () => {
  it("leave both with the same live registers, vectors and fingerprints", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const pair = new Pair(seed);
        for (let step = 0; step < 150; step++) pair.step();
        pair.settle();
        const [one, other] = pair.sides;
        const live = ({ shard }: LooseShard) => dump(shard).filter((line) => line.includes(" live "));
        expect(live(one)).toEqual(live(other));
        expect(vectorText(one.shard)).toBe(vectorText(other.shard));
        expect(one.shard.fingerprint.equals(other.shard.fingerprint)).toBe(true);
        expect([one.shard.isWhole(), other.shard.isWhole()]).toEqual([true, true]);
      }),
      { numRuns: 150 },
    );
  });
});

describe("the vector that a delta is asked for with", () => {
  it("may be anything: what is covered by it is not sent", () => {
    const from = createShard();
    for (let sequence = 1; sequence <= 5; sequence++) {
      const isDead = sequence === 4;
      push(
        from,
        record({
          key: `k${sequence}`,
          sequence,
          timestamp: timestampFromMs(NOW + sequence),
          flags: isDead ? FLAG_DEAD : 0,
          value: isDead ? undefined : new Uint8Array(0),
        }),
      );
    }
    const covered = new VersionVector();
    covered.advance(origin(1), 3);
    expect(new DeltaSession(from.shard, covered).registers).toBe(2);
    covered.seal(1, 2);
    expect(new DeltaSession(from.shard, covered).registers).toBe(0);
  });
});

describe("a delta from a shard in doubt", () => {
  it("claims nothing that something unconfirmed is in the way of, until that is decided about", () => {
    const [from, to] = [started(1), started(2)];
    write(from, "k", "unconfirmed");
    from.shard.quarantine.distrust({ serve: false });
    from.shard.beginLife(origin(1, 2));
    const theirs = (key: string, sequence: number) => record({ key, origin: origin(3), sequence, timestamp: 1 });
    push(from, theirs("other", 1));
    push(from, theirs("k", 2));
    write(from, "own", "v");
    expect(vectorText(from.shard)).toBe(`${origin(1, 2)}:1 ${origin(3)}:2`);
    carryAll(new DeltaSession(from.shard, to.shard.vector), to);
    expect(dump(to.shard).map((line) => line.split(" ")[0])).toEqual(["other", "own"]);
    expect(vectorText(to.shard), "k is not there").toBe(`${origin(1, 2)}:1`);
    from.shard.quarantine.reconcile(from.shard.vector, () => "stays");
    carryAll(new DeltaSession(from.shard, to.shard.vector), to);
    expect(dump(to.shard)).toEqual(dump(from.shard));
    expect(vectorText(to.shard)).toBe(vectorText(from.shard));
  });

  it.each(["goes", "stays under a new dot"] as const)("claims all again once what was in the way %s", (fate) => {
    const from = started(1);
    write(from, "k", "unconfirmed");
    from.shard.quarantine.distrust({ serve: false });
    from.shard.beginLife(origin(1, 2));
    push(from, record({ key: "k", origin: origin(3), timestamp: 1 }));
    expect(from.shard.quarantine.tellable.size).toBe(0);
    from.shard.quarantine.reconcile(from.shard.vector, () => fate);
    push(from, record({ key: "other", origin: origin(3), sequence: 2 }));
    expect(from.shard.quarantine.tellable.equals(from.shard.vector)).toBe(true);
  });
});
