/** What most scenarios have around what they are about: clients that write and read, follow, and come back. */

import { SeededRandom } from "../../src/base/random.ts";
import type { Plan } from "../plan.ts";
import type { WorkloadProfile } from "../workload/generator.ts";
import type { PhasesProfile } from "../workload/phase-generator.ts";
import type { ReadsProfile } from "../workload/read-generator.ts";
import type { SessionsProfile } from "../workload/session-generator.ts";
import type { WatchesProfile } from "../workload/watch-plan.ts";
import { buildPlan, CALM_WATER, type ScenarioProfile, SETTLE_MS, SMALL_REPLICA } from "./build.ts";

export const WORKLOAD: Omit<WorkloadProfile, "nodes" | "fromMs" | "untilMs"> = {
  keys: 12,
  skew: 1,
  operationsPerSecond: 50,
  types: { put: 10, delete: 4, "put-absent": 1, update: 2, get: 6, batch: 1 },
  acks: { memory: 6, disk: 2, region: 1, quorum: 1, all: 1 },
  ttlShare: 0.15,
  ttlMsMax: 5000,
  valueBytesMax: 200,
};

export const SESSIONS: SessionsProfile = { count: 3, operationsPerSecond: 4, moveChance: 0.2 };
export const WATCHES: WatchesProfile = { count: 2, meanMoveGapMs: 4000, returnShare: 0.5, slowShare: 0.3 };
const READS: ReadsProfile = { quorumPerSecond: 1, listingsPerSecond: 0.5 };
const PHASES: PhasesProfile = { hotKeys: 1, bursts: 0 };

/** Where commands and their answers are all that it is about: nobody follows, lists, or comes back. */
export const NOBODY_BESIDE: Pick<ScenarioProfile, "sessions" | "watches" | "reads" | "phases"> = {
  sessions: { count: 0, operationsPerSecond: 1, moveChance: 0 },
  watches: { count: 0, meanMoveGapMs: 4000, returnShare: 0.5, slowShare: 0.3 },
  reads: { quorumPerSecond: 0, listingsPerSecond: 0 },
  phases: { hotKeys: 0, bursts: 0 },
};

/** A plan of what the scenario chooses, and of the usual for the rest. */
export function build(
  name: string,
  seed: string,
  choose: (random: SeededRandom) => Partial<ScenarioProfile> & Pick<ScenarioProfile, "nodes" | "faults" | "plays">,
): Plan {
  const random = new SeededRandom(`${name} ${seed}`);
  const chosen = choose(random.fork("profile"));
  return buildPlan(random, name, seed, {
    replica: SMALL_REPLICA,
    water: CALM_WATER,
    durationMs: 20_000,
    workload: WORKLOAD,
    sessions: SESSIONS,
    watches: WATCHES,
    reads: READS,
    phases: PHASES,
    meanGapOfPlaysMs: 1500,
    settleMs: SETTLE_MS,
    ...chosen,
  });
}
