import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteWriter, bytesFromLatin1, latin1FromBytes } from "../../src/base/bytes.ts";
import type { Key } from "../../src/base/ids.ts";
import { checkRecord } from "../../src/core/containers/record-check.ts";
import { KIND_DOCUMENT } from "../../src/core/record/kind.ts";
import { originAt, recordLength, sequenceAt } from "../../src/core/record/record.ts";
import type { LocalWrite } from "../../src/core/shard/author.ts";
import { DeltaSession } from "../../src/core/shard/delta.ts";
import { deletion, leased } from "../../src/types/container.ts";
import { appendedUpdate, isSnapshotDue, readDocument, snapshot } from "../../src/types/document.ts";
import {
  createShard,
  dump,
  type Loose,
  type LooseShard,
  NOW,
  origin,
  push,
  vectorText,
  written,
} from "../support/shards.ts";

const KEY = "doc" as Key;
/** Schedules; more by `ATOLL_RUNS=200000`. */
const RUNS = Number(process.env.ATOLL_RUNS ?? 2000);
const LIMITS = { keyBytesMax: 64, valueBytesMax: 100_000 };

function started(replica: number): LooseShard {
  const loose = createShard();
  loose.shard.beginLife(origin(replica));
  return loose;
}

let fields = 0;

/** A write as it goes out in a push. */
function write(at: LooseShard, what: LocalWrite, now = NOW): Loose {
  at.shard.write(what, now);
  const record = written(at, recordLength(at.writer.view, 0));
  checkRecord(record.view, 0, record.bytes.length, LIMITS);
  return record;
}

function edit(at: LooseShard, text: string, now = NOW): Loose {
  return write(at, appendedUpdate(at.shard, KEY, `f${fields++}`, bytesFromLatin1(text)), now);
}

/** The letters that a document holds, sorted: an update is a set of letters here. */
function letters(at: LooseShard, now = NOW): string | undefined {
  const state = readDocument(at.shard, KEY, now);
  if (state === undefined) return undefined;
  return [...new Set(state.updates.flatMap((update) => [...latin1FromBytes(update)]))].sort().join("");
}

function compact(at: LooseShard, now = NOW): Loose | undefined {
  const what = snapshot(at.shard, KEY, `f${fields++}`, () => bytesFromLatin1(letters(at, now) ?? ""));
  return what === undefined ? undefined : write(at, what, now);
}

/** All that `to` lacks of `from`, in one go. */
function sync(from: LooseShard, to: LooseShard, now = NOW): void {
  const session = new DeltaSession(from.shard, to.shard.vector.snapshot());
  while (!session.isDone) carryChunk(session, to, now);
  to.shard.claim(session.claim, from.shard.graves.marks);
}

function carryChunk(session: DeltaSession, to: LooseShard, now: number, bytesMax = 1e6): void {
  const writer = new ByteWriter();
  session.writeChunk(writer, bytesMax);
  const bytes = writer.copy();
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.length; ) {
    const length = recordLength(view, at);
    to.shard.apply(view, bytes, at, length, now);
    at += length;
  }
}

describe("a document", () => {
  it("holds what was appended at every replica, in whatever order it comes", () => {
    const [a, b] = [started(1), started(2)];
    const first = edit(a, "x");
    const second = edit(b, "y");
    push(a, second);
    push(b, first);
    expect([letters(a), letters(b)]).toEqual(["xy", "xy"]);
    expect(readDocument(a.shard, KEY, NOW)?.version).toBe(readDocument(b.shard, KEY, NOW)?.version);
  });

  it("drops what a snapshot covers, and takes it no more, whichever comes first", () => {
    const [a, b] = [started(1), started(2)];
    const records = [edit(a, "x"), edit(a, "y")];
    const snap = compact(a) as Loose;
    expect(a.shard.table.count).toBe(1);
    for (const record of [snap, ...records]) push(b, record);
    sync(a, b);
    expect(dump(b.shard)).toEqual(dump(a.shard));
    expect(letters(b)).toBe("xy");
  });

  it("takes no snapshot while something that is held is not yet covered", () => {
    const [a, b] = [started(1), started(2)];
    edit(a, "x");
    push(b, edit(a, "y"));
    expect(compact(b)).toBeUndefined();
    sync(a, b);
    expect(compact(b)).toBeDefined();
  });

  it("takes no snapshot while a snapshot that is held covers what is not", () => {
    const [a, b, c] = [started(1), started(2), started(3)];
    edit(a, "x");
    sync(a, b);
    const snap = compact(b) as Loose;
    push(c, snap);
    expect(compact(c)).toBeUndefined();
    expect(letters(c)).toBe("x");
  });

  it("of two snapshots made apart keeps both, until one covers them", () => {
    const [a, b] = [started(1), started(2)];
    edit(a, "x");
    sync(a, b);
    edit(a, "1");
    edit(b, "2");
    compact(a);
    compact(b);
    sync(a, b);
    sync(b, a);
    expect([letters(a), letters(b)]).toEqual(["12x", "12x"]);
    compact(a);
    sync(a, b);
    expect([a.shard.table.count, b.shard.table.count]).toEqual([1, 1]);
  });

  it("is due for a snapshot once what came since outgrows the last", () => {
    const a = started(1);
    for (let i = 0; i < 70; i++) edit(a, "x");
    expect(isSnapshotDue(a.shard, KEY)).toBe(false);
    for (let i = 0; i < 20; i++) edit(a, "x");
    expect(isSnapshotDue(a.shard, KEY)).toBe(true);
    compact(a);
    expect(isSnapshotDue(a.shard, KEY)).toBe(false);
  });
});

