import { expect, it } from "vitest";
import type { BackupPlan, RestorePlan } from "../../../simulations/backups/backup-plan.ts";
import { BackupRunner } from "../../../simulations/backups/backup-runner.ts";
import type { Plan } from "../../../simulations/plan.ts";
import { createProductionReplica } from "../../../simulations/production-replica.ts";
import { createWorld } from "../../../simulations/run/plan-world.ts";
import { BACKUPS_SCENARIO } from "../../../simulations/scenarios/backups.ts";
import type { World } from "../../../simulations/simulator/world.ts";
import { WorkloadRunner } from "../../../simulations/workload/runner.ts";
import type { Key } from "../../../src/base/ids.ts";

const KEYS = ["a", "b", "c", "d", "e", "f"] as Key[];
const RESTORE: RestorePlan = { at: 8000, node: 1, isOverwrite: false, gapMs: 0, interruptions: [] };
const BACKUP: BackupPlan = { id: 0, at: 5000, node: 0, gapMs: 0, chunkRecords: 1, restores: [RESTORE] };

/** Two replicas, six keys that are put at 2 s, and what happens besides. */
async function play(
  backup: BackupPlan,
  happens: (world: World, runner: BackupRunner) => void = () => {},
): Promise<BackupRunner> {
  const drawn = BACKUPS_SCENARIO.plan("1");
  const node = { region: "dublin", durable: true, clockOffsetMs: 0, diskMeanMs: 1, startAt: 0 };
  const common = { node: 0, type: "put", ack: "all", valueBytes: 20 } as const;
  const operations = KEYS.map((key, id) => ({ ...common, id, at: 2000, key }));
  const plan: Plan = { ...drawn, nodes: [node, node], operations, faults: [], watches: [] };
  const world = createWorld(plan, { createReplica: createProductionReplica });
  new WorkloadRunner(world, operations);
  const runner = new BackupRunner(world, { backups: [backup], operations });
  for (const each of world.nodes) world.at(0, () => each.start());
  happens(world, runner);
  await world.run(20_000);
  expect(world.breakdowns).toEqual([]);
  return runner;
}

it("has in its file what was there, by author", async () => {
  const { history } = await play(BACKUP);
  const values = history[0]?.file?.values ?? [];
  expect(values.map(({ key, author }) => [key, author?.id]).sort()).toEqual(KEYS.map((key, id) => [key, id]));
  expect(history[0]).toMatchObject({ by: { node: 0, life: 1 }, linked: [{ node: 1, life: 1 }] });
});

it("restores chunk after chunk, and tells the last one once more where it was interrupted", async () => {
  const interruptions = [{ after: 3, forMs: 500, node: 0 }];
  const { history } = await play({ ...BACKUP, restores: [{ ...RESTORE, isOverwrite: true, interruptions }] });
  const [restored] = history[0]?.restores ?? [];
  expect(restored?.steps.map(({ node, chunk }) => [node, chunk])).toEqual([
    [1, 0],
    [1, 1],
    [1, 2],
    [0, 2],
    [0, 3],
    [0, 4],
    [0, 5],
  ]);
  expect(restored?.stamped?.node).toBe(1);
  expect(restored?.endedAt).toBeGreaterThan(8500);
});

it("goes on with somebody else where a replica is killed, with what that one may not have taken", async () => {
  const restores = [{ ...RESTORE, gapMs: 100 }];
  const { history } = await play({ ...BACKUP, restores }, (world) => world.at(8150, () => world.node(1).crash(true)));
  const [restored] = history[0]?.restores ?? [];
  const told = restored?.steps.filter(({ answeredAt }) => answeredAt !== undefined) ?? [];
  expect(new Set(told.map(({ node }) => node))).toEqual(new Set([0, 1]));
  expect(new Set(told.map(({ chunk }) => chunk)).size).toBe(KEYS.length);
  expect(restored?.endedAt).toBeDefined();
});

it("has no file where the replica that makes it is killed meanwhile, and restores nothing", async () => {
  const { history } = await play({ ...BACKUP, gapMs: 300 }, (world) => world.at(5200, () => world.node(0).crash(true)));
  expect(history[0]?.file).toBeUndefined();
  expect(history[0]?.restores).toEqual([]);
});

it("asks nothing more once it is closed", async () => {
  const restores = [{ ...RESTORE, gapMs: 1000 }];
  const { history } = await play({ ...BACKUP, restores }, (world, runner) => world.at(9500, () => runner.close()));
  const [restored] = history[0]?.restores ?? [];
  expect(restored?.steps).toHaveLength(2);
  expect(restored?.endedAt).toBeUndefined();
});
