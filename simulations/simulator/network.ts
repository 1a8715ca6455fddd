/**
 * The network between simulated nodes: who listens where, live connections, and what faults do to them. It keeps the law of the
 * transport port. Duplication and reordering then come from where they come from in life: one register arrives from two
 * peers, a stalled link delivers late, and one side of a broken link learns of it later than the other. `datagram` breaks
 * the law on purpose for droppable frames, single ones of which then arrive twice, late, or before their turn;
 * `corruptions` break it for all of them.
 */

import { assert } from "../../src/base/assert.ts";
import type { ErrorCode } from "../../src/base/errors.ts";
import type { ReplicaId } from "../../src/base/ids.ts";
import type { Random } from "../../src/replica/ports.ts";
import { type Connection, hashFrame, otherSide, type Sent, type Side } from "./connection.ts";
import { Connections } from "./connections.ts";
import { type Corruption, damageFrame } from "./corruption.ts";
import { exponential, uniform, unit } from "./draws.ts";
import type { EventOwner, EventQueue } from "./event-queue.ts";
import type { Delivery } from "./observer.ts";
import type { PathQuality, Paths } from "./paths.ts";
import type { Trace } from "./trace.ts";
import type { Endpoint } from "./transport.ts";

/** Frames beyond the law of the port; only droppable ones are touched. */
export interface DatagramProfile {
  /** Probability that a frame arrives a second time. */
  readonly duplicate: number;
  /** Probability that a frame leaves the order of its link. */
  readonly reorder: number;
  /** Mean delay of copies and of reordered frames. */
  readonly lateMs: number;
}

/** A droppable frame to deliver once more, so many ms later, or only then. */
export interface LateCopy {
  readonly from: number;
  readonly to: number;
  readonly lateMs: number;
  readonly isOnlyCopy: boolean;
}

export interface NetworkSettings {
  /** Silence after which a side gives a link up. */
  readonly heartbeatTimeoutMs: number;
  readonly dialTimeoutMs: number;
  readonly redialMinMs: number;
  readonly redialMaxMs: number;
  /** A link that lasted so long ends the backoff of its address. */
  readonly stableAfterMs: number;
  /** A link on which a longer message is sent is given up. */
  readonly messageBytesMax: number;
  /** Beyond this, droppable frames are left out ... */
  readonly queueBytesMax: number;
  /** ... and beyond this, which droppable frames alone never reach, the link is given up. */
  readonly queueBytesHardMax: number;
}

const MIB = 1024 * 1024;

export const NETWORK_DEFAULTS: NetworkSettings = {
  heartbeatTimeoutMs: 4000,
  dialTimeoutMs: 2000,
  redialMinMs: 50,
  redialMaxMs: 1000,
  stableAfterMs: 5000,
  messageBytesMax: 16 * MIB + 64 * 1024,
  queueBytesMax: MIB,
  queueBytesHardMax: 32 * MIB,
};

export interface NetworkOptions {
  readonly queue: EventQueue;
  readonly now: () => number;
  readonly random: Random;
  readonly trace: Trace;
  readonly paths: Paths;
  readonly settings: NetworkSettings;
  /** Told of every frame that is handed over. */
  readonly sent: (node: number, droppable: boolean) => void;
  /** Told of every frame that arrives. */
  readonly delivered: (delivery: Delivery) => void;
}

export class SimulatedNetwork {
  readonly paths: Paths;
  readonly settings: NetworkSettings;
  datagram: DatagramProfile | undefined;
  /** Of those that hold at once, each damages frames by itself. */
  readonly corruptions = new Set<Corruption>();
  corrupted = 0;
  frames = 0;
  bytes = 0;
  dropped = 0;
  readonly options: NetworkOptions;
  readonly #endpoints = new Map<number, Endpoint>();
  readonly #nodeByAddress = new Map<string, number>();
  readonly #connections = new Connections();
  readonly #lateCopies: LateCopy[] = [];
  #scratch = new Uint8Array(4096);

  constructor(options: NetworkOptions) {
    this.options = options;
    this.paths = options.paths;
    this.settings = options.settings;
  }

  /** Names the node that listens at an address. */
  place(address: string, node: number): void {
    this.#nodeByAddress.set(address, node);
  }

  nodeAt(address: string): number | undefined {
    return this.#nodeByAddress.get(address);
  }

  /** The process that listens on a node, if one does. */
  endpointAt(node: number): Endpoint | undefined {
    return this.#endpoints.get(node);
  }

  attach(endpoint: Endpoint): void {
    this.#endpoints.set(endpoint.node, endpoint);
  }

