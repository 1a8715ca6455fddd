import { describe, expect, it } from "vitest";
import type { DocumentOperation } from "../../../simulations/documents/document-operation.ts";
import { burdenOf, wideEnough } from "../../../simulations/scenarios/burden.ts";
import { SCENARIOS } from "../../../simulations/scenarios/scenarios.ts";
import type { Operation } from "../../../simulations/workload/operation.ts";
import type { Key } from "../../../src/base/ids.ts";

const QUEUE_BYTES = 1024 * 1024;
const SETTLE_MS = 100_000;
const NODE = { region: "dublin", durable: true, clockOffsetMs: 0, diskMeanMs: 1, startAt: 0 };

function operation(
  type: Operation["type"],
  key: string,
  valueBytes: number,
  changes: Partial<Operation> = {},
): Operation {
  return { id: 0, at: 0, node: 0, type, key: key as Key, ack: "memory", valueBytes, ...changes };
}

function work(operations: readonly Operation[], documents: readonly DocumentOperation[] = []) {
  return { nodes: [NODE, NODE], operations, documents, settleMs: SETTLE_MS };
}

function typed(type: DocumentOperation["type"], length: number): DocumentOperation {
  return { id: 0, at: 0, client: 0, node: 0, type, key: "doc" as Key, ack: "memory", length, place: 0 };
}

describe("what a plan leaves for a path to carry", () => {
  it("is its queue, and of each key the longest value that is put there", () => {
    expect(burdenOf(work([]))).toBe(QUEUE_BYTES);
    const puts = [operation("put", "a", 500), operation("update", "a", 300), operation("put-absent", "b", 20)];
    expect(burdenOf(work(puts))).toBe(QUEUE_BYTES + 520);
    const nothing = [operation("delete", "c", 900), operation("get", "d", 900), operation("keys", "", 900)];
    expect(burdenOf(work([...puts, ...nothing]))).toBe(QUEUE_BYTES + 520);
    const batch = operation("batch", "e", 50, { alsoKeys: ["f", "g"] as Key[], deletedKeys: ["f"] as Key[] });
    expect(burdenOf(work([batch]))).toBe(QUEUE_BYTES + 100);
  });

  it("is what is typed into documents, and that once more from each replica", () => {
    expect(burdenOf(work([], [typed("insert", 100), typed("erase", 100), typed("read", 100)]))).toBe(QUEUE_BYTES + 300);
  });

  it("widens only water that is too narrow for it", () => {
    const water = { localMs: 1, jitter: 0, loss: 0 };
    const puts = work([operation("put", "a", 3 * QUEUE_BYTES)]);
    expect(wideEnough(water, puts)).toEqual(water);
    const least = (4 * QUEUE_BYTES) / (0.75 * SETTLE_MS);
    expect(wideEnough({ ...water, bytesPerMs: least + 1 }, puts).bytesPerMs).toBe(least + 1);
    expect(wideEnough({ ...water, bytesPerMs: least - 1 }, puts).bytesPerMs).toBeCloseTo(least);
  });
});

describe.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))("%s", (_name, { plan }) => {
  it("draws no plan whose work its water cannot carry in time", () => {
    for (let seed = 0; seed < 100; seed++) {
      const drawn = plan(`${seed}`);
      const { bytesPerMs = Infinity } = drawn.water;
      expect(burdenOf(drawn) / bytesPerMs, `seed ${seed}`).toBeLessThan(0.76 * drawn.settleMs);
    }
  });
});