describe("a document's deletion", () => {
  it("drops what did not know of it, and a new document begins", () => {
    const [a, b] = [started(1), started(2)];
    edit(a, "x");
    sync(a, b);
    const late = edit(b, "late");
    write(a, deletion(a.shard, KIND_DOCUMENT, KEY));
    expect(letters(a)).toBeUndefined();
    edit(a, "n");
    push(a, late);
    expect(letters(a)).toBe("n");
    sync(a, b);
    sync(b, a);
    expect(letters(b)).toBe("n");
    expect(dump(b.shard)).toEqual(dump(a.shard));
  });

  it("is told by what came after it where it has not arrived itself", () => {
    const [a, b, c] = [started(1), started(2), started(3)];
    edit(a, "x");
    sync(a, b);
    sync(a, c);
    write(a, deletion(a.shard, KIND_DOCUMENT, KEY));
    sync(a, b);
    push(c, edit(b, "n"));
    expect(letters(c)).toBe("n");
  });

  it("once purged is still before what is written then, at who has not purged it too", () => {
    const [a, b] = [started(1), started(2)];
    edit(a, "x");
    write(a, deletion(a.shard, KIND_DOCUMENT, KEY));
    sync(a, b);
    expect(a.shard.graves.purge(10, () => true)).toBe(1);
    expect(a.shard.containers.count).toBe(0);
    push(b, edit(a, "n"));
    expect(letters(b)).toBe("n");
  });

  it("that was purged elsewhere has replaced what nobody confirms, and not what came after it", () => {
    const [a, b] = [started(1), started(2)];
    edit(a, "x");
    sync(a, b);
    write(a, deletion(a.shard, KIND_DOCUMENT, KEY));
    a.shard.graves.purge(10, () => true);
    edit(a, "n");
    b.shard.quarantine.distrust({ serve: false });
    push(b, edit(a, "m"));
    sync(a, b);
    const standings: string[] = [];
    b.shard.quarantine.reconcile(b.shard.vector, (_view, _at, standing) => {
      standings.push(standing);
      return standing === "replaced" ? "goes" : "stays";
    });
    expect(standings).toEqual(["replaced"]);
    b.shard.quarantine.distrust({ serve: false });
    b.shard.claim(a.shard.vector.snapshot());
    b.shard.quarantine.reconcile(b.shard.vector, (_view, _at, standing) => {
      standings.push(standing);
      return "stays";
    });
    expect(standings).toEqual(["replaced", "unseen", "unseen"]);
    expect(letters(b)).toBe("mn");
  });

  it("kills nothing more once it has gone and nobody tells of it, whatever else is held", () => {
    const [a, b] = [started(1), started(2)];
    const record = edit(b, "x");
    a.shard.write(deletion(a.shard, KIND_DOCUMENT, KEY), NOW);
    const base = a.shard.find(KIND_DOCUMENT, KEY);
    write(a, leased(a.shard, KIND_DOCUMENT, KEY, NOW + 9000));
    a.shard.discard(base);
    push(a, record);
    expect(letters(a)).toBe("x");
  });

  it("beats a stamp of long ago and of far ahead alike (R8)", () => {
    const [a, b] = [started(1), started(2)];
    const far = NOW + 86_400_000;
    edit(a, "x", far);
    write(a, deletion(a.shard, KIND_DOCUMENT, KEY), far);
    edit(a, "y", far);
    sync(a, b);
    write(b, deletion(b.shard, KIND_DOCUMENT, KEY));
    expect(letters(b)).toBeUndefined();
    sync(b, a);
    expect(letters(a)).toBeUndefined();
  });
});

