import { getServers, setServers } from "node:dns";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { JoinTarget } from "../../src/base/join-target.ts";
import type { Scheduler } from "../../src/replica/ports.ts";
import { Discovery } from "../../src/runtime/discovery.ts";

let servers: readonly string[] = [];
let folder = "";
beforeEach(() => {
  servers = getServers();
  // Nobody answers there, and the system says so at once.
  setServers(["127.0.0.1:1"]);
  folder = mkdtempSync(join(tmpdir(), "atoll-discovery-"));
});
afterEach(() => {
  setServers(servers);
  rmSync(folder, { recursive: true, force: true });
});

/** A discovery whose next look comes when `again` says so. */
function discover(targets: readonly JoinTarget[]) {
  const told: (readonly string[])[] = [];
  const logged: Readonly<Record<string, unknown>>[] = [];
  const waiting: (() => void)[] = [];
  const scheduler: Scheduler = {
    after(_delayMs, run) {
      waiting.push(run);
      return () => {};
    },
    soon: (run) => run(),
  };
  const discovery = new Discovery({
    targets,
    scheduler,
    log: (_level, event, fields) => logged.push({ event, ...fields }),
    found: (addresses) => told.push(addresses),
  });
  return { discovery, told, logged, waiting };
}

test("takes addresses as they are, and does not look again", async () => {
  const { discovery, told, waiting } = discover([
    { type: "address", host: "::1", port: 7400 },
    { type: "address", host: "a.example", port: 7400 },
  ]);
  await discovery.start();
  expect(told).toEqual([["[::1]:7400", "a.example:7400"]]);
  expect(waiting).toEqual([]);
});

test("finds a name that no DNS server knows but this machine does", async () => {
  const { discovery, told, logged, waiting } = discover([{ type: "dns", name: "localhost", port: 8400 }]);
  await discovery.start();
  expect(logged).toEqual([]);
  expect(told).toHaveLength(1);
  expect(told[0]).toContainEqual(expect.stringMatching(/^(127\.0\.0\.1|\[::1\]):8400$/));
  expect(waiting).toHaveLength(1);
});

test("says once of a name that nobody knows, and looks again", async () => {
  const { discovery, told, logged, waiting } = discover([{ type: "dns", name: "nowhere.invalid", port: 8400 }]);
  await discovery.start();
  await discovery.start();
  expect(told).toEqual([]);
  expect(logged).toEqual([
    {
      event: "join-target-unresolved",
      target: "dns:nowhere.invalid",
      reason: "no A, AAAA or SRV records of nowhere.invalid, and this machine knows no address of it",
    },
  ]);
  expect(waiting).toHaveLength(2);
});

test("reads a file again, tells of what changed only, and keeps what it had when the file goes", async () => {
  const path = join(folder, "peers");
  writeFileSync(path, "# all of them\nb:1\n a:1 # the first\n\n");
  const { discovery, told } = discover([{ type: "file", path }]);
  await discovery.start();
  await discovery.start();
  expect(told).toEqual([["a:1", "b:1"]]);
  writeFileSync(path, "c:1");
  await discovery.start();
  rmSync(path);
  await discovery.start();
  expect(told).toEqual([["a:1", "b:1"], ["c:1"]]);
});
