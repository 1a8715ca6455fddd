import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Key } from "../../../src/base/ids.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import { msOfTimestamp, TIMESTAMP_MAX, timestampFromMs } from "../../../src/core/clock.ts";
import { checkRecord } from "../../../src/core/containers/record-check.ts";
import { BUCKETS } from "../../../src/core/record/bucket.ts";
import { Fingerprint } from "../../../src/core/record/fingerprint.ts";
import { KIND_PLAIN } from "../../../src/core/record/kind.ts";
import {
  expiresAt,
  FLAG_DEAD,
  FLAG_GONE,
  flagsAt,
  originAt,
  recordLength,
  sequenceAt,
  timestampAt,
} from "../../../src/core/record/record.ts";
import { APPLIED, OBSOLETE, SAME, SUPERSEDED } from "../../../src/core/shard/arrivals.ts";
import { PurgeMarks } from "../../../src/core/shard/purge-marks.ts";
import type { Fate, Standing } from "../../../src/core/shard/quarantine.ts";
import type { Shard } from "../../../src/core/shard/shard.ts";
import { encodeHead, restoreHead } from "../../../src/core/shard/shard-head.ts";
import { VersionVector } from "../../../src/core/version-vector.ts";
import {
  apply,
  createShard,
  dump,
  type Loose,
  type LooseShard,
  loose,
  NOW,
  origin,
  purgeMarks,
  push,
  record,
  textOf,
  vectorText,
  written,
} from "../../support/shards.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const stamp = (ms: number) => timestampFromMs(NOW + ms);

function write(loose: LooseShard, key: string, value?: string, more: { now?: number; expiresAt?: number } = {}): Loose {
  const { now = NOW, ...rest } = more;
  const content = value === undefined ? {} : { value: bytesOf(value) };
  loose.shard.write({ kind: KIND_PLAIN, key: key as Key, ...content, ...rest }, now);
  return written(loose, recordLength(loose.writer.view, 0));
}

function started(replica = 1): LooseShard {
  const loose = createShard();
  loose.shard.beginLife(origin(replica));
  return loose;
}

/** What must hold of a shard at all times: I1 and I4, the counts, and what it says of itself. */
function checkInvariants({ shard, agenda }: LooseShard): void {
  const { table } = shard;
  const sum = new Fingerprint();
  const fingerprint = new Fingerprint();
  let standing = 0;
  let held = 0;
  const inChains = new Set<number>();
  for (const each of shard.origins()) {
    const slots: number[] = [];
    shard.collectAbove(each, 0, slots);
    let last = 0;
    for (const slot of slots) {
      const [view, at] = [table.viewOf(slot), table.offsetOf(slot)];
      expect(originAt(view, at)).toBe(each);
      expect(sequenceAt(view, at)).toBeGreaterThan(last);
      last = sequenceAt(view, at);
      inChains.add(slot);
    }
  }
  shard.forEachHeld((slot) => {
    const [view, at] = [table.viewOf(slot), table.offsetOf(slot)];
    held++;
    expect(inChains.has(slot)).toBe(true);
    sum.add(view, at);
    if ((flagsAt(view, at) & (FLAG_DEAD | FLAG_GONE)) !== 0) return;
    standing++;
    fingerprint.add(view, at);
  });
  expect(inChains.size).toBe(held);
  expect(table.count).toBe(held);
  expect([shard.standing, shard.tombstones]).toEqual([standing, held - standing]);
  expect(shard.fingerprint.equals(fingerprint)).toBe(true);
  expect(shard.accounts.sum.equals(sum)).toBe(true);
  for (const instant of [NOW, NOW + 5000, NOW + 20_000]) checkAsOf(shard, instant);
  expect(shard.isWhole()).toBe(![...shard.origins()].some((each) => shard.hasGap(each)));
  expect(agenda.dirty.has(shard)).toBe(shard.unsaved.isAny);
  expect(agenda.unsettled.has(shard) || shard.isSettled).toBe(true);
  expect(agenda.earliestExpiry).toBeLessThanOrEqual(shard.expiries.earliest);
}

