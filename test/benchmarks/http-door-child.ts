/** A whole node as it is run, tokens and metrics on, that keeps nothing on disk and has no peers. */

import { createNode } from "../../src/node/create-node.ts";
import { BENCH_TOKEN } from "./http-token.ts";

const tokens = ["one-of-several-other-tokens-00001", "one-of-several-other-tokens-00002", BENCH_TOKEN];

const node = await createNode({
  region: "bench",
  host: "127.0.0.1",
  port: 0,
  redisPort: 0,
  join: [],
  cluster: "bench",
  shards: 256,
  data: "none",
  memoryBytes: 2 ** 30,
  tokens: tokens.map((token) => ({ token, scopes: ["read", "write"] as const })),
  allowOrigins: [],
  insecure: false,
  maxClockOffsetMs: 500,
  retentionMs: 86_400_000,
  enableFaults: false,
  logLevel: "error",
});

await node.start();
process.send?.({ port: Number(node.address.split(":").at(-1)) });
process.on("message", () => process.send?.(process.cpuUsage()));
