import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { runAtoll } from "./run-atoll.ts";
import { runHere } from "./run-here.ts";

test.each([
  [["nonsense"], "unknown command 'nonsense'"],
  [["gt", "k"], "unknown command 'gt' (Did you mean get?)"],
  [["get"], "missing required argument 'KEY'"],
  [["get", "a", "b"], "too many arguments"],
  [["get", ""], "the key is empty"],
  [["get", "x".repeat(1025)], "a key has at most 1024 bytes, not 1025"],
  [["get", "%zz", "--encoded"], "--encoded: every %"],
  [["get", "k", "--wat"], "unknown option '--wat'"],
  [["get", "k", "--url", "nonsense"], "--url must be URLs such as"],
  [["get", "k", "--url", "ftp://a"], "--url must be"],
  [["get", "k", "--url", "127.0.0.1:0"], "--url must be URLs such as http://127.0.0.1:7400, or host:port, not"],
  [["get", "k", "--keyspace", "../x"], "--keyspace must be"],
  [["get", "k", "--consistency", "strong"], "--consistency must be local or quorum"],
  [["get", "k", "--token-file", "missing"], "--token-file: cannot read missing: no such file"],
  [["get", "k", "--wait", "soon"], "--wait must be a duration such as 30s or 5m"],
  [["watch", "--wait", "0"], "--wait must be"],
  [["status", "--wait", "2d"], "--wait must be"],
  [["status", "--members", "0"], "--members must be a whole number from 1"],
  [["members", "remove"], "missing required argument 'ID'"],
  [["members", "remove", "../x"], "ID must be the id of a member"],
  [["members", "removes"], 'members knows no "removes": there is remove'],
  [["keys", "--tls-ca", "missing"], "--tls-ca: cannot read missing: no such file"],
  [["put", "k"], "missing required argument 'VALUE'"],
  [["put", "k", "v", "--ttl", "soon"], "--ttl must be a duration"],
  [["put", "k", "v", "--ttl", "0"], "--ttl must be"],
  [["put", "k", "v", "--ack", "most"], "--ack must be one of memory, disk, region, quorum, all"],
  [["keys", "--limit", "0"], "--limit must be"],
  [["bench", "--mix", "get"], "--mix must be shares of get, put and delete"],
  [["simulate", "nonsense"], 'no scenario "nonsense": there are split-brain, crash-restart, lossy-links'],
  [["simulate", "--runs", "x"], "--runs must be a whole number"],
  [["start", "--prot", "1"], "unknown option '--prot' (Did you mean --port?)"],
  [["start", "--port", "x"], '--port must be a whole number from 0 to 65535, not "x"'],
  [["start", "--port"], "option '--port <N>' argument missing"],
  [["start", "extra"], "too many arguments"],
  [["start", "--host", "0.0.0.0"], "--host 0.0.0.0 lets other machines in"],
  [["start", "--config", "missing.json"], "--config: cannot read missing.json"],
  [["cluster", "--nodes", "0"], "--nodes must be"],
  [["cluster", "--port", "65530"], "--port must leave room"],
  [["cluster", "--regions", "a,,b"], "--regions must be"],
])("atoll %j: one line, exit code 2", async (args, message) => {
  const { code, stdout, stderr } = await runHere(args, { cwd: tmpdir() });
  expect(stderr).toContain(`atoll: ${message}`);
  expect(stderr.match(/\n/g)).toHaveLength(1);
  expect(stdout.toString()).toBe("");
  expect(code).toBe(2);
});

test("help names every command and flag, and what is not there yet", async () => {
  const help = await runAtoll(["--help"]);
  expect(help.code).toBe(0);
  for (const name of [
    "start",
    "get",
    "put",
    "delete",
    "keys",
    "watch",
    "status",
    "conflicts",
    "members",
    "keyspaces",
    "cluster",
    "bench",
    "simulate",
  ]) {
    expect(help.stdout.toString()).toMatch(new RegExp(`^  ${name}`, "m"));
  }
  const start = await runHere(["start", "--help"]);
  expect(start.stdout.toString()).toContain("--max-clock-offset <TIME>");
  expect(start.stdout.toString().replaceAll(/\s+/g, " ")).toContain("Redis protocol; 0 = off");
  expect((await runHere(["--version"])).stdout.toString()).toMatch(/^\d+\.\d+\.\d+\n$/);
  const none = await runAtoll([]);
  expect(none.code).toBe(2);
  expect(none.stderr).toContain("Usage: atoll");
});