/** The fingerprint as of an instant is that of what expires later, unless some of that has fallen already. */
function checkAsOf(shard: Shard, instant: number): void {
  const left = new Fingerprint();
  shard.forEachStanding((view, at) => {
    if (expiresAt(view, at) > instant) left.add(view, at);
  });
  const expected = shard.expiries.fallenUntil > instant ? undefined : { low: left.low, high: left.high };
  expect(shard.fingerprintAsOf(instant, Infinity)).toEqual(expected);
}

describe("a local write", () => {
  it("beats what is held of its key, however far ahead that is stamped (R8)", () => {
    const loose = started();
    apply(loose, record({ key: "k", timestamp: stamp(10 * 86_400_000), origin: origin(2) }));
    write(loose, "k", "mine");
    expect(dump(loose.shard)).toEqual([`k live ${stamp(10 * 86_400_000) + 1} ${origin(1)}:1 Infinity mine`]);
    expect(msOfTimestamp(loose.clock.next(NOW))).toBe(NOW);
  });

  it("beats every tombstone purged from its bucket (R8), also after head and registers went through the disk", () => {
    const loose = started();
    const far = stamp(86_400_000);
    apply(loose, record({ key: "k", flags: FLAG_DEAD, timestamp: far, origin: origin(2) }));
    loose.shard.graves.forget(loose.shard.find(KIND_PLAIN, "k" as Key));
    const restored = createShard();
    restoreHead(restored.shard, encodeHead(loose.shard));
    restored.shard.beginLife(origin(1, 2));
    for (const each of [loose, restored]) {
      const view = write(each, "k", "again").view;
      expect(timestampAt(view, 0)).toBe(far + 1);
    }
  });

  it("takes stamps that peers take, down to the last there is, and is then refused without a trace", () => {
    const limits = { keyBytesMax: 1024, valueBytesMax: 1024 };
    const isTaken = ({ view, bytes }: Loose) => checkRecord(view, 0, bytes.length, limits) === bytes.length;
    const spent = expect.objectContaining({ code: "STAMPS_EXHAUSTED" });
    const loose = started();
    apply(loose, record({ key: "k", timestamp: TIMESTAMP_MAX - 2, origin: origin(2) }));
    expect([isTaken(write(loose, "k", "1")), isTaken(write(loose, "k"))]).toEqual([true, true]);
    const before = [dump(loose.shard), vectorText(loose.shard)];
    expect(() => write(loose, "k", "3")).toThrow(spent);
    expect([dump(loose.shard), vectorText(loose.shard)]).toEqual(before);
    expect(isTaken(write(loose, "other", "1"))).toBe(true);
    loose.shard.graves.forget(loose.shard.find(KIND_PLAIN, "k" as Key));
    expect(() => write(loose, "k", "4")).toThrow(spent);
  });

  it("is at no dot that was there before (R4)", () => {
    const loose = started();
    write(loose, "k", "1");
    write(loose, "k", "2");
    write(loose, "other", "3");
    expect(loose.shard.vector.get(origin(1))).toBe(3);
    expect(dump(loose.shard).map((line) => line.split(" ")[3])).toEqual([`${origin(1)}:2`, `${origin(1)}:3`]);
  });

  it("may not begin a life whose dots are covered", () => {
    const loose = createShard();
    loose.shard.vector.advance(origin(1), 1);
    expect(() => loose.shard.beginLife(origin(1))).toThrow(/BUG/);
  });
});

