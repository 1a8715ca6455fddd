/**
 * What it costs to ask a replica that does not own a key: the time that a read and a write take there beyond what they take at the
 * owner, another process, against an echo of as many bytes from that process over the same kind of link. Medians of single
 * calls, one after the other.
 */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Key } from "../../src/base/ids.ts";
import type { Driver } from "../../src/replica/driver.ts";
import type { Store } from "../../src/store.ts";
import { untilTrue } from "../end-to-end/until.ts";
import { bundle } from "../support/bundle.ts";
import { createEnd, type End, isPlaced, KEYSPACE, startEcho, startReplica, timeOf, VALUE } from "./forwarding-end.ts";
import type { OwnerFacts, OwnerQuestion } from "./forwarding-owner.ts";
import { median } from "./median.ts";
import type { BenchmarkReport, BenchmarkRow } from "./report.ts";

const ROUNDS = 3;
/** Of a forwarded write. */
const ECHO_BYTES = 160;

class Owner {
  readonly #child: ChildProcess;
  readonly facts: OwnerFacts;

  private constructor(child: ChildProcess, facts: OwnerFacts) {
    this.#child = child;
    this.facts = facts;
  }

  static async start(): Promise<Owner> {
    const child = fork(await bundle(new URL("./forwarding-owner.ts", import.meta.url).href));
    const [facts] = (await once(child, "message")) as [OwnerFacts];
    return new Owner(child, facts);
  }

  async ask(about: OwnerQuestion["about"], key = ""): Promise<unknown> {
    this.#child.send({ about, key } satisfies OwnerQuestion);
    return (await once(this.#child, "message"))[0];
  }

  stop(): void {
    this.#child.disconnect();
  }
}

async function createAsker(end: End, owner: Owner): Promise<Driver> {
  const driver = await startReplica(end, "asker", [owner.facts.address]);
  await untilTrue("it is ready", () => driver.readiness().ready);
  await driver.defineKeyspace(KEYSPACE, { replication: 1 });
  const arePlaced = async () => isPlaced(driver) && (await owner.ask("placed")) === true;
  await untilTrue("the keyspace is placed", arePlaced, { withinMs: 60_000 });
  return driver;
}

/** Of a shard that another replica owns. */
function keyOfOther({ replica }: Driver): Key {
  const space = replica.keyspaces.get(KEYSPACE)?.space;
  const keys = Array.from({ length: 1000 }, (_, i) => `k${i}` as Key);
  return keys.find((key) => !replica.ownership.owns(replica.shardOfKey(key, space).id)) as Key;
}

/** Messages of the length of a forwarded write, sent back as they come. */
async function createEcho({ transport, address }: End, to: string): Promise<() => Promise<void>> {
  const message = new Uint8Array(ECHO_BYTES).fill(7);
  let answered = () => {};
  const up = startEcho({ transport, address } as End, "echo-asker", () => answered());
  transport.connect([to]);
  const link = await up;
  return () =>
    new Promise((resolve) => {
      answered = resolve;
      transport.send(link, message.slice(), false);
    });
}

export async function run(): Promise<BenchmarkReport> {
  const owner = await Owner.start();
  const [end, echoEnd] = [await createEnd("asker"), await createEnd("echo asker")];
  const driver = await createAsker(end, owner);
  const key = keyOfOther(driver);
  const store = driver.keyspace(KEYSPACE) as Store;
  const echo = await createEcho(echoEnd, owner.facts.echoAddress);
  const measures: Readonly<Record<string, () => Promise<number>>> = {
    echo: () => timeOf(echo),
    read: () => timeOf(() => store.get(key)),
    "read at the owner": async () => Number(await owner.ask("read", key)),
    write: () => timeOf(() => store.put(key, VALUE)),
    "write at the owner": async () => Number(await owner.ask("write", key)),
  };
  const times = new Map<string, number[]>(Object.keys(measures).map((name) => [name, []]));
  for (const measure of Object.values(measures)) await measure();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, measure] of Object.entries(measures)) times.get(name)?.push(await measure());
  }
  await driver.stop();
  await echoEnd.transport.stop();
  for (const { server } of [end, echoEnd]) server.close();
  owner.stop();
  const of = (name: string) => median(times.get(name) ?? []);
  const rows = ["read", "write"].map((what): BenchmarkRow => {
    const value = of(what) - of(`${what} at the owner`);
    return {
      what: `a ${what} at a replica that does not own the key, beyond one at its owner`,
      value,
      unit: "us",
      against: `an echo over a link, ${Math.round(of("echo"))} us`,
      ratio: value / of("echo"),
      target: "<= 1.2x",
    };
  });
  return { name: "forwarding", rows };
}
