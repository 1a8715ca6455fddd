/** A member that leaves, and one that dies and is removed, of real processes under clients that try once more elsewhere. */

import { once } from "node:events";
import { expect, it } from "vitest";
import { missingAt } from "./missing-values.ts";
import { createCluster, type ReplicaProcess, reportsOf, startAll } from "./replica-process.ts";
import { RetryingClients } from "./retrying-clients.ts";
import { untilTrue } from "./until.ts";

const KEYSPACE = "shop";
const DURING = 60;

async function standingAt(replica: ReplicaProcess, id: string): Promise<string | undefined> {
  return (await replica.status()).members.find((member) => member.id === id)?.state;
}

/** Each has all that it owns, and nothing else. */
async function untilPlaced(replicas: readonly ReplicaProcess[]): Promise<void> {
  const isPlaced = async (replica: ReplicaProcess) => {
    const { owned, ready, toHandOver } = (await replica.status()).placement ?? { owned: 0, ready: 0, toHandOver: 0 };
    return owned > 0 && ready === owned && toHandOver === 0;
  };
  await untilTrue("all is placed", async () => (await Promise.all(replicas.map(isPlaced))).every(Boolean), {
    withinMs: 60_000,
    describe: () => reportsOf(replicas),
  });
}

async function expectAll(replicas: readonly ReplicaProcess[], values: ReadonlyMap<string, string>): Promise<void> {
  for (const replica of replicas) {
    expect([replica.id, await missingAt(replica, KEYSPACE, values)]).toEqual([replica.id, new Map()]);
  }
}

it("one of four leaves under load, its process ends by itself, and it comes back as a new one; another dies and is removed", {
  timeout: 240_000,
}, async () => {
  const replicas = await createCluster(["a", "b", "c", "d"]);
  const [a, , c, d] = replicas as [ReplicaProcess, ReplicaProcess, ReplicaProcess, ReplicaProcess];
  await startAll(replicas);
  const body = JSON.stringify({ name: KEYSPACE, replication: 3 });
  expect((await a.http.send({ method: "POST", path: "/v1/admin/keyspaces", body })).status).toBe(201);
  await untilPlaced(replicas);
  await a.http.put("everywhere", "v", "?ack=all");

  let served: readonly ReplicaProcess[] = replicas;
  const clients = new RetryingClients(KEYSPACE, () => served);
  await clients.proceed(DURING);
  const ended = once(d.process, "exit");
  const leave = () => d.http.send({ method: "POST", path: "/v1/admin/leave" });
  const first = await leave();
  expect([first.status, JSON.parse(first.body.toString())]).toEqual([202, { leaving: true }]);
  expect((await leave().catch(() => first)).status).toBe(202);
  await ended;
  expect(d.exitCode).toBe(0);
  expect(d.loggedSince(0)).toEqual(expect.arrayContaining(["leaving", "handed-over", "replica-left"]));
  served = [a, ...replicas.slice(1, 3)];
  await clients.proceed(DURING);
  await untilTrue("d is no member any more", async () => (await standingAt(a, "d")) === undefined);
  await expect(d.http.send({ method: "GET", path: "/healthz" })).rejects.toThrow();

  await a.http.delete("everywhere", "?ack=all");
  await d.start();
  await untilTrue("d is a member again", async () => (await standingAt(a, "d")) === "alive", { withinMs: 60_000 });
  await d.ready(60_000);
  expect(d.loggedSince(0)).toContain("quarantine");
  expect((await d.http.get("everywhere")).status).toBe(404);
  served = replicas;
  await clients.proceed(DURING);
  await clients.stop();
  expect(clients.failures).toEqual([]);
  await untilPlaced(replicas);

  served = replicas.filter((replica) => replica !== c);
  const alive = await a.http.send({ method: "DELETE", path: "/v1/admin/members/c" });
  expect([alive.status, JSON.parse(alive.body.toString())]).toMatchObject([409, { code: "MEMBER_ALIVE" }]);
  await c.kill();
  await untilTrue("c is dead", async () => (await standingAt(a, "c")) === "dead", { withinMs: 60_000 });
  expect((await a.http.send({ method: "DELETE", path: "/v1/admin/members/c" })).status).toBe(204);
  await untilTrue("c is no member anywhere", async () => (await standingAt(d, "c")) === undefined);
  await expectAll(served, clients.acknowledged);
});