describe("a register from elsewhere", () => {
  it("is applied when it is greater, known when it is the same, superseded when it is smaller", () => {
    const loose = createShard();
    const at = (ms: number, sequence: number) => record({ key: "k", timestamp: stamp(ms), sequence });
    expect(apply(loose, at(1, 1))).toBe(APPLIED);
    expect(apply(loose, at(1, 1))).toBe(SAME);
    expect(apply(loose, at(2, 2))).toBe(APPLIED);
    expect(apply(loose, at(1, 1))).toBe(SUPERSEDED);
  });

  it("is obsolete when its dot is covered and it is not held (R5)", () => {
    const loose = createShard();
    const alive = record({ key: "k", timestamp: stamp(1), sequence: 1 });
    push(loose, alive);
    push(loose, record({ key: "k", flags: FLAG_DEAD, timestamp: stamp(2), sequence: 2 }));
    loose.shard.graves.forget(loose.shard.find(KIND_PLAIN, "k" as Key));
    expect(apply(loose, alive)).toBe(OBSOLETE);
    expect(push(loose, alive)).toBe(OBSOLETE);
    expect(dump(loose.shard)).toEqual([]);
  });

  it("claims nothing in a delta until the claim is made (R1), and its dot alone in a push that follows on", () => {
    const loose = createShard();
    apply(loose, record({ key: "a", sequence: 1 }));
    expect(loose.shard.vector.get(origin(1))).toBe(0);
    expect(loose.shard.isWhole()).toBe(false);
    push(loose, record({ key: "b", sequence: 1, origin: origin(2) }));
    push(loose, record({ key: "d", sequence: 3, origin: origin(2) }));
    expect(loose.shard.vector.get(origin(2))).toBe(1);
    expect(loose.shard.hasGap(origin(2))).toBe(true);
    push(loose, record({ key: "c", sequence: 2, origin: origin(2) }));
    expect(loose.shard.vector.get(origin(2))).toBe(2);
    expect(loose.shard.hasGap(origin(2))).toBe(true);
    const claim = new VersionVector();
    claim.advance(origin(1), 1);
    claim.advance(origin(2), 3);
    loose.shard.claim(claim);
    expect([loose.shard.isWhole(), loose.shard.hasGap(origin(2))]).toEqual([true, false]);
  });

  it("leaves a gap to be seen when it was superseded on arrival", () => {
    const loose = started();
    write(loose, "k", "mine", { now: NOW + 1000 });
    expect(push(loose, record({ key: "k", sequence: 5, origin: origin(2) }))).toBe(SUPERSEDED);
    expect(loose.shard.hasGap(origin(2))).toBe(true);
    expect(loose.shard.early()).toEqual([{ origin: origin(2), seen: 5, held: 0 }]);
  });

  it("that has expired elsewhere stands for the same write, and does not end it earlier here", () => {
    const loose = createShard();
    const expiring = { key: "k", expiresAt: NOW + 1000, timestamp: stamp(0) };
    apply(loose, record({ ...expiring, value: bytesOf("v") }));
    expect(apply(loose, record({ ...expiring, flags: FLAG_GONE }))).toBe(SAME);
    expect(loose.shard.standing).toBe(1);
    const other = createShard();
    expect(apply(other, record({ ...expiring, flags: FLAG_GONE }))).toBe(APPLIED);
    expect([other.shard.standing, other.shard.graves.size]).toEqual([0, 1]);
  });
});

