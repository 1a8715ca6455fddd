/** The tools that come with Redis, as operators use them. */

import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { startAtoll } from "./servers.ts";

const hasTools = spawnSync("redis-cli", ["--version"]).status === 0;
const run = promisify(execFile);

/** All that `redis-benchmark` does by itself. */
const TESTS = "ping,set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,zpopmin,lrange,mset";

describe("redis-tools", async () => {
  const { node, port } = await startAtoll();
  afterAll(() => node.stop());

  beforeEach(({ skip }) => {
    if (!hasTools) skip("there is no redis-cli on this machine (Debian: apt-get install redis-tools)");
  });

  async function cli(...words: readonly string[]): Promise<string> {
    const { stdout } = await run("redis-cli", ["-p", `${port}`, ...words]);
    return stdout;
  }

  test.each([[], ["-3"]])("redis-cli reads, writes and lists %s", async (...protocol) => {
    expect(await cli(...protocol, "set", "greeting", "hello", "ex", "60")).toBe("OK\n");
    expect(await cli(...protocol, "get", "greeting")).toBe("hello\n");
    expect(await cli(...protocol, "hset", "user", "name", "Ada", "age", "36")).toMatch(/^[02]\n$/);
    expect(await cli(...protocol, "hgetall", "user")).toContain("Ada");
    expect(await cli(...protocol, "eval", "return redis.call('get', KEYS[1])", "1", "greeting")).toBe("hello\n");
    expect((await cli(...protocol, "--scan", "--pattern", "*e*")).split("\n").sort()).toEqual(["", "greeting", "user"]);
  });

  test("redis-cli looks for the biggest keys, and what memory they take", async () => {
    expect(await cli("--bigkeys")).toMatch(/Biggest +hash found .*user.* has 2 fields/);
    expect(await cli("--memkeys")).toContain("-------- summary -------");
  });

  test.each([1, 16])("redis-benchmark does all that it does, %i at a time", async (pipeline) => {
    const words = ["-p", `${port}`, "-t", TESTS, "-n", "500", "-c", "10", "-P", `${pipeline}`, "-r", "100", "-q"];
    const { stdout, stderr } = await run("redis-benchmark", words);
    expect(stderr).not.toContain("Error");
    const rates = stdout.split(/[\r\n]+/).filter((line) => line.includes("requests per second"));
    expect(rates.length, stdout).toBeGreaterThanOrEqual(TESTS.split(",").length);
    expect(stdout).not.toContain("Error");
  });
});
