import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { planCluster } from "../../src/cli/cluster.ts";
import { finished, runAtoll, spawnAtoll } from "./run-atoll.ts";
import { runHere } from "./run-here.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "atoll-cluster-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const options = { nodes: "3", regions: "eu,us", port: "7400", data: "none", logLevel: "info" };

test("plans ports ten apart, regions in turn, and each replica joined to the others", () => {
  const plans = planCluster(options);
  expect(plans.map(({ id, region, port }) => [id, region, port])).toEqual([
    ["eu-1", "eu", 7400],
    ["us-2", "us", 7410],
    ["eu-3", "eu", 7420],
  ]);
  const { args = [] } = plans[1] ?? {};
  expect(args[args.indexOf("--join") + 1]).toBe("127.0.0.1:7400,127.0.0.1:7420");
  expect(args).toContain("--enable-faults");
});

/** The first of three ports, ten apart, that are free now. */
async function freePorts(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const first = 20_000 + Math.floor(Math.random() * 10_000);
    const free = await Promise.all([first, first + 10, first + 20].map(isFree));
    if (free.every(Boolean)) return first;
  }
  throw new Error("no free ports");
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test("runs replicas that share what is written, goes on without one that is killed, and stops them all", async () => {
  const port = await freePorts();
  const child = await spawnAtoll(["cluster", "--port", String(port), "--data", "none"], { cwd: folder });
  const end = finished(child);
  let [out, log] = ["", ""];
  child.stdout?.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr?.on("data", (chunk) => {
    log += chunk;
  });
  await vi.waitFor(() => expect(out).toContain("Ctrl-C stops them all"), { timeout: 20_000 });
  const pids = [...out.matchAll(/│ (\d+) +│$/gm)].map((match) => Number(match[1]));
  expect(pids).toHaveLength(3);
  const [first, second, third] = [0, 10, 20].map((step) => `http://127.0.0.1:${port + step}`);
  const put = await runHere(["put", "hello", "world", "--ack", "all", "--url", first ?? ""]);
  expect(put).toMatchObject({ code: 0, stderr: "" });
  expect((await runHere(["get", "hello", "--url", third ?? ""])).stdout.toString()).toBe("world");
  process.kill(pids[1] ?? 0, "SIGKILL");
  await vi.waitFor(() => expect(log).toContain("us-2 (port"), { timeout: 10_000 });
  expect(log).toMatch(/has ended: killed by SIGKILL\. The others go on/);
  const failover = await runHere(["get", "hello", "--url", `${second},${third}`]);
  expect(failover.stdout.toString()).toBe("world");
  child.kill("SIGINT");
  expect((await end).code).toBe(0);
  expect(pids.map(isRunning)).toEqual([false, false, false]);
  expect(log).toMatch(/^eu-1 \| \[/m);
}, 60_000);

test("replicas stop by themselves when whoever started them is killed", async () => {
  const port = await freePorts();
  const args = ["cluster", "--nodes", "1", "--port", String(port), "--data", "none"];
  const child = await spawnAtoll(args, { cwd: folder });
  let out = "";
  child.stdout?.on("data", (chunk) => {
    out += chunk;
  });
  await vi.waitFor(() => expect(out).toContain("Ctrl-C stops them all"), { timeout: 20_000 });
  const pid = Number(/│ (\d+) +│$/m.exec(out)?.[1]);
  expect(isRunning(pid)).toBe(true);
  child.kill("SIGKILL");
  await vi.waitFor(() => expect(isRunning(pid)).toBe(false), { timeout: 10_000 });
}, 60_000);

test("a replica that cannot start stops the others, with its reason", async () => {
  const port = await freePorts();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port + 10, "127.0.0.1", resolve));
  const { code, stderr } = await runAtoll(["cluster", "--port", String(port), "--data", "none"], { cwd: folder });
  server.close();
  expect(code).toBe(1);
  expect(stderr).toMatch(/us-2 \| atoll: .*PORT_IN_USE/);
  expect(stderr).toContain("atoll: us-2 ended before it was ready (exit code 1)\n");
}, 60_000);
