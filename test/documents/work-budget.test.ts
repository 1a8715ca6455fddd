import { describe, expect, test } from "vitest";
import * as Y from "yjs";
import type { Key } from "../../src/base/ids.ts";
import { documentLimits } from "../../src/documents/document-limits.ts";
import { LiveDocument } from "../../src/documents/live-document.ts";
import { WorkBudget } from "../../src/documents/work-budget.ts";
import { FakeDocumentStore, FakeSurroundings } from "../support/fake-documents.ts";

const LIMITS = { workMsFree: 5, connectionWorkMsMax: 100, documentWorkMsMax: 250, workWindowMs: 1_000 };

function budget() {
  const clock = { ms: 5_000 };
  const work = new WorkBudget(LIMITS, { elapsedMs: () => clock.ms, processorMs: () => clock.ms });
  const spend = (origin: unknown, ms: number): string => {
    try {
      work.measure(origin, () => {
        clock.ms += ms;
      });
      return "taken";
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  return { clock, work, spend };
}

describe("a budget of work", () => {
  test("cuts off who has used it up, nobody else, until some of it has grown back", () => {
    const { clock, spend } = budget();
    const [one, other] = [{}, {}];
    expect(spend(one, 104)).toBe("taken");
    expect(spend(one, 6)).toBe("taken");
    expect(spend(one, 105)).toBe("taken");
    expect(spend(one, 0)).toBe("TOO_MANY_REQUESTS");
    expect(spend(other, 0)).toBe("taken");
    clock.ms += 1_000;
    expect(spend(one, 0)).toBe("taken");
  });

  test("counts all connections of a document, and whoever has none, together", () => {
    const { clock, spend } = budget();
    for (const origin of [{}, {}, undefined, {}]) expect(spend(origin, 105)).toBe("taken");
    expect(spend({}, 0)).toBe("TOO_MANY_REQUESTS");
    clock.ms += 1_000;
    expect(spend({}, 0)).toBe("taken");
  });

  test("counts the time of the processor: a busy machine is nobody's fault", () => {
    const clock = { ms: 0 };
    const work = new WorkBudget(LIMITS, { elapsedMs: () => clock.ms, processorMs: () => 0 });
    const origin = {};
    for (let i = 0; i < 100; i++) work.measure(origin, () => (clock.ms += 50));
    expect(work.measure(origin, () => "taken")).toBe("taken");
  });

  test("does not count what delays nobody", () => {
    const { spend } = budget();
    const origin = {};
    for (let i = 0; i < 1_000; i++) expect(spend(origin, 5)).toBe("taken");
  });

  test("counts what is refused once work was done for it", () => {
    const { clock, work, spend } = budget();
    const origin = {};
    const refused = () => {
      clock.ms += 105;
      throw new Error("refused");
    };
    expect(() => work.measure(origin, refused)).toThrow("refused");
    expect(spend(origin, 0)).toBe("TOO_MANY_REQUESTS");
  });
});

test("a live document refuses the next update of a connection whose updates took too long", () => {
  let ms = 0;
  const { around } = new FakeSurroundings();
  const live = new LiveDocument({
    key: "doc" as Key,
    store: new FakeDocumentStore(),
    around: { ...around, stopwatch: { elapsedMs: () => ms, processorMs: () => ms } },
  });
  live.doc.on("beforeTransaction", () => {
    ms += documentLimits.connectionWorkMsMax + documentLimits.workMsFree;
  });
  const doc = new Y.Doc();
  const updates: Uint8Array[] = [];
  doc.on("update", (update) => updates.push(update));
  for (const letter of "ab") doc.getText("text").insert(0, letter);
  const connection = {};
  live.receive(updates[0] as Uint8Array, connection);
  expect(() => live.receive(updates[1] as Uint8Array, connection)).toThrow(
    expect.objectContaining({ code: "TOO_MANY_REQUESTS" }),
  );
  expect(live.doc.getText("text").toString()).toBe("a");
  live.receive(updates[1] as Uint8Array, {});
  expect(live.doc.getText("text").toString()).toBe("ba");
});
