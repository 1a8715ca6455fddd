/**
 * Links through the kernel: each node in a network namespace of its own, all joined by a bridge, with iptables to drop
 * packets one way, `ip link` to take an interface down, the statistic match to lose packets and a token bucket to ration
 * them. A second interface of each node leads to this process, so that clients reach it whatever becomes of the first.
 *
 * Needs root, iproute2 and iptables. Latency and breaking single connections are the proxy's business.
 */

import { execFile, execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import type { PathPair } from "../../simulations/faults/fault.ts";
import type { PathQuality } from "../../simulations/simulator/paths.ts";
import { interfaceOf, NAMESPACE_PREFIX, removeNamespaces } from "./leftovers.ts";
import type { Cut, Links, Place } from "./links.ts";

const run = promisify(execFile);

const PEERS = "peers";
const BURST = "4kb";
const QUEUE_MS = 2000;
/** Subnets of 10.78.0.0/16 that connect nodes to this process. */
const SUBNETS = 256;

let lastRun = 0;

/** Why no namespaces can be had here, for `skip`; nothing where they can. */
export function whyNoNamespaces(): string | undefined {
  if (process.platform !== "linux") return "SKIPPED: needs Linux for network namespaces";
  if (process.getuid?.() !== 0) return "SKIPPED: needs root for network namespaces";
  if (!isThere("ip")) return "SKIPPED: needs ip (Debian package iproute2)";
  if (!isThere("iptables")) return "SKIPPED: needs iptables (Debian package iptables)";
  const probe = `${NAMESPACE_PREFIX}${process.pid}-probe`;
  const quietly = (program: string, words: string) => execFileSync(program, words.split(" "), { stdio: "ignore" });
  try {
    quietly("ip", `netns add ${probe}`);
    quietly("ip", `-n ${probe} link add ${PEERS} type veth peer name other`);
    quietly("ip", `-n ${probe} link add bridge type bridge`);
    quietly("tc", `-n ${probe} qdisc add dev ${PEERS} root tbf rate 256kbit burst ${BURST} latency ${QUEUE_MS}ms`);
    quietly("ip", `netns exec ${probe} iptables -A OUTPUT -m statistic --mode random --probability 0.5 -j DROP`);
  } catch {
    return "SKIPPED: this machine does not allow network namespaces with veth, bridge, tbf and iptables";
  } finally {
    removeNamespaces(probe);
  }
  return undefined;
}

function isThere(program: string): boolean {
  return ["/usr/sbin", "/sbin", "/usr/bin", "/bin"].some((folder) => existsSync(`${folder}/${program}`));
}

export interface NamespaceOptions {
  /** By node: the port of its doors. */
  readonly ports: readonly number[];
  readonly quality: (from: number, to: number) => PathQuality;
}

export class NamespaceLinks implements Links {
  readonly #options: NamespaceOptions;
  readonly #name: string;
  readonly #subnet: number;
  /** By node, how many faults keep its link down. */
  readonly #downs: number[];
  readonly #losses = new Map<string, number>();
  readonly #rates = new Map<string, number>();

  static async start(options: NamespaceOptions): Promise<NamespaceLinks> {
    const links = new NamespaceLinks(options, await freeSubnet());
    try {
      await links.#build();
    } catch (error) {
      await links.stop();
      throw error;
    }
    return links;
  }

  private constructor(options: NamespaceOptions, subnet: number) {
    this.#options = options;
    this.#name = `${NAMESPACE_PREFIX}${process.pid}-${++lastRun}`;
    this.#subnet = subnet;
    this.#downs = options.ports.map(() => 0);
  }

  place(node: number): Place {
    const join = this.#options.ports.flatMap((port, other) =>
      other === node ? [] : [{ type: "address" as const, host: peerAddress(other), port }],
    );
    return {
      host: "0.0.0.0",
      join,
      advertise: `${peerAddress(node)}:${this.#options.ports[node]}`,
      launch: { through: ["ip", "netns", "exec", this.#space(node)], doorHost: this.#doorAddress(node, 2) },
    };
  }

  base(from: number, to: number): PathQuality {
    return this.#options.quality(from, to);
  }

  async setQuality(from: number, to: number, quality: PathQuality): Promise<void> {
    const base = this.base(from, to);
    if (quality.latencyMs !== base.latencyMs || quality.jitterMs !== base.jitterMs) {
      throw new Error("a namespace delays nothing");
    }
    await this.#setLoss(from, to, quality.loss);
    await this.#setRate(from, to, quality.bytesPerMs);
  }

  async cut({ shape, paths }: Cut): Promise<() => Promise<void>> {
    const alone = shape === "isolate" ? paths[0]?.[0] : undefined;
    if (alone !== undefined) return this.#takeDown(alone);
    for (const [from, to] of paths) await this.#drop("-A", from, to);
    return async () => {
      for (const [from, to] of paths) await this.#drop("-D", from, to);
    };
  }

  async break(nodes: PathPair): Promise<void> {
    throw new Error(`the kernel breaks no single connection (${nodes})`);
  }

  async unplug(node: number): Promise<void> {
    throw new Error(`the kernel tells of every process that ends (${node})`);
  }

  async stop(): Promise<void> {
    removeNamespaces(this.#name);
  }

  async #build(): Promise<void> {
    const bridge = `${this.#name}-bridge`;
    await ip(`netns add ${bridge}`);
    await ip(`-n ${bridge} link add bridge type bridge`);
    await ip(`-n ${bridge} link set bridge up`);
    for (const node of this.#options.ports.keys()) await this.#addNode(node, bridge);
  }

  async #addNode(node: number, bridge: string): Promise<void> {
    const space = this.#space(node);
    const port = `port${node}`;
    const doors = interfaceOf(space);
    await ip(`netns add ${space}`);
    await ip(`-n ${space} link set lo up`);
    await ip(`-n ${space} link add ${PEERS} type veth peer name ${port} netns ${bridge}`);
    await ip(`-n ${bridge} link set ${port} master bridge up`);
    await ip(`-n ${space} addr add ${peerAddress(node)}/24 dev ${PEERS}`);
    await ip(`-n ${space} link set ${PEERS} up`);
    await ip(`link add ${doors} type veth peer name doors netns ${space}`);
    await ip(`addr add ${this.#doorAddress(node, 1)}/30 dev ${doors}`);
    await ip(`link set ${doors} up`);
    await ip(`-n ${space} addr add ${this.#doorAddress(node, 2)}/30 dev doors`);
    await ip(`-n ${space} link set doors up`);
  }

  async #takeDown(node: number): Promise<() => Promise<void>> {
    const set = (state: "up" | "down") => ip(`-n ${this.#space(node)} link set ${PEERS} ${state}`);
    this.#downs[node] = (this.#downs[node] ?? 0) + 1;
    await set("down");
    return async () => {
      this.#downs[node] = (this.#downs[node] ?? 1) - 1;
      if (this.#downs[node] === 0) await set("up");
    };
  }

  #drop(change: "-A" | "-D", from: number, to: number, match = ""): Promise<unknown> {
    const rule = `OUTPUT -o ${PEERS} -d ${peerAddress(to)}${match} -j DROP`;
    return ip(`netns exec ${this.#space(from)} iptables -w ${change} ${rule}`);
  }

  async #setLoss(from: number, to: number, loss: number): Promise<void> {
    const path = `${from} to ${to}`;
    const match = (probability: number) => ` -m statistic --mode random --probability ${probability}`;
    const before = this.#losses.get(path) ?? 0;
    if (before === loss) return;
    if (before > 0) await this.#drop("-D", from, to, match(before));
    if (loss > 0) await this.#drop("-A", from, to, match(loss));
    this.#losses.set(path, loss);
  }

  /** Rations all that a node sends: the slowest of its paths holds for all of them. */
  async #setRate(from: number, to: number, bytesPerMs: number): Promise<void> {
    this.#rates.set(`${from} to ${to}`, bytesPerMs);
    const rates = [...this.#rates].filter(([path]) => path.startsWith(`${from} `)).map(([, rate]) => rate);
    const slowest = Math.min(...rates);
    const device = `-n ${this.#space(from)} qdisc`;
    if (slowest !== Infinity) {
      const bucket = `rate ${Math.ceil(slowest * 8)}kbit burst ${BURST} latency ${QUEUE_MS}ms`;
      await tc(`${device} replace dev ${PEERS} root tbf ${bucket}`);
    } else if ((await tc(`${device} show dev ${PEERS}`)).includes("tbf")) {
      await tc(`${device} del dev ${PEERS} root`);
    }
  }

  #space(node: number): string {
    return `${this.#name}-${node}`;
  }

  /** 1 = this end, 2 = the node's. */
  #doorAddress(node: number, end: 1 | 2): string {
    return `10.78.${this.#subnet}.${node * 4 + end}`;
  }
}

function peerAddress(node: number): string {
  return `10.77.0.${node + 1}`;
}

async function freeSubnet(): Promise<number> {
  const taken = await ip("-o -4 addr show");
  for (let tries = 0; tries < SUBNETS; tries++) {
    const subnet = (process.pid + lastRun + tries) % SUBNETS;
    if (!taken.includes(` 10.78.${subnet}.`)) return subnet;
  }
  throw new Error("all subnets of 10.78.0.0/16 are taken");
}

async function ip(words: string): Promise<string> {
  return (await run("ip", words.split(" "))).stdout;
}

async function tc(words: string): Promise<string> {
  return (await run("tc", words.split(" "))).stdout;
}
