/** Replicas that join what they do not belong to: both ends say why, and those that belong together go on. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ErrorCode } from "../../src/base/errors.ts";
import {
  createCluster,
  createReplica,
  joinTo,
  type LogLine,
  type ReplicaOptions,
  type ReplicaProcess,
  startAll,
  temporaryFolder,
  untilEqual,
} from "./replica-process.ts";
import { until, untilTrue } from "./until.ts";

let a: ReplicaProcess;
let b: ReplicaProcess;

beforeAll(async () => {
  const replicas = await createCluster(["a", "b"]);
  await startAll(replicas);
  [a, b] = replicas as [ReplicaProcess, ReplicaProcess];
  await a.http.put("there before", "v", "?ack=all");
});
afterAll(() => Promise.all([a.kill(), b.kill()]));

/** The warning of a refusal, once it is there. */
function refusal(at: ReplicaProcess, code: ErrorCode, inbound: boolean, since = 0): Promise<LogLine> {
  const find = () =>
    at.logs.slice(since).find(({ level, event, fields }) => {
      return level === "warn" && event === "link-refused" && fields.code === code && fields.inbound === inbound;
    });
  return until(`${at.id} says ${code}`, find, { describe: () => at.report() });
}

/** Starts a replica that joins `a` and is refused; it does not come in, and nobody is disturbed. */
async function expectRefused(joiner: ReplicaProcess, code: ErrorCode, reason: string): Promise<void> {
  const [before, marks] = [await a.status(), [a.logs.length, b.logs.length]];
  await joiner.start();
  expect((await refusal(joiner, code, false)).fields.message).toContain(reason);
  expect((await refusal(a, code, true, marks[0])).fields.message).toContain(reason);
  const { ready, reasons, members } = await joiner.status();
  expect([ready, reasons.join()]).toEqual([false, expect.stringContaining(`refused by 127.0.0.1:${a.port}: ${code}`)]);
  expect(reasons.join()).toContain(reason);
  expect(members.map(({ state }) => state)).toEqual(["self"]);
  expect(await joiner.isReady()).toBe(false);

  const after = await a.status();
  const known = (status: typeof before) => status.members.map(({ id, address, state }) => [id, address, state]);
  expect([after.ready, after.digest, known(after)]).toEqual([true, before.digest, known(before)]);
  expect([...a.loggedSince(marks[0] ?? 0), ...b.loggedSince(marks[1] ?? 0)]).not.toContain("link-down");
}

describe("a replica that joins is refused, and both ends say why", () => {
  const cases: Record<string, [ErrorCode, ReplicaOptions, string]> = {
    "of another cluster": ["PEER_OTHER_CLUSTER", { cluster: "another" }, "belongs to another cluster"],
    "with another secret": ["PEER_BAD_SECRET", { secret: "the secret of another cluster" }, "not hold the same secret"],
    "with another number of shards": ["PEER_OTHER_SHARDS", { shards: 128 }, "128"],
  };
  it.each(Object.entries(cases))("%s", { timeout: 60_000 }, async (_, [code, options, reason]) => {
    const joiner = await createReplica("c", { join: joinTo([a]), data: temporaryFolder(), ...options });
    await expectRefused(joiner, code, reason);
    await joiner.kill();
  });
});

it("of two replicas with one id the later is refused, and takes the place once the first is gone", {
  timeout: 120_000,
}, async () => {
  const { life } = await b.status();
  const twin = await createReplica("b", { join: joinTo([a]), data: temporaryFolder() });
  await expectRefused(twin, "PEER_DUPLICATE_ID", `a replica named b is there already, at 127.0.0.1:${b.port}`);
  // However often it tries.
  const refused = () => a.metric("atoll_link_refusals_total", { code: "PEER_DUPLICATE_ID" });
  const enough = (await refused()) + 3;
  await untilTrue("it has tried again", async () => (await refused()) >= enough);
  expect((await b.status()).life).toBe(life);
  expect((await b.http.put("after", "v", "?ack=all")).status).toBe(201);
  await untilEqual([a, b]);

  await b.stop();
  await untilTrue("the twin is let in", async () => (await twin.status()).members.length === 2, { withinMs: 60_000 });
  await twin.ready(60_000);
  await untilEqual([a, twin]);
  expect((await twin.http.get("after")).body.toString()).toBe("v");
});
