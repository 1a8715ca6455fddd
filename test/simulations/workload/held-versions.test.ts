import { expect, it } from "vitest";
import { carryOut, shownBy } from "../../../simulations/workload/carry-out.ts";
import { holdVersions } from "../../../simulations/workload/held-versions.ts";
import type { Operation } from "../../../simulations/workload/operation.ts";
import type { Key } from "../../../src/base/ids.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import { FakeStore } from "../../support/fake-store.ts";
import { KEY, read, written } from "../checkers/evidence-builder.ts";

const OTHER = "other" as Key;

function operation(id: number, changes: Partial<Operation> = {}): Operation {
  return { id, at: id, node: 0, type: "update", key: KEY, ack: "memory", valueBytes: 12, ...changes };
}

it("has updates expect what an earlier operation of their key showed, and changes nothing else", () => {
  const operations = Array.from({ length: 200 }, (_, id) =>
    operation(id, { key: id % 2 === 0 ? KEY : OTHER, type: id % 3 === 0 ? "get" : "update" }),
  );
  const held = holdVersions(new SeededRandom(1), operations);
  expect(held.map(({ expects: _, ...rest }) => rest)).toEqual(operations);
  const expecting = held.filter(({ expects }) => expects !== undefined);
  expect(expecting.length).toBeGreaterThan(60);
  expect(expecting.length).toBeLessThan(100);
  for (const { id, type, key, expects = -1 } of expecting) {
    expect(type).toBe("update");
    expect(operations[expects]?.key).toBe(key);
    expect(expects).toBeLessThan(id);
    expect(expects).toBeGreaterThan(id - 7);
  }
});

it("takes from an answer the version of the key, or that nothing is there", () => {
  expect(shownBy(read(100), KEY)).toEqual({ version: "64-1" });
  expect(shownBy(read(undefined), KEY)).toEqual({ version: undefined });
  expect(shownBy(written(100), KEY)).toEqual({ version: "64-1" });
  expect(shownBy(written(100, { type: "delete" }), KEY)).toEqual({ version: undefined });
  expect(shownBy(written(100), OTHER)).toBeUndefined();
  expect(shownBy(read(100), OTHER)).toBeUndefined();
  expect(shownBy({ type: "refused", code: "UNREACHABLE" }, KEY)).toBeUndefined();
  expect(shownBy(undefined, KEY)).toBeUndefined();
});

it("is carried out only where the version is the one that is expected", async () => {
  const store = new FakeStore();
  const first = await carryOut(store, operation(1), new Map(), { version: undefined, isFresh: false });
  const shown = shownBy(first, KEY);
  await carryOut(store, operation(2), new Map(), { version: undefined, isFresh: false, ...shown });
  const again = carryOut(store, operation(3), new Map(), { version: undefined, isFresh: false, ...shown });
  await expect(again).rejects.toMatchObject({ code: "PRECONDITION_FAILED" });
});
