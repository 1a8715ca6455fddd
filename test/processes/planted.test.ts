/**
 * Does this suite find bugs? Each of these replicas has one planted in its bundle, and goes through a schedule made for it:
 * the checker that guards what is broken has to report it, and on the same schedule nothing of the replica as it is. One run
 * plants half of them, the half that `ATOLL_BUGS` names by a number, or `all`.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import type { Violation } from "../../simulations/checkers/evidence.ts";
import type { PathPair } from "../../simulations/faults/fault.ts";
import type { Plan } from "../../simulations/plan.ts";
import { CALM_WATER, SMALL_REPLICA } from "../../simulations/scenarios/build.ts";
import type { Operation } from "../../simulations/workload/operation.ts";
import type { Key } from "../../src/base/ids.ts";
import { REPLICA_CHILD } from "../end-to-end/replica-process.ts";
import { partOf } from "../planted-bugs/part.ts";
import type { Patch } from "../planted-bugs/planted-bug.ts";
import { Planting } from "../planted-bugs/planting.ts";
import { bundle } from "../support/bundle.ts";
import { FOLDER_PREFIX, removeLeftovers } from "./leftovers.ts";
import { runForReal } from "./run-for-real.ts";

const TIMEOUT_MS = 240_000;

interface PlantedProcess {
  readonly name: string;
  readonly patches: readonly Patch[];
  readonly checker: string;
  readonly plan: Pick<Plan, "operations" | "watches" | "faults" | "healAt">;
}

interface Series {
  readonly everyMs: number;
  readonly untilMs: number;
}

/** So many operations, one after the other, each of a key of its own unless told. */
function series({ everyMs, untilMs }: Series, draw: (id: number) => Partial<Operation>): Operation[] {
  return Array.from({ length: Math.floor(untilMs / everyMs) }, (_, id) => ({
    id,
    at: 200 + id * everyMs,
    node: 0,
    type: "put",
    key: `key ${id}` as Key,
    ack: "memory",
    valueBytes: 100,
    ...draw(id),
  }));
}

/** From the two others. */
const NODE_0_ALONE: readonly PathPair[] = [
  [0, 1],
  [1, 0],
  [0, 2],
  [2, 0],
];

const PLANTED: readonly PlantedProcess[] = [
  {
    // It dies alone: nobody else has what it answered.
    name: "answers-before-the-disk-has-it",
    patches: [
      {
        file: "replica/acks.ts",
        find: "const met = this.#view.isDurable(wait.shard, wait.origin, wait.sequence);",
        replace: "const met = true;",
      },
      { file: "replica/write-waits.ts", find: 'if (level === "disk") this.#disk.isUrgent = true;', replace: "" },
      // Batches gather for a second: what is at stake is not a matter of luck.
      {
        file: "replica/driver.ts",
        find: "if (!this.#isStopped) this.#disk.feed(replica);",
        replace: "if (this.#now() % 1000 < 60) this.#disk.feed(replica);",
      },
    ],
    checker: "acknowledged",
    plan: {
      operations: series({ everyMs: 3, untilMs: 3500 }, () => ({ ack: "disk" })),
      faults: [
        { at: 100, type: "cut", shape: "isolate", paths: NODE_0_ALONE, forMs: 4000 },
        ...[1000, 2000, 3000].map((at) => ({
          // What its kernel and the proxy still have to send goes with it.
          ...{ at, type: "crash" as const, node: 0, aim: "now" as const, isPowerCut: true, downMs: 50 },
        })),
      ],
      healAt: 4000,
    },
  },
  {
    // What was written while a replica was away, it never gets.
    name: "takes-all-digests-for-equal",
    patches: [
      {
        file: "cluster/anti-entropy.ts",
        find: "if (!isSameDigest(own.vectors, message.vectors) || !isReady) {",
        replace: "if (false) {",
      },
      // Else the fingerprints, which differ as well, bring them to compare further.
      {
        file: "cluster/anti-entropy.ts",
        find: "if (this.#isSuspicious(peer, shared, message, now)) {",
        replace: "if (false) {",
      },
    ],
    checker: "convergence",
    plan: {
      operations: series({ everyMs: 10, untilMs: 2000 }, () => ({})),
      faults: [{ at: 500, type: "crash", node: 1, aim: "now", isPowerCut: false, downMs: 2500 }],
      healAt: 3000,
    },
  },
  {
    // A client writes where it is, goes over a cut, and reads there.
    name: "lets-no-session-wait",
    patches: [{ file: "replica/driver.ts", find: "if (isCovered(replica, dots)) return;", replace: "return;" }],
    checker: "session",
    plan: {
      operations: series({ everyMs: 30, untilMs: 2500 }, (id) => ({
        session: 1,
        node: id % 2,
        type: id % 2 === 0 ? "put" : "get",
        key: `key ${id - (id % 2)}` as Key,
      })),
      faults: [{ at: 800, type: "cut", shape: "isolate", paths: NODE_0_ALONE, forMs: 2000 }],
      healAt: 3000,
    },
  },
  {
    // The simulator has no doors: only here is it seen what they lose.
    name: "loses-what-a-watcher-missed",
    patches: [
      {
        file: "doors/http/watch.ts",
        find: "for (const event of this.#early) this.#receive(event);",
        replace: "",
      },
    ],
    checker: "watch",
    plan: {
      operations: series({ everyMs: 10, untilMs: 2500 }, () => ({})),
      watches: [
        {
          ...{ id: 0, prefix: "key ", at: 100, node: 0, reconnectMs: 200, handlingMs: 0, waitingMax: 10_000 },
          moves: [{ at: 1200, node: 0 }],
        },
      ],
      faults: [],
      healAt: 3000,
    },
  },
];

function planOf({ name, plan }: PlantedProcess): Plan {
  const node = { region: "frankfurt", durable: true, clockOffsetMs: 0, diskMeanMs: 0, startAt: 0 };
  return {
    scenario: name,
    seed: "1",
    nodes: [node, node, node],
    replica: { ...SMALL_REPLICA, shards: 8 },
    water: CALM_WATER,
    heartbeatTimeoutMs: 6000,
    // Longer than it takes to miss a peer that died behind a black hole, however busy the machine is.
    settleMs: 30_000,
    ...plan,
  };
}

const folder = mkdtempSync(join(tmpdir(), `${FOLDER_PREFIX}${process.pid}-`));
beforeAll(removeLeftovers);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function violationsOf(planted: PlantedProcess, script?: string): Promise<readonly Violation[]> {
  const options = { links: "black-hole" as const, folder: mkdtempSync(join(folder, "run-")) };
  const run = await runForReal(planOf(planted), script === undefined ? options : { ...options, script });
  return run.violations;
}

describe.concurrent("a replica with a planted bug", () => {
  for (const planted of partOf(PLANTED, 2)) {
    it(`is found out: ${planted.name}`, { timeout: TIMEOUT_MS }, async ({ expect }) => {
      const planting = new Planting(planted.patches);
      const script = await bundle(REPLICA_CHILD, { name: planted.name, plugin: planting.plugin() });
      planting.assertPlanted();
      expect(await violationsOf(planted)).toEqual([]);
      const found = await violationsOf(planted, script);
      expect(found.map(({ checker }) => checker)).toContain(planted.checker);
    });
  }
});