describe("a document's lease", () => {
  it("hides the document when it ends, and brings it back when it was prolonged elsewhere", () => {
    const [a, b] = [started(1), started(2)];
    edit(a, "x");
    write(a, leased(a.shard, KIND_DOCUMENT, KEY, NOW + 1000));
    sync(a, b);
    write(b, leased(b.shard, KIND_DOCUMENT, KEY, NOW + 9000));
    expect(letters(a, NOW + 2000)).toBeUndefined();
    a.shard.expiries.sweep(NOW + 2000, 100, () => undefined);
    expect([...a.shard.containers.expired]).toHaveLength(1);
    sync(b, a, NOW + 2000);
    expect(letters(a, NOW + 2000)).toBe("x");
    expect([...a.shard.containers.expired]).toHaveLength(0);
  });

  it("goes with its generation", () => {
    const a = started(1);
    edit(a, "x");
    write(a, leased(a.shard, KIND_DOCUMENT, KEY, NOW + 1000));
    write(a, deletion(a.shard, KIND_DOCUMENT, KEY));
    edit(a, "n");
    expect(letters(a, NOW + 5000)).toBe("n");
    write(a, leased(a.shard, KIND_DOCUMENT, KEY, NOW + 1000));
    write(a, leased(a.shard, KIND_DOCUMENT, KEY, undefined));
    expect(letters(a, NOW + 5000)).toBe("n");
  });
});

describe("a delta under way", () => {
  it("sends what displaced a member that it had still to send (R2)", () => {
    const [a, b] = [started(1), started(2)];
    for (let i = 0; i < 20; i++) edit(a, String.fromCharCode(97 + i));
    const session = new DeltaSession(a.shard, b.shard.vector.snapshot());
    carryChunk(session, b, NOW, 300);
    compact(a);
    edit(a, "z");
    while (!session.isDone) carryChunk(session, b, NOW, 300);
    b.shard.claim(session.claim);
    expect(letters(b)).toBe("abcdefghijklmnopqrstz");
  });
});

/** One step of a schedule: who does what. `to` and `pick` are taken modulo what there is. */
const step = fc.record({
  what: fc.constantFrom("edit", "edit", "edit", "compact", "delete", "push", "push", "sync", "chunks", "purge"),
  at: fc.nat(2),
  to: fc.nat(2),
  pick: fc.nat(1000),
});

it("is the same everywhere once all have all, whatever came when, and no purge brings anything back", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const replicas = [started(1), started(2), started(3)];
      const pushes: Loose[] = [];
      const note = (record: Loose | undefined) => record !== undefined && pushes.push(record);
      let text = 0;
      for (const [index, { what, at, to, pick }] of steps.entries()) {
        const [here, there] = [replicas[at] as LooseShard, replicas[to] as LooseShard];
        const now = NOW + index * 10;
        if (what === "edit") note(edit(here, String.fromCharCode(256 - ++text), now));
        else if (what === "compact") note(compact(here, now));
        else if (what === "delete") note(write(here, deletion(here.shard, KIND_DOCUMENT, KEY), now));
        else if (what === "sync") sync(here, there, now);
        else if (what === "push") {
          const record = pushes[pick % Math.max(1, pushes.length)];
          if (record !== undefined) push(there, record, now);
        } else if (what === "chunks") {
          const session = new DeltaSession(here.shard, there.shard.vector.snapshot());
          carryChunk(session, there, now, 1);
          note(edit(here, String.fromCharCode(256 - ++text), now));
          note(compact(here, now));
          while (!session.isDone) carryChunk(session, there, now, 1);
          there.shard.claim(session.claim, here.shard.graves.marks);
        } else purgeStable(replicas, here);
      }
      for (let round = 0; round < 2; round++) {
        for (const from of replicas) for (const to of replicas) if (from !== to) sync(from, to, NOW + 10_000);
      }
      const [a, b, c] = replicas as [LooseShard, LooseShard, LooseShard];
      expect([vectorText(b.shard), vectorText(c.shard)]).toEqual([vectorText(a.shard), vectorText(a.shard)]);
      for (const each of replicas) purgeStable(replicas, each);
      expect(dump(b.shard)).toEqual(dump(a.shard));
      expect(dump(c.shard)).toEqual(dump(a.shard));
      expect([letters(b), letters(c)]).toEqual([letters(a), letters(a)]);
      if (steps.some(({ what }) => what === "delete")) return;
      const all = Array.from({ length: text }, (_, i) => String.fromCharCode(256 - text + i)).join("");
      expect(letters(a) ?? "").toBe(all);
    }),
    { numRuns: RUNS },
  );
});

/** Purges what R6 allows: the vectors of all as they are stand for what they have reported. */
function purgeStable(replicas: readonly LooseShard[], here: LooseShard): void {
  for (const each of replicas) if (!here.shard.vector.dominates(each.shard.vector)) return;
  here.shard.graves.purge(1000, (view, at) =>
    replicas.every(({ shard }) => shard.vector.covers(originAt(view, at), sequenceAt(view, at))),
  );
}
