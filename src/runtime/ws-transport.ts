/**
 * The `Transport` port over WebSockets. Peers come in by `/v1/peer` on the port of the HTTP door, which hands the upgrade
 * over, and both ends dial; the handshake (`wire/handshake.ts`) proves who is there, and of two links between one pair one
 * survives (`link-table.ts`).
 *
 * Invariants: (1) at most one link a peer, and its `down` is told before the `up` of its successor. (2) Every connection
 * that ends before it is a link is counted and told by `refused`, once, unless we gave it up ourselves. (3) The caller's
 * bytes are never changed, and copied at most once, and compressed at most once, for all links that a message goes to. (4) After `stop` no event is
 * told.
 *
 * Without TLS a link is proved once, at its beginning; see the end of the handshake's head for what that leaves open.
 */

import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { assert } from "../base/assert.ts";
import type { ErrorCode } from "../base/errors.ts";
import type { ReplicaId } from "../base/ids.ts";
import type {
  Cancel,
  LinkId,
  LocalFacts,
  Log,
  Random,
  Scheduler,
  Transport,
  TransportEvents,
} from "../replica/ports.ts";
import type { Statistic, StatisticsSource } from "../stats.ts";
import { COMPRESSED_MESSAGE_BYTES_MIN } from "../wire/frames.ts";
import { Handshake, type Hmac, type ProvedPeer } from "../wire/handshake.ts";
import { checkFacts, type Refusal, type Role, type VersionRange } from "../wire/handshake-message.ts";
import { VERSIONS } from "../wire/message.ts";
import { type DialFailure, Dialler, isAddress } from "./dialler.ts";
import { DEFAULT_LINK_LIMITS, type LinkLimits, longestQueue } from "./link-limits.ts";
import { LinkStatistics } from "./link-statistics.ts";
import { type Link, LinkTable } from "./link-table.ts";
import { MessageFrames } from "./message-frames.ts";
import { OpenDials } from "./open-dials.ts";
import { type ConnectionEnd, type ConnectionOwner, PeerConnection } from "./peer-connection.ts";
import { dialPeer, type PeerTls } from "./peer-dial.ts";
import { createNonce, createPeerHmac, createProcessNumber, equalInConstantTime } from "./peer-proof.ts";
import { PEER_PATH, PeerUpgrades, pathOf } from "./peer-upgrades.ts";

const DEAD_TICKS = 6;

export interface WsTransportOptions {
  /** Taken over for upgrades to `PEER_PATH`. Absent: the owner of the server calls `handleUpgrade`. */
  readonly server?: Server;
  /** Shared by all replicas of the cluster; absent = empty. */
  readonly secret?: Uint8Array;
  readonly tls?: PeerTls;
  /** Compresses what goes to replicas of other regions that want it as well; absent = no. */
  readonly compressRegions?: boolean;
  /** Protocol versions that the replica speaks. */
  readonly versions?: VersionRange;
  readonly limits?: Partial<LinkLimits>;
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly log: Log;
}

export class WsTransport implements Transport, StatisticsSource, ConnectionOwner {
  /** For whoever routes upgrade requests. */
  readonly path = PEER_PATH;
  readonly queueBytesMax: number;
  readonly #options: WsTransportOptions;
  readonly #limits: LinkLimits;
  readonly #versions: VersionRange;
  readonly #hmac: Hmac;
  readonly #processNumber = createProcessNumber();
  readonly #statistics = new LinkStatistics();
  readonly #upgrades: PeerUpgrades;
  readonly #dialler: Dialler;
  readonly #links: LinkTable;
  /** Links that are over, to be told. */
  readonly #downs: { readonly link: Link; readonly end: ConnectionEnd }[] = [];
  readonly #connections = new Set<PeerConnection>();
  readonly #dials = new OpenDials();
  #blocked: ReadonlySet<ReplicaId> = new Set();
  #facts: LocalFacts | undefined;
  #events: TransportEvents | undefined;
  #lastAttempt = 0;
  #tick = 0;
  #cancelTick: Cancel = () => {};
  #stopped = false;
  #whenEmpty: (() => void) | undefined;
  readonly #frames: MessageFrames;