describe("expiry", () => {
  it("hides a register at its instant, and lets it fall at the sweep", () => {
    const loose = started();
    write(loose, "k", "v", { expiresAt: NOW + 1000 });
    const slot = loose.shard.find(KIND_PLAIN, "k" as Key);
    expect([loose.shard.isLive(slot, NOW + 999), loose.shard.isLive(slot, NOW + 1000)]).toEqual([true, false]);
    const fell: string[] = [];
    const note = (each: number) => fell.push(textOf(loose.shard.table.viewOf(each), loose.shard.table.offsetOf(each)));
    expect(loose.shard.expiries.sweep(NOW + 999, 10, note)).toBe(true);
    expect(loose.shard.expiries.sweep(NOW + 1000, 10, note)).toBe(true);
    expect(fell).toEqual([expect.stringContaining("k live")]);
    expect(dump(loose.shard)).toEqual([expect.stringContaining("k gone")]);
  });

  it("forgets the earlier instant when a write takes the expiry away, or moves it", () => {
    const loose = started();
    write(loose, "a", "v", { expiresAt: NOW + 1000 });
    write(loose, "b", "v", { expiresAt: NOW + 1000 });
    write(loose, "a", "v");
    write(loose, "b", "v", { expiresAt: NOW + 3000 });
    loose.shard.expiries.sweep(NOW + 2000, 10, () => {});
    expect(loose.shard.standing).toBe(2);
    loose.shard.expiries.sweep(NOW + 3000, 10, () => {});
    expect(loose.shard.standing).toBe(1);
  });

  it("stops at its budget and says that more is left", () => {
    const loose = started();
    for (let i = 0; i < 5; i++) write(loose, `k${i}`, "v", { expiresAt: NOW + i });
    expect(loose.shard.expiries.sweep(NOW + 10, 3, () => {})).toBe(false);
    expect(loose.shard.standing).toBe(2);
    expect(loose.shard.expiries.sweep(NOW + 10, 3, () => {})).toBe(true);
  });

  it("keeps its heap in proportion, however often one key is given another expiry", () => {
    const loose = started();
    for (let i = 0; i < 10_000; i++) write(loose, "k", "v", { expiresAt: NOW + 10_000 + i });
    loose.shard.expiries.sweep(NOW + 19_998, 1000, () => {});
    expect(loose.shard.standing).toBe(1);
    expect(loose.shard.expiries.sweep(NOW + 19_999, 1000, () => {})).toBe(true);
    expect(loose.shard.standing).toBe(0);
  });
});

describe("a fingerprint as of a later instant", () => {
  it("is the same before and after the sweep, and there is none where more is due than may be looked at", () => {
    const [late, early] = [started(), started()];
    for (let i = 0; i < 5; i++) write(early, `k${i}`, "v", { expiresAt: NOW + 1000 * i });
    for (let i = 0; i < 5; i++) {
      const slot = early.shard.find(KIND_PLAIN, `k${i}` as Key);
      const at = early.shard.table.offsetOf(slot);
      const bytes = early.shard.table.bytesOf(slot);
      apply(late, loose(bytes.slice(at, at + recordLength(early.shard.table.viewOf(slot), at))));
    }
    early.shard.expiries.sweep(NOW + 2500, 10, () => {});
    expect(late.shard.fingerprintAsOf(NOW + 2500, 3)).toEqual(early.shard.fingerprintAsOf(NOW + 2500, 0));
    expect(late.shard.fingerprintAsOf(NOW + 2500, 2)).toBe(undefined);
    expect(early.shard.fingerprintAsOf(NOW + 1999, 10)).toBe(undefined);
    expect(early.shard.fingerprintAsOf(NOW + 2000, 10)).toEqual(late.shard.fingerprintAsOf(NOW + 2000, 10));
  });
});

describe("purging", () => {
  it("looks at each tombstone again and again until it may go, and leaves what lives again alone", () => {
    const loose = started();
    write(loose, "a");
    write(loose, "b");
    write(loose, "b", "again");
    expect(loose.shard.graves.purge(10, () => false)).toBe(0);
    expect(loose.shard.graves.purge(10, () => true)).toBe(1);
    expect(dump(loose.shard)).toEqual([expect.stringContaining("b live")]);
    write(loose, "b");
    expect(loose.shard.graves.purge(10, () => true)).toBe(1);
    expect(loose.shard.graves.purge(10, () => true)).toBe(0);
  });
});

describe("a life that was taken", () => {
  it("gives its writes new dots with the stamps they had", () => {
    const loose = started();
    const before = write(loose, "k", "v");
    const slots: number[] = [];
    loose.shard.collectAbove(origin(1), 0, slots);
    loose.shard.quarantine.distrust({ serve: false });
    loose.shard.beginLife(origin(1, 7));
    for (const slot of slots) loose.shard.redot(slot);
    expect(dump(loose.shard)).toEqual([`k live ${timestampAt(before.view, 0)} ${origin(1, 7)}:1 Infinity v`]);
    expect([loose.shard.unconfirmed, vectorText(loose.shard)]).toEqual([0, `${origin(1, 7)}:1`]);
    checkInvariants(loose);
  });
});

