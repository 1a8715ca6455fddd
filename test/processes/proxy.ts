/**
 * Links through a TCP proxy of this process: one listener for each ordered pair of nodes, so that it is known who dials
 * whom. Replicas find each other by these listeners alone; the address that they tell others is one where nobody listens.
 *
 * A cut is a black hole, in which a dial hangs and a connection falls silent, or with `cuts: "reset"` a wall: connections
 * are reset, and so is whoever dials.
 */

import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { PathPair } from "../../simulations/faults/fault.ts";
import type { PathQuality } from "../../simulations/simulator/paths.ts";
import type { SeededRandom } from "../../src/base/random.ts";
import type { Cut, Links, Place } from "./links.ts";
import { ProxyConnection } from "./proxy-connection.ts";
import { ProxyPath } from "./proxy-path.ts";

export interface ProxyOptions {
  /** By node: the port of its doors on 127.0.0.1. */
  readonly ports: readonly number[];
  readonly quality: (from: number, to: number) => PathQuality;
  readonly cuts: "black-hole" | "reset";
  readonly random: SeededRandom;
}

export class ProxyLinks implements Links {
  readonly #options: ProxyOptions;
  readonly #paths: ReadonlyMap<string, ProxyPath>;
  readonly #listeners = new Map<string, { readonly server: Server; readonly port: number }>();
  readonly #connections = new Set<ProxyConnection>();
  readonly #timers = new Set<NodeJS.Timeout>();

  static async start(options: ProxyOptions): Promise<ProxyLinks> {
    const links = new ProxyLinks(options);
    for (const [from, to] of pairsOf(options.ports.length)) await links.#listen(from, to);
    return links;
  }

  private constructor(options: ProxyOptions) {
    this.#options = options;
    const paths = new Map<string, ProxyPath>();
    for (const [from, to] of pairsOf(options.ports.length)) {
      paths.set(nameOf(from, to), new ProxyPath(options.quality(from, to), options.random.fork(nameOf(from, to))));
    }
    this.#paths = paths;
  }

  place(node: number): Place {
    const others = this.#options.ports.map((_, other) => other).filter((other) => other !== node);
    const join = others.map((other) => ({
      type: "address" as const,
      host: "127.0.0.1",
      port: this.#listeners.get(nameOf(node, other))?.port ?? 0,
    }));
    // Ports of old, on which nobody listens.
    return { host: "127.0.0.1", join, advertise: `127.0.0.1:${node + 1}`, launch: {} };
  }

  base(from: number, to: number): PathQuality {
    return this.#path(from, to).base;
  }

  async setQuality(from: number, to: number, quality: PathQuality): Promise<void> {
    this.#path(from, to).quality = quality;
  }

  async cut({ paths }: Cut): Promise<() => Promise<void>> {
    for (const [from, to] of paths) {
      this.#path(from, to).cut();
      if (this.#options.cuts === "reset") for (const connection of this.#between(from, to)) connection.reset();
    }
    return async () => {
      for (const [from, to] of paths) this.#path(from, to).heal();
      for (const connection of this.#connections) connection.proceed();
    };
  }

  async break([first, second]: PathPair, lateMs: number): Promise<void> {
    for (const connection of this.#between(first, second)) {
      connection.abandon(first);
      connection.hangUp(first);
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        connection.hangUp(second);
      }, lateMs);
      this.#timers.add(timer);
    }
  }

  async unplug(node: number): Promise<void> {
    for (const connection of this.#connections) if (connection.joins(node)) connection.abandon(node);
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    const servers = [...this.#listeners.values()].map(({ server }) => server);
    const closed = servers.map((server) => once(server, "close"));
    for (const server of servers) server.close();
    for (const connection of this.#connections) connection.reset();
    await Promise.all(closed);
  }

  async #listen(from: number, to: number): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket, from, to));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    this.#listeners.set(nameOf(from, to), { server, port: (server.address() as AddressInfo).port });
  }

  #accept(socket: Socket, from: number, to: number): void {
    const there = this.#path(from, to);
    const back = this.#path(to, from);
    if (this.#options.cuts === "reset" && !(there.isOpen && back.isOpen)) {
      socket.resetAndDestroy();
      return;
    }
    const port = this.#options.ports[to] ?? 0;
    const connection = new ProxyConnection({ dialler: socket, from, to, port, there, back });
    this.#connections.add(connection);
    connection.onOver = () => this.#connections.delete(connection);
    connection.proceed();
  }

  #between(one: number, other: number): ProxyConnection[] {
    return [...this.#connections].filter((connection) => connection.joins(one) && connection.joins(other));
  }

  #path(from: number, to: number): ProxyPath {
    const path = this.#paths.get(nameOf(from, to));
    if (path === undefined) throw new Error(`no path from ${from} to ${to}`);
    return path;
  }
}

function nameOf(from: number, to: number): string {
  return `${from} to ${to}`;
}

function pairsOf(nodes: number): PathPair[] {
  const all = Array.from({ length: nodes }, (_, node) => node);
  return all.flatMap((from) => all.filter((to) => to !== from).map((to): PathPair => [from, to]));
}
