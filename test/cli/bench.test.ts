import { afterAll, beforeAll, expect, test } from "vitest";
import { createNode, type Node, type WatchEvent } from "../../src/index.ts";
import { problem, startFakeReplica } from "../client/fake-replica.ts";
import { finished, spawnAtoll } from "./run-atoll.ts";
import { runHere } from "./run-here.ts";

let node: Node;
beforeAll(async () => {
  node = await createNode({ port: 0, data: "none" });
  await node.start();
});
afterAll(() => node.stop());

async function bench(...args: readonly string[]) {
  const { code, stdout, stderr } = await runHere(["bench", "--url", node.address, ...args]);
  return { code, stdout: stdout.toString(), stderr };
}

async function keysLeft(prefix: string): Promise<number> {
  return (await node.store.keys({ prefix, limit: 10_000 })).keys.length;
}

/** Resolves with the key of the first change under a prefix. */
function firstChange(prefix: string): Promise<string> {
  return new Promise((resolve) => {
    const watch = node.store.watch({ prefix }, (event: WatchEvent) => {
      if (event.type !== "put") return;
      watch.close();
      resolve(event.key);
    });
  });
}

test.each(["http", "websocket"])(
  "over %s: measures what was asked for, and leaves nothing behind",
  async (protocol) => {
    const args = ["--requests", "2000", "--keys", "100", "--connections", "4", "--value-bytes", "1kb"];
    const written = firstChange("bench/");
    const ran = await bench("--protocol", protocol, "--mix", "get=60,put=30,delete=10", ...args, "--json");
    expect(ran.code).toBe(0);
    const report = JSON.parse(ran.stdout);
    expect(report).toMatchObject({
      ...{
        urls: [`http://${node.address}`],
        keyspace: "default",
        protocol,
        connections: 4,
        keys: 100,
        valueBytes: 1024,
      },
      ...{ mix: { get: 60, put: 30, delete: 10 }, distribution: "zipf", isStopped: false, errorsByCode: {} },
      all: { requests: 2000, errors: 0 },
    });
    const { get, put, delete: deleted } = report.operations;
    expect(get.requests + put.requests + deleted.requests).toBe(2000);
    expect(get.requests).toBeGreaterThan(put.requests);
    expect(put.requests).toBeGreaterThan(deleted.requests);
    expect(report.misses).toBeGreaterThan(0);
    for (const each of [get, put, deleted, report.all]) {
      expect(each.perSecond).toBeGreaterThan(0);
      const { p50Ms, p90Ms, p99Ms, p999Ms, maxMs } = each;
      expect([p50Ms, p90Ms, p99Ms, p999Ms, maxMs]).toEqual([p50Ms, p90Ms, p99Ms, p999Ms, maxMs].sort((a, b) => a - b));
    }
    expect(await written).toMatch(/^bench\/[0-9a-f]{8}\/\d+$/);
    expect(await keysLeft("bench/")).toBe(0);
  },
);

test("reads keys that it wrote before, so that no get misses, and keeps them when told to", async () => {
  const args = ["--mix", "get=1", "--requests", "500", "--keys", "50", "--distribution", "uniform", "--keep"];
  const kept = await bench(...args, "--prefix", "kept/");
  expect(kept.code).toBe(0);
  expect(kept.stdout).toMatch(/│ get │ +500 │/);
  expect(kept.stdout).not.toContain("found nothing");
  expect(kept.stderr).toContain("atoll: kept up to 50 keys under kept/\n");
  expect(await keysLeft("kept/")).toBe(50);
  const unfilled = await bench("--mix", "get=1", "--requests", "10", "--no-fill", "--prefix", "none/");
  expect(unfilled.stdout).toContain("10 gets found nothing");
});

test("sends at the rate it is asked for", async () => {
  const ran = await bench("--rate", "200", "--duration", "1s", "--keys", "10", "--json");
  const { open, all, seconds } = JSON.parse(ran.stdout);
  expect(open.perSecond).toBe(200);
  // The timer that ends it may be late, and what falls due until then is sent.
  expect(all.requests + open.unsent).toBeGreaterThanOrEqual(200);
  expect(all.requests).toBeLessThanOrEqual(Math.ceil(200 * seconds));
});

