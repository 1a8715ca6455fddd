/** A whole node behind the Redis door, that keeps nothing on disk; the arguments are its Redis port, its port, whom it joins, and its region. */

import { createNode } from "../../src/node/create-node.ts";

const [redisPort = "0", port = "0", join, region = "bench"] = process.argv.slice(2);

const node = await createNode({
  region,
  port: Number(port),
  redisPort: Number(redisPort),
  join: join === undefined ? [] : [{ type: "address", host: "127.0.0.1", port: Number(join) }],
  cluster: `bench-${join ?? port}`,
  data: "none",
  memoryBytes: 2 ** 30,
});

await node.start();
process.send?.("ready");
process.on("message", () => process.send?.(process.cpuUsage()));
