/** The transport port of one life of a node, on the simulated network: which links there are and whom to dial again. */

import { assert } from "../../src/base/assert.ts";
import type { ErrorCode } from "../../src/base/errors.ts";
import type { ReplicaId } from "../../src/base/ids.ts";
import type { LinkId, LocalFacts, PeerFacts, Random, Transport, TransportEvents } from "../../src/replica/ports.ts";
import type { Side } from "./connection.ts";
import { dial } from "./dialing.ts";
import { uniform } from "./draws.ts";
import type { EventOwner, EventQueue } from "./event-queue.ts";
import type { SimulatedNetwork } from "./network.ts";
import type { Trace } from "./trace.ts";

interface Target {
  /** Dials in a row of which no link came that lasted. */
  failures: number;
  /** A dial is under way or scheduled. */
  isBusy: boolean;
}

export interface EndpointOptions {
  readonly network: SimulatedNetwork;
  readonly queue: EventQueue;
  readonly now: () => number;
  readonly random: Random;
  readonly owner: EventOwner;
  readonly trace: Trace;
  readonly node: number;
}

export class Endpoint implements Transport {
  readonly node: number;
  readonly owner: EventOwner;
  readonly #options: EndpointOptions;
  readonly #sidesByLink = new Map<LinkId, Side>();
  readonly #sidesByPeer = new Map<ReplicaId, Side>();
  /** How many there are to each address that a peer named as its own. */
  readonly #linksByAddress = new Map<string, number>();
  /** Links that `close` was called for and that are not down yet. */
  readonly #closing = new Set<LinkId>();
  readonly #targets = new Map<string, Target>();
  #blocked: ReadonlySet<ReplicaId> = new Set();
  #facts: LocalFacts | undefined;
  #events: TransportEvents | undefined;
  #nextLink = 1;
  #dials = 0;
  #isStopped = false;

  constructor(options: EndpointOptions) {
    this.#options = options;
    this.node = options.node;
    this.owner = options.owner;
  }

  get queueBytesMax(): number {
    const { queueBytesHardMax, messageBytesMax } = this.#options.network.settings;
    return queueBytesHardMax + messageBytesMax;
  }

