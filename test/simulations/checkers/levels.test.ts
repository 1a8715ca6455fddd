import { describe, expect, it } from "vitest";
import type { NodeEvidence } from "../../../simulations/checkers/evidence.ts";
import { checkLevels } from "../../../simulations/checkers/levels.ts";
import type { HistoryEntry } from "../../../simulations/workload/history.ts";
import { crash, dotOf, entry, evidence, node, written } from "./evidence-builder.ts";

const CALM = { from: 5, to: 100 };

function messagesOf(each: HistoryEntry, nodes: readonly NodeEvidence[] = [node()]): string[] {
  return checkLevels({ ...evidence([each], nodes), calm: [CALM] }).map(({ message }) => message);
}

const refused = (code: string) => ({ answer: { type: "refused", code } as const });
const SHORT = { ack: "all", answer: written(1, { met: false }) } as const;

describe("checker of levels in peace", () => {
  it("is content where they are met", () => {
    expect(messagesOf(entry(1, 10, { ack: "all", answer: written(1) }))).toEqual([]);
  });

  it("catches a level that is not met, and a refusal, while nothing is disturbed", () => {
    expect(messagesOf(entry(1, 10, SHORT))[0]).toContain("not its level, all");
    expect(messagesOf(entry(1, 10, { carried: [dotOf(1)], ...refused("SESSION_BEHIND") }))).toHaveLength(1);
    expect(messagesOf(entry(1, 10, { consistency: "quorum", ...refused("QUORUM_UNREACHABLE") }))).toHaveLength(1);
  });

  it("promises nothing to what began before the calm, or was answered after it", () => {
    expect(messagesOf(entry(1, 4.5, SHORT))).toEqual([]);
    expect(messagesOf(entry(1, 99, SHORT))).toEqual([]);
    expect(messagesOf(entry(1, 98, SHORT))).toHaveLength(1);
  });

  it("promises a disk only where there is one", () => {
    const short = entry(1, 10, { ...SHORT, ack: "disk" });
    expect(messagesOf(short)).toHaveLength(1);
    expect(messagesOf(short, [node({ durable: false })])).toEqual([]);
  });

  it("promises nothing once one that keeps nothing on disk has ended, which is a new member since", () => {
    expect(messagesOf(entry(1, 10, SHORT), [node({ durable: false, ends: [crash(1)] })])).toEqual([]);
  });
});
