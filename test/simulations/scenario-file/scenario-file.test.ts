import { describe, expect, it } from "vitest";
import type { Fault } from "../../../simulations/faults/fault.ts";
import { createProductionReplica } from "../../../simulations/production-replica.ts";
import { FAULT_TYPES } from "../../../simulations/scenario-file/fault-schema.ts";
import { decodePlan, encodePlan, UnreadablePlan } from "../../../simulations/scenario-file/scenario-file.ts";
import { SCENARIOS } from "../../../simulations/scenarios/scenarios.ts";
import { runPlan } from "../../../simulations/simulate.ts";

const [splitBrain] = SCENARIOS;
if (splitBrain === undefined) throw new Error("BUG: no scenario");
const plan = splitBrain.plan("1");
const nodes = plan.nodes.length;

/** The text of a plan with some of its fields changed. */
function edited(changes: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ ...JSON.parse(encodePlan(plan)), ...changes });
}

describe("a scenario file", () => {
  it.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
    "gives back every plan of %s as it was",
    (_, scenario) => {
      for (let seed = 1; seed <= 20; seed++) {
        const each = scenario.plan(String(seed));
        expect(decodePlan(encodePlan(each))).toEqual(each);
      }
    },
  );

  it("runs as the plan ran that was written, event for event", async () => {
    const options = { createReplica: createProductionReplica };
    const before = await runPlan(plan, options);
    const after = await runPlan(decodePlan(encodePlan(plan)), options);
    expect(after.traceHash).toBe(before.traceHash);
  });

  it("has a line for each operation, each watch and each fault", () => {
    const lines = encodePlan(plan).split("\n");
    expect(lines.filter((line) => line.startsWith('    { "id": '))).toHaveLength(
      plan.operations.length + (plan.watches?.length ?? 0),
    );
    expect(lines.filter((line) => line.startsWith('    { "at": '))).toHaveLength(plan.faults.length);
  });

  it("takes keys of any bytes", () => {
    const [operation] = plan.operations;
    const key = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));
    const operations = [{ ...operation, key }];
    expect(decodePlan(edited({ operations })).operations[0]?.key).toBe(key);
  });
});

describe("a file that is no scenario is refused with the place and the reason:", () => {
  const crash: Fault = { at: 1, type: "crash", node: 0, aim: "now", isPowerCut: true, downMs: 1 };
  const [operation] = plan.operations;
  const edit = { id: 9999, at: 1, client: 0, node: 0, type: "insert", key: "k", ack: "disk", length: 1, place: 1 };
  it.each([
    ["what is no JSON", "{", /^not JSON: /],
    ["what has no version", "{}", /no "atollSimulation"/],
    ["null", "null", /no "atollSimulation"/],
    ["another version", edited({ atollSimulation: 2 }), /^version 2 of the format; this atoll reads 1$/],
    ["a field that nobody knows", edited({ colour: "red" }), /^the file: Unrecognized key: "colour"/],
    ["a field that is missing", edited({ water: undefined }), /^water: /],
    ["a fault that nobody knows", edited({ faults: [{ at: 1, type: "flood" }] }), /^faults\[0\]\.type: /],
    [
      "a field of another fault",
      edited({ faults: [{ ...crash, forMs: 1 }] }),
      /^faults\[0\]: Unrecognized key: "forMs"/,
    ],
    ["a negative time", edited({ faults: [{ ...crash, at: -1 }] }), /^faults\[0\]\.at: /],
    ["a node that is not there", edited({ faults: [{ ...crash, node: nodes }] }), /^faults\[0\]: there is no node/],
    [
      "an operation at a node that is not there",
      edited({ operations: [{ ...operation, node: nodes }] }),
      /^operations\[0\]\.node: there is no node/,
    ],
    [
      "an operation on a document at a node that is not there",
      edited({ documents: [{ ...edit, node: nodes }] }),
      /^documents\[0\]\.node: there is no node/,
    ],
    [
      "an operation on a document with the id of another",
      edited({ documents: [{ ...edit, id: operation?.id }] }),
      /^documents\[0\]\.id: another/,
    ],
    ["more than all of a text", edited({ documents: [{ ...edit, place: 1.1 }] }), /^documents\[0\]\.place: /],
    ["an edit too long", edited({ documents: [{ ...edit, length: 100_001 }] }), /^documents\[0\]\.length: /],
    ["two operations of one id", edited({ operations: [operation, operation] }), /^operations\[1\]\.id: another/],
    [
      "a key that is no bytes",
      edited({ operations: [{ ...operation, key: "\u0100" }] }),
      /^operations\[0\]\.key: a key is 1 to 1,024/,
    ],
    [
      "a value that no replica takes",
      edited({ operations: [{ ...operation, valueBytes: 2 ** 40 }] }),
      /^operations\[0\]\.valueBytes: /,
    ],
    [
      "a region at an unknown distance",
      edited({ nodes: plan.nodes.map((node, i) => ({ ...node, region: `atlantis-${i}` })) }),
      /no round trip is known/,
    ],
    ["more shards than can be", edited({ replica: { ...plan.replica, shards: 1e9 } }), /^replica\.shards: /],
    [
      "a keyspace of a node that is not there",
      edited({ keyspace: [{ at: 1, node: nodes, settings: { replication: 2 } }], watches: [] }),
      /^keyspace\[0\]\.node: there is no node/,
    ],
    ["copies of nothing", edited({ keyspace: [{ at: 1, node: 0, settings: { replication: 0 } }] }), /^keyspace\[0\]\./],
    ["no nodes", edited({ nodes: [], operations: [], faults: [] }), /^nodes: /],
    ["a time that never ends", edited({ healAt: 1e15 }), /^healAt: /],
  ])("%s", (_, text, reason) => {
    const reading = (): unknown => decodePlan(text);
    expect(reading).toThrow(UnreadablePlan);
    expect(reading).toThrow(reason);
    expect(reading).not.toThrow(/\n/);
  });
});

it("knows more than one type of fault", () => {
  expect(FAULT_TYPES.length).toBeGreaterThan(10);
});
