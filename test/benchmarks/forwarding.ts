/**
 * What it costs to ask a replica that does not own a key: the time that a read and a write take there beyond what they take at the
 * owner, another process, against an echo from that process over the same kind of link, of as many bytes each way. One call
 * after the other, in short turns: where the processes run, and what else does, changes all of it from one second to the next,
 * and a ratio is of turns that follow one another. The median of these.
 */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Key } from "../../src/base/ids.ts";
import type { Driver } from "../../src/replica/driver.ts";
import type { Store } from "../../src/store.ts";
import { untilTrue } from "../end-to-end/until.ts";
import { bundle } from "../support/bundle.ts";
import {
  askEcho,
  createEnd,
  type End,
  type ExchangeBytes,
  isPlaced,
  KEYSPACE,
  startEcho,
  startReplica,
  timeOf,
  VALUE,
} from "./forwarding-end.ts";
import type { OwnerFacts, OwnerQuestion } from "./forwarding-owner.ts";
import { median } from "./median.ts";
import type { BenchmarkReport, BenchmarkRow } from "./report.ts";

const TURNS = 200;
const TURNS_WARM = 50;
const CALLS = 50;

type What = "read" | "write";

const BYTES: Readonly<Record<What, ExchangeBytes>> = {
  read: { asked: 22, answered: 147 },
  write: { asked: 134, answered: 28 },
};

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

type Echo = (what: What) => Promise<void>;

/** Messages of the lengths that those of a forwarded request have. */
async function createEcho({ transport, address }: End, to: string): Promise<Echo> {
  const messages = { read: askEcho(BYTES.read), write: askEcho(BYTES.write) };
  let answered = () => {};
  const up = startEcho({ transport, address } as End, "echo-asker", () => answered());
  transport.connect([to]);
  const link = await up;
  return (what) =>
    new Promise((resolve) => {
      answered = resolve;
      transport.send(link, messages[what], false);
    });
}

/** Microseconds. */
interface Turn {
  readonly echo: number;
  readonly forwarded: number;
}

async function takeTurns(calls: Readonly<Record<What, () => Promise<unknown>>>, echo: Echo, count: number) {
  const turns: Record<What, Turn[]> = { read: [], write: [] };
  for (let turn = 0; turn < count; turn++) {
    for (const what of ["read", "write"] as const) {
      const times = { echo: await timeOf(() => echo(what), CALLS), forwarded: await timeOf(calls[what], CALLS) };
      turns[what].push(times);
    }
  }
  return turns;
}

function rowOf(what: What, turns: readonly Turn[], atOwner: number): BenchmarkRow {
  const echo = median(turns.map((turn) => turn.echo));
  return {
    what: `a ${what} at a replica that does not own the key, beyond one at its owner`,
    value: median(turns.map(({ forwarded }) => forwarded - atOwner)),
    unit: "us",
    against: `an echo of as many bytes over a link, ${Math.round(echo)} us`,
    ratio: median(turns.map((turn) => (turn.forwarded - atOwner) / turn.echo)),
    target: "<= 1.2x",
  };
}

export async function run(): Promise<BenchmarkReport> {
  const owner = await Owner.start();
  const [end, echoEnd] = [await createEnd("asker"), await createEnd("echo asker")];
  const driver = await createAsker(end, owner);
  const key = keyOfOther(driver);
  const store = driver.keyspace(KEYSPACE) as Store;
  const echo = await createEcho(echoEnd, owner.facts.echoAddress);
  const calls = { read: () => store.get(key), write: () => store.put(key, VALUE) };
  await calls.write();
  await takeTurns(calls, echo, TURNS_WARM);
  const turns = await takeTurns(calls, echo, TURNS);
  const rows: BenchmarkRow[] = [];
  for (const what of ["read", "write"] as const) {
    await owner.ask(what, key);
    rows.push(rowOf(what, turns[what], Number(await owner.ask(what, key))));
  }
  await driver.stop();
  await echoEnd.transport.stop();
  for (const { server } of [end, echoEnd]) server.close();
  owner.stop();
  return { name: "forwarding", rows };
}
