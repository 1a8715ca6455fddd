/**
 * Two replicas, each in its own process and on disk, whose links pass through proxies that count: first a million equal
 * registers, then a cut, 100,000 more on each side, and the links are let go. Bytes are those of the TCP streams, both ways
 * together, handshakes and pings included. Equal again: their digests say so.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RECORD_BYTES } from "./replica-child.ts";
import { CountingProxy, type ReplicaProcess, startReplicaProcess } from "./replica-process.ts";
import type { BenchmarkRow } from "./report.ts";

const EQUAL = 1_000_000;
const FEW = 1000;
const DIFFERING = 100_000;
const IDLE_MS = 15_000;
const EQUAL_WITHIN_MS = 180_000;

class Pair {
  readonly replicas: readonly [ReplicaProcess, ReplicaProcess];
  readonly #proxies: readonly [CountingProxy, CountingProxy];

  private constructor(replicas: Pair["replicas"], proxies: readonly [CountingProxy, CountingProxy]) {
    this.replicas = replicas;
    this.#proxies = proxies;
  }

  /** Each says that it is found at its proxy, and nobody knows where it really is. */
  static async start(folder: string): Promise<Pair> {
    const proxies = [await CountingProxy.listen(), await CountingProxy.listen()] as const;
    const replicas = [await startReplicaProcess(), await startReplicaProcess()] as const;
    for (const [i, replica] of replicas.entries()) {
      const proxy = proxies[i] as CountingProxy;
      const join_ = i === 0 ? [] : [{ host: "127.0.0.1", port: proxies[0].port }];
      const advertise = `127.0.0.1:${proxy.port}`;
      const { address } = await replica.start({ id: `r${i}`, data: join(folder, `r${i}`), join: join_, advertise });
      proxy.target = Number(address.split(":")[1]);
    }
    return new Pair(replicas, proxies);
  }

  get bytes(): number {
    return this.#proxies[0].bytes + this.#proxies[1].bytes;
  }

  async rounds(): Promise<number> {
    const states = await Promise.all(this.replicas.map((replica) => replica.state()));
    return states.reduce((sum, { rounds }) => sum + rounds, 0);
  }

  async fill(prefixes: readonly [string, string], count: number): Promise<void> {
    await Promise.all(this.replicas.map((replica, i) => replica.fill(prefixes[i] as string, count)));
  }

  /** Waits until both hold the same `registers`; returns how long that took, in ms. */
  async equal(registers: number): Promise<number> {
    const from = performance.now();
    for (;;) {
      const [a, b] = await Promise.all([this.replicas[0].state(), this.replicas[1].state()]);
      const took = performance.now() - from;
      if (a.registers === registers && a.digest === b.digest) return took;
      if (took > EQUAL_WITHIN_MS) throw new Error(`${a.registers} and ${b.registers} of ${registers} registers`);
      await pause(25);
    }
  }

  async cut(): Promise<void> {
    await Promise.all([this.replicas[0].cut(["r1"]), this.replicas[1].cut(["r0"])]);
    await pause(500);
  }

  async heal(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.cut([])));
  }

  stop(): void {
    for (const replica of this.replicas) replica.kill();
    for (const proxy of this.#proxies) proxy.close();
  }
}

async function withPair<T>(use: (pair: Pair) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "atoll-bench-"));
  const pair = await Pair.start(folder);
  try {
    return await use(pair);
  } finally {
    pair.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Bytes on the link of two equal replicas for each comparison: a digest and its answer, and the pings meanwhile. */
async function measureIdle(pair: Pair, keys: number): Promise<BenchmarkRow> {
  await pause(3000);
  const bytes = pair.bytes;
  const rounds = await pair.rounds();
  await pause(IDLE_MS);
  const passed = (await pair.rounds()) - rounds;
  return {
    what: `equal replicas, ${keys.toLocaleString("en-US")} keys: bytes a round (digest, answer, pings)`,
    value: (pair.bytes - bytes) / passed,
    unit: "B",
    target: "<= 100",
  };
}

async function measureHeal(pair: Pair): Promise<BenchmarkRow[]> {
  await pair.cut();
  await pair.fill(["left", "rite"], DIFFERING);
  const before = pair.bytes;
  await pair.heal();
  const ms = await pair.equal(EQUAL + 2 * DIFFERING);
  const bytes = pair.bytes - before;
  const records = 2 * DIFFERING * RECORD_BYTES;
  return [
    {
      what: "heal: 100,000 differ on each side, 1 million equal",
      value: bytes,
      unit: "B",
      against: `records of the differing (${records.toLocaleString("en-US")} B)`,
      ratio: bytes / records,
      target: "<= 1.15x",
    },
    { what: "heal: time until both are equal", value: ms / 1000, unit: "s" },
  ];
}

export async function measureHealing(): Promise<BenchmarkRow[]> {
  const idle = await withPair(async (pair) => {
    await pair.fill(["few1", "few2"], FEW / 2);
    await pair.equal(FEW);
    return measureIdle(pair, FEW);
  });
  const rows = await withPair(async (pair) => {
    const from = performance.now();
    await pair.fill(["one_", "two_"], EQUAL / 2);
    await pair.equal(EQUAL);
    const filled = {
      what: "fill both to 1 million equal registers",
      value: (performance.now() - from) / 1000,
      unit: "s",
    };
    return [...(await measureHeal(pair)), filled, await measureIdle(pair, EQUAL)];
  });
  return [...rows, idle];
}
