/** A client of another language against Atoll and Redis: whatever an application prints, it prints with both. */

import { execFile, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { startAtoll, startRedis } from "./servers.ts";

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL("python-client.py", import.meta.url));

/** Debian's own comes first: it is the one that Debian's packages are for. */
const python = ["/usr/bin/python3", "python3"].find(
  (path) => spawnSync(path, ["-c", "import redis"], { stdio: "ignore" }).status === 0,
);

test("redis-py prints the same with Atoll as with Redis", async ({ skip }) => {
  if (python === undefined) skip("there is no redis-py on this machine (Debian: apt-get install python3-redis)");
  const redis = await startRedis();
  if (redis === undefined)
    return skip("there is no redis-server on this machine (Debian: apt-get install redis-server)");
  const { node, port } = await startAtoll();
  try {
    const printed = async (of: number): Promise<string> => {
      const { stdout, stderr } = await run(python as string, [SCRIPT, `${of}`]);
      expect(stderr).toBe("");
      return stdout;
    };
    const atoll = await printed(port);
    expect(atoll).toBe(await printed(redis.port));
    expect(atoll.split("\n").length).toBeGreaterThan(25);
  } finally {
    await Promise.all([node.stop(), redis.stop()]);
  }
});
