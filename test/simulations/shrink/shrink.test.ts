import { describe, expect, it } from "vitest";
import type { Fault } from "../../../simulations/faults/fault.ts";
import type { Plan } from "../../../simulations/plan.ts";
import type { CreateReplica } from "../../../simulations/run/plan-world.ts";
import { findScenario } from "../../../simulations/scenarios/scenarios.ts";
import { expireDocument, readDocument, typeIn } from "../../../simulations/script/document-act.ts";
import { planOf } from "../../../simulations/script/script.ts";
import { createSearch } from "../../../simulations/shrink/search.ts";
import { shrinkPlan, withoutNode } from "../../../simulations/shrink/shrink.ts";
import { timedCrashes } from "../../../simulations/shrink/timed-crashes.ts";
import { scheduleInWords } from "../../../simulations/shrink/words.ts";
import type { Operation } from "../../../simulations/workload/operation.ts";
import { answersBeforeTheSync, forgetsExpiries, forgetsLeases, laneOf } from "./broken-replicas.ts";

function splitBrain(seed: string): Plan {
  const plan = findScenario("split-brain")?.plan(seed);
  if (plan === undefined) throw new Error("BUG: no scenario");
  return plan;
}

function shrink(plan: Plan, checker: string, createReplica: CreateReplica): Promise<Plan> {
  return shrinkPlan(plan, createSearch({ lanes: [laneOf(createReplica)], checker, isOver: () => false }));
}

/** The first seconds of a run. */
function beginning(plan: Plan, untilMs: number): Plan {
  const isEarly = ({ at }: { readonly at: number }): boolean => at < untilMs;
  const { watches: _watches, ...rest } = plan;
  return {
    ...rest,
    healAt: untilMs,
    operations: plan.operations.filter(isEarly),
    ...(plan.documents !== undefined && { documents: plan.documents.filter(isEarly) }),
    faults: plan.faults.filter(isEarly),
  };
}

/** Hundreds of runs, on whatever machine. */
const MINUTES = { timeout: 300_000 };

describe("a failing run", MINUTES, () => {
  it("that forgets expiries becomes one write with a time to live, and the same one again", async () => {
    const plan = beginning(splitBrain("1"), 4000);
    const [small, again] = [
      await shrink(plan, "expiry", forgetsExpiries),
      await shrink(plan, "expiry", forgetsExpiries),
    ];
    expect(plan.operations.length).toBeGreaterThan(100);
    expect(scheduleInWords(small)).toEqual([
      expect.stringMatching(/^node 0: r\d in [a-z-]+; 1 shard$/),
      expect.stringMatching(/^1\.500s put "key-1" at r\d, expiring after 1 ms$/),
      "1.501s everything heals",
    ]);
    expect(again).toEqual(small);
  });

  it("of documents becomes one edit and its lease", async () => {
    const place = { replica: "dublin-1", document: "notes" };
    const plan = planOf({
      replicas: { dublin: 2 },
      lasts: "9s",
      settings: { shards: 2 },
      documents: [
        ...["a", "b", "c"].map((name) => typeIn({ ...place, name, at: "3s", characters: 50, ack: "all" })),
        typeIn({ ...place, name: "elsewhere", at: "3s", document: "others" }),
        expireDocument({ ...place, name: "lease", at: "4s", after: "2s", client: "ann" }),
        readDocument({ ...place, name: "read", at: "7s", replica: "dublin-2" }),
      ],
    });
    const small = await shrink(plan, "document", forgetsLeases);
    expect(scheduleInWords(small)).toEqual([
      expect.stringMatching(/^node 0: dublin-\d in dublin; 1 shard$/),
      expect.stringMatching(/^1\.\d+s insert in document "key-1" by client \d+ at dublin-\d$/),
      expect.stringMatching(/^1\.\d+s lease in document "key-1" by client \d+ at dublin-\d, for \d+ ms$/),
      expect.stringMatching(/s everything heals$/),
    ]);
  });

  it("that answers before the disk has it becomes one write and one crash", async () => {
    const early = beginning(splitBrain("7"), 2600);
    const key = "k1" as Operation["key"];
    const write: Operation = { id: 9999, at: 2410, node: 0, type: "update", key, ack: "disk", valueBytes: 500 };
    const crash: Fault = { at: 2410.1, type: "crash", node: 0, aim: "now", isPowerCut: true, downMs: 777 };
    const before = early.operations.filter((operation) => operation.key !== key || operation.at < 2300);
    const plan = { ...early, operations: [...before, write], faults: [...early.faults, crash] };
    const small = await shrink(plan, "acknowledged", answersBeforeTheSync);
    expect(small.operations).toHaveLength(1);
    expect(small.faults).toHaveLength(1);
    expect(small.operations[0]).toMatchObject({ type: "put", ack: "disk", valueBytes: 12 });
    expect(small.faults[0]).toMatchObject({ type: "crash" });
    expect(small.nodes).toHaveLength(1);
  });
});

describe("without a node", () => {
  it("the others keep their names, and what named them names them still", () => {
    const plan = splitBrain("1");
    const [node0, node1, node2] = plan.nodes;
    if (node0 === undefined || node1 === undefined || node2 === undefined) throw new Error("BUG: too few nodes");
    const cut: Fault = {
      at: 1,
      type: "cut",
      shape: "pair",
      paths: [
        [0, 2],
        [1, 2],
        [2, 0],
      ],
      forMs: 5,
    };
    const pause: Fault = { at: 2, type: "pause", node: 1, forMs: 5 };
    const keyspace = [1, 2].map((node) => ({ at: node, node, settings: { replication: 2 } }));
    const interruptions = [{ after: 1, forMs: 5, node: 2 }];
    const restores = [{ at: 4, node: 1, isOverwrite: true, gapMs: 0, interruptions }];
    const backups = [{ id: 0, at: 3, node: 2, gapMs: 0, chunkRecords: 8, restores }];
    const three = { ...plan, keyspace, backups, nodes: [node0, node1, node2], faults: [cut, pause] };
    const smaller = withoutNode(three, 1);
    expect(smaller.backups).toMatchObject([{ node: 1, restores: [{ node: 0, interruptions: [{ node: 1 }] }] }]);
    expect(smaller.keyspace?.map(({ at, node }) => [at, node])).toEqual([
      [1, 0],
      [2, 1],
    ]);
    expect(smaller.nodes.map(({ name }) => name)).toEqual(["r0", "r2"]);
    expect(smaller.faults).toEqual([
      {
        ...cut,
        paths: [
          [0, 1],
          [1, 0],
        ],
      },
    ]);
    expect(smaller.operations.every(({ node }) => node < 2)).toBe(true);
  });
});

describe("a crash that waits", () => {
  const crash = { at: 10, type: "crash", node: 1, aim: "push", isPowerCut: true, downMs: 5 } as const;

  it("is put at the moment that it waited for, or just after", () => {
    const crashes = [
      { node: 0, at: 11 },
      { node: 1, at: 9 },
      { node: 1, at: 12 },
    ];
    expect(timedCrashes(crash, [crash], crashes).map(({ at }) => at)).toEqual([12, 12.001]);
    expect(timedCrashes(crash, [crash], crashes)[0]).toMatchObject({ aim: "now", downMs: 5 });
  });

  it("is not taken for another whose time was told", () => {
    const told = { ...crash, at: 12, aim: "now" } as const;
    expect(timedCrashes(crash, [crash, told], [{ node: 1, at: 12 }])).toEqual([]);
  });
});
