/** What documents cost that live for long. */

import { describe, expect, it } from "vitest";
import * as Y from "yjs";
import type { Key } from "../../src/base/ids.ts";
import { SeededRandom } from "../../src/base/random.ts";
import type { LiveDocument } from "../../src/documents/live-document.ts";
import { readDocument } from "../../src/types/document.ts";
import { LiveMachines } from "../support/live-machines.ts";
import { Machines } from "../support/machines.ts";

const KEY = "long" as Key;
const NAMES = ["a", "b", "c"] as const;
const GROWTH_MAX = 1.3;

/** What a replica stores of the document, as it lies in memory and on disk. */
function storedBytes(machines: Machines, name: string): number {
  const replica = machines.at(name);
  const shard = replica.shardOfKey(KEY);
  const state = readDocument(shard, KEY, machines.now);
  return (state?.updates ?? []).reduce((sum, update) => sum + update.length, 0);
}

function textOf({ doc }: LiveDocument): Y.Text {
  return doc.getText("text");
}

/** Inserts and deletes about as much, here and there. */
function edit(live: LiveDocument, random: SeededRandom): void {
  const text = textOf(live);
  const at = random.uint32() % (text.length + 1);
  if (random.uint32() % 2 === 0) text.insert(at, "lorem ipsum ".slice(0, 1 + (random.uint32() % 12)));
  else text.delete(at, Math.min(text.length - at, 1 + (random.uint32() % 12)));
}

describe("a document that is edited for long at three replicas, with deletions", () => {
  it(`is stored in at most ${GROWTH_MAX} times the bytes of its state, at each, once it rests`, async () => {
    const machines = await Machines.started([...NAMES], "growth", {});
    const live = new LiveMachines(machines, NAMES);
    const open = NAMES.map((name) => live.open(name, KEY).live);
    const random = new SeededRandom(7);
    let greatest = 0;
    for (let round = 0; round < 120; round++) {
      for (let i = 0; i < 20; i++) edit(open[random.uint32() % 3] as LiveDocument, random);
      live.run(200);
      const state = Y.encodeStateAsUpdate((open[0] as LiveDocument).doc).length;
      greatest = Math.max(greatest, storedBytes(machines, "a") / state);
    }
    live.run(20_000);
    const texts = new Set(open.map((each) => textOf(each).toString()));
    expect(texts.size).toBe(1);
    const state = Y.encodeStateAsUpdate((open[0] as LiveDocument).doc).length;
    for (const name of NAMES) {
      const ratio = storedBytes(machines, name) / state;
      expect(ratio, `${name} at rest, ${state} bytes of state; ${greatest.toFixed(2)} meanwhile`).toBeLessThan(
        GROWTH_MAX,
      );
    }
    // While it never rests, too, it is bounded.
    expect(greatest).toBeLessThan(5);
  });

  it("gives back what was deleted from it", async () => {
    const machines = await Machines.started([...NAMES], "emptied", {});
    const live = new LiveMachines(machines, NAMES);
    const [a, b] = [live.open("a", KEY).live, live.open("b", KEY).live];
    for (let i = 0; i < 3; i++) textOf(a).insert(0, "x".repeat(70_000));
    live.run(20_000);
    expect(storedBytes(machines, "b")).toBeGreaterThan(200_000);
    textOf(b).delete(0, 210_000);
    live.run(20_000);
    const state = Y.encodeStateAsUpdate(a.doc).length;
    expect(state).toBeLessThan(100);
    for (const name of NAMES) expect(storedBytes(machines, name)).toBeLessThan(GROWTH_MAX * state + 512);
  });

  it("is compacted by whoever has it open, once it rests, though all was written elsewhere", async () => {
    const machines = await Machines.started([...NAMES], "elsewhere", {});
    const live = new LiveMachines(machines, NAMES);
    const writer = live.documents.get("a")?.openDocument(KEY, () => {});
    const doc = new Y.Doc();
    doc.on("update", (update) => void writer?.append(update));
    const { live: reader } = live.open("b", KEY);
    for (let i = 0; i < 500; i++) doc.getText("text").insert(i, `${i % 10}`);
    live.run(20_000);
    expect(textOf(reader).length).toBe(500);
    const state = Y.encodeStateAsUpdate(doc).length;
    for (const name of NAMES) expect(storedBytes(machines, name)).toBeLessThan(GROWTH_MAX * state + 512);
  });

  it.each([2_000, 8_000])("comes to rest where each hears only after %i ms that another compacted it", async (ms) => {
    const names = [...NAMES, "d"];
    const machines = await Machines.started(names, "far", {});
    const live = new LiveMachines(machines, names);
    const [first] = names.map((name) => live.open(name, KEY).live as LiveDocument) as [LiveDocument];
    for (let i = 0; i < 400; i++) textOf(first).insert(0, "lorem ipsum ".repeat(4));
    machines.latencyMs = ms;
    live.run(120_000);
    const state = Y.encodeStateAsUpdate(first.doc).length;
    for (const name of names) expect(storedBytes(machines, name)).toBeLessThan(GROWTH_MAX * state + 512);
    let snapshots = 0;
    machines.spy = ({ length }) => {
      if (length > state) snapshots++;
    };
    live.run(60_000);
    expect(snapshots).toBe(0);
  });
});