describe("quarantine", () => {
  function doubted(serve: boolean): LooseShard {
    const loose = started();
    push(loose, record({ key: "theirs", origin: origin(2), sequence: 1, value: bytesOf("v") }));
    push(loose, record({ key: "gone", origin: origin(2), sequence: 2, value: bytesOf("v") }));
    push(loose, record({ key: "unseen", origin: origin(3), sequence: 1, value: bytesOf("v") }));
    loose.shard.quarantine.distrust({ serve });
    return loose;
  }

  it("serves nothing that is not confirmed, unless it is told to", () => {
    for (const serve of [true, false]) {
      const loose = doubted(serve);
      expect(loose.shard.isLive(loose.shard.find(KIND_PLAIN, "theirs" as Key), NOW)).toBe(serve);
      expect([vectorText(loose.shard), loose.shard.unconfirmed]).toEqual(["", 3]);
    }
  });

  /** What `fateOf` is asked about, by key. */
  function askedBy({ shard }: LooseShard, fate: Fate): Record<string, Standing> {
    const standings: Record<string, Standing> = {};
    shard.quarantine.reconcile(shard.vector, (view, at, standing) => {
      standings[textOf(view, at).split(" ")[0] ?? ""] = standing;
      return fate;
    });
    return standings;
  }

  /** A peer holds "theirs" only, and has seen all of origin 2. */
  function fetched(marks: PurgeMarks): LooseShard {
    const loose = doubted(false);
    apply(loose, record({ key: "theirs", origin: origin(2), sequence: 1, value: bytesOf("v") }));
    const claim = new VersionVector();
    claim.advance(origin(2), 9);
    loose.shard.claim(claim, marks);
    return loose;
  }

  it("confirms what comes again, and asks about the rest: what the claim covers was replaced if what was purged is as new", () => {
    const replaced = fetched(purgeMarks(stamp(0)));
    expect(askedBy(replaced, "goes")).toEqual({ gone: "replaced", unseen: "unknown" });
    expect(dump(replaced.shard).map((line) => line.split(" ")[0])).toEqual(["theirs"]);
    expect([replaced.shard.unconfirmed, replaced.shard.quarantined]).toEqual([0, false]);
    const unseen = fetched(purgeMarks(stamp(0) - 1));
    expect(askedBy(unseen, "stays")).toEqual({ gone: "unseen", unseen: "unknown" });
    expect(dump(unseen.shard)).toHaveLength(3);
    expect(unseen.shard.unconfirmed).toBe(0);
    for (const each of [replaced, unseen]) checkInvariants(each);
  });

  it("gives what stays under a new dot one of the present life", () => {
    const loose = fetched(new PurgeMarks());
    askedBy(loose, "stays under a new dot");
    expect(dump(loose.shard)).toEqual([
      `gone live ${stamp(0)} ${origin(1)}:1 Infinity v`,
      `theirs live ${stamp(0)} ${origin(2)}:1 Infinity v`,
      `unseen live ${stamp(0)} ${origin(1)}:2 Infinity v`,
    ]);
    expect([loose.shard.unconfirmed, vectorText(loose.shard)]).toEqual([0, `${origin(1)}:2 ${origin(2)}:9`]);
    checkInvariants(loose);
  });

  it("goes on waiting for what expires meanwhile, which others may never have seen", () => {
    const loose = started();
    write(loose, "k", "v", { expiresAt: NOW + 10 });
    loose.shard.quarantine.distrust({ serve: true });
    loose.shard.beginLife(origin(1, 7));
    loose.shard.expiries.sweep(NOW + 10, 10, () => {});
    expect([loose.shard.tombstones, loose.shard.unconfirmed]).toEqual([1, 1]);
    expect(askedBy(loose, "stays under a new dot")).toEqual({ k: "unknown" });
    expect(dump(loose.shard)).toEqual([expect.stringContaining(`${origin(1, 7)}:1`)]);
    checkInvariants(loose);
  });

  it("sends nothing unconfirmed and is confirmed by a local write", () => {
    const loose = doubted(false);
    write(loose, "theirs", "mine", { now: NOW + 10 });
    expect(loose.shard.unconfirmed).toBe(2);
    expect(loose.shard.isLive(loose.shard.find(KIND_PLAIN, "theirs" as Key), NOW + 10)).toBe(true);
  });
});

