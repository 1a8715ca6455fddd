/**
 * What the check of an update costs, against what Yjs makes of the same bytes: honest updates, where it is paid on top of
 * applying them, and hostile ones, where it is paid instead. Each round measures both, in turn, on fresh documents.
 */

import * as encoding from "lib0/encoding";
import * as Y from "yjs";
import { documentLimits } from "../../src/documents/document-limits.ts";
import { prepareUpdate } from "../../src/documents/prepare-update.ts";
import { checkUpdate } from "../../src/documents/update-check.ts";
import { bomb, orphan, written } from "./hostile-bytes.ts";
import { median } from "./median.ts";
import type { BenchmarkReport, BenchmarkRow } from "./report.ts";
import { typed } from "./typing.ts";

const ROUNDS = 7;
const BOMBS = 10_000;
/** Yjs makes an array for each claim: so many as can be waited for. */
const BOMBS_FOR_YJS = 20;
const ORPHANS = 3_000;

/** Entries of a map of maps, in one update. */
function table(rows: number): Uint8Array {
  const doc = new Y.Doc();
  const map = doc.getMap<Y.Map<unknown>>("table");
  doc.transact(() => {
    for (let i = 0; i < rows; i++) {
      const row = new Y.Map<unknown>();
      row.set("name", `row ${i}`);
      row.set("tags", ["a", "b", { deep: [i, i / 2] }]);
      map.set(`row-${i}`, row);
    }
  });
  return Y.encodeStateAsUpdate(doc);
}

function msOf(run: () => void): number {
  const from = performance.now();
  run();
  return performance.now() - from;
}

function quietly(run: () => void): void {
  try {
    run();
  } catch {
    // It is refused: that is what is measured.
  }
}

/** Medians of both, each round in turn. */
function sideBySide(ours: () => void, theirs: () => void): readonly [number, number] {
  const figures = Array.from({ length: ROUNDS }, () => {
    globalThis.gc?.();
    return [msOf(ours), msOf(theirs)] as const;
  });
  return [median(figures.map(([one]) => one)), median(figures.map(([, other]) => other))];
}

function honest(what: string, updates: readonly Uint8Array[], target = "<= 0.5"): BenchmarkRow {
  const [check, apply] = sideBySide(
    () => {
      for (const update of updates) checkUpdate(update);
    },
    () => {
      const doc = new Y.Doc();
      for (const update of updates) Y.applyUpdate(doc, update);
    },
  );
  const against = `applying it (${apply.toFixed(1)} ms)`;
  return { what: `check of ${what}`, value: check, unit: "ms", against, ratio: check / apply, target };
}

function bombs(): BenchmarkRow {
  const bytes = bomb();
  const [check, apply] = sideBySide(
    () => {
      for (let i = 0; i < BOMBS; i++) quietly(() => checkUpdate(bytes));
    },
    () => {
      for (let i = 0; i < BOMBS_FOR_YJS; i++) quietly(() => Y.applyUpdate(new Y.Doc(), bytes));
    },
  );
  const each = apply / BOMBS_FOR_YJS;
  const against = `Yjs (${each.toFixed(1)} ms each)`;
  const what = `${BOMBS} bombs of ${bytes.length} bytes, refused`;
  return { what, value: check, unit: "ms", against, ratio: check / BOMBS / each, target: "<= 0.01" };
}

function orphans(): BenchmarkRow {
  const updates = Array.from({ length: ORPHANS }, (_, i) => orphan(i + 1));
  const [ours, theirs] = sideBySide(
    () => {
      const doc = new Y.Doc();
      for (const update of updates) quietly(() => prepareUpdate(doc, update, checkUpdate(update), documentLimits));
    },
    () => {
      const doc = new Y.Doc();
      // Their cost grows with the square: a third of them is enough to tell.
      for (const update of updates.slice(0, ORPHANS / 3)) Y.applyUpdate(doc, update);
    },
  );
  const against = `a third of them in Yjs (${Math.round(theirs)} ms)`;
  const what = `${ORPHANS} of 1 KB without predecessor, refused`;
  return { what, value: ours, unit: "ms", against, ratio: ours / theirs, target: "<= 0.1" };
}

/** Insertions right of one and the same letter, each in front of another one. */
function conflicts(count: number): Uint8Array {
  return written((encoder) => {
    for (const value of [2, count, 1, 0]) encoding.writeVarUint(encoder, value);
    for (let i = 0; i < count; i++) {
      encoding.writeUint8(encoder, 4 | 128 | 64);
      for (const value of [2, 0, 2, count - i]) encoding.writeVarUint(encoder, value);
      encoding.writeVarString(encoder, "x");
    }
    for (const value of [1, 2, 0]) encoding.writeVarUint(encoder, value);
    encoding.writeUint8(encoder, 4);
    encoding.writeVarUint(encoder, 1);
    encoding.writeVarString(encoder, "text");
    encoding.writeVarString(encoder, "x".repeat(count + 1));
    encoding.writeVarUint(encoder, 0);
  });
}

function conflicting(count: number): BenchmarkRow {
  const bytes = conflicts(count);
  const [ours, theirs] = sideBySide(
    () => quietly(() => prepareUpdate(new Y.Doc(), bytes, checkUpdate(bytes), documentLimits)),
    () => Y.applyUpdate(new Y.Doc(), bytes),
  );
  const against = `Yjs (${Math.round(theirs)} ms)`;
  const what = `${count} insertions at one place, refused`;
  return { what, value: ours, unit: "ms", against, ratio: ours / theirs, target: "<= 0.3" };
}

/** What is done before Yjs is given an update, of which the check of its bytes is a part. */
function prepared(what: string, updates: readonly Uint8Array[], target: string): BenchmarkRow {
  const [ours, apply] = sideBySide(
    () => {
      const doc = new Y.Doc();
      for (const update of updates) {
        Y.applyUpdate(doc, prepareUpdate(doc, update, checkUpdate(update), documentLimits));
      }
    },
    () => {
      const doc = new Y.Doc();
      for (const update of updates) Y.applyUpdate(doc, update);
    },
  );
  const against = `applying it alone (${apply.toFixed(1)} ms)`;
  return { what: `${what}, prepared and applied`, value: ours, unit: "ms", against, ratio: ours / apply, target };
}

export async function run(): Promise<BenchmarkReport> {
  const { updates, state } = typed(20_000);
  return {
    name: "updates checked",
    rows: [
      honest("20,000 letters, an update each", updates),
      honest("their document", [state]),
      honest("a map of 20,000 maps", [table(20_000)]),
      // Yjs hands it to a decoder in native code, and looks at it no more.
      honest("4 MB of text", [written((e) => largeText(e, 4 * 1024 * 1024))], "<= 2"),
      prepared("20,000 letters, an update each", updates, "<= 1.5"),
      prepared("a map of 20,000 maps", [table(20_000)], "<= 4"),
      conflicting(3_000),
      bombs(),
      orphans(),
    ],
  };
}

function largeText(encoder: encoding.Encoder, bytes: number): void {
  for (const value of [1, 1, 7, 0]) encoding.writeVarUint(encoder, value);
  encoding.writeUint8(encoder, 4);
  encoding.writeVarUint(encoder, 1);
  encoding.writeVarString(encoder, "text");
  encoding.writeVarString(encoder, "x".repeat(bytes));
  encoding.writeVarUint(encoder, 0);
}
