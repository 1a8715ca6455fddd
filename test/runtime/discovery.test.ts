import { getServers, setServers } from "node:dns";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { JoinTarget } from "../../src/base/join-target.ts";
import type { Scheduler } from "../../src/replica/ports.ts";
import { Discovery } from "../../src/runtime/discovery.ts";
import { DnsServer } from "../support/dns-server.ts";

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
  const looked = (count: number) => vi.waitFor(() => expect(waiting).toHaveLength(count), { timeout: 20_000 });
  /** Looks once more, at all that is looked for. */
  const again = async () => {
    const due = waiting.splice(0);
    for (const look of due) look();
    await looked(due.length);
  };
  return { discovery, told, logged, waiting, looked, again };
}

test("takes addresses as they are, at once, and does not look again", () => {
  const { discovery, told, waiting } = discover([
    { type: "address", host: "::1", port: 7400 },
    { type: "address", host: "a.example", port: 7400 },
  ]);
  discovery.start();
  expect(told).toEqual([["[::1]:7400", "a.example:7400"]]);
  expect(waiting).toEqual([]);
});

test("finds a name that no DNS server knows but this machine does", async () => {
  const { discovery, told, logged, looked } = discover([{ type: "dns", name: "localhost", port: 8400 }]);
  discovery.start();
  await looked(1);
  expect(logged).toEqual([]);
  expect(told).toHaveLength(1);
  expect(told[0]).toContainEqual(expect.stringMatching(/^(127\.0\.0\.1|\[::1\]):8400$/));
});

test("says once of a name that nobody knows, and looks again", async () => {
  const { discovery, told, logged, looked, again } = discover([{ type: "dns", name: "nowhere.invalid", port: 8400 }]);
  discovery.start();
  await looked(1);
  await again();
  expect(told).toEqual([]);
  expect(logged).toEqual([
    {
      event: "join-target-unresolved",
      target: "dns:nowhere.invalid",
      reason: "no A, AAAA or SRV records of nowhere.invalid, and this machine knows no address of it",
    },
  ]);
});

test("reads a file again, tells of what changed only, and keeps what it had when the file goes", async () => {
  const path = join(folder, "peers");
  writeFileSync(path, "# all of them\nb:1\n a:1 # the first\n\n");
  const { discovery, told, looked, again } = discover([{ type: "file", path }]);
  discovery.start();
  await looked(1);
  await again();
  expect(told).toEqual([["a:1", "b:1"]]);
  writeFileSync(path, "c:1");
  await again();
  rmSync(path);
  await again();
  expect(told).toEqual([["a:1", "b:1"], ["c:1"]]);
});

test("tells nothing and looks no more once it is stopped, also where a look is under way", async () => {
  const path = join(folder, "peers");
  writeFileSync(path, "a:1");
  const { discovery, told, waiting, looked } = discover([{ type: "file", path }]);
  discovery.start();
  await looked(1);
  writeFileSync(path, "b:1");
  waiting.shift()?.();
  discovery.stop();
  // A look that begins later ends later.
  const other = discover([{ type: "file", path }]);
  other.discovery.start();
  await other.looked(1);
  expect([told, waiting]).toEqual([[["a:1"]], []]);
});

test("takes A, AAAA and SRV records of a name together, and those that it has next", async () => {
  const dns = new DnsServer();
  await dns.listen();
  setServers([dns.address]);
  dns.set("some.test", [
    { type: "A", address: "10.0.0.1" },
    { type: "A", address: "10.0.0.2" },
    { type: "AAAA", address: "fd00::1:2" },
    { type: "SRV", host: "third.some.test", port: 9400 },
  ]);
  const { discovery, told, looked, again } = discover([{ type: "dns", name: "some.test", port: 8400 }]);
  discovery.start();
  await looked(1);
  dns.set("some.test", [{ type: "A", address: "10.0.0.3" }]);
  await again();
  dns.close();
  const first = ["10.0.0.1:8400", "10.0.0.2:8400", "[fd00::1:2]:8400", "third.some.test:9400"];
  expect(told).toEqual([first, ["10.0.0.3:8400"]]);
});

test("a name server that does not answer holds back neither addresses nor files", async () => {
  const dns = new DnsServer();
  await dns.listen();
  dns.hold();
  setServers([dns.address]);
  dns.set("slow.test", [{ type: "A", address: "10.0.0.1" }]);
  const path = join(folder, "peers");
  writeFileSync(path, "b:1");
  const { discovery, told, looked, again } = discover([
    { type: "dns", name: "slow.test", port: 8400 },
    { type: "address", host: "a", port: 1 },
    { type: "file", path },
  ]);
  discovery.start();
  expect(told).toEqual([["a:1"]]);
  await looked(1);
  writeFileSync(path, "c:1");
  await again();
  expect(told).toEqual([["a:1"], ["a:1", "b:1"], ["a:1", "c:1"]]);
  dns.release();
  await looked(2);
  dns.close();
  expect(told.at(-1)).toEqual(["10.0.0.1:8400", "a:1", "c:1"]);
});

test("tells nothing of a name that is answered after it was stopped", async () => {
  const dns = new DnsServer();
  await dns.listen();
  dns.hold();
  setServers([dns.address]);
  dns.set("slow.test", [{ type: "A", address: "10.0.0.1" }]);
  const first = discover([{ type: "dns", name: "slow.test", port: 8400 }]);
  const second = discover([{ type: "dns", name: "slow.test", port: 8400 }]);
  first.discovery.start();
  await vi.waitFor(() => expect(dns.heard).toBe(3));
  second.discovery.start();
  await vi.waitFor(() => expect(dns.heard).toBe(6));
  first.discovery.stop();
  dns.release();
  await second.looked(1);
  dns.close();
  expect(second.told).toEqual([["10.0.0.1:8400"]]);
  expect([first.told, first.logged, first.waiting]).toEqual([[], [], []]);
});
