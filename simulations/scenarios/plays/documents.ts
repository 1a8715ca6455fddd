/** Plays about documents: snapshots, deletions and leases at the moments at which others do something else. */

import type { Key } from "../../../src/base/ids.ts";
import type { AckLevel } from "../../../src/store.ts";
import type { DocumentOperation, DocumentOperationType } from "../../documents/document-operation.ts";
import { uniform } from "../../simulator/draws.ts";
import { actor, breakLink, crash, cut, late, pathsBetween, type Scene, type Stage, slowDisk } from "./stage.ts";

/** What of an operation differs from the usual: twenty characters at the end, answered from memory. */
interface Manner {
  readonly ack?: AckLevel;
  readonly length?: number;
  readonly place?: number;
  readonly ttlMs?: number;
}

/** A document rests for two to four seconds before it is compacted. */
const REST_MS_MAX = 4500;

/** One client of each actor, none of which knows what those of another play had; the document is of this play alone. */
function work(
  stage: Stage,
  actorIndex: number,
  afterMs: number,
  type: DocumentOperationType,
  { ack = "memory", length = 20, place = 1, ttlMs }: Manner = {},
): DocumentOperation {
  const node = actor(stage, actorIndex);
  const key = `play at ${Math.floor(stage.at)}` as Key;
  const rest = { ack, length, place, ...(ttlMs === undefined ? {} : { ttlMs }) };
  return { id: stage.nextId(), at: stage.at + afterMs, client: 100 + node, node, type, key, ...rest };
}

/** So many of the shortest, and a document is compacted once it rests. */
const MANY = 40;

/** One thing after the other. */
function typing(
  stage: Stage,
  actorIndex: number,
  fromMs: number,
  count: number,
  manner: Manner = {},
): DocumentOperation[] {
  return Array.from({ length: count }, (_, i) => work(stage, actorIndex, fromMs + i * 15, "insert", manner));
}

/**
 * R2: a replica comes back to a large document. While a long delta with its edits is under way they are replaced by a
 * snapshot, and their sender dies before anybody, its own disk included, has that from elsewhere.
 */
export function snapshotInDelta(stage: Stage): Scene {
  const { random } = stage;
  const backAt = uniform(random, 1000, 1800);
  const crashAt = uniform(random, 4800, 7500);
  return {
    faults: [
      crash(stage, 2, -50, backAt),
      cut(stage, [1], [2], -40, crashAt + 40),
      { at: stage.at + backAt, type: "degrade", paths: pathsBetween(stage, 0, 2), bytesPerMs: 150, forMs: 7000 },
      slowDisk(stage, 0, 1900, 6000, crashAt - 1900),
      breakLink(stage, 0, 1, 1900),
      cut(stage, [0], [1], 1900, crashAt - 1900),
      late(stage, { from: 0, to: 2, isOnlyCopy: true }, 60_000, 2000),
      crash(stage, 0, crashAt, 3000),
    ],
    operations: [],
    documents: typing(stage, 0, 0, 30, { length: 20_000 }),
  };
}

/** An edit on one side of a cut, and on the other the deletion, after which a new document begins there. */
export function deletionRacesEdit(stage: Stage): Scene {
  const { random } = stage;
  const forMs = uniform(random, 600, 2500);
  const [editAt, deleteAt] = [uniform(random, 700, 1000), uniform(random, 700, 1000)];
  return {
    faults: [cut(stage, [0], [1, 2], 500, forMs)],
    operations: [],
    documents: [
      work(stage, 0, 0, "insert", { ack: "all" }),
      work(stage, 0, editAt, "insert"),
      work(stage, 1, deleteAt, "delete"),
      ...(random.chance(0.5) ? [work(stage, 1, deleteAt + 50, "insert", { place: 0 })] : []),
      ...[0, 1, 2].map((who) => work(stage, who, 500 + forMs + 1000, "read")),
    ],
  };
}

/** Both sides of a cut edit a document and replace it by a snapshot; then they meet. */
export function snapshotsOfTwo(stage: Stage): Scene {
  return {
    faults: [cut(stage, [0], [1, 2], 500, REST_MS_MAX + 2000)],
    operations: [],
    documents: [
      work(stage, 0, 0, "insert", { ack: "all" }),
      ...[0, 1].flatMap((who) => typing(stage, who, 700, MANY, { length: 5 })),
      ...[0, 1].map((who) => work(stage, who, REST_MS_MAX + 2300, "insert")),
    ],
  };
}

/** A lease is prolonged where most do not hear of it; to them it runs out, and somebody may begin another document. */
export function leaseProlonged(stage: Stage): Scene {
  const { random } = stage;
  const ttlMs = 2000;
  const begins = random.chance(0.3);
  return {
    faults: [cut(stage, [0], [1, 2], 800, 3500)],
    operations: [],
    documents: [
      ...typing(stage, 0, 0, 3, { ack: "all" }),
      work(stage, 0, 300, "lease", { ack: "all", ttlMs }),
      work(stage, 0, 1000, "lease", random.chance(0.5) ? {} : { ttlMs: 60_000 }),
      ...(begins ? [work(stage, 1, 300 + ttlMs + 600, "insert")] : []),
      ...[0, 1, 2].map((who) => work(stage, who, 5000, "read")),
    ],
  };
}