  constructor(options: WsTransportOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LINK_LIMITS, ...options.limits };
    this.queueBytesMax = longestQueue(this.#limits);
    this.#versions = options.versions ?? VERSIONS;
    this.#hmac = createPeerHmac(options.secret);
    this.#links = new LinkTable(this.#limits.linksMax, () => this.#localFacts().id);
    this.#frames = new MessageFrames((run) => options.scheduler.soon(run));
    this.#upgrades = new PeerUpgrades({
      limits: this.#limits,
      closedFor: () => this.#closedFor(),
      accepted: (socket, raw, address) => this.#connect(socket, "acceptor", address).open(raw),
      refused: (address, refusal) => this.#tellRefused(address, refusal, true),
    });
    this.#dialler = new Dialler({
      limits: this.#limits,
      random: options.random,
      scheduler: options.scheduler,
      dial: (address, isRetry) => this.#dial(address, isRetry),
      giveUp: (address) => this.#giveUp(address),
      isLinked: (address, replica) => this.#links.isLinked(address, replica),
      isBlocked: (replica) => this.#blocked.has(replica),
    });
  }

  /** Throws `BAD_CONFIG` for facts that the handshake cannot carry. */
  async start(facts: LocalFacts, events: TransportEvents): Promise<void> {
    assert(this.#events === undefined, "the transport was started twice");
    checkFacts(facts, facts);
    this.#facts = facts;
    this.#events = events;
    this.#options.server?.on("upgrade", this.#onUpgrade);
    this.#scheduleTick();
  }

  connect(addresses: readonly string[]): void {
    if (this.#stopped) return;
    for (const address of addresses) {
      if (!isAddress(address)) this.#tellRefused(address, { code: "BAD_CONFIG", message: "not host:port" }, false);
    }
    this.#dialler.want(addresses);
  }

  send(link: LinkId, message: Uint8Array, droppable: boolean): void {
    const { connection } = this.#links.get(link) ?? {};
    if (connection === undefined) return;
    const { messageBytesMax } = this.#limits;
    if (message.length > messageBytesMax) {
      // Whoever made it has a bug, which is not to cost the other links anything.
      connection.close("PEER_FRAME_TOO_LARGE", `a message of ${message.length} bytes, ${messageBytesMax} at most`);
      return;
    }
    const queued = connection.queuedBytes;
    if (droppable && queued >= this.#limits.queueBytesMax) {
      this.#statistics.dropped++;
      return;
    }
    if (queued >= this.#limits.queueBytesHardMax) {
      connection.close("SLOW_CONSUMER", `${queued} bytes are queued`);
      return;
    }
    this.#statistics.messagesOut++;
    if (connection.compresses && message.length >= COMPRESSED_MESSAGE_BYTES_MIN) {
      this.#sendCompressed(connection, message);
    } else connection.send(this.#frames.plain(message));
  }

  queuedBytes(link: LinkId): number {
    return this.#links.get(link)?.connection.queuedBytes ?? 0;
  }

  close(link: LinkId, code: ErrorCode, reason: string): void {
    this.#links.get(link)?.connection.close(code, reason);
  }

  block(replicas: readonly ReplicaId[]): void {
    const before = this.#blocked;
    this.#blocked = new Set(replicas);
    for (const link of this.#links.all()) {
      if (this.#blocked.has(link.peer.id)) link.connection.close("UNREACHABLE", "blocked");
    }
    if ([...before].some((replica) => !this.#blocked.has(replica))) this.#dialler.hurry();
    else this.#dialler.review();
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#options.server?.off("upgrade", this.#onUpgrade);
    this.#cancelTick();
    this.#dialler.stop();
    for (const connection of [...this.#connections]) connection.close("SHUTTING_DOWN", "this replica stops");
    if (this.#connections.size > 0) await new Promise<void>((resolve) => (this.#whenEmpty = resolve));
    this.#upgrades.stop();
  }

  statistics(): readonly Statistic[] {
    const { size, queuedBytes } = this.#links;
    return this.#statistics.statistics({ links: size, greetings: this.#upgrades.slotsInUse, queuedBytes });
  }

  /** An upgrade request to `PEER_PATH`; the socket is ours from here on. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Uint8Array): void {
    this.#upgrades.handle(request, socket, head);
  }

  // What connections tell us (ConnectionOwner).

  linked(connection: PeerConnection, peer: ProvedPeer, version: number): void {
    this.#upgrades.freeSlot(connection.socket);
    this.#dials.remove(connection);
    this.#links.ofPeer(peer.id)?.connection.close("PEER_REPLACED", "a newer or better link took over");
    this.#tellDowns();
    const link = this.#links.add(connection, peer);
    this.#options.log("debug", "link-up", {
      peer: peer.id,
      address: connection.address,
      inbound: connection.inbound,
      version,
      compresses: connection.compresses,
    });
    const { id, life, region, address } = peer;
    this.#events?.up(link.id, { id, life, region, address }, version);
    if (connection.inbound) this.#dialler.review();
    else this.#dialler.answered(connection.address, peer.id);
  }

  message(connection: PeerConnection, bytes: Uint8Array): void {
    const link = this.#links.ofConnection(connection);
    if (link !== undefined && !this.#stopped) this.#events?.frame(link.id, bytes);
  }

  ended(connection: PeerConnection, end: ConnectionEnd): void {
    const link = this.#links.ofConnection(connection);
    if (link === undefined) this.#endGreeting(connection, end);
    else this.#endLink(link, end);
  }

  gone(connection: PeerConnection): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#whenEmpty?.();
  }

  // Links.

  #admit(inbound: boolean, peer: ProvedPeer): Refusal | undefined {
    if (this.#stopped) return { code: "SHUTTING_DOWN", message: "this replica stops" };
    if (this.#blocked.has(peer.id)) return { code: "UNREACHABLE", message: "blocked" };
    return this.#links.admit(inbound, peer);
  }

  #endLink(link: Link, end: ConnectionEnd): void {
    this.#statistics.countCut(end.code);
    this.#links.remove(link);
    if (end.byPeer && end.code === "UNREACHABLE") this.#dialler.noteBlocked(link.peer.id);
    // A replica that closes or overfills a link is in the midst of its own step: it hears of it after.
    this.#downs.push({ link, end });
    this.#options.scheduler.soon(() => this.#tellDowns());
    if (!this.#stopped) this.#dialler.review();
  }

  #tellDowns(): void {
    for (const { link, end } of this.#downs.splice(0)) {
      if (this.#stopped) continue;
      const { code, message } = end;
      this.#options.log("debug", "link-down", { peer: link.peer.id, address: link.connection.address, code, message });
      this.#events?.down(link.id, message, code);
    }
  }

  #endGreeting(connection: PeerConnection, end: ConnectionEnd): void {
    const { address, inbound, claimedId } = connection;
    const isWanted = inbound || this.#dials.isWanted(connection);
    this.#dials.remove(connection);
    if (this.#stopped || !isWanted) return;
    this.#tellRefused(address, end, inbound);
    if (!inbound) this.#dialler.failed(address, dialFailureOf(end), claimedId);
  }

  #tellRefused(address: string, refusal: Refusal, inbound: boolean): void {
    const { code, message } = refusal;
    this.#statistics.countRefusal(code);
    this.#options.log("debug", "peer-refused", { address, code, message, inbound });
    if (!this.#stopped) this.#events?.refused({ address, code, message, inbound });
  }

  #sendCompressed(connection: PeerConnection, message: Uint8Array): void {
    const frames = this.#frames.compressed(message);
    let frameBytes = 0;
    for (const frame of frames) frameBytes += frame.length;
    this.#statistics.compressedOut.count(message.length, frameBytes);
    connection.send(frames);
  }

  // Connections.

  #connect(webSocket: WebSocket, role: Role, address: string): PeerConnection {
    const facts = this.#localFacts();
    const nonce = createNonce();
    const attempt = role === "dialler" ? ++this.#lastAttempt : 0;
    const { cluster, shards, id } = facts;
    const inbound = role === "acceptor";
    const { compressRegions = false } = this.#options;
    const handshake = new Handshake({
      hello: {
        ...{ role, versions: this.#versions, cluster, shards, id },
        ...{ processNumber: this.#processNumber, attempt, nonce, compressRegions },
      },
      facts,
      hmac: this.#hmac,
      equal: equalInConstantTime,
      turnAway: (claimed) => this.#links.turnAway(claimed),
      isOwnNonce: (other) => this.#dials.isOwnNonce(other),
      admit: (peer) => this.#admit(inbound, peer),
    });
    const connection = new PeerConnection({
      socket: webSocket,
      handshake,
      inbound,
      address,
      owner: this,
      limits: this.#limits,
      statistics: this.#statistics,
      scheduler: this.#options.scheduler,
    });
    this.#connections.add(connection);
    if (!inbound) this.#dials.add(connection, nonce);
    return connection;
  }

  #dial(address: string, isRetry: boolean): void {
    this.#statistics.dials++;
    if (isRetry) this.#statistics.redials++;
    const options = { limits: this.#limits, tls: this.#options.tls };
    const socket = dialPeer(address, options, (raw) => connection.open(raw));
    const connection = this.#connect(socket, "dialler", address);
  }

  #giveUp(address: string): void {
    this.#dials.giveUp(address)?.close("SHUTTING_DOWN", "this address is no longer wanted");
  }

  // Upgrades.

  readonly #onUpgrade = (request: IncomingMessage, socket: Duplex, head: Uint8Array): void => {
    if (pathOf(request) === PEER_PATH) this.handleUpgrade(request, socket, head);
  };

  #closedFor(): Refusal | undefined {
    if (this.#stopped) return { code: "SHUTTING_DOWN", message: "this replica stops" };
    return this.#facts === undefined ? { code: "NOT_READY", message: "this replica is starting" } : undefined;
  }

  // Heartbeat.

  #scheduleTick(): void {
    const tickMs = this.#limits.deadAfterMs / DEAD_TICKS;
    this.#cancelTick = this.#options.scheduler.after(tickMs, () => {
      const pingEvery = Math.max(1, Math.round(this.#limits.pingEveryMs / tickMs));
      const ping = ++this.#tick % pingEvery === 0;
      for (const link of this.#links.all()) link.connection.tick(ping, DEAD_TICKS);
      this.#scheduleTick();
    });
  }

  #localFacts(): LocalFacts {
    assert(this.#facts !== undefined, "the transport was not started");
    return this.#facts;
  }
}

function dialFailureOf(end: ConnectionEnd): DialFailure {
  if (end.code === "PEER_SELF") return "self";
  return end.code === "UNREACHABLE" && end.byPeer ? "blocked" : "failed";
}
