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

function typing(
  stage: Stage,
  actorIndex: number,
  fromMs: number,
  count: number,
  manner: Manner = {},
): DocumentOperation[] {
  return Array.from({ length: count }, (_, i) => work(stage, actorIndex, fromMs + i * 15, "insert", manner));
}

/** R2: a replica comes back to a document, and has half of its edits when they are replaced by a snapshot. */
export function snapshotInDelta(stage: Stage): Scene {
  const { random } = stage;
  const backAt = uniform(random, 1200, 2500);
  return {
    faults: [
      crash(stage, 2, -50, backAt),
      cut(stage, [1], [2], -40, backAt + 6000),
      { at: stage.at + backAt, type: "degrade", paths: pathsBetween(stage, 0, 2), bytesPerMs: 40, forMs: 5000 },
      late(stage, { from: 0, to: 2, isOnlyCopy: true }, 60_000, backAt + 200),
    ],
    operations: [],
    documents: typing(stage, 0, 0, 12, { length: 12_000 }),
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
    faults: [cut(stage, [0], [1, 2], 500, REST_MS_MAX + 1500)],
    operations: [],
    documents: [
      work(stage, 0, 0, "insert", { ack: "all" }),
      ...[0, 1].flatMap((who) => typing(stage, who, 700, 8, { length: 200 })),
      ...[0, 1].map((who) => work(stage, who, REST_MS_MAX + 1700, "insert")),
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

/** A lease runs out, and nobody prolongs it; somebody looks, or edits. */
export function leaseEnds(stage: Stage): Scene {
  const { random } = stage;
  const ttlMs = Math.ceil(uniform(random, 500, 1500));
  const looksAt = 300 + ttlMs + uniform(random, 300, 1500);
  return {
    faults: random.chance(0.5) ? [cut(stage, [0], [1, 2], 500, ttlMs)] : [],
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
  const edits = typing(stage, 0, 0, 8, { ack: "quorum", length: 150 });
  return {
    faults: [
      slowDisk(stage, 0, 1500, 300, 3500),
      crash(stage, 0, 1500, uniform(random, 50, 1500), {
        aim: random.chance(0.5) ? "push" : "disk-write",
        isPowerCut: random.chance(0.5),
      }),
    ],
    operations: [],
    documents: [...edits, work(stage, 1, 6000, "read")],
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

/** What an edit stands on comes after it, and after a snapshot that holds the edit. */
export function editBeforeWhatItStandsOn(stage: Stage): Scene {
  const { random } = stage;
  const lateMs = REST_MS_MAX + 1500;
  const faults = [
    // The third hears nothing of the first, which somebody carries on from at the second.
    cut(stage, [0], [2], 200, lateMs),
    breakLink(stage, 0, 2, 190),
    cut(stage, [0], [1], 600, lateMs - 500),
    cut(stage, [1], [2], 200, 600),
  ];
  return {
    faults,
    operations: [],
    documents: [
      work(stage, 0, 0, "insert", { ack: "all" }),
      ...typing(stage, 0, 300, 3, { length: 300 }),
      ...typing(stage, 1, 700, 3, { length: 300 + random.below(300) }),
      work(stage, 2, 1500, "insert", { place: 0 }),
      ...[0, 1, 2].map((who) => work(stage, who, lateMs + 1500, "read")),
    ],
  };
}
