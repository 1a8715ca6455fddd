/** What both ends of the benchmark of forwarding are made of: an end of links, a replica of two, an echo, and a stopwatch. */

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { ReplicaId } from "../../src/base/ids.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { replicaDefaults } from "../../src/replica/config.ts";
import { Driver } from "../../src/replica/driver.ts";
import type { LinkId } from "../../src/replica/ports.ts";
import { MemoryStorage } from "../../src/runtime/memory-storage.ts";
import { systemClock, systemScheduler } from "../../src/runtime/system.ts";
import { WsTransport } from "../../src/runtime/ws-transport.ts";
import { median } from "./median.ts";

export const KEYSPACE = "bench";
export const VALUE = new Uint8Array(100).fill(7);

export interface End {
  readonly server: Server;
  readonly address: string;
  readonly transport: WsTransport;
}

export async function createEnd(id: string): Promise<End> {
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

/** Bytes of the messages that a request and its answer are. */
export interface ExchangeBytes {
  readonly asked: number;
  /** At most 255. */
  readonly answered: number;
}

/** A message that an echo answers with another of the length that its first byte says. */
export function askEcho({ asked, answered }: ExchangeBytes): Uint8Array {
  const message = new Uint8Array(asked);
  message[0] = answered;
  return message;
}

export function answerEcho(message: Uint8Array): Uint8Array {
  return new Uint8Array(message[0] ?? 0);
}

/** Resolves once somebody is linked. */
export function startEcho(
  { transport, address }: End,
  id: string,
  frame: (link: LinkId, bytes: Uint8Array) => void,
): Promise<LinkId> {
  const facts = { id: id as ReplicaId, life: 1, region: "", address, cluster: "echo", shards: 256 };
  return new Promise((resolve) => {
    void transport.start(facts, { up: resolve, down: () => {}, frame, refused: () => {} });
  });
}

export async function startReplica({ transport, address }: End, id: string, join: readonly string[]): Promise<Driver> {
  const config = { ...replicaDefaults, id: id as ReplicaId, address, housekeepingMs: 100, antiEntropyMs: 100 };
  const ports = { clock: systemClock, scheduler: systemScheduler, storage: new MemoryStorage(), transport };
  const random = new SeededRandom(id);
  const driver = new Driver({ ...ports, config, random, ephemeral: true, join, log: () => {} });
  await driver.start();
  return driver;
}

/** It owns some of the shards, and has all of these and of no others. */
export function isPlaced({ replica }: Driver): boolean {
  const { owned, ready, strays } = replica.movement.progress();
  return replica.ownership.isAnyPlaced && owned > 0 && ready === owned && strays === 0;
}

/** Microseconds that one call takes, the median of many, one after the other. */
export async function timeOf(call: () => Promise<unknown>, calls: number): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < calls; i++) {
    const from = performance.now();
    await call();
    times.push(performance.now() - from);
  }
  return median(times) * 1000;
}
