/** Runs a plan: faults and operations against replicas in a world, then the healing, then the checkers. */

import { BackupRunner } from "./backups/backup-runner.ts";
import { countRefusals } from "./checkers/availability.ts";
import { type Judgement, judge } from "./checkers/checkers.ts";
import type { Violation } from "./checkers/evidence.ts";
import { falseAlarms } from "./checkers/membership.ts";
import { CommandRunner } from "./commands/command-runner.ts";
import { DocumentRunner } from "./documents/document-runner.ts";
import { FaultApplier } from "./faults/applier.ts";
import type { Plan } from "./plan.ts";
import { collectEvidence } from "./run/evidence-collection.ts";
import { createWorld, type PlanWorldOptions } from "./run/plan-world.ts";
import type { RunResult } from "./run/run-result.ts";
import { comeToRest, converge, makeRoom } from "./run/settling.ts";
import { Sampler } from "./sampling/sampler.ts";
import { StabilityMeter } from "./sampling/stability.ts";
import type { World } from "./simulator/world.ts";
import { TenantRunner } from "./tenants/tenant-runner.ts";
import { TimelineRecorder } from "./timeline/recorder.ts";
import { KeyspaceDefiner } from "./workload/keyspace-definer.ts";
import { KeyspaceStage } from "./workload/keyspace-stage.ts";
import { WorkloadRunner } from "./workload/runner.ts";

export interface RunOptions extends PlanWorldOptions {
  /** Records what a report draws. The run is the same, and takes longer. */
  readonly timeline?: boolean;
}

/** Time between two looks at what all replicas hold. */
const SAMPLE_MS = 500;

export async function runPlan(plan: Plan, options: RunOptions): Promise<RunResult> {
  const began = process.hrtime.bigint();
  const world = createWorld(plan, options);
  const faults = new FaultApplier(world, plan.faults);
  const stage = plan.keyspace === undefined ? world : new KeyspaceStage(world);
  const runner = new WorkloadRunner(stage, plan.operations, plan.watches);
  new KeyspaceDefiner(world, plan.keyspace ?? []);
  new TenantRunner(world, plan.tenants ?? []);
  const documents = new DocumentRunner(world, plan.documents ?? []);
  const commands = new CommandRunner(world, plan.commands ?? []);
  const backups = new BackupRunner(world, plan);
  const recorder = options.timeline === true ? new TimelineRecorder(world, plan, runner.history) : undefined;
  const meter = new StabilityMeter(world, runner.history, plan.healAt + plan.settleMs);
  const sampler = new Sampler(world, { everyMs: SAMPLE_MS, until: plan.healAt });
  for (const [index, node] of plan.nodes.entries()) world.at(node.startAt, () => world.node(index).start());
  await world.run(plan.healAt);
  runner.close();
  backups.close();
  faults.healAll();
  const convergedAfterMs = await converge(world, documents, plan);
  await comeToRest(world, documents, plan);
  const stableLatency = meter.finish();
  const timeline = recorder?.finish();
  const { violations, verdicts } = brokenDown(world) ?? (await look());
  return {
    plan,
    violations,
    verdicts,
    history: runner.history,
    watches: runner.watchers,
    documents: documents.history,
    traceHash: world.trace.hash(),
    stableLatency,
    falseAlarms: falseAlarms(world.memberVerdicts),
    refusals: countRefusals(runner.history),
    convergedAfterMs,
    simulatedMs: world.now,
    realMs: Number(process.hrtime.bigint() - began) / 1e6,
    events: world.events,
    frames: world.network.frames,
    bytes: world.network.bytes,
    log: world.log,
    trace: world.trace.entries,
    timeline,
  };

  async function look(): Promise<Judgement> {
    sampler.look();
    commands.lookForRoom();
    makeRoom(world);
    return judge(await collectEvidence(plan, { world, stage, runner, documents, commands, backups, sampler }));
  }
}

/** Who has broken down is not looked at any more. */
function brokenDown({ breakdowns }: World): Judgement | undefined {
  if (breakdowns.length === 0) return undefined;
  const violations = breakdowns.map(
    ({ at, node, error }): Violation => ({
      checker: "breakdown",
      message: `at ${(at / 1000).toFixed(3)}s, replica ${node}: ${error.stack ?? error.message}`,
    }),
  );
  return { violations, verdicts: [] };
}
