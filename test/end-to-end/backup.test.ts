/**
 * Backups of three real replicas that are written to meanwhile, restored into another cluster and into the same: everything that was
 * acknowledged before a backup began is in it.
 */

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import * as Y from "yjs";
import { runAtoll } from "../cli/run-atoll.ts";
import { createCluster, createReplica, type ReplicaProcess, startAll, temporaryFolder } from "./replica-process.ts";
import { until, untilTrue } from "./until.ts";

const TIMEOUT_MS = 180_000;
const SESSIONS = "sessions";
const folder = temporaryFolder();
const file = join(folder, "all.backup");

let source: ReplicaProcess[];
let target: ReplicaProcess[];

async function atoll(at: ReplicaProcess, ...args: readonly string[]) {
  const { code, stdout, stderr } = await runAtoll([...args, "--url", `http://127.0.0.1:${at.port}`]);
  return { code, stdout: stdout.toString(), stderr };
}

/** Of the cluster, with a keyspace of which each keeps a part. */
async function startCluster(ids: readonly string[]): Promise<ReplicaProcess[]> {
  const replicas = await createCluster(ids);
  await startAll(replicas);
  return replicas;
}

const pathOf = (keyspace: string, key: string) => `/v1/keyspaces/${keyspace}/kv/${key}`;

async function put(at: ReplicaProcess, keyspace: string, key: string, body: string): Promise<boolean> {
  const { status } = await at.http.send({ method: "PUT", path: pathOf(keyspace, key), body });
  return status === 201 || status === 204;
}

async function get(at: ReplicaProcess, keyspace: string, key: string): Promise<string | undefined> {
  const { status, body } = await at.http.send({ method: "GET", path: pathOf(keyspace, key) });
  return status === 200 ? body.toString() : undefined;
}

/** Values are counters: of each key the latest that was acknowledged. */
class Writers {
  readonly acknowledged = new Map<string, number>();
  #isStopping = false;
  #count = 0;
  readonly #running: readonly Promise<void>[];

  constructor(replicas: readonly ReplicaProcess[], keys: number) {
    this.#running = replicas.map((replica, place) => this.#write(replica, place, keys));
  }

  get writes(): number {
    return this.#count;
  }

  /** Each replica has keys of its own, so that they are written in order. */
  async #write(replica: ReplicaProcess, place: number, keys: number): Promise<void> {
    for (let i = 0; !this.#isStopping; i++) {
      const keyspace = i % 2 === 0 ? "default" : SESSIONS;
      const key = `w${place}-${i % keys}`;
      const isWritten = await put(replica, keyspace, key, String(i));
      if (isWritten) this.acknowledged.set(`${keyspace} ${key}`, i);
      this.#count++;
    }
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#running);
  }
}

function edits(count: number): Uint8Array[] {
  const made: Uint8Array[] = [];
  const doc = new Y.Doc();
  doc.on("update", (update: Uint8Array) => made.push(update));
  for (let i = 0; i < count; i++) doc.getText("body").insert(0, "edit ");
  return made;
}

async function document(at: ReplicaProcess, key: string): Promise<string | undefined> {
  const { status, body } = await at.http.send({ method: "GET", path: `/v1/docs/${key}` });
  return status === 200 ? body.toString() : undefined;
}

beforeAll(async () => {
  [source, target] = await Promise.all([startCluster(["s1", "s2", "s3"]), startCluster(["t1", "t2"])]);
  const [first] = source as [ReplicaProcess];
  expect((await atoll(first, "keyspaces", "create", SESSIONS, "--replication", "2", "--max-ttl", "1d")).code).toBe(0);
  for (const replica of source) {
    const isWhole = async () => {
      const { placement, ready } = await replica.status();
      return ready && placement !== undefined && placement.owned > 0 && placement.ready === placement.owned;
    };
    await untilTrue(`${replica.id} has its part`, isWhole, { withinMs: 60_000, describe: () => replica.report() });
  }
}, TIMEOUT_MS);

