/** `WsTransport`s on loopback for tests: short times, and a TCP relay that can freeze as a half-open path does. */

import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from "node:net";
import type { ReplicaId } from "../../src/base/ids.ts";
import { SeededRandom } from "../../src/base/random.ts";
import type { LocalFacts, Scheduler } from "../../src/replica/ports.ts";
import type { LinkLimits } from "../../src/runtime/link-limits.ts";
import { WsTransport, type WsTransportOptions } from "../../src/runtime/ws-transport.ts";
import type { TransportWorld } from "../ports/transport-law.ts";

export const timers: Scheduler = {
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  soon(run) {
    setImmediate(run);
  },
};

export const FAST_LIMITS: Partial<LinkLimits> = {
  greetingTimeoutMs: 2000,
  pingEveryMs: 100,
  deadAfterMs: 3000,
  closeGraceMs: 200,
  backoff: { firstMs: 5, maxMs: 40 },
  blockedRetryMs: 40,
};

const WAIT_MS_MAX = 15_000;

/** Looks every other millisecond until the condition holds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + WAIT_MS_MAX;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited ${WAIT_MS_MAX} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

export interface WsNode {
  readonly transport: WsTransport;
  readonly facts: LocalFacts;
  readonly server: Server;
  readonly port: number;
}

export class WsWorld implements TransportWorld {
  readonly messageBytesMax: number;
  readonly until = until;
  readonly #limits: Partial<LinkLimits>;
  readonly #closers: (() => Promise<void> | void)[] = [];

  constructor(limits: Partial<LinkLimits> = {}) {
    this.#limits = { ...FAST_LIMITS, messageBytesMax: 4 * 1024 * 1024, ...limits };
    this.messageBytesMax = this.#limits.messageBytesMax ?? 0;
  }

  async create(
    facts: Partial<LocalFacts> & { readonly id: ReplicaId },
    options: Partial<WsTransportOptions> = {},
  ): Promise<WsNode> {
    const server = createServer();
    const port = await listen(server);
    const transport = new WsTransport({
      random: new SeededRandom(facts.id),
      scheduler: timers,
      log: () => {},
      ...options,
      limits: { ...this.#limits, ...options.limits },
    });
    server.on("upgrade", (request, socket, head) => transport.handleUpgrade(request, socket, head));
    const address = `127.0.0.1:${port}`;
    this.#closers.push(async () => {
      await transport.stop();
      server.close();
      server.closeAllConnections();
    });
    return {
      transport,
      server,
      port,
      facts: { life: 1, region: "here", cluster: "test", shards: 256, address, ...facts },
    };
  }

  /** A relay in front of a port. */
  async relay(port: number): Promise<Relay> {
    const relay = new Relay(port);
    await relay.listen();
    this.#closers.push(() => relay.close());
    return relay;
  }

  onClose(run: () => Promise<void> | void): void {
    this.#closers.push(run);
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
  }
}

/** Passes bytes between a client and a port, until frozen: then both ends hear nothing more, and no close either. */
export class Relay {
  readonly #server = createTcpServer((inbound) => this.#join(inbound));
  readonly #to: number;
  readonly #sockets = new Set<Socket>();
  port = 0;

  constructor(to: number) {
    this.#to = to;
  }

  async listen(): Promise<void> {
    this.port = await listen(this.#server);
  }

  /** Every path that is open now goes silent for good; new ones work. */
  freeze(): void {
    for (const socket of this.#sockets) {
      socket.removeAllListeners("data").removeAllListeners("close");
      socket.pause();
    }
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #join(inbound: Socket): void {
    const outbound = connect(this.#to, "127.0.0.1");
    for (const [from, to] of [
      [inbound, outbound],
      [outbound, inbound],
    ] as const) {
      this.#sockets.add(from);
      from.on("data", (chunk) => to.write(chunk));
      from.on("error", () => {});
      from.on("close", () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
  }
}

export async function listen(server: {
  listen(port: number, host: string, done: () => void): unknown;
  address(): unknown;
}) {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}
