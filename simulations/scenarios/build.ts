/** Puts a plan together from a scenario's profiles: noise of operations and faults, and plays that aim. */

import type { SeededRandom } from "../../src/base/random.ts";
import { type CommandsProfile, generateCommands } from "../commands/command-generator.ts";
import { type DocumentsProfile, generateDocuments } from "../documents/document-generator.ts";
import type { DocumentOperation } from "../documents/document-operation.ts";
import type { Fault } from "../faults/fault.ts";
import { type FaultProfile, generateFaults } from "../faults/generator.ts";
import type { NodePlan, Plan, ReplicaSettings, WaterPlan } from "../plan.ts";
import { REGIONS } from "../regions.ts";
import { exponential, pickWeighted, uniform } from "../simulator/draws.ts";
import { countFrom, generateOperations, keyOf, type WorkloadProfile } from "../workload/generator.ts";
import { holdVersions } from "../workload/held-versions.ts";
import type { Operation } from "../workload/operation.ts";
import { generatePhases, type PhasesProfile } from "../workload/phase-generator.ts";
import { generateReads, type ReadsProfile } from "../workload/read-generator.ts";
import { generateSessions, type SessionsProfile } from "../workload/session-generator.ts";
import { generateTagged, type TagsProfile } from "../workload/tag-generator.ts";
import { generateWatches, type WatchesProfile } from "../workload/watch-plan.ts";
import { wideEnough } from "./burden.ts";
import { PLAYS, type PlayName } from "./plays.ts";

export interface ScenarioProfile {
  readonly nodes: readonly NodePlan[];
  readonly replica: ReplicaSettings;
  /** Of a plan whose work would be too much for it: wider (`burden.ts`). */
  readonly water: WaterPlan;
  readonly durationMs: number;
  readonly workload: Omit<WorkloadProfile, "nodes" | "fromMs" | "untilMs">;
  readonly sessions: SessionsProfile;
  readonly watches: WatchesProfile;
  readonly reads: ReadsProfile;
  readonly phases: PhasesProfile;
  /** Absent: there are none. */
  readonly documents?: DocumentsProfile;
  /** Absent: nobody works on collections. */
  readonly commands?: CommandsProfile;
  /** Absent: no value carries any. */
  readonly tags?: TagsProfile;
  readonly faults: Omit<FaultProfile, "nodes" | "fromMs" | "untilMs">;
  /** Plays and how likely each is. All 0: none. */
  readonly plays: Readonly<Record<PlayName, number>>;
  readonly meanGapOfPlaysMs: number;
  /** Plays that must not overlap begin at least so long after one another. */
  readonly leastGapOfPlaysMs?: number;
  /** Everything is equal so long after the healing. */
  readonly settleMs: number;
}

/** Before this the replicas find each other in peace. */
const WARM_UP_MS = 1500;
const HEARTBEAT_TIMEOUT_MS = 3000;
export const SETTLE_MS = 30_000;
/** Where paths are slow, which no healing changes. */
export const SLOW_SETTLE_MS = 120_000;

export const SMALL_REPLICA: ReplicaSettings = {
  shards: 4,
  antiEntropyMs: 300,
  housekeepingMs: 200,
  sweepMs: 200,
  settleMs: 50,
  retentionMs: 3_600_000,
  maxClockOffsetMs: 500,
};

export const CALM_WATER: WaterPlan = { localMs: 1, jitter: 0.05, loss: 0 };

/** In two to five regions, as long as there are nodes for so many. */
export function createNodes(random: SeededRandom, count: number, options: { readonly durable: boolean }): NodePlan[] {
  const regions = random.shuffle([...REGIONS]).slice(0, random.between(2, 5));
  return Array.from({ length: count }, (_, i) => ({
    region: regions[i % regions.length] as string,
    durable: options.durable,
    clockOffsetMs: Math.round(uniform(random, -150, 150)),
    diskMeanMs: uniform(random, 0.5, 8),
    startAt: uniform(random, 0, 200),
  }));
}

export function buildPlan(random: SeededRandom, scenario: string, seed: string, profile: ScenarioProfile): Plan {
  const span = { nodes: profile.nodes.length, fromMs: WARM_UP_MS, untilMs: profile.durationMs };
  const workload = { ...profile.workload, ...span };
  const nextId = countFrom(0);
  const operations = generateOperations(random.fork("operations"), workload, nextId);
  operations.push(...generateSessions(random.fork("sessions"), workload, profile.sessions, nextId));
  operations.push(...generateReads(random.fork("reads"), workload, profile.reads, nextId));
  operations.push(...generatePhases(random.fork("phases"), workload, profile.phases, nextId));
  const documents =
    profile.documents === undefined
      ? []
      : generateDocuments(random.fork("documents"), { ...profile.documents, ...span }, nextId);
  const faults = generateFaults(random.fork("faults"), { ...profile.faults, ...span });
  addPlays(random.fork("plays"), profile, { operations, documents, faults, nextId });
  if (profile.tags !== undefined) {
    operations.push(...generateTagged(random.fork("tags"), workload, profile.tags, nextId));
  }
  const commands =
    profile.commands === undefined
      ? undefined
      : generateCommands(random.fork("commands"), { ...profile.commands, ...span }, nextId);
  const { nodes, settleMs } = profile;
  return {
    scenario,
    seed,
    nodes,
    replica: profile.replica,
    water: wideEnough(profile.water, { nodes, operations, documents, settleMs }),
    heartbeatTimeoutMs: HEARTBEAT_TIMEOUT_MS,
    healAt: profile.durationMs,
    settleMs,
    operations: holdVersions(random.fork("held versions"), operations),
    ...(documents.length === 0 ? {} : { documents: documents.sort((a, b) => a.at - b.at) }),
    ...(commands !== undefined && { commands }),
    watches: generateWatches(random.fork("watches"), profile.watches, { ...span, keys: profile.workload.keys }),
    faults: faults.sort((a, b) => a.at - b.at),
  };
}

interface Script {
  readonly operations: Operation[];
  readonly documents: DocumentOperation[];
  readonly faults: Fault[];
  readonly nextId: () => number;
}

function addPlays(
  random: SeededRandom,
  profile: ScenarioProfile,
  { operations, documents, faults, nextId }: Script,
): void {
  if (Object.values(profile.plays).every((weight) => weight === 0)) return;
  const ephemeral = profile.nodes.findIndex(({ durable }) => !durable);
  let plays = 0;
  let at = WARM_UP_MS + exponential(random, profile.meanGapOfPlaysMs);
  while (at < profile.durationMs - 500) {
    const play = PLAYS[pickWeighted(random, profile.plays)];
    const scene = play({
      random,
      at,
      // One that others write, too, or one of its own, on which nothing covers up what the play leaves behind.
      key: keyOf(
        random.chance(0.5) ? random.below(Math.min(2, profile.workload.keys)) : profile.workload.keys + plays++,
      ),
      nodes: random.shuffle(profile.nodes.map((_, i) => i)),
      ephemeral: ephemeral === -1 ? undefined : ephemeral,
      longestMs: profile.faults.longestMs,
      nextId,
    });
    operations.push(...scene.operations.filter((operation) => operation.at < profile.durationMs));
    documents.push(...(scene.documents ?? []).filter((operation) => operation.at < profile.durationMs));
    faults.push(...scene.faults.filter((fault) => fault.at < profile.durationMs));
    at += (profile.leastGapOfPlaysMs ?? 0) + exponential(random, profile.meanGapOfPlaysMs);
  }
}
