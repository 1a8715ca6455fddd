import { describe, expect, it } from "vitest";
import { BackupFile, type CopiedValue } from "../../../simulations/backups/backup-file.ts";
import type { BackupHistory, RestoreHistory } from "../../../simulations/backups/backup-history.ts";
import { checkBackup } from "../../../simulations/checkers/backup.ts";
import type { Evidence } from "../../../simulations/checkers/evidence.ts";
import type { HistoryEntry, ReadPart } from "../../../simulations/workload/history.ts";
import type { ReplicaId } from "../../../src/base/ids.ts";
import { entry, evidence, KEY, node, read, readPart, version, WALL, written } from "./evidence-builder.ts";

const FACTS = { cluster: "c", replica: "r0" as ReplicaId, shards: 1, births: [], keyspaces: [] };

/** At 100, by replica 0; its file holds the write of a stamp, or nothing. */
function backup(timestamp: number | undefined, changes: Partial<BackupHistory> = {}): BackupHistory {
  const file = new BackupFile(FACTS, 8, { operationsById: new Map(), counters: new Map() });
  const value: CopiedValue = {
    key: KEY,
    version: version(timestamp ?? 0),
    author: { id: 1, part: 0 },
    expiresAt: Infinity,
  };
  file.chunks.push({
    keyspace: "default",
    records: new Uint8Array(0),
    values: timestamp === undefined ? [] : [value],
    sums: [],
  });
  return {
    plan: { id: 0, at: 100, node: 0, gapMs: 0, chunkRecords: 8, restores: [] },
    by: { node: 0, life: 1 },
    linked: [{ node: 1, life: 1 }],
    askedAt: 100,
    askedWallMs: WALL + 100,
    begunAt: 110,
    endedAt: 120,
    endedWallMs: WALL + 120,
    file,
    restores: [],
    ...changes,
  };
}

/** Of all of the file, at 200; as of a stamp where there is one. */
function restored(taken: BackupHistory, stamp?: number): BackupHistory {
  const { file } = taken;
  if (file === undefined) throw new Error("there is nothing to restore");
  const at = { node: 0, life: 1, at: 200 };
  const restore: RestoreHistory = {
    plan: { at: 200, node: 0, isOverwrite: stamp !== undefined, gapMs: 0, interruptions: [] },
    file,
    stamped: stamp === undefined ? undefined : { ...at, stamp },
    steps: [{ ...at, chunk: 0, wallMs: WALL + 200, answeredAt: 210 }],
    endedAt: 210,
  };
  return { ...taken, restores: [restore] };
}

function found(
  history: readonly HistoryEntry[],
  taken: BackupHistory,
  options: { readonly final?: ReadPart; readonly peace?: Evidence["calm"] } = {},
): string[] {
  const { final = readPart(undefined), peace = [] } = options;
  const seen = evidence(history, [node({ final }), node({ final })]);
  return checkBackup({ ...seen, backups: { all: [taken], peace } }).map(({ message }) => message);
}

const PEACE = [{ from: 0, to: 1000 }];

describe("what a backup has to hold", () => {
  it("is what its replica had acknowledged, or something newer", () => {
    const history = [entry(1, 50, { answer: written(5) })];
    expect(found(history, backup(5))).toEqual([]);
    expect(found(history, backup(6))).toEqual([]);
    expect(found(history, backup(4))).toEqual([expect.stringContaining("in the place of")]);
    expect(found(history, backup(undefined))).toEqual([expect.stringContaining("lacks")]);
  });

  it("is what its replica had shown", () => {
    expect(found([entry(1, 50, { type: "get", answer: read(5) })], backup(undefined))).toHaveLength(1);
  });

  it("is nothing that had been removed", () => {
    const history = [entry(2, 50, { type: "delete", answer: written(6, { type: "delete" }) })];
    expect(found(history, backup(5))).toHaveLength(1);
    expect(found(history, backup(undefined))).toEqual([]);
  });

  it("may be gone by what was not answered", () => {
    const history = [entry(1, 50, { answer: written(5) }), entry(2, 60, { type: "delete" })];
    expect(found(history, backup(undefined))).toEqual([]);
  });

  it("is what others had acknowledged who were linked, as long as nothing was between them", () => {
    const history = [entry(1, 50, { node: 1, answer: written(5) })];
    expect(found(history, backup(undefined), { peace: PEACE })).toHaveLength(1);
    expect(found(history, backup(undefined))).toEqual([]);
    expect(found(history, backup(undefined, { linked: [] }), { peace: PEACE })).toEqual([]);
  });

  it("has no key twice, and no bytes that nobody wrote", () => {
    const taken = backup(5);
    const [chunk] = taken.file?.chunks ?? [];
    const strange = chunk?.values.map((value) => ({ ...value, author: undefined })) ?? [];
    if (chunk !== undefined) taken.file?.chunks.push({ ...chunk, values: strange });
    expect(found([], taken)).toEqual([expect.stringContaining("twice"), expect.stringContaining("nobody wrote")]);
  });
});

describe("what a restore makes of it", () => {
  const before = entry(1, 50, { answer: written(5) });
  const removal = entry(2, 150, { type: "delete", answer: written(7, { type: "delete" }) });

  it("does not bring back by stamps what was deleted, with whatever stamp", () => {
    const history = [before, removal];
    expect(found(history, restored(backup(5)))).toEqual([]);
    const back = found(history, restored(backup(5)), { final: readPart(9) });
    expect(back).toEqual([expect.stringContaining("brought back"), expect.stringContaining("brought back")]);
  });

  it("may bring back what was deleted when it was told", () => {
    const late = entry(2, 205, { type: "delete", answer: written(7, { type: "delete" }) });
    expect(found([before, late], restored(backup(5)), { final: readPart(9) })).toEqual([]);
  });

  it("is at every replica where all is written as new", () => {
    expect(found([before], restored(backup(5), 20), { final: readPart(20) })).toEqual([]);
    expect(found([before], restored(backup(5), 20), { final: readPart(5) })).toHaveLength(2);
    expect(found([before], restored(backup(5), 20), { final: readPart(20, 3) })).toHaveLength(2);
    expect(found([before], restored(backup(5), 20))).toEqual([
      expect.stringContaining("nothing is at replica 0"),
      expect.stringContaining("nothing is at replica 1"),
    ]);
  });

  it("gives way to what was written or removed since it began", () => {
    const put = entry(3, 250, { answer: written(30) });
    const deletion = entry(3, 250, { type: "delete", answer: written(30, { type: "delete" }) });
    expect(found([before, put], restored(backup(5), 20), { final: readPart(30, 3) })).toEqual([]);
    expect(found([before, deletion], restored(backup(5), 20))).toEqual([]);
  });

  it("does not go over what was written between its beginning and its telling", () => {
    const since = entry(3, 198, { node: 1, answer: written(30) });
    const over = found([before, since], restored(backup(5), 20), { final: readPart(31) });
    expect(over).toEqual([expect.stringContaining("brought back"), expect.stringContaining("brought back")]);
  });

  it("is stamped above all that whoever began it had told of", () => {
    const stamped = found([entry(1, 50, { answer: written(25) })], restored(backup(25), 20), { final: readPart(25) });
    expect(stamped).toEqual([expect.stringContaining("is stamped 20")]);
  });
});
