/** Random schedules aimed at few keys of one shard: whatever happened, once healed all hold the same and nobody repaired. */

import { describe, expect, it } from "vitest";
import { SeededRandom } from "../../src/base/random.ts";
import { inspectReplica } from "../../src/replica/inspect.ts";
import { type Disk, Machines } from "../support/machines.ts";

const KEYS = ["x", "y", "z"];
const SEEDS = Number(process.env.CONVERGENCE_SEEDS ?? 25);
const FIRST_SEED = Number(process.env.CONVERGENCE_SEED ?? 1);
const REPLAY = "CONVERGENCE_SEEDS=1 CONVERGENCE_SEED=<seed> npx vitest run test/replica/convergence.test.ts";

interface Trouble {
  readonly retentionMs: number;
  readonly crashes: boolean;
  /** Replicas come back with a disk as it was some time ago, or without one. */
  readonly oldDisks: boolean;
}

class Schedule {
  readonly machines: Machines;
  readonly names: readonly string[];
  /** By key: the greatest of all writes, and what it leaves in the end. */
  readonly winners = new Map<string, { readonly rank: readonly number[]; readonly value: string | undefined }>();
  readonly #random: SeededRandom;
  readonly #trouble: Trouble;
  readonly #down = new Set<string>();
  readonly #copies = new Map<string, Disk>();

  constructor(machines: Machines, names: readonly string[], random: SeededRandom, trouble: Trouble) {
    this.machines = machines;
    this.names = names;
    this.#random = random;
    this.#trouble = trouble;
  }

  async step(): Promise<void> {
    const { machines, names } = this;
    const random = this.#random;
    const name = random.pick(names);
    const isUp = !this.#down.has(name);
    const roll = random.below(20);
    if (roll < 8) {
      if (isUp) this.#write(name);
    } else if (roll < 12) {
      for (let left = random.below(6); left > 0; left--) machines.deliverOne();
    } else if (roll < 14) {
      machines.run(50 * random.between(1, random.chance(0.1) ? 100 : 12));
    } else if (roll === 14) {
      const others = names.filter((other) => other !== name && random.chance(0.6));
      machines.cut([name], others);
    } else if (roll === 15) {
      machines.heal();
    } else if (roll === 16) {
      machines.machine(name).diskWorks = random.chance(0.5);
    } else if (roll === 17) {
      machines.skewMs.set(machines.machine(name).id, random.between(-400, 400));
    } else if (roll === 18) {
      const p = random.chance(0.5) ? 0 : 0.5;
      machines.drop = () => random.chance(p);
    } else if (this.#trouble.crashes) await this.#crashOrStart(name, isUp);
  }

  #write(name: string): void {
    const { machines } = this;
    const random = this.#random;
    const key = random.pick(KEYS);
    const value = random.chance(0.4) ? undefined : `${name}${machines.now}`;
    const ttl = random.chance(0.2) ? { ttlMs: random.between(1, 3000) } : {};
    const { version } = value === undefined ? machines.delete(name, key) : machines.put(name, key, value, ttl);
    const [stamp = 0, origin = 0] = version.split("-").map((part) => Number.parseInt(part, 16));
    const rank = [stamp, value === undefined ? 0 : 1, origin];
    if (isGreater(rank, this.winners.get(key)?.rank ?? [])) {
      this.winners.set(key, { rank, value: "ttlMs" in ttl ? undefined : value });
    }
    // Some pushes of a write are on their way before the disk has it, others never leave.
    if (random.chance(0.7)) machines.flush(name);
  }

  async #crashOrStart(name: string, isUp: boolean): Promise<void> {
    const { machines } = this;
    const machine = machines.machine(name);
    if (isUp) {
      machines.crash(name);
      this.#down.add(name);
      if (!this.#trouble.oldDisks) return;
      const copy = this.#copies.get(name);
      this.#copies.set(name, new Map(machine.disk));
      if (copy !== undefined && this.#random.chance(0.3)) machine.disk = copy;
      if (this.#random.chance(0.1)) machine.disk = new Map();
    } else {
      this.#down.delete(name);
      await machines.start(name);
    }
  }

  async settle(): Promise<void> {
    const { machines } = this;
    machines.drop = () => false;
    machines.skewMs.clear();
    for (const name of this.names) machines.machine(name).diskWorks = true;
    for (const name of this.#down) await machines.start(name);
    this.#down.clear();
    machines.heal();
    machines.run(25_000);
  }
}

function isGreater(a: readonly number[], b: readonly number[]): boolean {
  const difference = a.map((each, i) => each - (b[i] ?? 0)).find((each) => each !== 0);
  return difference !== undefined && difference > 0;
}

async function play(seed: number, trouble: Trouble): Promise<Schedule> {
  const random = new SeededRandom(seed);
  const names = ["a", "b", "c", "d"].slice(0, random.between(2, 4));
  const machines = await Machines.started(names, seed, { shards: 1, retentionMs: trouble.retentionMs });
  const schedule = new Schedule(machines, names, random, trouble);
  for (let step = 0; step < 150; step++) await schedule.step();
  await schedule.settle();
  return schedule;
}

/** What is wrong in the end, in words. */
function faults({ machines, names, winners }: Schedule, may: { repair: boolean; lose: boolean }): string[] {
  const found = machines.differences();
  for (const [key, { value }] of may.lose ? [] : winners) {
    const held = machines.get("a", key);
    if (held !== value) found.push(`${key} is ${held}, the greatest write was ${value}`);
  }
  for (const name of names) {
    const replica = machines.at(name);
    for (const shard of inspectReplica(replica).shards) {
      if (!shard.isWhole) found.push(`${name} holds more than it claims`);
      if (shard.fingerprint.kept !== shard.fingerprint.recomputed) found.push(`${name} has a wrong fingerprint`);
      if (shard.entries > names.length * 2) found.push(`${name} has a vector of ${shard.entries} entries`);
    }
    for (const reason of replica.unreadyReasons(machines.clockOf(name))) found.push(`${name}: ${reason}`);
    if (replica.peers.badFrames > 0) found.push(`${name} refused ${replica.peers.badFrames} frames`);
    if (!may.repair && replica.audit.repaired > 0) found.push(`${name} repaired ${replica.audit.repaired}`);
    const tombstones = replica.shards.all.reduce((sum, shard) => sum + shard.tombstones, 0);
    if (tombstones > 0) found.push(`${name} keeps ${tombstones} tombstones`);
  }
  return found;
}

describe.each([
  ["cuts, losses and slow disks", { retentionMs: 86_400_000, crashes: false, oldDisks: false }],
  ["crashes too", { retentionMs: 86_400_000, crashes: true, oldDisks: false }],
  ["a retention that ends during cuts", { retentionMs: 2000, crashes: true, oldDisks: false }],
  ["disks put back, and wiped", { retentionMs: 86_400_000, crashes: true, oldDisks: true }],
] as const)("with %s", (_what, trouble) => {
  it(`all are equal in the end (${REPLAY})`, async () => {
    const mayRepair = trouble.oldDisks || trouble.retentionMs < 10_000;
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      const schedule = await play(seed, trouble);
      const found = faults(schedule, { repair: mayRepair, lose: trouble.crashes });
      expect({ seed, faults: found }).toEqual({ seed, faults: [] });
    }
  }, 600_000);
});