  detach(endpoint: Endpoint): void {
    if (this.#endpoints.get(endpoint.node) === endpoint) this.#endpoints.delete(endpoint.node);
  }

  add(connection: Connection): void {
    this.#connections.add(connection);
  }

  /** Hands a frame to the path; false when it was droppable and the queue is full, or the link is given up over it. */
  send(side: Side, frame: Uint8Array, droppable: boolean): boolean {
    const { trace, now, sent } = this.options;
    const { messageBytesMax, queueBytesMax, queueBytesHardMax } = this.settings;
    const pipe = otherSide(side).inbound;
    const queued = pipe.queuedBytes();
    if (droppable && queued + frame.length > queueBytesMax) {
      this.dropped++;
      trace.record(now(), "drop", side.node, side.peerNode, frame.length);
      return false;
    }
    if (frame.length > messageBytesMax || queued >= queueBytesHardMax) {
      const reason = frame.length > messageBytesMax ? "message over its bound" : "queue over its bound";
      this.#at(0, side.owner, () => this.closeSide(side, reason, 0));
      return false;
    }
    this.frames++;
    this.bytes += frame.length;
    trace.record(now(), "send", side.node, side.peerNode, frame.length);
    if (!droppable || !this.#disturb(side, frame)) pipe.push(frame);
    sent(side.node, droppable);
    return true;
  }

  /** What all links together have to carry. */
  load(): { readonly links: number; readonly queuedBytes: number } {
    let links = 0;
    let queuedBytes = 0;
    for (const { dialer, acceptor } of this.#connections.all()) {
      if (dialer.state === "up" && acceptor.state === "up") links++;
      queuedBytes += dialer.inbound.queuedBytes() + acceptor.inbound.queuedBytes();
    }
    return { links, queuedBytes };
  }

  queuedBytes(side: Side): number {
    return otherSide(side).inbound.queuedBytes();
  }

  /** What becomes of the next droppable frame on a path. */
  copyLate(copy: LateCopy): void {
    this.#lateCopies.push(copy);
  }

  /** True when the frame has left the order of its link. */
  #disturb(side: Side, frame: Uint8Array): boolean {
    const { random } = this.options;
    const aimed = this.#lateCopies.findIndex((copy) => copy.from === side.node && copy.to === side.peerNode);
    if (aimed !== -1) {
      const [copy] = this.#lateCopies.splice(aimed, 1);
      if (copy !== undefined) this.#deliverLate(side, frame, copy.lateMs);
      if (copy?.isOnlyCopy === true) return true;
    }
    const { datagram } = this;
    if (datagram === undefined) return false;
    if (unit(random) < datagram.duplicate) this.#deliverLate(side, frame, exponential(random, datagram.lateMs));
    if (unit(random) >= datagram.reorder) return false;
    this.#deliverLate(side, frame, exponential(random, datagram.lateMs));
    return true;
  }

  /**
   * Outside the order: to whatever link there then is between the two, if there is one and the path is open. A process that
   * keeps nothing on disk has come back as another replica, to which nobody has addressed it.
   */
  #deliverLate(from: Side, frame: Uint8Array, lateMs: number): void {
    const { node, peerNode } = from;
    const hash = hashFrame(frame);
    const sentAt = this.options.now();
    this.#at(this.paths.quality(node, peerNode).latencyMs + lateMs, undefined, () => {
      const receiver = this.#endpoints.get(peerNode);
      const side = receiver?.facts.id === from.peer.id ? receiver.sideOf(otherSide(from).peer.id) : undefined;
      if (receiver === undefined || receiver.owner.ended || side === undefined || this.paths.isCut(node, peerNode))
        return;
      if (receiver.owner.pausedUntil <= this.options.now()) this.deliver(receiver, side, frame, { hash, sentAt });
    });
  }

  /** A frame has come to the end of its path. */
  deliver(endpoint: Endpoint, side: Side, bytes: Uint8Array, sent: Sent): void {
    assert(side.state !== "opening", "a frame before its link");
    if (side.state === "down") return;
    assert(hashFrame(bytes) === sent.hash, "a frame was changed after it was sent");
    if (bytes.length > this.#scratch.length) this.#scratch = new Uint8Array(bytes.length * 2);
    // A view that is overwritten after the call: what the receiver keeps without copying turns to rubbish at once.
    const view = this.#scratch.subarray(0, bytes.length);
    view.set(bytes);
    this.options.trace.record(this.options.now(), "deliver", side.node, side.peerNode, sent.hash);
    this.options.delivered({ from: side.peerNode, to: side.node, sentAt: sent.sentAt, bytes });
    endpoint.frame(side, this.#damaged(side, view));
    view.fill(0xa5);
  }

  #damaged(side: Side, frame: Uint8Array): Uint8Array {
    const { random, trace, now } = this.options;
    let left = frame;
    for (const { from, to, probability } of this.corruptions) {
      if (from !== side.peerNode || to !== side.node || left.length === 0 || unit(random) >= probability) continue;
      this.corrupted++;
      left = damageFrame(random, left);
      trace.record(now(), "corrupt", side.node, side.peerNode, left.length);
    }
    return left;
  }

  /**
   * One side ends: it says so to its replica and, unless `lateMs` is undefined, to the other side, behind what it sent
   * and so much later still.
   */
  closeSide(side: Side, reason: string, lateMs: number | undefined, code: ErrorCode = "UNREACHABLE"): void {
    if (side.state === "down") return;
    const wasUp = side.state === "up";
    side.state = "down";
    const other = otherSide(side);
    if (other.state === "down") this.#connections.delete(side.connection);
    else if (lateMs !== undefined) other.inbound.pushClose({ reason, code }, lateMs);
    const endpoint = this.#endpoints.get(side.node);
    if (wasUp && endpoint?.owner === side.owner) endpoint.down(side, reason, code);
  }

  // Faults.

  setQuality(from: number, to: number, quality: PathQuality): void {
    this.paths.setQuality(from, to, quality);
    for (const side of this.#connections.between(to, from)) side.inbound.requalified();
  }

  cut(from: number, to: number): void {
    const { now, random } = this.options;
    if (!this.paths.cut(from, to, now())) return;
    const epoch = this.paths.epoch(from, to);
    for (const side of this.#connections.between(to, from)) {
      this.#at(this.settings.heartbeatTimeoutMs * uniform(random, 0.7, 1.3), side.owner, () => {
        if (this.paths.isCut(from, to) && this.paths.epoch(from, to) === epoch) this.closeSide(side, "silent", 0);
      });
    }
  }

  heal(from: number, to: number): void {
    const cutForMs = this.options.now() - this.paths.cutSince(from, to);
    if (!this.paths.heal(from, to)) return;
    for (const side of this.#connections.between(to, from)) side.inbound.healed(cutForMs);
  }

  /** The link between two nodes breaks: the first notices at once, the second so much later. */
  breakLink(first: number, second: number, lateMs: number): void {
    for (const side of this.#connections.between(first, second)) {
      if (side.state !== "up") continue;
      otherSide(side).inbound.truncate(this.options.random);
      this.closeSide(side, "broken", lateMs);
    }
  }

  /** Nothing from one node to the other arrives for a while, then all of it in order. */
  stall(from: number, to: number, forMs: number): void {
    for (const side of this.#connections.between(to, from)) side.inbound.stall(forMs);
  }

  /** A node's process stands still: whoever hears nothing of it for too long gives the link up. */
  paused(endpoint: Endpoint): void {
    const { owner } = endpoint;
    for (const side of this.#sidesOf(endpoint)) {
      const other = otherSide(side);
      this.#at(this.settings.heartbeatTimeoutMs * uniform(this.options.random, 0.7, 1.3), other.owner, () => {
        if (owner.pausedUntil > this.options.now()) this.closeSide(other, "silent", 0);
      });
    }
  }

  /** A node's process is gone. Its kernel tells the peers, or nobody does (power cut): then they find out by silence. */
  crashed(endpoint: Endpoint, isPowerCut: boolean): void {
    const { random } = this.options;
    this.detach(endpoint);
    for (const side of this.#sidesOf(endpoint)) {
      if (side.state === "down") continue;
      side.state = "down";
      const other = otherSide(side);
      if (other.state === "down") {
        this.#connections.delete(side.connection);
        continue;
      }
      other.inbound.truncate(random);
      if (!isPowerCut) other.inbound.pushClose({ reason: "reset by the peer", code: "UNREACHABLE" }, 0);
      else {
        const silentForMs = this.settings.heartbeatTimeoutMs * uniform(random, 0.7, 1.3);
        this.#at(silentForMs, other.owner, () => this.closeSide(other, "silent", undefined));
      }
    }
  }

  /** A node closes in order: its peers hear of it behind everything it sent. */
  stopped(endpoint: Endpoint): void {
    this.detach(endpoint);
    for (const side of this.#sidesOf(endpoint)) this.closeSide(side, "the peer stopped", 0);
  }

  closeAll(endpoint: Endpoint, replicas: ReadonlySet<ReplicaId>): void {
    for (const side of this.#sidesOf(endpoint)) if (replicas.has(side.peer.id)) this.closeSide(side, "blocked", 0);
  }

  #sidesOf(endpoint: Endpoint): Side[] {
    const found: Side[] = [];
    for (const { dialer, acceptor } of this.#connections.of(endpoint.node)) {
      if (dialer.owner === endpoint.owner) found.push(dialer);
      if (acceptor.owner === endpoint.owner) found.push(acceptor);
    }
    return found;
  }

  #at(delayMs: number, owner: EventOwner | undefined, run: () => void): void {
    this.options.queue.schedule(this.options.now() + delayMs, owner, run);
  }
}