describe("head", () => {
  it("brings vector, marks and quarantine back", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 2 ** 40 })), { maxLength: 8 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: BUCKETS - 1 }), fc.integer({ min: 0, max: TIMESTAMP_MAX })), {
          maxLength: 8,
        }),
        fc.boolean(),
        (entries, marks, quarantined) => {
          const { shard } = createShard();
          for (const [replica, sequence] of entries) shard.vector.advance(origin(replica), sequence);
          shard.vector.seal(9, 4);
          if (marks.length > 0) shard.graves.marks = new PurgeMarks();
          for (const [bucket, mark] of marks) shard.graves.marks?.raise(bucket, mark);
          shard.quarantine.isOn = quarantined;
          const back = createShard().shard;
          restoreHead(back, encodeHead(shard));
          expect([vectorText(back), back.quarantined]).toEqual([vectorText(shard), quarantined]);
          const stampsOf = ({ graves: { marks } }: Shard) =>
            Array.from({ length: BUCKETS }, (_, bucket) => marks?.of(bucket) ?? 0);
          expect(stampsOf(back)).toEqual(stampsOf(shard));
        },
      ),
    );
  });
});

// --- Against an obvious twin ---------------------------------------------------------------------------------------

const KEYS = ["a", "b", "c", "d"];

/** A cluster of replicas as a log of all writes, for a shard to be fed from. */
class Writers {
  readonly made: Loose[] = [];
  readonly #next = new Map<number, number>();
  readonly #random: SeededRandom;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  write(now: number): Loose {
    const replica = 2 + this.#random.below(3);
    const sequence = (this.#next.get(replica) ?? 0) + 1;
    this.#next.set(replica, sequence);
    const isDead = this.#random.chance(0.3);
    const made = record({
      key: this.#random.pick(KEYS),
      flags: isDead ? FLAG_DEAD : 0,
      value: isDead ? undefined : bytesOf(`${replica}.${sequence}`),
      // Few stamps, each of them unique within its origin: ties between origins are common.
      timestamp: timestampFromMs(now + sequence),
      origin: origin(replica),
      sequence,
      ...(this.#random.chance(0.3) && !isDead ? { expiresAt: now + this.#random.below(3000) } : {}),
    });
    this.made.push(made);
    return made;
  }
}

/** What is the greatest of each key, the obvious way. */
function winners(records: readonly Loose[]): string[] {
  const best = new Map<string, readonly number[]>();
  const lines = new Map<string, string>();
  for (const { view } of records) {
    const line = textOf(view, 0);
    const key = line.split(" ")[0] ?? "";
    const rank = [timestampAt(view, 0), (flagsAt(view, 0) & FLAG_DEAD) === 0 ? 1 : 0, originAt(view, 0)];
    const held = best.get(key);
    const order =
      held === undefined ? 1 : (rank.map((each, i) => each - (held[i] ?? 0)).find((each) => each !== 0) ?? 0);
    if (order <= 0) continue;
    best.set(key, rank);
    lines.set(key, line);
  }
  return [...lines.values()].sort();
}

describe("strong eventual convergence", () => {
  it("gives equal shards whatever the order, twice, in pushes or in deltas", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 30 }), (seed, count) => {
        const random = new SeededRandom(seed);
        const writers = new Writers(random);
        for (let i = 0; i < count; i++) writers.write(NOW);
        const claim = new VersionVector();
        for (const { view } of writers.made) claim.advance(originAt(view, 0), sequenceAt(view, 0));
        for (let shard = 0; shard < 4; shard++) {
          const loose = createShard();
          const all = random.shuffle([...writers.made, ...writers.made]);
          for (const each of all) (random.chance(0.5) ? push : apply)(loose, each);
          checkInvariants(loose);
          loose.shard.claim(claim);
          expect(dump(loose.shard)).toEqual(winners(writers.made));
          expect([loose.shard.vector.equals(claim), loose.shard.isWhole()]).toEqual([true, true]);
        }
      }),
    );
  });
});