/** A lease runs out, and nobody prolongs it: it is not shown any more, also where that cannot be told to all, and then gone. */
export function leaseEnds(stage: Stage): Scene {
  const { random } = stage;
  const ttlMs = Math.ceil(uniform(random, 500, 1500));
  const looksAt = 300 + ttlMs + uniform(random, 600, 1500);
  return {
    faults: random.chance(0.5) ? [cut(stage, [0], [1, 2], 500, ttlMs + 2000)] : [],
    operations: [],
    documents: [
      ...typing(stage, 0, 0, 3, { ack: "all" }),
      work(stage, 0, 300, "lease", { ttlMs }),
      work(stage, 1, looksAt, random.chance(0.3) ? "insert" : "read"),
    ],
  };
}

/** A replica replaces a document by a snapshot, and dies before its disk has that, or before anybody has. */
export function crashAfterSnapshot(stage: Stage): Scene {
  const { random } = stage;
  const restsAt = MANY * 15;
  return {
    faults: [
      slowDisk(stage, 0, restsAt + 1500, 300, 3500),
      crash(stage, 0, restsAt + 1500, uniform(random, 50, 1500), {
        aim: random.chance(0.5) ? "push" : "disk-write",
        isPowerCut: random.chance(0.5),
      }),
    ],
    operations: [],
    documents: [...typing(stage, 0, 0, MANY, { ack: "quorum", length: 5 }), work(stage, 1, restsAt + 5500, "read")],
  };
}

/**
 * A deletion by a clock that is far ahead is purged by one replica, which alone hears what all the others have, and which
 * begins the document anew, perhaps after a start. Another one still holds the deletion.
 */
export function editAfterPurge(stage: Stage): Scene {
  const { random } = stage;
  const byMs = random.between(5000, 20_000);
  const [holder] = [actor(stage, 0)];
  const others = stage.nodes.map((_, i) => i).slice(2);
  const beginAt = 2500;
  return {
    faults: [
      { at: stage.at + 200, type: "clock-jump", node: holder, byMs },
      { at: stage.at + 210, type: "clock-jump", node: holder, byMs: -byMs },
      cut(stage, [0], others, 260, beginAt + 500),
      ...(random.chance(0.5) ? [crash(stage, 1, beginAt - 300, uniform(random, 10, 200))] : []),
    ],
    operations: [],
    documents: [
      work(stage, 0, 0, "insert"),
      work(stage, 0, 205, "delete"),
      work(stage, 1, beginAt, "insert"),
      ...[0, 1, 2].map((who) => work(stage, who, beginAt + 2500, "read")),
    ],
  };
}

/** A replica hears of a new document, and not of the deletion before it. */
export function deletionComesLate(stage: Stage): Scene {
  const { random } = stage;
  const lateMs = uniform(random, 200, 900);
  const deleteAt = 500;
  return {
    faults: [late(stage, { from: 0, to: 2, isOnlyCopy: true }, lateMs, deleteAt)],
    operations: [],
    documents: [
      ...typing(stage, 1, 0, 2, { ack: "all" }),
      work(stage, 0, deleteAt, "delete"),
      work(stage, 0, deleteAt + 20, "insert"),
      work(stage, 2, deleteAt + 100, "read"),
      work(stage, 2, deleteAt + 120, "insert"),
      ...[0, 1, 2].map((who) => work(stage, who, deleteAt + 2000, "read")),
    ],
  };
}

/** A replica has edits and not what they stand on, which it replaces by a snapshot before that comes. */
export function editBeforeWhatItStandsOn(stage: Stage): Scene {
  const forMs = REST_MS_MAX + 2500;
  return {
    faults: [
      // The third hears of the second, where somebody goes on, and not of the first, where that began.
      cut(stage, [0], [2], 200, forMs),
      cut(stage, [1], [2], 1450, forMs - 1250),
      // Nobody who has both makes a snapshot of them.
      cut(stage, [0], [1], 940, forMs - 740),
      crash(stage, 1, 1900, forMs - 1900),
    ],
    operations: [],
    documents: [
      work(stage, 0, 0, "insert", { ack: "all" }),
      work(stage, 2, 100, "insert", { place: 0 }),
      ...typing(stage, 0, 300, MANY, { length: 5 }),
      ...typing(stage, 1, 950, 25, { length: 5, place: 0.9 }),
      ...[0, 1, 2].map((who) => work(stage, who, forMs + 1500, "read")),
    ],
  };
}

/** A replica lacks one edit from the midst of what it has, and comes to replace the document by a snapshot. */
export function snapshotOverGap(stage: Stage): Scene {
  const forMs = REST_MS_MAX + 2000;
  const lostAt = 700;
  return {
    faults: [
      late(stage, { from: 0, to: 1, isOnlyCopy: true }, 60_000, lostAt),
      cut(stage, [2], [0, 1], 100, forMs),
      // Before the second fetches what it lacks, and before the first makes a snapshot of it.
      cut(stage, [0], [1], lostAt + 30, forMs - lostAt),
      crash(stage, 0, lostAt + 500, forMs - lostAt),
    ],
    operations: [],
    documents: [
      work(stage, 1, 0, "insert"),
      ...typing(stage, 0, 50, MANY, { length: 5 }),
      work(stage, 0, lostAt, "insert", { length: 300, place: 0 }),
      work(stage, 0, lostAt + 8, "insert", { length: 300 }),
      work(stage, 0, lostAt + 16, "insert", { length: 300 }),
    ],
  };
}
