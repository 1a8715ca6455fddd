/** A small world for tests of the simulator itself: nodes without replicas, ports by hand. */

import type { NetworkSettings } from "../../../simulations/simulator/network.ts";
import type { PathQuality } from "../../../simulations/simulator/paths.ts";
import type { SimulatedReplica } from "../../../simulations/simulator/replica.ts";
import { Endpoint } from "../../../simulations/simulator/transport.ts";
import { World } from "../../../simulations/simulator/world.ts";
import type { ReplicaId } from "../../../src/base/ids.ts";
import type { LinkId, LocalFacts, PeerFacts, TransportEvents } from "../../../src/replica/ports.ts";

export const CALM: PathQuality = { latencyMs: 10, jitterMs: 2, loss: 0, bytesPerMs: Infinity };

const IDLE_REPLICA = { start: async () => undefined, stop: async () => undefined } as unknown as SimulatedReplica;

export function idOf(index: number): ReplicaId {
  return `r${index}` as ReplicaId;
}

export function createBareWorld(options: {
  readonly seed?: string;
  readonly nodes?: number;
  readonly durable?: boolean;
  readonly quality?: PathQuality;
  readonly network?: Partial<NetworkSettings>;
}): World {
  const { seed = "1", nodes = 2, durable = true, quality = CALM, network = {} } = options;
  return new World({
    seed,
    nodes: Array.from({ length: nodes }, (_, index) => ({
      identity: { id: idOf(index), region: "eu", address: `r${index}:1`, join: [] },
      durable,
      clockOffsetMs: 0,
      diskMeanMs: 2,
    })),
    quality: () => quality,
    network,
    createReplica: () => IDLE_REPLICA,
  });
}

/** Lets time pass until `promise` settles. */
export async function settleIn<T>(world: World, promise: Promise<T>): Promise<T> {
  let settled = false;
  const watched = promise.finally(() => {
    settled = true;
  });
  watched.catch(() => undefined);
  for (let i = 0; i < 10_000 && !settled; i++) await world.run(world.now + 1);
  return watched;
}

/** A process that holds an endpoint and notes what it hears. */
export class Listener implements TransportEvents {
  readonly owner = { ended: false, pausedUntil: 0 };
  readonly endpoint: Endpoint;
  readonly links = new Map<ReplicaId, LinkId>();
  readonly heard: { readonly from: ReplicaId; readonly number: number; readonly link: LinkId }[] = [];
  readonly downs: string[] = [];
  readonly refusals: string[] = [];
  /** Said to every peer the moment its link comes up. */
  greeting: number | undefined;
  readonly #peers = new Map<LinkId, ReplicaId>();

  constructor(world: World, node: number, life = 1, id = idOf(node)) {
    const { queue, network, trace } = world;
    const random = world.random.fork(`listener ${node} ${life}`);
    this.endpoint = new Endpoint({ network, queue, now: () => world.now, random, owner: this.owner, trace, node });
    const facts: LocalFacts = { id, life, region: "eu", address: `r${node}:1`, cluster: "c", shards: 1 };
    void this.endpoint.start(facts, this);
  }

  say(peer: number, number: number, droppable = false): void {
    const link = this.links.get(idOf(peer));
    if (link !== undefined) this.endpoint.send(link, Uint8Array.of(number, number >>> 8), droppable);
  }

  numbersFrom(peer: number): number[] {
    return this.heard.filter((frame) => frame.from === idOf(peer)).map((frame) => frame.number);
  }

  up(link: LinkId, peer: PeerFacts): void {
    if (this.links.has(peer.id)) throw new Error("two links to one peer");
    this.links.set(peer.id, link);
    this.#peers.set(link, peer.id);
    if (this.greeting !== undefined) this.endpoint.send(link, Uint8Array.of(this.greeting, 0), false);
  }

  down(link: LinkId, reason: string): void {
    const peer = this.#peers.get(link);
    if (peer === undefined || this.links.get(peer) !== link) throw new Error("down without up");
    this.links.delete(peer);
    this.#peers.delete(link);
    this.downs.push(reason);
  }

  frame(link: LinkId, bytes: Uint8Array): void {
    const from = this.#peers.get(link);
    if (from === undefined) throw new Error("frame on a link that is down");
    this.heard.push({ from, link, number: (bytes[0] as number) | ((bytes[1] as number) << 8) });
  }

  refused(detail: { readonly code: string }): void {
    this.refusals.push(detail.code);
  }
}
