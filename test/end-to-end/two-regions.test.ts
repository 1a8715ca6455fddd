/**
 * Five replicas in two regions that keep two copies in each, under load by clients that try once more at the next replica.
 * Whatever is killed, paused or restarted, and whoever joins: no request fails twice, and no acknowledged write is missing.
 */

import { expect, it } from "vitest";
import { missingAt } from "./missing-values.ts";
import { createReplica, joinTo, type ReplicaProcess } from "./replica-process.ts";
import { requestOnce } from "./request-once.ts";
import { RetryingClients } from "./retrying-clients.ts";
import { untilTrue } from "./until.ts";

const TIMEOUT_MS = 300_000;
const KEYSPACE = "shop";
/** Requests that are answered while something is the matter, and in between. */
const DURING = 100;
/** Fewer, where each request to one that is paused lasts as long as the patience of its client. */
const DURING_PAUSE = 40;

async function start(id: string, region: string, others: readonly ReplicaProcess[]): Promise<ReplicaProcess> {
  const replica = await createReplica(id, { region, join: joinTo(others) });
  await replica.start();
  return replica;
}

/** Everybody is seen, and has all that it owns, and nothing else. */
async function untilSettled(replicas: readonly ReplicaProcess[]): Promise<void> {
  for (const replica of replicas) {
    const isSettled = async () => {
      const { members, placement, ready } = await replica.status();
      const alive = members.filter(({ state }) => state === "alive" || state === "self").length;
      const isWhole = placement !== undefined && placement.ready === placement.owned && placement.toHandOver === 0;
      return ready && alive === replicas.length && isWhole && placement.owned > 0;
    };
    await untilTrue(`${replica.id} is settled`, isSettled, { withinMs: 60_000, describe: () => replica.report() });
  }
}

/** Whichever owner each asks: those of the other region have it once the two have compared. */
async function untilEverywhere(replicas: readonly ReplicaProcess[], values: ReadonlyMap<string, string>) {
  for (const replica of replicas) {
    let missing = values;
    const look = async () => {
      missing = await missingAt(replica, KEYSPACE, new Map([...values].filter(([key]) => missing.has(key))));
      return missing.size === 0;
    };
    await untilTrue(`${replica.id} has everything`, look, { withinMs: 30_000, describe: () => [...missing] });
  }
}

it("five replicas in two regions", { timeout: TIMEOUT_MS }, async () => {
  const replicas: ReplicaProcess[] = [];
  for (const [id, region] of [
    ["e1", "eu"],
    ["e2", "eu"],
    ["e3", "eu"],
    ["u1", "us"],
    ["u2", "us"],
  ] as const) {
    replicas.push(await start(id, region, replicas));
  }
  const [e1, e2, , u1] = replicas as [ReplicaProcess, ReplicaProcess, ReplicaProcess, ReplicaProcess];
  for (const replica of replicas) await replica.ready();
  const body = JSON.stringify({ name: KEYSPACE, replication: { eu: 2, us: 2 } });
  const created = await e1.http.send({ method: "POST", path: "/v1/admin/keyspaces", body });
  expect([created.status, JSON.parse(created.body.toString())]).toMatchObject([201, { underReplicated: [] }]);
  await untilSettled(replicas);

  const clients = new RetryingClients(KEYSPACE, () => replicas);
  await clients.proceed(DURING);
  for (const victim of [u1, e1]) {
    await victim.kill();
    await clients.proceed(DURING);
    await victim.start();
    await untilSettled(replicas);
  }
  e2.pause();
  await clients.proceed(DURING_PAUSE);
  e2.resume();
  await untilSettled(replicas);
  const sixth = await start("e4", "eu", replicas);
  await clients.proceed(DURING);
  replicas.push(sixth);
  await untilSettled(replicas);
  for (const replica of replicas) {
    await replica.stop();
    await replica.start();
    await replica.ready();
    await clients.proceed(DURING / 5);
  }
  await untilSettled(replicas);
  await clients.stop();
  expect(clients.failures).toEqual([]);
  await untilEverywhere(replicas, clients.acknowledged);

  const [eu, us] = ["eu", "us"].map((region) => replicas.filter(({ config }) => config.region === region));
  for (const replica of eu ?? []) await replica.cut(us ?? []);
  const written = new Map<string, string>();
  for (const side of [eu ?? [], us ?? []]) {
    for (const { id, port } of side) {
      for (let i = 0; i < 20; i++) {
        const path = `/v1/keyspaces/${KEYSPACE}/kv/alone-${id}-${i}`;
        expect((await requestOnce(port, "PUT", path, 5000, id)).isGood).toBe(true);
        written.set(`alone-${id}-${i}`, id);
        expect((await requestOnce(port, "GET", path, 5000)).body).toBe(id);
      }
    }
  }
  for (const replica of eu ?? []) await replica.cut([]);
  await untilSettled(replicas);
  await untilEverywhere(replicas, written);
});