  get facts(): LocalFacts {
    assert(this.#facts !== undefined, "transport used before start");
    return this.#facts;
  }

  // The port.

  async start(facts: LocalFacts, events: TransportEvents): Promise<void> {
    assert(this.#facts === undefined, "transport started twice");
    this.#facts = facts;
    this.#events = events;
    if (!this.owner.ended) this.#options.network.attach(this);
    for (const [address, target] of this.#targets) this.#dialSoon(address, target, 0);
  }

  connect(addresses: readonly string[]): void {
    if (this.#isStopped) return;
    const wanted = new Set(addresses);
    for (const address of this.#targets.keys()) if (!wanted.has(address)) this.#targets.delete(address);
    for (const address of addresses) {
      if (this.#targets.has(address)) continue;
      const target = { failures: 0, isBusy: false };
      this.#targets.set(address, target);
      if (this.#facts !== undefined) this.#dialSoon(address, target, 0);
    }
  }

  send(link: LinkId, frame: Uint8Array, droppable: boolean): void {
    const side = this.#openSide(link);
    if (side !== undefined && !this.owner.ended) this.#options.network.send(side, frame, droppable);
  }

  queuedBytes(link: LinkId): number {
    const side = this.#openSide(link);
    return side === undefined ? 0 : this.#options.network.queuedBytes(side);
  }

  close(link: LinkId, code: ErrorCode, reason: string): void {
    const { queue, now, network } = this.#options;
    const side = this.#openSide(link);
    if (side === undefined) return;
    this.#closing.add(link);
    queue.schedule(now(), this.owner, () => network.closeSide(side, reason, 0, code));
  }

  block(replicas: readonly ReplicaId[]): void {
    this.#blocked = new Set(replicas);
    const { queue, now, network } = this.#options;
    queue.schedule(now(), this.owner, () => network.closeAll(this, this.#blocked));
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#targets.clear();
    this.#options.network.stopped(this);
    for (const side of [...this.#sidesByLink.values()]) this.down(side, "stopped", "SHUTTING_DOWN");
  }

  // What the network does to it.

  sideOf(peer: ReplicaId): Side | undefined {
    return this.#sidesByPeer.get(peer);
  }

  /** Why this end wants no link with a peer. */
  judge(peer: LocalFacts): ErrorCode | undefined {
    const { facts } = this;
    if (peer.id === facts.id) return peer.life === facts.life ? "PEER_SELF" : "PEER_DUPLICATE_ID";
    if (peer.cluster !== facts.cluster) return "PEER_OTHER_CLUSTER";
    if (peer.shards !== facts.shards) return "PEER_OTHER_SHARDS";
    return this.judgePeer(peer.id);
  }

  judgePeer(peer: ReplicaId): ErrorCode | undefined {
    return this.#blocked.has(peer) ? "UNREACHABLE" : undefined;
  }

  up(side: Side, version: number): void {
    side.link = this.#nextLink++;
    side.upAt = this.#options.now();
    side.state = "up";
    this.#sidesByLink.set(side.link, side);
    this.#countLink(side, 1);
    assert(!this.#sidesByPeer.has(side.peer.id), "a second link to one peer");
    this.#sidesByPeer.set(side.peer.id, side);
    this.#record("up", side.peerNode, side.link);
    this.#events?.up(side.link, side.peer, version);
  }

  down(side: Side, reason: string, code: ErrorCode): void {
    if (!this.#sidesByLink.delete(side.link)) return;
    this.#countLink(side, -1);
    this.#closing.delete(side.link);
    this.#sidesByPeer.delete(side.peer.id);
    if (this.#isStopped) return;
    this.#record("down", side.peerNode, side.link, reason);
    this.#events?.down(side.link, reason, code);
    const target = this.#targets.get(side.peer.address);
    if (target === undefined) return;
    const { now, network } = this.#options;
    target.failures = now() - side.upAt < network.settings.stableAfterMs ? target.failures + 1 : 0;
    this.#dialSoon(side.peer.address, target, this.#backoffMs(target));
  }

  frame(side: Side, bytes: Uint8Array): void {
    if (!this.#closing.has(side.link)) this.#events?.frame(side.link, bytes);
  }

  refusedInbound(peer: PeerFacts, code: ErrorCode): void {
    this.#record("refused", -1, 1, code);
    this.#events?.refused({ address: peer.address, code, message: "refused", inbound: true });
  }

  /** Counts the connections that this life opens. */
  countDial(): number {
    return ++this.#dials;
  }

  dialDone(address: string): void {
    const target = this.#targets.get(address);
    if (target === undefined) return;
    target.isBusy = false;
  }

  dialFailed(address: string, code: ErrorCode): void {
    const target = this.#targets.get(address);
    if (target === undefined) return;
    target.isBusy = false;
    target.failures++;
    this.#record("refused", -1, 0, code);
    this.#events?.refused({ address, code, message: "dial failed", inbound: false });
    if (code === "PEER_SELF") this.#targets.delete(address);
    else this.#dialSoon(address, target, this.#backoffMs(target));
  }

  #openSide(link: LinkId): Side | undefined {
    return this.#closing.has(link) ? undefined : this.#sidesByLink.get(link);
  }

  #backoffMs(target: Target): number {
    const { redialMinMs, redialMaxMs } = this.#options.network.settings;
    const most = Math.min(redialMaxMs, redialMinMs * 2 ** Math.min(target.failures, 20));
    return uniform(this.#options.random, redialMinMs / 2, most);
  }

  #dialSoon(address: string, target: Target, delayMs: number): void {
    if (target.isBusy || this.#isStopped) return;
    target.isBusy = true;
    const { queue, now, network } = this.#options;
    queue.schedule(now() + delayMs, this.owner, () => {
      if (this.#targets.get(address) !== target || this.#linksByAddress.has(address)) target.isBusy = false;
      else dial(network, this, address);
    });
  }

  #countLink({ peer: { address } }: Side, by: 1 | -1): void {
    const count = (this.#linksByAddress.get(address) ?? 0) + by;
    if (count === 0) this.#linksByAddress.delete(address);
    else this.#linksByAddress.set(address, count);
  }

  #record(kind: "up" | "down" | "refused", peer: number, link: number, detail?: string): void {
    const { trace, now } = this.#options;
    trace.record(now(), kind, this.node, peer, link, detail);
  }
}
