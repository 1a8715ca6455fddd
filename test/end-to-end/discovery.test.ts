/** How real replicas find each other: where they are told to look may know nothing yet, and is asked again. */

import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { DnsServer } from "../support/dns-server.ts";
import {
  createCluster,
  createReplica,
  freePort,
  joinTo,
  type ReplicaProcess,
  startAll,
  temporaryFolder,
  untilEqual,
  untilLinked,
} from "./replica-process.ts";
import { until, untilTrue } from "./until.ts";

const NAME = "replicas.test";
const TIMEOUT_MS = 120_000;
/** Some looks, which are five seconds apart. */
const WITHIN_MS = 60_000;

const dns = new DnsServer();
afterAll(() => dns.close());

async function read(replica: ReplicaProcess, key: string, keyspace = "default"): Promise<string | undefined> {
  const { status, body } = await replica.http.send({ method: "GET", path: `/v1/keyspaces/${keyspace}/kv/${key}` });
  return status === 200 ? body.toString() : undefined;
}

it("a replica that starts first waits for nobody, and is found by who comes later", {
  timeout: TIMEOUT_MS,
}, async () => {
  const later = await createReplica("later", { port: await freePort() });
  const first = await createReplica("first", { join: joinTo([later]) });
  await first.start();
  expect((await first.http.put("k", "v")).status).toBe(201);
  expect(await read(first, "k")).toBe("v");
  await first.ready();
  expect((await first.status()).members.map(({ id }) => id)).toEqual(["first"]);
  await later.start();
  await untilLinked([first, later], WITHIN_MS);
  await untilEqual([first, later]);
  expect(await read(later, "k")).toBe("v");
});

it("a name is looked up while the replica runs: A, AAAA and SRV records lead to three replicas", {
  timeout: TIMEOUT_MS,
}, async () => {
  await dns.listen();
  const byA = await createReplica("by-a");
  const byAaaa = await createReplica("by-aaaa", { host: "::1", port: byA.port }, { doorHost: "::1" });
  const bySrv = await createReplica("by-srv");
  const target = { type: "dns", name: NAME, port: byA.port } as const;
  const seeker = await createReplica("seeker", { join: [target] }, { environment: dns.environment });
  const others = [byA, byAaaa, bySrv];
  for (const replica of [...others, seeker]) {
    await replica.start();
    expect((await replica.http.put(`of-${replica.id}`, "v")).status).toBe(201);
  }
  const unresolved = await until("it says that it found nothing", () =>
    seeker.logs.find(({ event }) => event === "join-target-unresolved"),
  );
  expect(unresolved).toMatchObject({ level: "warn", fields: { target: `dns:${NAME}` } });
  expect(dns.asked).toEqual(expect.arrayContaining([`${NAME} 1`, `${NAME} 28`, `${NAME} 33`]));
  await seeker.ready();

  const records = [
    { type: "A", address: "127.0.0.1" },
    { type: "AAAA", address: "::1" },
    { type: "SRV", host: "localhost", port: bySrv.port },
  ] as const;
  // One after another, so that each is found by its own record and not told of by one that was found before.
  for (const [place, record] of records.entries()) {
    dns.set(NAME, [record]);
    await untilLinked([seeker, ...others.slice(0, place + 1)], WITHIN_MS);
  }
  await untilEqual([seeker, ...others]);
  for (const { id } of others) expect(await read(seeker, `of-${id}`)).toBe("v");
});

it("two clusters that never met become one when a file names one replica of the other", {
  timeout: TIMEOUT_MS,
}, async () => {
  const file = join(temporaryFolder(), "peers");
  const left = await createCluster(["a", "b"], (place) =>
    place === 0 ? { join: [{ type: "file", path: file }] } : {},
  );
  const right = await createCluster(["c", "d"]);
  await Promise.all([startAll(left), startAll(right)]);
  const [a, b] = left as [ReplicaProcess, ReplicaProcess];
  const [c, d] = right as [ReplicaProcess, ReplicaProcess];
  const define = (at: ReplicaProcess, name: string) => {
    return at.http.send({
      method: "POST",
      path: "/v1/admin/keyspaces",
      body: JSON.stringify({ name, replication: 2 }),
    });
  };
  expect((await define(a, "of-left")).status).toBe(201);
  expect((await define(c, "of-right")).status).toBe(201);
  await a.http.put("both", "earlier", "?ack=all");
  await a.http.put("left", "v", "?ack=all");
  await c.http.put("both", "later", "?ack=all");
  await c.http.put("right", "v", "?ack=all");
  await a.http.send({ method: "PUT", path: "/v1/keyspaces/of-left/kv/k", body: "v" });
  const beforehand = (await Promise.all([...left, ...right].map((replica) => replica.status()))).map(({ members }) =>
    members
      .map(({ id }) => id)
      .sort()
      .join(),
  );
  expect(beforehand).toEqual(["a,b", "a,b", "c,d", "c,d"]);

  // Whole at once: it may be read at any time.
  writeFileSync(`${file}.new`, `# the other site\n127.0.0.1:${d.port}\n`);
  renameSync(`${file}.new`, file);
  await untilLinked([...left, ...right], WITHIN_MS);
  for (const replica of [...left, ...right]) {
    const held = () => Promise.all(["both", "left", "right"].map((key) => read(replica, key)));
    const isMerged = async () => (await held()).join() === "later,v,v";
    await untilTrue(`${replica.id} has what both had`, isMerged, { withinMs: WITHIN_MS, describe: held });
  }
  await untilTrue("d knows the keyspace of the left", async () => (await read(d, "k", "of-left")) === "v");
  const written = await b.http.send({ method: "PUT", path: "/v1/keyspaces/of-right/kv/k", body: "w" });
  expect(written.status).toBe(201);
  await untilTrue("c has what b wrote there", async () => (await read(c, "k", "of-right")) === "w");
});
