/** What `COMMAND INFO` tells of each command is what Redis tells of it, where this machine has one to ask. */

import { afterAll, beforeAll, expect, test } from "vitest";
import type { Node } from "../../src/node/create-node.ts";
import { type Answer, RespClient } from "./resp-client.ts";
import { hasRedis, type RedisServer, startAtoll, startRedis } from "./servers.ts";

/** In Redis they are several, each with facts of its own; of the whole there is its name, and how many words it has. */
const CONTAINERS = new Set(["client", "command", "config", "debug", "latency", "memory", "object", "pubsub", "script"]);
/** Of Redis 7.4. */
const LATER = /^h(?:p?expire(?:at|time)?|persist|p?ttl)$/;
const REMARK = "notes";

let redis: RedisServer | undefined;
let atoll: { readonly node: Node; readonly port: number };

beforeAll(async () => {
  atoll = await startAtoll();
  redis = await startRedis();
});

afterAll(async () => {
  await atoll.node.stop();
  await redis?.stop();
});

test("tells of each command what Redis tells of it", async ({ skip }) => {
  if (!hasRedis) skip("there is no redis-server on this machine (Debian: apt-get install redis-server)");
  const [ours, theirs] = [await RespClient.connect(atoll.port), await RespClient.connect((redis as RedisServer).port)];
  const names = ((await ours.send("command", "list")) as string[]).filter((name) => !LATER.test(name));
  expect(names.length).toBeGreaterThan(180);
  for (const name of names) {
    const [own] = (await ours.send("command", "info", name)) as [Answer[]];
    const [other] = (await theirs.send("command", "info", name)) as [Answer[]];
    const compared = (facts: Answer[]) => (CONTAINERS.has(name) ? facts.slice(0, 2) : withoutRemarks(facts));
    expect(compared(own), name).toEqual(compared(other));
  }
  await Promise.all([ours.close(), theirs.close()]);
});

/** What it says of runs of keys may begin with one. */
function withoutRemarks(facts: Answer[]): Answer[] {
  const runs = facts[8] as Answer[][];
  return facts.with(
    8,
    runs.map((run) => (run[0] === REMARK ? run.slice(2) : run)),
  );
}
