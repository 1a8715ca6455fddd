import { describe, expect, it } from "vitest";
import { checkConvergence } from "../../../simulations/checkers/convergence.ts";
import { dump, evidence, node, readPart, register, WALL } from "./evidence-builder.ts";

function messagesOf(...nodes: Parameters<typeof node>[0][]): string[] {
  return checkConvergence(evidence([], nodes.map(node))).map((violation) => violation.message);
}

describe("convergence checker", () => {
  it("is content with equal replicas, whatever tombstones and expired registers they still hold", () => {
    const dead = register(3, { identity: "0:dead", isDead: true });
    const expired = register(4, { identity: "0:old", expiresAt: WALL });
    expect(messagesOf({ dump: dump([register(5), dead]) }, { dump: dump([register(5), expired]) })).toEqual([]);
  });

  it("catches a replica that did not come back", () => {
    expect(messagesOf({}, { dump: undefined })[0]).toContain("did not come back");
  });

  it("catches a register that one lacks", () => {
    expect(messagesOf({ dump: dump([register(5)]) }, { dump: dump([]) })[0]).toContain("lacks");
    expect(messagesOf({ dump: dump([]) }, { dump: dump([register(5)]) })[0]).toContain("lacks");
  });

  it.each([
    ["stamp", { timestamp: 6 as ReturnType<typeof register>["timestamp"] }],
    ["value", { checksum: "bb" }],
    ["expiry", { expiresAt: WALL + 99_999 }],
    ["dot", { sequence: 2 }],
  ])("catches registers of one key that differ in their %s", (_what, changes) => {
    expect(messagesOf({ dump: dump([register(5)]) }, { dump: dump([register(5, changes)]) })).toHaveLength(1);
  });

  it("catches version vectors that differ", () => {
    expect(messagesOf({ dump: dump([]) }, { dump: dump([], { vector: "1:8" }) })[0]).toContain("claims");
  });

  it("catches a register beyond what its vector claims", () => {
    expect(messagesOf({ dump: dump([register(5, { sequence: 10 })]) })[0]).toContain("but claims only");
  });

  it("catches a fingerprint that is not that of the registers", () => {
    expect(messagesOf({ dump: dump([], { kept: "e" }) })[0]).toContain("fingerprint");
  });

  it("catches answers that differ though the registers do not", () => {
    const both = { dump: dump([register(5)]) };
    expect(messagesOf({ ...both, final: readPart(5) }, { ...both, final: readPart(undefined) })[0]).toContain("reads");
  });
});