test("shows the table so far and cleans up when it is interrupted", async () => {
  const writing = firstChange("stopped/");
  const args = ["--no-fill", "--mix", "put=1", "--duration", "1h", "--keys", "20", "--prefix", "stopped/"];
  const child = await spawnAtoll(["bench", "--url", node.address, ...args]);
  const end = finished(child);
  await writing;
  child.kill("SIGINT");
  const { code, stdout } = await end;
  expect(code).toBe(0);
  expect(stdout.toString()).toMatch(/│ put │ +[\d,]+ │/);
  expect(await keysLeft("stopped/")).toBe(0);
});

test("says so when it is interrupted before there is anything to show, and cleans up what it has written", async () => {
  const writing = firstChange("early/");
  const child = await spawnAtoll(["bench", "--url", node.address, "--keys", "1000000", "--prefix", "early/"]);
  const end = finished(child);
  await writing;
  child.kill("SIGINT");
  const { code, stdout, stderr } = await end;
  expect([code, stdout.toString(), stderr]).toEqual([130, "", "atoll: stopped before anything was measured\n"]);
  expect(await keysLeft("early/")).toBe(0);
});

test("fails where no request goes well, with the table of what was answered", async () => {
  const replica = await startFakeReplica();
  replica.intercept = (request, response) => {
    if (request.method !== "PUT") return false;
    problem(response, 507, "MEMORY_FULL", "no room");
    return true;
  };
  const args = ["--mix", "put=1", "--requests", "20", "--connections", "2", "--url", replica.url];
  const { code, stdout, stderr } = await runHere(["bench", ...args]);
  expect([code, stderr]).toEqual([1, expect.stringContaining("atoll: no request went well\n")]);
  expect(stdout.toString()).toContain("20 failed with MEMORY_FULL");
  await replica.close();
});

test("says in the words of every other command what stands in its way", async () => {
  const gone = await startFakeReplica();
  await gone.close();
  const nobody = await runHere(["bench", "--url", gone.url]);
  expect(nobody.code).toBe(1);
  expect(nobody.stderr).toContain("(UNREACHABLE); is a replica running there?");
  const keyspace = await bench("--keyspace", "none");
  expect(keyspace).toMatchObject({ code: 1, stderr: expect.stringContaining("(UNKNOWN_KEYSPACE)") });
});

test.each([
  [["--mix", "take=1"], "--mix must be shares"],
  [["--connections", "0"], "--connections must be a whole number from 1 to 10000"],
  [["--keys", "1000001"], "--keys must be a whole number from 1 to 1000000"],
  [["--rate", "-1"], "--rate must be a whole number from 1 to 1000000"],
  [["--requests", "1e3"], "--requests must be a whole number"],
  [["--duration", "0"], "--duration must be a duration"],
  [["--timeout", "soon"], "--timeout must be a duration"],
  [["--value-bytes", "17mb"], "--value-bytes must be a size"],
  [["--distribution", "normal"], '--distribution must be zipf or uniform, not "normal"'],
  [["--protocol", "redis"], '--protocol must be http or websocket, not "redis"'],
  [["--prefix", "é".repeat(501)], "--prefix has at most 1000 bytes"],
])("refuses %j in one line", async (args, message) => {
  const refused = await bench(...args);
  expect(refused).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining(`atoll: ${message}`) });
});

test("each of several replicas gets its share of connections", async () => {
  const others = await Promise.all([startFakeReplica(), startFakeReplica()]);
  const urls = others.map(({ url }) => url).join(",");
  const args = ["--mix", "put=1", "--requests", "40", "--keys", "1", "--connections", "4", "--url", urls];
  expect((await runHere(["bench", ...args])).code).toBe(0);
  for (const { requests, values, close } of others) {
    expect(requests.filter(({ method }) => method === "PUT").length).toBeGreaterThan(5);
    expect(values.size).toBeLessThanOrEqual(1);
    await close();
  }
});
