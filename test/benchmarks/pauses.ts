/**
 * How long any single step of a replica holds the event loop while it keeps a million registers. Two machines
 * (`Replica`) in one process, without sockets and disk, are taken through a life: filled, synchronised, healed after a
 * cut, swept, purged; every call into them is timed. What else the machine does only adds: the life is led a few times,
 * and of each kind of step counts the longest but for one in a thousand, in the life where that was shortest.
 */

import type { Key, ReplicaId } from "../../src/base/ids.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import { type ReplicaConfig, replicaDefaults } from "../../src/replica/config.ts";
import { Replica } from "../../src/replica/replica.ts";
import { decodeMessage } from "../../src/wire/codec.ts";
import { quantile } from "./median.ts";
import type { BenchmarkReport, BenchmarkRow } from "./report.ts";

const REGISTERS = 1_000_000;
const DIFFERING = 100_000;
const LIVES = 3;
const LINK = 1;
const BEGIN = Date.UTC(2030, 0, 1);
const TICK_MS = 50;

/** Ms that each step took, by kind. */
type Steps = Map<string, number[]>;

/** A replica, the frames it has for its peer, and a stop watch around it. */
class Machine {
  readonly replica: Replica;
  readonly #steps: Steps;

  constructor(id: string, steps: Steps) {
    const config: ReplicaConfig = { ...replicaDefaults, address: `${id}:1` };
    const start = { id: id as ReplicaId, life: 1, ephemeral: false, epoch: 0, members: [], lineage: [] };
    this.#steps = steps;
    this.replica = new Replica(config, start, new SeededRandom(id), BEGIN);
    this.replica.begin(BEGIN);
    this.persist();
  }

  time<T>(step: string, run: () => T): T {
    const from = performance.now();
    const before = process.cpuUsage();
    const result = run();
    const { user, system } = process.cpuUsage(before);
    // Either may be too long, by what other processes or other threads of this one did meanwhile.
    const took = Math.min(performance.now() - from, (user + system) / 1000);
    const all = this.#steps.get(step);
    if (all === undefined) this.#steps.set(step, [took]);
    else all.push(took);
    return result;
  }

  write(key: string, now: number, more: { readonly value?: Uint8Array; readonly expiresAt?: number }): void {
    const shard = this.replica.shardOfKey(key as Key);
    this.replica.write(shard, { kind: KIND_PLAIN, key: key as Key, ...more }, false, now);
  }

  /** Puts one batch on a disk that is always at once done. */
  persist(): boolean {
    const batch = this.time("batch for the disk", () => this.replica.persistence.take());
    if (batch === undefined) return false;
    this.time("batch taken by the disk", () => this.replica.persisted(batch));
    return true;
  }
}

/** The type of a message. */
function nameOf(frame: Uint8Array): string {
  return decodeMessage(frame).type;
}

/** Hands over what each has for the other until nothing is left; what is said meanwhile is forgotten without a link. */
function deliver(pair: readonly [Machine, Machine], now: number, linked: boolean): void {
  for (let quiet = 0; quiet < 2; ) {
    quiet = 0;
    for (const [from, to] of [pair, [pair[1], pair[0]]] as [Machine, Machine][]) {
      from.time("push", () => from.replica.replication.flush());
      const { frames } = from.replica.outbox;
      from.replica.outbox.frames = [];
      from.replica.outbox.logs = [];
      if (frames.length === 0 || !linked) quiet++;
      else
        for (const { frame } of frames) to.time(`${nameOf(frame)} arrives`, () => to.replica.receive(LINK, frame, now));
    }
  }
}

/** Lets time pass in ticks until `isDone`. */
function pass(
  pair: readonly [Machine, Machine],
  from: number,
  linked: boolean,
  isDone: (now: number) => boolean,
): number {
  let now = from;
  for (; !isDone(now); now += TICK_MS) {
    for (const machine of pair) {
      machine.time("tick", () => machine.replica.tick(now));
      machine.persist();
    }
    deliver(pair, now, linked);
    if (now - from > 3_600_000) throw new Error("BUG: not done after an hour");
  }
  return now;
}

function isEqual([a, b]: readonly [Machine, Machine]): boolean {
  return a.replica.shards.all.every((shard, i) => {
    const other = b.replica.shards.all[i];
    return other !== undefined && !shard.unsaved.isAny && !other.unsaved.isAny && shard.vector.equals(other.vector);
  });
}

function link([a, b]: readonly [Machine, Machine], now: number): void {
  const facts = (machine: Machine) => ({
    id: machine.replica.id,
    life: machine.replica.life,
    region: "",
    address: machine.replica.config.address,
  });
  a.time("link up", () => a.replica.linkUp(LINK, facts(b), now));
  b.time("link up", () => b.replica.linkUp(LINK, facts(a), now));
}

/** Leads the two through a life. */
function live(): Steps {
  const steps: Steps = new Map();
  const pair = [new Machine("a", steps), new Machine("b", steps)] as const;
  const [a, b] = pair;
  const value = new Uint8Array(100).fill(7);
  const fill = (machine: Machine, prefix: string, count: number, at: number, more: { expiresAt?: number } = {}) => {
    for (let i = 0; i < count; i++) {
      machine.write(prefix + i.toString(36).padStart(12, "0"), at, { value, ...more });
      if (i % 1000 === 999) deliver(pair, at, false);
      if (i % 20_000 === 19_999) machine.persist();
    }
  };
  fill(a, "base", REGISTERS, BEGIN);
  link(pair, BEGIN);
  let now = pass(pair, BEGIN, true, () => isEqual(pair));
  for (const machine of pair) machine.time("link down", () => machine.replica.linkDown(LINK, "cut"));
  fill(a, "left", DIFFERING, now, { expiresAt: now + 600_000 });
  fill(b, "rite", DIFFERING, now);
  link(pair, now);
  now = pass(pair, now, true, () => isEqual(pair));
  for (let i = 0; i < DIFFERING; i++) b.write(`base${i.toString(36).padStart(12, "0")}`, now, {});
  const bothPurged = () => a.replica.chores.purged >= 2 * DIFFERING && b.replica.chores.purged >= 2 * DIFFERING;
  pass(pair, now, true, bothPurged);
  return steps;
}

export async function run(): Promise<BenchmarkReport> {
  const lives = Array.from({ length: LIVES }, live);
  const kinds = [...(lives[0]?.keys() ?? [])];
  const rows: BenchmarkRow[] = kinds.map((kind) => ({
    what: kind,
    value: Math.min(...lives.map((steps) => quantile(steps.get(kind) ?? [Infinity], 0.999))),
    unit: "ms",
    target: "< 10 ms",
  }));
  rows.sort((x, y) => y.value - x.value);
  return { name: "longest steps of a replica, 1 million registers", rows };
}