describe("any sequence of operations", () => {
  it("keeps chains, counts, fingerprint and sum true, and the disk's copy adds up to it", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = new SeededRandom(seed);
        const writers = new Writers(random);
        const loose = started();
        const disk = new Map<string, Loose>();
        let life = 1;
        let now = NOW;
        for (let step = 0; step < 120; step++) {
          now += random.below(300);
          operate(loose, writers, random, now, () => origin(1, ++life));
          checkInvariants(loose);
          if (random.chance(0.2)) {
            flush(loose, disk);
            expect([...disk.values()].map(({ view }) => textOf(view, 0)).sort()).toEqual(dump(loose.shard));
          }
        }
        flush(loose, disk);
        const again = reloaded(loose.shard, disk);
        expect(dump(again.shard)).toEqual(dump(loose.shard));
        expect(again.shard.accounts.sum.equals(loose.shard.accounts.sum)).toBe(true);
        checkInvariants(again);
      }),
      { numRuns: 60 },
    );
  });
});

function operate(
  loose: LooseShard,
  writers: Writers,
  random: SeededRandom,
  now: number,
  nextLife: () => ReturnType<typeof origin>,
): void {
  const { shard } = loose;
  const known = writers.made.length === 0 ? writers.write(now) : random.pick(writers.made);
  const expiry = random.chance(0.3) ? { expiresAt: now + random.below(2000) } : {};
  switch (random.below(12)) {
    case 0:
    case 1:
      return void write(loose, random.pick(KEYS), "v".repeat(random.below(100)), { now, ...expiry });
    case 2:
      return void write(loose, random.pick(KEYS), undefined, { now });
    case 3:
    case 4:
      return void push(loose, writers.write(now), now);
    case 5:
      return void apply(loose, known, now);
    case 6:
      return void shard.claim(shard.vector.snapshot());
    case 7:
      return void shard.expiries.sweep(now, 1 + random.below(5), () => {});
    case 8:
      return void shard.graves.purge(1 + random.below(5), () => random.chance(0.5));
    case 9:
      if (random.chance(0.7)) return;
      shard.quarantine.distrust({ serve: random.chance(0.5) });
      return shard.beginLife(nextLife());
    case 10:
      return void shard.quarantine.reconcile(shard.vector, () =>
        random.pick(["stays", "stays under a new dot", "goes"]),
      );
    default: {
      const slot = shard.find(KIND_PLAIN, random.pick(KEYS) as Key);
      if (slot !== 0 && random.chance(0.3)) shard.redot(slot);
    }
  }
}

/** Does to the map what persistence does to the disk. */
function flush({ shard }: LooseShard, disk: Map<string, Loose>): void {
  const keyOf = (view: DataView) => textOf(view, 0).split(" ")[0] ?? "";
  const { table } = shard;
  shard.unsaved.take(
    (identity) => disk.delete(keyOf(loose(identity).view)),
    (slot) => {
      const at = table.offsetOf(slot);
      const copy = loose(table.bytesOf(slot).slice(at, at + recordLength(table.viewOf(slot), at)));
      disk.set(keyOf(copy.view), copy);
    },
  );
  expect(shard.unsaved.isAny).toBe(false);
}

function reloaded(shard: Shard, disk: ReadonlyMap<string, Loose>): LooseShard {
  const again = createShard();
  restoreHead(again.shard, encodeHead(shard));
  for (const { view, bytes } of disk.values()) again.shard.load(view, bytes, 0, bytes.length, NOW);
  again.shard.finishLoad();
  return again;
}
