/**
 * Sixteen commands at a time from one client, at a replica that keeps nothing of their keys, against the replica that keeps them:
 * two processes, in turns that follow one another, and the median of their ratios.
 */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { untilTrue } from "../end-to-end/until.ts";
import { bundle } from "../support/bundle.ts";
import { CountingClient } from "./counting-client.ts";
import { timeOf } from "./forwarding-end.ts";
import { median } from "./median.ts";
import { freePort } from "./redis-process.ts";
import type { BenchmarkReport, BenchmarkRow } from "./report.ts";

const TURNS = 40;
const TURNS_WARM = 10;
const CALLS = 50;
const PIPELINE = 16;
/** The keyspace that `SELECT 1` takes. */
const KEYSPACE = { name: "1", replication: { owner: 1 } };
const VALUE = "v".repeat(100);

const TESTS = ["SET", "GET"] as const;
type Commands = readonly (readonly string[])[];

interface Member {
  readonly child: ChildProcess;
  readonly port: number;
  readonly redisPort: number;
}

async function startMember(region: string, join?: number): Promise<Member> {
  const [redisPort, port] = [await freePort(), await freePort()];
  const words = [redisPort, port, join ?? port, region].map(String);
  const child = fork(await bundle(new URL("./redis-door-child.ts", import.meta.url).href), words, { execArgv: [] });
  await once(child, "message");
  return { child, port, redisPort };
}

/** Once the keyspace is there. */
async function clientOf({ redisPort }: Member): Promise<CountingClient> {
  const client = await CountingClient.connect(redisPort);
  const isSelected = () =>
    client.sendAll([["SELECT", KEYSPACE.name], ["DBSIZE"]]).then(
      () => true,
      () => false,
    );
  await untilTrue("the keyspace is there", isSelected, { withinMs: 60_000 });
  return client;
}

async function compare(
  test: (typeof TESTS)[number],
  owner: CountingClient,
  other: CountingClient,
): Promise<BenchmarkRow> {
  const keys = Array.from({ length: PIPELINE }, (_, i) => `key:${i}`);
  const commands: Commands = keys.map((key) => (test === "SET" ? [test, key, VALUE] : [test, key]));
  const turns: { readonly owner: number; readonly other: number }[] = [];
  for (let turn = -TURNS_WARM; turn < TURNS; turn++) {
    const times = {
      owner: await timeOf(() => owner.sendAll(commands), CALLS),
      other: await timeOf(() => other.sendAll(commands), CALLS),
    };
    if (turn >= 0) turns.push(times);
  }
  const atOwner = median(turns.map((turn) => turn.owner));
  return {
    what: `${PIPELINE} ${test} of 100 bytes in one pipeline at a replica that does not keep their keys`,
    value: median(turns.map((turn) => turn.other)),
    unit: "us",
    against: `at the replica that keeps them, ${Math.round(atOwner)} us`,
    ratio: median(turns.map((turn) => turn.other / turn.owner)),
    target: "<= 6",
  };
}

export async function run(): Promise<BenchmarkReport> {
  const owner = await startMember("owner");
  const other = await startMember("other", owner.port);
  try {
    const url = `http://127.0.0.1:${owner.port}/v1/admin/keyspaces`;
    await untilTrue("the keyspace is defined", async () => {
      const { ok } = await fetch(url, { method: "POST", body: JSON.stringify(KEYSPACE) });
      return ok;
    });
    const clients = [await clientOf(owner), await clientOf(other)] as const;
    const rows: BenchmarkRow[] = [];
    for (const test of TESTS) rows.push(await compare(test, ...clients));
    for (const client of clients) client.close();
    return { name: "forwarded-pipelines", rows };
  } finally {
    for (const { child } of [owner, other]) child.kill("SIGKILL");
  }
}
