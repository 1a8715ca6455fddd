/**
 * What it takes to invalidate a tag that 100,000 values carry, against one that a single value carries; to let what is stale
 * die, in steps that hold nobody up; and to read a value with tags, against one without.
 */

import type { Key, ReplicaId } from "../../src/base/ids.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { DEFAULT_SPACE } from "../../src/base/shard-id.ts";
import { replicaDefaults } from "../../src/replica/config.ts";
import { readKey, writeKey } from "../../src/replica/operations.ts";
import { Outbox } from "../../src/replica/outbox.ts";
import type { Replica } from "../../src/replica/replica.ts";
import { startReplica } from "../../src/replica/start-up.ts";
import { invalidateTag } from "../../src/replica/tag-invalidation.ts";
import { MemoryStorage } from "../../src/runtime/memory-storage.ts";
import { median, quantile } from "./median.ts";
import type { BenchmarkReport } from "./report.ts";

const VALUES = 100_000;
const ROUNDS = 21;
const CALLS = 100;
const WIDE = "wide";
const NARROW = "narrow";
const TICK_MS = 5;

let now = 1_800_000_000_000;

async function createReplica(): Promise<Replica> {
  return startReplica({
    config: { ...replicaDefaults, id: "bench" as ReplicaId, address: "bench:1" },
    ephemeral: true,
    clock: { now: () => now },
    random: new SeededRandom("replica"),
    storage: new MemoryStorage(),
    log: () => {},
  });
}

function put(replica: Replica, key: string, tags?: readonly string[]): void {
  const value = new Uint8Array(100).fill(7);
  writeKey(replica, DEFAULT_SPACE, key as Key, { value, options: tags === undefined ? {} : { tags } }, now);
}

/** What waits to be pushed and told is nobody's here. */
function drop(replica: Replica): void {
  replica.flush();
  Object.assign(replica.outbox, new Outbox());
}

/** µs of one call, in the mean of many. */
function microsOf(calls: number, call: (i: number) => void): number {
  const from = performance.now();
  for (let i = 0; i < calls; i++) call(i);
  return ((performance.now() - from) * 1000) / calls;
}

export async function run(): Promise<BenchmarkReport> {
  const replica = await createReplica();
  for (let i = 0; i < VALUES; i++) {
    put(replica, `t${i}`, [WIDE, "other"]);
    put(replica, `p${i}`);
    if (i % 1000 === 0) drop(replica);
  }
  put(replica, "single", [NARROW, "other"]);
  const read = (prefix: string) =>
    microsOf(VALUES, (i) => void readKey(replica, DEFAULT_SPACE, `${prefix}${i}` as Key, now));
  // Before: what is stale is not copied out.
  invalidateTag(replica, DEFAULT_SPACE, "something", {}, now);
  const reads = Array.from({ length: 5 }, () => ({ plain: read("p"), tagged: read("t") }));
  const invalidate = (tag: string) => microsOf(CALLS, () => void invalidateTag(replica, DEFAULT_SPACE, tag, {}, now));
  const rounds = Array.from({ length: ROUNDS }, () => {
    const times = { wide: invalidate(WIDE), narrow: invalidate(NARROW) };
    drop(replica);
    return times;
  });
  const steps: number[] = [];
  const tagged = () => [...replica.shards].reduce((sum, shard) => sum + shard.accounts.tagged, 0);
  while (tagged() > 0) {
    now += TICK_MS;
    const from = performance.now();
    replica.staleSweep.step(now);
    steps.push(performance.now() - from);
    drop(replica);
  }
  const narrow = median(rounds.map((round) => round.narrow));
  const plain = median(reads.map((each) => each.plain));
  return {
    name: "tags",
    rows: [
      {
        what: `invalidate a tag of ${VALUES.toLocaleString("en-US")} values`,
        value: median(rounds.map((round) => round.wide)),
        unit: "µs",
        against: `a tag of one (${narrow.toFixed(2)} µs)`,
        ratio: median(rounds.map((round) => round.wide / round.narrow)),
        target: "<= 1.25x",
      },
      { what: "until all of them have died", value: steps.reduce((sum, each) => sum + each, 0), unit: "ms of work" },
      {
        what: `in ${steps.length} steps, 99 of 100 of which take at most`,
        value: quantile(steps, 0.99),
        unit: "ms",
        target: "< 10 ms",
      },
      {
        what: "read a value with two tags",
        value: median(reads.map((each) => each.tagged)),
        unit: "µs",
        against: `one without (${plain.toFixed(2)} µs)`,
        ratio: median(reads.map((each) => each.tagged / each.plain)),
      },
    ],
  };
}
