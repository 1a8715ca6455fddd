/**
 * A hash of a million fields beside one of a thousand, over one connection, and beside a Redis of this machine: to read and to
 * write a field, to ask how many there are, to read all of it page by page and at once, and to delete it. Another connection asks
 * for answers all the time: the longest that it waits is for how long the event loop was held.
 *
 * All share the machine's cores with the client.
 */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { bundle } from "../support/bundle.ts";
import { CountingClient } from "./counting-client.ts";
import { median } from "./median.ts";
import { freePort, Redis } from "./redis-process.ts";
import type { BenchmarkReport, BenchmarkRow } from "./report.ts";

const FIELDS = 1_000_000;
const FEW = 1000;
const FILL = 500;
/** Of a round: written at once, before the answers are waited for. */
const COMMANDS = 20_000;
const ROUNDS = 5;
const PAGE = "1000";
const FIELD_DIGITS = 8;

const fieldOf = (i: number): string => `field:${String(i).padStart(FIELD_DIGITS, "0")}`;

interface Server {
  readonly client: CountingClient;
  readonly other: CountingClient;
}

export async function run(): Promise<BenchmarkReport> {
  const redis = await Redis.start();
  const port = await freePort();
  const atoll = await startAtoll(port);
  try {
    const servers = [await reach(port), ...(redis === undefined ? [] : [await reach(redis.port)])];
    const [ours, theirs] = servers as [Server, Server | undefined];
    for (const { client } of servers) await fill(client);
    const rows: BenchmarkRow[] = [];
    for (const [name, words] of Object.entries(ofOneField)) rows.push(await compare(ours, theirs, name, words));
    rows.push(...(await whole(ours, theirs)));
    for (const { client, other } of servers) for (const each of [client, other]) each.close();
    return { name: "collections", rows };
  } finally {
    atoll.kill("SIGKILL");
    await redis?.stop();
  }
}

const ofOneField: Readonly<Record<string, (key: string, i: number) => readonly string[]>> = {
  HGET: (key, i) => ["HGET", key, fieldOf(i)],
  "HSET of a field that is there": (key, i) => ["HSET", key, fieldOf(i), `value-${i}`],
  HLEN: (key) => ["HLEN", key],
};

/** A command of the large hash, beside the same of the small one. */
async function compare(
  ours: Server,
  theirs: Server | undefined,
  what: string,
  words: (key: string, i: number) => readonly string[],
): Promise<BenchmarkRow> {
  const times: { readonly large: number; readonly small: number; readonly redis: number }[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const small = await perCommand(ours, (i) => words("small", i % FEW));
    const large = await perCommand(ours, (i) => words("large", spread(i, round)));
    const redis = theirs === undefined ? Number.NaN : await perCommand(theirs, (i) => words("large", spread(i, round)));
    // The first is for warming up.
    if (round > 0) times.push({ small, large, redis });
  }
  const middle = (of: (time: (typeof times)[number]) => number): number => median(times.map(of));
  const besideRedis = theirs === undefined ? "" : `, Redis ${middle(({ redis }) => redis).toFixed(1)} us`;
  return {
    what: `${what}, 1 million fields`,
    value: middle(({ large }) => large),
    unit: "us",
    against: `1,000 fields ${middle(({ small }) => small).toFixed(1)} us${besideRedis}`,
    ratio: middle(({ large, small }) => large / small),
    target: "<= 2.5",
  };
}

/** A field anywhere, another one in each round. */
function spread(i: number, round: number): number {
  return ((i + round * COMMANDS) * 7919) % FIELDS;
}

/** Microseconds. */
async function perCommand({ client }: Server, words: (i: number) => readonly string[]): Promise<number> {
  const commands = Array.from({ length: COMMANDS }, (_, i) => words(i));
  const began = performance.now();
  await client.sendAll(commands);
  return ((performance.now() - began) * 1000) / COMMANDS;
}

interface Timed {
  readonly ms: number;
  readonly heldMs: number;
}

/** What goes through all fields. */
async function whole(ours: Server, theirs: Server | undefined): Promise<BenchmarkRow[]> {
  const tasks: readonly (readonly [string, string | undefined, (client: CountingClient) => Promise<unknown>])[] = [
    [`HSCAN of all, ${PAGE} at a time`, undefined, scanAll],
    ["HGETALL", "<= 0.5x", (client) => client.sendAll([["HGETALL", "large"]])],
    ["DEL, and what is done of it later", "<= 0.5x", (client) => client.sendAll([["DEL", "large"]])],
  ];
  const rows: BenchmarkRow[] = [];
  for (const [what, target, task] of tasks) {
    const own = await timed(ours, task);
    const other = theirs === undefined ? undefined : await timed(theirs, task);
    rows.push({ what: `${what}, 1 million fields`, ...besides(own.ms, other?.ms) });
    const judged = target === undefined ? {} : { target };
    rows.push({ what: "  longest that another client waits", ...besides(own.heldMs, other?.heldMs), ...judged });
  }
  return rows;
}

function besides(ours: number, theirs: number | undefined): Pick<BenchmarkRow, "value" | "unit" | "against" | "ratio"> {
  const own = { value: ours, unit: "ms" };
  return theirs === undefined ? own : { ...own, against: `Redis ${theirs.toFixed(0)} ms`, ratio: ours / theirs };
}

async function scanAll(client: CountingClient): Promise<void> {
  for (let cursor = "0"; ; ) {
    cursor = await client.cursorOf(["HSCAN", "large", cursor, "COUNT", PAGE]);
    if (cursor === "0") return;
  }
}

/** For so long after it others are looked at as well: what is deleted goes in steps. */
const AFTER_MS = 500;

async function timed({ client, other }: Server, task: (client: CountingClient) => Promise<unknown>): Promise<Timed> {
  let isOver = false;
  let heldMs = 0;
  const asking = (async () => {
    while (!isOver) {
      const asked = performance.now();
      await other.sendAll([["PING"]]);
      heldMs = Math.max(heldMs, performance.now() - asked);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  })();
  const began = performance.now();
  await task(client);
  const ms = performance.now() - began;
  await new Promise((resolve) => setTimeout(resolve, AFTER_MS));
  isOver = true;
  await asking;
  return { ms, heldMs };
}

async function fill(client: CountingClient): Promise<void> {
  const sizes = { large: FIELDS, small: FEW };
  for (const [key, size] of Object.entries(sizes)) {
    for (let from = 0; from < size; from += FILL * 20) {
      const commands: string[][] = [];
      for (let at = from; at < Math.min(size, from + FILL * 20); at += FILL) {
        const pairs = Array.from({ length: FILL }, (_, i) => [fieldOf(at + i), `value-${at + i}`]).flat();
        commands.push(["HSET", key, ...pairs]);
      }
      await client.sendAll(commands);
    }
  }
}

async function reach(port: number): Promise<Server> {
  return { client: await CountingClient.connect(port), other: await CountingClient.connect(port) };
}

async function startAtoll(redisPort: number): Promise<ChildProcess> {
  const words = [String(redisPort), String(await freePort())];
  const child = fork(await bundle(new URL("./redis-door-child.ts", import.meta.url).href), words, { execArgv: [] });
  await once(child, "message");
  return child;
}
