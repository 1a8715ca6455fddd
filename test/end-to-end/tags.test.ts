/** Tags over real links and disks: invalidated on one side of a cut, stale on both once it heals, and after a restart. */

import { expect, it } from "vitest";
import type { HttpAnswer } from "./http-client.ts";
import { createCluster, type ReplicaProcess, startAll, untilEqual, untilLinked } from "./replica-process.ts";
import { untilTrue } from "./until.ts";

function put(replica: ReplicaProcess, key: string, tags: string): Promise<HttpAnswer> {
  const headers = { "atoll-tags": tags };
  return replica.http.send({ method: "PUT", path: `/v1/kv/${key}?ack=disk`, headers, body: key });
}

function get(replica: ReplicaProcess, key: string, session?: string): Promise<HttpAnswer> {
  const headers = session === undefined ? {} : { "atoll-session": session };
  return replica.http.send({ method: "GET", path: `/v1/kv/${key}`, headers });
}

const invalidate = (replica: ReplicaProcess, tag: string, ack: string) =>
  replica.http.send({ method: "POST", path: `/v1/tags/${tag}/invalidate?ack=${ack}` });

it("an invalidated tag is stale everywhere, also for what a cut replica holds, and what comes after is not", async () => {
  const replicas = await createCluster(["a", "b", "c"]);
  await startAll(replicas);
  await untilLinked(replicas);
  const [a, b, c] = replicas as [ReplicaProcess, ReplicaProcess, ReplicaProcess];
  await put(a, "everywhere", "t,u");
  await put(a, "other", "u");
  await untilEqual(replicas);
  expect((await get(c, "everywhere")).headers["atoll-tags"]).toBe("t,u");

  await c.cut([a, b]);
  await put(c, "there", "t");
  const invalidated = await invalidate(a, "t", "quorum");
  expect([invalidated.status, invalidated.headers["atoll-acks"]]).toEqual([204, "2/2"]);
  expect((await get(a, "everywhere")).status).toBe(404);
  const session = String(invalidated.headers["atoll-session"]);
  expect((await get(b, "everywhere", session)).status).toBe(404);
  expect((await get(c, "everywhere")).status).toBe(200);
  await put(b, "after", "t");

  await c.cut([]);
  for (const key of ["everywhere", "there"]) {
    await untilTrue(`${key} is stale at all`, async () => {
      const answers = await Promise.all(replicas.map((replica) => get(replica, key)));
      return answers.every(({ status }) => status === 404);
    });
  }
  await untilTrue("what is stale has died", async () => {
    const held = await Promise.all(replicas.map((replica) => replica.metric("atoll_tagged_values")));
    return held.every((each) => each === 2);
  });
  await untilEqual(replicas);
  for (const replica of replicas) {
    for (const key of ["other", "after"]) expect((await get(replica, key)).body.toString()).toBe(key);
  }

  await invalidate(a, "u", "all");
  // In order: what was acknowledged by all may be in memory only.
  await c.stop();
  await c.start();
  expect((await get(c, "other")).status).toBe(404);
  expect((await get(c, "after")).status).toBe(200);
}, 60_000);
