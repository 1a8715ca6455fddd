/** An Atoll in this process, and a Redis beside it where this machine has one. */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { createNode, type Node } from "../../src/node/create-node.ts";
import type { StartConfig } from "../../src/node/node-config.ts";
import { RespClient } from "./resp-client.ts";

const START_TRIES = 100;
const START_TRY_MS = 50;

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

export interface RedisServer {
  readonly port: number;
  stop(): Promise<void>;
}

export const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;

/** Undefined where this machine has none. */
export async function startRedis(): Promise<RedisServer | undefined> {
  if (!hasRedis) return undefined;
  const port = await freePort();
  const words = ["--port", String(port), "--save", "", "--appendonly", "no", "--enable-debug-command", "yes"];
  const child = spawn("redis-server", words, { stdio: "ignore", cwd: "/" });
  for (let tries = 0; ; tries++) {
    try {
      await (await RespClient.connect(port)).close();
      return { port, stop: () => ended(child) };
    } catch (error) {
      if (tries === START_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, START_TRY_MS));
    }
  }
}

async function ended(child: ChildProcess): Promise<void> {
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}

export async function startAtoll(
  options: Partial<StartConfig> = {},
): Promise<{ readonly node: Node; readonly port: number }> {
  const redisPort = options.redisPort ?? (await freePort());
  const node = await createNode({ port: 0, data: "none", ...options, redisPort });
  await node.start();
  return { node, port: redisPort };
}
