/** Gathers what the checkers are given, once a world has come to rest. */

import type { Key } from "../../src/base/ids.ts";
import { DRIFT_MAX } from "../checkers/availability.ts";
import type { Evidence, NodeEvidence } from "../checkers/evidence.ts";
import type { DocumentRunner } from "../documents/document-runner.ts";
import { calmOf, peacefulStopsOf } from "../faults/calm.ts";
import { clockSpreadOf, type Plan } from "../plan.ts";
import { companyOf } from "../sampling/company.ts";
import type { Sampler } from "../sampling/sampler.ts";
import { ClockCourse } from "../simulator/clock-course.ts";
import type { World } from "../simulator/world.ts";
import type { ReadPart } from "../workload/history.ts";
import { keysOf } from "../workload/operation.ts";
import type { WorkloadRunner } from "../workload/runner.ts";

interface Played {
  readonly world: World;
  readonly runner: WorkloadRunner;
  readonly documents: DocumentRunner;
  readonly sampler: Sampler;
}

/** Reads every key at every replica on the way, for which time goes on. */
export async function collectEvidence(plan: Plan, { world, runner, documents, sampler }: Played): Promise<Evidence> {
  const keys = keysOf(plan.operations);
  const dumps = world.nodes.map((node) => node.replica?.inspect());
  const companies = world.nodes.map(({ replica }) => replica?.replica && companyOf(replica.replica));
  const finals = await readAll(world, runner, keys);
  const nodes = world.nodes.map(
    (node, i): NodeEvidence => ({
      durable: node.disk.durable,
      ends: node.ends,
      diskLosses: node.disk.losses,
      judgements: node.judgements,
      putAside: node.putAside,
      givenUpAt: world.givenUpAt(node.identity.id),
      givenUpBy: world.givenUpBy(node.identity.id),
      pauses: node.pauses,
      clockStops: clockStopsOf(plan, i),
      clockJumps: [...node.clock.jumps, ...node.corrections.map(({ at }) => at)],
      clock: new ClockCourse(node.clock.bends),
      time: new ClockCourse(node.clock.bends).corrected(node.corrections),
      dump: dumps[i],
      company: companies[i],
      finals: finals[i] ?? [],
      documents: documents.finals(node),
      finalWallMs: node.clockTime,
    }),
  );
  return {
    keys,
    history: runner.history,
    documents: documents.history,
    watches: runner.watchers,
    samples: sampler.samples,
    nodes,
    healedAt: plan.healAt,
    settleMs: plan.settleMs,
    endedAt: world.now,
    calm: calmOf(plan, nodes),
    peacefulStops: peacefulStopsOf(plan, nodes),
    auditRepairs: world.auditRepairs,
    memberVerdicts: world.memberVerdicts,
    retentionMs: plan.replica.retentionMs,
    clockSpreadMs: clockSpreadOf(plan),
    clockDoubtMs: 0,
    clockBoundMs: plan.replica.maxClockOffsetMs,
    sweepMs: plan.replica.sweepMs,
  };
}

/** For how long faults keep a node's clock from telling how much time has gone by. */
function clockStopsOf({ faults }: Plan, node: number): { readonly from: number; readonly to: number }[] {
  return faults.flatMap((fault) => {
    if (fault.type !== "clock-drift" || fault.node !== node || Math.abs(fault.ppm) <= DRIFT_MAX * 1e6) return [];
    return [{ from: fault.at, to: fault.at + fault.forMs }];
  });
}

async function readAll(world: World, runner: WorkloadRunner, keys: readonly Key[]): Promise<ReadPart[][]> {
  const reads = world.nodes.map((node) => runner.readKeys(node, keys));
  const all = Promise.all(reads);
  let isDone = false;
  const watched = all.finally(() => {
    isDone = true;
  });
  for (let i = 0; i < 100 && !isDone; i++) await world.run(world.now + 1);
  return watched;
}
