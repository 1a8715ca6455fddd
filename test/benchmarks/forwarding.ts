/**
 * What it costs to ask a replica that does not own a key: the time that a read and a write take there beyond what they take at the
 * owner, against an echo of as many bytes over the same kind of link, all in one process. Medians of single calls, one
 * after the other.
 */

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Key, ReplicaId } from "../../src/base/ids.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { replicaDefaults } from "../../src/replica/config.ts";
import { Driver } from "../../src/replica/driver.ts";
import type { LinkId } from "../../src/replica/ports.ts";
import { MemoryStorage } from "../../src/runtime/memory-storage.ts";
import { systemClock, systemScheduler } from "../../src/runtime/system.ts";
import { WsTransport } from "../../src/runtime/ws-transport.ts";
import type { Store } from "../../src/store.ts";
import { untilTrue } from "../end-to-end/until.ts";
import { median } from "./median.ts";
import type { BenchmarkReport, BenchmarkRow } from "./report.ts";

const CALLS = 1000;
const ROUNDS = 3;
const VALUE = new Uint8Array(100).fill(7);
const KEYSPACE = "bench";

interface End {
  readonly server: Server;
  readonly address: string;
  readonly transport: WsTransport;
}

async function createEnd(id: string): Promise<End> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const transport = new WsTransport({
    server,
    random: new SeededRandom(id),
    scheduler: systemScheduler,
    log: () => {},
  });
  return { server, address: `127.0.0.1:${(server.address() as AddressInfo).port}`, transport };
}

/** Microseconds that one call takes, the median of many. */
async function timeOf(call: (i: number) => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < CALLS; i++) {
    const from = performance.now();
    await call(i);
    times.push(performance.now() - from);
  }
  return median(times) * 1000;
}

interface Echo {
  readonly call: () => Promise<void>;
  stop(): Promise<void>;
}

/** Messages of the length of a forwarded write, sent back as they come. */
async function createEcho(): Promise<Echo> {
  const [one, other] = [await createEnd("one"), await createEnd("other")];
  const message = new Uint8Array(160).fill(7);
  let answered = () => {};
  const start = ({ transport, address }: End, id: string, frame: (link: LinkId, bytes: Uint8Array) => void) =>
    new Promise<LinkId>((resolve) => {
      const facts = { id: id as ReplicaId, life: 1, region: "", address, cluster: "echo", shards: 256 };
      void transport.start(facts, { up: resolve, down: () => {}, frame, refused: () => {} });
    });
  const up = start(one, "one", () => answered());
  const otherUp = start(other, "other", (link, bytes) => other.transport.send(link, bytes.slice(), false));
  one.transport.connect([other.address]);
  const link = await up;
  await otherUp;
  return {
    call: () =>
      new Promise((resolve) => {
        answered = resolve;
        one.transport.send(link, message.slice(), false);
      }),
    stop: async () => {
      for (const { transport, server } of [one, other]) {
        await transport.stop();
        server.close();
      }
    },
  };
}

interface Pair {
  readonly owner: Store;
  readonly asker: Store;
  /** Of a shard that the one owns and the other does not. */
  readonly key: Key;
  stop(): Promise<void>;
}

async function createPair(): Promise<Pair> {
  const ends = [await createEnd("a"), await createEnd("b")] as const;
  const drivers = ends.map(({ transport, address }, place) => {
    const config = {
      ...replicaDefaults,
      id: `r${place}` as ReplicaId,
      address,
      housekeepingMs: 100,
      antiEntropyMs: 100,
    };
    const ports = { clock: systemClock, scheduler: systemScheduler, storage: new MemoryStorage(), transport };
    const random = new SeededRandom(place);
    return new Driver({
      ...ports,
      config,
      random,
      ephemeral: true,
      join: ends.map((end) => end.address),
      log: () => {},
    });
  }) as [Driver, Driver];
  for (const driver of drivers) await driver.start();
  await untilTrue("both are ready", () => drivers.every((driver) => driver.readiness().ready));
  await drivers[0].defineKeyspace(KEYSPACE, { replication: 1 });
  const isPlaced = () =>
    drivers.every(({ replica }) => replica.ownership.isAnyPlaced && isWhole(replica.movement.progress()));
  await untilTrue("the keyspace is placed", isPlaced, { withinMs: 60_000 });
  const [asker, owner] = drivers.map((driver) => driver.keyspace(KEYSPACE) as Store) as [Store, Store];
  const { replica } = drivers[1];
  const space = replica.keyspaces.get(KEYSPACE)?.space;
  const keys = Array.from({ length: 1000 }, (_, i) => `k${i}` as Key);
  const key = keys.find((each) => replica.ownership.owns(replica.shardOfKey(each, space).id)) as Key;
  return {
    owner,
    asker,
    key,
    stop: async () => {
      for (const driver of drivers) await driver.stop();
      for (const { server } of ends) server.close();
    },
  };
}

function isWhole({
  owned,
  ready,
  strays,
}: {
  readonly owned: number;
  readonly ready: number;
  readonly strays: number;
}) {
  return owned > 0 && ready === owned && strays === 0;
}

export async function run(): Promise<BenchmarkReport> {
  const [pair, echo] = [await createPair(), await createEcho()];
  const calls = {
    echo: () => echo.call(),
    "a read": () => pair.asker.get(pair.key),
    "a read at the owner": () => pair.owner.get(pair.key),
    "a write": () => pair.asker.put(pair.key, VALUE),
    "a write at the owner": () => pair.owner.put(pair.key, VALUE),
  };
  const times = new Map<string, number[]>(Object.keys(calls).map((name) => [name, []]));
  for (const call of Object.values(calls)) await timeOf(call);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, call] of Object.entries(calls)) times.get(name)?.push(await timeOf(call));
  }
  await pair.stop();
  await echo.stop();
  const of = (name: string) => median(times.get(name) ?? []);
  const rows = ["a read", "a write"].map((what): BenchmarkRow => {
    const value = of(what) - of(`${what} at the owner`);
    return {
      what: `${what} at a replica that does not own the key, beyond one at its owner`,
      value,
      unit: "us",
      against: `an echo over a link, ${Math.round(of("echo"))} us`,
      ratio: value / of("echo"),
      target: "<= 1.2x",
    };
  });
  return { name: "forwarding", rows };
}
