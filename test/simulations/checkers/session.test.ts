import { describe, expect, it } from "vitest";
import type { NodeEvidence } from "../../../simulations/checkers/evidence.ts";
import { checkSession } from "../../../simulations/checkers/session.ts";
import type { Answer, HistoryEntry } from "../../../simulations/workload/history.ts";
import type { Key, ShardId } from "../../../src/base/ids.ts";
import { crash, dotOf, entry, evidence, node, read, readPart, written } from "./evidence-builder.ts";

const NODES = [node(), node()];

function messagesOf(history: readonly HistoryEntry[], nodes: readonly NodeEvidence[] = NODES): string[] {
  return checkSession(evidence(history, nodes)).map((violation) => violation.message);
}

/** Of session 1, with a token that names everything up to stamp 100. */
function step(id: number, node: number, answer: Answer, changes: Parameters<typeof entry>[2] = {}): HistoryEntry {
  const type = answer.type === "read" ? "get" : "put";
  return entry(id, id * 10, { session: 1, node, type, answer, carried: [dotOf(100)], ...changes });
}

describe("session checker", () => {
  it("is content with a session that goes forward from replica to replica", () => {
    const history = [step(1, 0, written(100)), step(2, 1, read(100)), step(3, 0, read(120)), step(4, 1, written(121))];
    expect(messagesOf(history)).toEqual([]);
  });

  it("catches a session that does not read its own write elsewhere", () => {
    expect(messagesOf([step(1, 0, written(100)), step(2, 1, read(90))])[0]).toContain("read 90");
    expect(messagesOf([step(1, 0, written(100)), step(2, 1, read(undefined))])[0]).toContain("nobody deletes");
  });

  it("catches a session that goes back behind what it has read", () => {
    expect(messagesOf([step(1, 0, read(100)), step(2, 1, read(90))])[0]).toContain("had 100 by 1 from operation 1");
  });

  it("catches a write that is not later than the session's own, or than what it has read", () => {
    expect(messagesOf([step(1, 0, written(100)), step(2, 1, written(95))])[0]).toContain("was stamped 95");
    expect(messagesOf([step(1, 0, read(100)), step(2, 1, written(100))])[0]).toContain("was stamped 100");
  });

  it("catches a value that comes back after the session saw that it is stale", () => {
    const invalidation = entry(1, 10, { type: "invalidate", tag: "t", answer: written(100, { type: "delete" }) });
    const stale = { type: "read", read: { ...readPart(undefined), dot: dotOf(80), staleBy: dotOf(100) } } as const;
    expect(messagesOf([invalidation, step(2, 0, stale), step(3, 1, read(90))])).toHaveLength(1);
    expect(messagesOf([invalidation, step(2, 0, stale), step(3, 1, read(110))])).toEqual([]);
  });

  it("catches a value that comes back after the session saw it deleted, also where it found the tombstone only", () => {
    const deletion = written(100, { type: "delete" });
    expect(messagesOf([step(1, 0, deletion, { type: "delete" }), step(2, 1, read(90))])).toHaveLength(1);
    const byAnother = entry(1, 10, { type: "delete", answer: deletion });
    const tombstone = { type: "read", read: { ...readPart(undefined), dot: dotOf(100) } } as const;
    expect(messagesOf([byAnother, step(2, 0, tombstone), step(3, 1, read(90))])).toHaveLength(1);
  });

  it("takes a tombstone that a read found for none that was written later under the same dot", () => {
    const tombstone = { type: "read", read: { ...readPart(undefined), dot: dotOf(100) } } as const;
    const deletion = written(300, { type: "delete" });
    if (deletion.type !== "written") throw new Error("no write");
    const again = { ...deletion, parts: deletion.parts.map((part) => ({ ...part, dot: dotOf(100) })) };
    const later = entry(9, 50, { type: "delete", answer: again });
    expect(messagesOf([step(2, 0, tombstone), later, step(6, 1, read(200))])).toEqual([]);
    const earlier = entry(9, 5, { type: "delete", answer: again });
    expect(messagesOf([earlier, step(2, 0, tombstone), step(6, 1, read(200))])).toHaveLength(1);
  });

  it("accepts a key that is gone when somebody may have deleted it, or it may have expired", () => {
    const gone = step(2, 1, read(undefined));
    expect(messagesOf([step(1, 0, written(100)), entry(9, 12, { type: "delete" }), gone])).toEqual([]);
    const known = entry(9, 12, { type: "delete", answer: written(90, { type: "delete" }) });
    expect(messagesOf([step(1, 0, written(100)), known, gone])).toHaveLength(1);
    expect(messagesOf([step(1, 0, written(100, { ttlMs: 5 }), { ttlMs: 5 }), gone])).toEqual([]);
  });

  it("owes what a token does not name, unless there was no room for all", () => {
    const forgetful = { carried: [dotOf(99)] };
    const shown = step(1, 0, written(100));
    const behind = step(90, 1, read(90), forgetful);
    expect(messagesOf([shown, behind])).toHaveLength(1);
    const elsewhere = Array.from({ length: 41 }, (_, i): HistoryEntry => {
      const dot = { ...dotOf(100), shard: i as ShardId };
      return step(2 + i, 0, { type: "read", read: { ...readPart(undefined), key: `other${i}` as Key, dot } });
    });
    expect(messagesOf([shown, ...elsewhere, behind])).toEqual([]);
    expect(messagesOf([shown, ...elsewhere.slice(0, 38), behind])).toHaveLength(1);
  });

  it("accepts a refusal, and what another session saw", () => {
    const behind = { type: "refused", code: "SESSION_BEHIND" } as const;
    expect(messagesOf([step(1, 0, written(100)), step(2, 1, behind)])).toEqual([]);
    expect(messagesOf([step(1, 0, written(100)), step(2, 1, read(90), { session: 2 })])).toEqual([]);
  });

  it("accepts that a write is lost with all who are known to have had it, and only then", () => {
    const lost = [step(1, 0, written(100)), step(2, 1, read(90))];
    expect(messagesOf(lost, [node({ ends: [crash(15)] }), node()])).toEqual([]);
    expect(messagesOf(lost, [node({ ends: [crash(15, 14)] }), node()])).toHaveLength(1);
    expect(messagesOf(lost, [node({ ends: [crash(25)] }), node()])).toHaveLength(1);
    const away = (at: number) => node({ givenUpAt: [5], judgements: [{ at, wallMs: 0, shard: undefined }] });
    expect(messagesOf(lost, [node({ givenUpAt: [5] }), node()])).toEqual([]);
    expect(messagesOf(lost, [away(8), node()])).toHaveLength(1);
    expect(messagesOf(lost, [away(4), node()])).toEqual([]);
    const shownTwice = [step(1, 0, written(100)), step(2, 1, read(100)), step(3, 1, read(90))];
    expect(messagesOf(shownTwice, [node({ ends: [crash(15)] }), node()])).toHaveLength(1);
  });
});
