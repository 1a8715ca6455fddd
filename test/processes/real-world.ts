/** A stage of real processes: the nodes of a plan on this machine, the links between them, and an agenda of real time. */

import { join } from "node:path";
import { type Plan, qualityOf } from "../../simulations/plan.ts";
import type { Stage } from "../../simulations/workload/stage.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { createReplica, freePort, type LogLine, untilLinked } from "../end-to-end/replica-process.ts";
import { Agenda } from "./agenda.ts";
import { FakeClock } from "./fake-clock.ts";
import type { Links } from "./links.ts";
import { NamespaceLinks } from "./namespaces.ts";
import { ProxyLinks } from "./proxy.ts";
import { RealNode } from "./real-node.ts";
import { DOORS } from "./remote-store.ts";
import { TOKENS } from "./stranger.ts";

export interface RealWorldOptions {
  /** What links go through: a proxy that swallows what is cut, one that resets it, or the kernel. */
  readonly links: "black-hole" | "reset" | "namespaces";
  /** A bundle of the replica other than the usual one. */
  readonly script?: string;
  /** For data and clocks. */
  readonly folder: string;
}

export interface Breakdown {
  readonly node: number;
  readonly error: unknown;
}

export class RealWorld implements Stage {
  readonly agenda: Agenda;
  readonly nodes: readonly RealNode[];
  readonly links: Links;
  readonly breakdowns: Breakdown[] = [];
  /** The real world leaves no trace that would be the same a second time. */
  readonly trace = { record: () => {} };
  onLifeEnd: ((node: number, life: number) => void) | undefined;

  /** All replicas run and see each other, and time begins. */
  static async start(plan: Plan, options: RealWorldOptions): Promise<RealWorld> {
    const ports: number[] = [];
    for (const _ of plan.nodes) ports.push(await freePort());
    const links = await createLinks(plan, options, ports);
    const nodes: RealNode[] = [];
    let world: RealWorld | undefined;
    const lifeEnded = (node: number, life: number) => world?.onLifeEnd?.(node, life);
    const now = () => world?.now ?? 0;
    try {
      for (const [index, port] of ports.entries()) {
        nodes.push(await createNode({ plan, index, port, links, now, lifeEnded, options }));
      }
      await Promise.all(nodes.map((node) => node.start()));
      await untilLinked(nodes.map((node) => node.process));
    } catch (error) {
      await Promise.all(nodes.map((node) => node.kill()));
      await links.stop();
      throw error;
    }
    world = new RealWorld(nodes, links);
    return world;
  }

  private constructor(nodes: readonly RealNode[], links: Links) {
    this.nodes = nodes;
    this.links = links;
    this.agenda = new Agenda();
  }

  get now(): number {
    return this.agenda.now;
  }

  at(time: number, act: () => void): void {
    this.agenda.at(time, act);
  }

  node(index: number): RealNode {
    const node = this.nodes[index];
    if (node === undefined) throw new Error(`there is no node ${index}`);
    return node;
  }

  fail(node: number, error: unknown): void {
    this.breakdowns.push({ node, error });
  }

  /** What all replicas logged, by node. */
  logs(): readonly (readonly LogLine[])[] {
    return this.nodes.map((node) => node.process.logs);
  }

  /** Ends all processes at once, as they are. */
  async kill(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
  }

  async stop(): Promise<void> {
    this.agenda.stop();
    await this.kill();
    await this.links.stop();
  }
}

function createLinks(plan: Plan, { links }: RealWorldOptions, ports: readonly number[]): Promise<Links> {
  const quality = (from: number, to: number) => qualityOf(plan, from, to);
  if (links === "namespaces") return NamespaceLinks.start({ ports, quality });
  return ProxyLinks.start({ ports, quality, cuts: links, random: new SeededRandom(`${plan.seed} links`) });
}

interface NodeOptions {
  readonly plan: Plan;
  readonly index: number;
  readonly port: number;
  readonly links: Links;
  readonly now: () => number;
  readonly lifeEnded: (node: number, life: number) => void;
  readonly options: RealWorldOptions;
}

async function createNode({ plan, index, port, links, now, lifeEnded, options }: NodeOptions): Promise<RealNode> {
  const { folder, script } = options;
  const { region = "here", durable = true } = plan.nodes[index] ?? {};
  const place = links.place(index);
  const jumps = plan.faults.some((fault) => fault.type === "clock-jump" && fault.node === index);
  const fakeClock = jumps ? new FakeClock(join(folder, `clock-${index}`)) : undefined;
  const replica = await createReplica(
    `r${index}`,
    {
      port,
      region,
      host: place.host,
      join: place.join,
      advertise: place.advertise,
      tokens: TOKENS,
      shards: plan.replica.shards,
      retentionMs: plan.replica.retentionMs,
      maxClockOffsetMs: plan.replica.maxClockOffsetMs,
      cluster: "real",
      data: durable ? join(folder, `data-${index}`) : "none",
    },
    {
      ...place.launch,
      ...(script === undefined ? {} : { script }),
      ...(fakeClock === undefined ? {} : { environment: fakeClock.environment() }),
    },
  );
  // The doors take turns: no run goes by one of them alone.
  const door = DOORS[index % DOORS.length] ?? "http";
  const doorHost = place.launch.doorHost ?? place.host;
  return new RealNode({ index, process: replica, fakeClock, door, doorHost, now, lifeEnded });
}