describe("a backup", () => {
  let before: ReadonlyMap<string, number>;

  it("is taken at one replica while all are written to", { timeout: TIMEOUT_MS }, async () => {
    const [s1, s2, s3] = source as [ReplicaProcess, ReplicaProcess, ReplicaProcess];
    for (const body of edits(20)) {
      const { status } = await s2.http.send({ method: "POST", path: "/v1/docs/notes", body });
      expect([201, 204]).toContain(status);
    }
    await s1.http.send({
      method: "PUT",
      path: `${pathOf(SESSIONS, "typed")}?ttl=1h`,
      body: "<p>",
      headers: { "content-type": "text/html" },
    });
    const writers = new Writers(source, 200);
    await untilTrue("there is something to lose", () => writers.writes > 1200, { withinMs: 60_000 });
    before = new Map(writers.acknowledged);
    const { code, stdout, stderr } = await atoll(s3, "backup", file);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^backed up [\d,]+ registers of default, sessions: /);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await writers.stop();
  });

  it("brings all that was acknowledged before it into another cluster, keyspaces too", {
    timeout: TIMEOUT_MS,
  }, async () => {
    const [t1, t2] = target as [ReplicaProcess, ReplicaProcess];
    const { code, stdout, stderr } = await atoll(t1, "restore", file);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^restored [\d,]+ registers into end-to-end\n$/);
    expect((await atoll(t2, "keyspaces")).stdout).toMatch(/sessions *│ 2 .*│ 1d/);
    expect(before.size).toBeGreaterThan(500);
    for (const replica of target) {
      for (const [name, written] of before) {
        const [keyspace = "", key = ""] = name.split(" ");
        const value = await until(`${replica.id} has ${name}`, () => get(replica, keyspace, key));
        expect(Number(value), `${name} at ${replica.id}`).toBeGreaterThanOrEqual(written);
      }
      const text = await until(`${replica.id} has the document`, () => document(replica, "notes"));
      expect(JSON.parse(text)).toEqual({ body: "edit ".repeat(20) });
    }
    const typed = await t2.http.send({ method: "GET", path: pathOf(SESSIONS, "typed") });
    expect(typed.headers["content-type"]).toBe("text/html");
    expect(Date.parse(String(typed.headers["atoll-expires-at"]))).toBeGreaterThan(Date.now());
    const again = await atoll(t2, "restore", file);
    expect(again.stdout).toMatch(/^restored 0 registers into end-to-end; [\d,]+ kept what is as new\n$/);
    await Promise.all(target.map((replica) => replica.stop()));
  });

  it("leaves deleted in the same cluster what was deleted since, unless it is to overwrite", {
    timeout: TIMEOUT_MS,
  }, async () => {
    const [s1, s2, s3] = source as [ReplicaProcess, ReplicaProcess, ReplicaProcess];
    const [gone = ""] = [...before.keys()].filter((name) => name.startsWith(SESSIONS));
    const key = gone.split(" ")[1] ?? "";
    await s1.http.send({ method: "DELETE", path: pathOf(SESSIONS, key) });
    await s1.http.send({ method: "DELETE", path: pathOf("default", "w0-0") });
    await s1.http.send({ method: "DELETE", path: "/v1/docs/notes" });
    await put(s2, "default", "w1-2", "newer");
    const tombstones = async () => (await s2.status()).tombstones;
    await untilTrue("what was deleted is forgotten", async () => (await tombstones()) === 0, { withinMs: 90_000 });
    const merged = await atoll(s2, "restore", file);
    expect(merged).toMatchObject({ code: 0, stderr: "" });
    expect(merged.stdout).toMatch(/^restored 0 registers into end-to-end; .* deleted since/);
    for (const replica of source) {
      expect(await get(replica, SESSIONS, key)).toBeUndefined();
      expect(await get(replica, "default", "w0-0")).toBeUndefined();
      expect(await document(replica, "notes")).toBeUndefined();
    }
    const overwritten = await atoll(s3, "restore", file, "--overwrite");
    expect(overwritten).toMatchObject({ code: 0, stderr: "" });
    const isBack = async (replica: ReplicaProcess) =>
      (await get(replica, SESSIONS, key)) !== undefined &&
      (await get(replica, "default", "w0-0")) !== undefined &&
      (await get(replica, "default", "w1-2")) !== "newer" &&
      (await document(replica, "notes")) !== undefined;
    for (const replica of source) await untilTrue(`${replica.id} has all of it back`, () => isBack(replica));
  });
});

it("a replica that was told to backs up by itself, and keeps the latest", { timeout: TIMEOUT_MS }, async () => {
  const backups = join(folder, "scheduled");
  const replica = await createReplica("alone", { backup: { folder: backups, everyMs: 1000, keep: 2 } });
  await replica.start();
  await put(replica, "default", "a", "v");
  const isDone = async () => {
    const { body } = await replica.http.send({ method: "GET", path: "/metrics" });
    return Number(/atoll_backups_total\{outcome="done"\} (\d+)/.exec(body.toString())?.[1] ?? 0) >= 4;
  };
  await untilTrue("four backups are made", isDone, { withinMs: 60_000, describe: () => replica.report() });
  await replica.stop();
  const files = readdirSync(backups).sort();
  expect(files).toHaveLength(2);
  for (const name of files) expect(name).toMatch(/^alone-\d{8}T\d{6}\.\d{3}Z\.backup$/);
  const [fresh] = await createCluster(["fresh"]);
  await fresh?.start();
  if (fresh === undefined) throw new Error("BUG: no replica");
  await untilTrue("it is ready", async () => (await fresh.status()).ready);
  expect((await atoll(fresh, "restore", join(backups, files[1] ?? ""))).stdout).toContain("restored 1 register");
  expect(await get(fresh, "default", "a")).toBe("v");
});
