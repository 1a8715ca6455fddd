/**
 * A server of Yjs documents in a process of its own: a whole node, or `@y/websocket-server` set up as its own `server.js`
 * does. It does what its parent asks, one thing at a time. `argv`: which of the two, and for a node whom to join.
 */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import type { ReplicaId } from "../../src/base/ids.ts";
import { createNode } from "../../src/node/create-node.ts";
import { nodeDefaults } from "../../src/node/node-config.ts";

export type Kind = "atoll" | "y-websocket-server";

/** What a parent may ask, and what it is answered. */
export interface ServerCommands {
  /** CPU time so far, in microseconds. */
  cpu(): number;
  /** Bytes on the heap and beside it, after a collection. */
  used(): number;
  /** From here on the memory of the process is watched. Returns what it takes now, in bytes. */
  watch(): number;
  /** The most that it has taken since `watch`. */
  peak(): number;
  /** Documents in memory. */
  open(): Promise<number>;
  /** All that it was given is on its disk. */
  stored(key: string): Promise<void>;
  /** Of the replica, which has another at each start. */
  id(): string;
  /** Cuts links to these replicas, and heals all others. */
  cut(ids: readonly string[]): void;
}

const WATCH_EVERY_MS = 20;
const [kind, data = "none", joinPort] = process.argv.slice(2);
let peak = 0;

function look(): number {
  const { rss } = process.memoryUsage();
  peak = Math.max(peak, rss);
  return rss;
}

const common = {
  cpu() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  used() {
    globalThis.gc?.();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  },
  watch() {
    globalThis.gc?.();
    peak = 0;
    setInterval(look, WATCH_EVERY_MS).unref();
    return look();
  },
  peak() {
    look();
    return peak;
  },
};

interface Server {
  readonly port: number;
  readonly commands: ServerCommands;
}

async function startNode(): Promise<Server> {
  const host = "127.0.0.1";
  const node = await createNode({
    ...nodeDefaults,
    host,
    port: 0,
    join: joinPort === undefined ? [] : [{ type: "address", host, port: Number(joinPort) }],
    cluster: "bench",
    data,
    enableFaults: true,
    logLevel: "error",
  });
  await node.start();
  const openNow = async () => {
    const metrics = await (await fetch(`http://${node.address}/metrics`)).text();
    return Number(/^atoll_documents_open(?:\{.*\})? (\d+)/m.exec(metrics)?.[1]);
  };
  const commands: ServerCommands = {
    ...common,
    open: openNow,
    async stored() {
      await node.store.put("marker" as never, new Uint8Array(1), { ack: "disk" });
    },
    id: () => node.id,
    cut(ids) {
      node.store.cut(ids as readonly ReplicaId[]);
    },
  };
  return { port: Number(node.address.split(":").at(-1)), commands };
}

async function startTheirs(): Promise<Server> {
  if (data !== "none") process.env.YPERSISTENCE = data;
  const { docs, getPersistence, setupWSConnection } = await import("@y/websocket-server/utils");
  const sockets = new WebSocketServer({ noServer: true });
  sockets.on("connection", setupWSConnection);
  const server = createServer();
  server.on("upgrade", (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (webSocket) => sockets.emit("connection", webSocket, request));
  });
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const commands: ServerCommands = {
    ...common,
    open: async () => docs.size,
    async stored(key) {
      // Its store does one thing after the other.
      const { provider } = getPersistence() as unknown as {
        provider: { getStateVector(key: string): Promise<unknown> };
      };
      await provider.getStateVector(key);
    },
    id: () => "",
    cut() {
      throw new Error("its servers are not linked");
    },
  };
  return { port: (server.address() as AddressInfo).port, commands };
}

export interface ServerCall {
  readonly command: keyof ServerCommands;
  readonly parameter: unknown;
}

const { port, commands } = await (kind === "atoll" ? startNode() : startTheirs());
process.on("message", async ({ command, parameter }: ServerCall) => {
  process.send?.({ result: await commands[command](parameter as never) });
});
process.once("disconnect", () => process.exit());
process.send?.({ result: port });
