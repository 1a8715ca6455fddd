/**
 * One WebSocket to a peer, from the first byte to the last: the handshake, then messages, under the bounds on time and
 * bytes. It decides nothing about other connections; its owner does.
 */

import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { BadBytes, latin1FromBytes } from "../base/bytes.ts";
import { type ErrorCode, errorRow, errorTable } from "../base/errors.ts";
import { giveBackWhole } from "../base/give-back.ts";
import type { ReplicaId } from "../base/ids.ts";
import type { Cancel, Scheduler } from "../replica/ports.ts";
import { COMPRESSED_MESSAGE_BYTES_MIN, MessageAssembler, MessageTooLarge } from "../wire/frames.ts";
import type { Handshake, HandshakeStep, ProvedPeer } from "../wire/handshake.ts";
import { decompress } from "./compression.ts";
import type { LinkLimits } from "./link-limits.ts";
import type { LinkStatistics } from "./link-statistics.ts";

const CLOSE_REASON_BYTES_MAX = 120;

/** A peer that somebody else says to be has so many ticks to be heard. */
const CHALLENGE_TICKS = 2;

/** Why a connection ended. */
export interface ConnectionEnd {
  readonly code: ErrorCode;
  readonly message: string;
  /** True when the other end said so. */
  readonly byPeer: boolean;
}

export interface ConnectionOwner {
  /** The handshake is done, and everything that it had to send is sent. */
  linked(connection: PeerConnection, peer: ProvedPeer, version: number): void;
  /** A whole message; the bytes are valid during the call. */
  message(connection: PeerConnection, bytes: Uint8Array): void;
  /** Exactly once, and nothing after it but `gone`. */
  ended(connection: PeerConnection, end: ConnectionEnd): void;
  /** The socket is closed. */
  gone(connection: PeerConnection): void;
}

export interface PeerConnectionOptions {
  readonly socket: WebSocket;
  readonly handshake: Handshake;
  readonly inbound: boolean;
  /** Who we dialled, or who dialled us, as host:port. */
  readonly address: string;
  readonly owner: ConnectionOwner;
  readonly limits: LinkLimits;
  readonly statistics: LinkStatistics;
  readonly scheduler: Scheduler;
}

type Phase = "greeting" | "linked" | "ended";

export class PeerConnection {
  readonly socket: WebSocket;
  readonly inbound: boolean;
  readonly address: string;
  readonly #handshake: Handshake;
  readonly #owner: ConnectionOwner;
  readonly #limits: LinkLimits;
  readonly #statistics: LinkStatistics;
  readonly #scheduler: Scheduler;
  #assembler: MessageAssembler;
  #compresses = false;
  /** Bytes of the wire frames of the message under way. */
  #frameBytes = 0;
  #raw: Duplex | undefined;
  #phase: Phase = "greeting";
  #greetingBytes = 0;
  #corked = false;
  #heard = true;
  #sent = true;
  #silentTicks = 0;
  #isChallenged = false;
  #cancelTimeout: Cancel;

  constructor(options: PeerConnectionOptions) {
    this.inbound = options.inbound;
    this.address = options.address;
    this.socket = options.socket;
    this.#handshake = options.handshake;
    this.#owner = options.owner;
    this.#limits = options.limits;
    this.#statistics = options.statistics;
    this.#scheduler = options.scheduler;
    this.#assembler = new MessageAssembler(options.limits.messageBytesMax);
    const timeoutMs = options.limits.greetingTimeoutMs;
    this.#cancelTimeout = options.scheduler.after(timeoutMs, () => {
      this.close("PEER_TIMEOUT", `no handshake within ${timeoutMs} ms`);
    });
    this.#listen();
  }

  /** Who the other end says it is, proved or not. */
  get claimedId(): ReplicaId | undefined {
    return this.#handshake.claimedId;
  }

  get isLinked(): boolean {
    return this.#phase === "linked";
  }

  /** Both ends have agreed to compress what is worth it. */
  get compresses(): boolean {
    return this.#compresses;
  }

  /** Bytes taken by `send` and not yet handed to the operating system. */
  get queuedBytes(): number {
    return this.socket.bufferedAmount;
  }

  /** The WebSocket is open on `raw`: the handshake begins. */
  open(raw: Duplex): void {
    this.#raw = raw;
    raw.on("data", (chunk: Uint8Array) => this.#countBytes(chunk.length));
    if (this.#phase === "greeting") this.#carryOut(this.#handshake.start());
  }

  /** Queues wire frames. All that is sent within one turn of the event loop leaves in one write. */
  send(frames: readonly Uint8Array[]): void {
    this.#sent = true;
    this.#cork();
    for (const frame of frames) {
      this.#statistics.bytesOut += frame.length;
      this.socket.send(frame);
    }
  }

  /**
   * Once every `tickMs` of the heartbeat. Counting ticks rather than reading a clock means that a process that was
   * stopped for a while does not take its peers for dead when it wakes: what they sent meanwhile counts at the next tick.
   */
  tick(ping: boolean, silentTicksMax: number): void {
    this.#silentTicks = this.#heard ? 0 : this.#silentTicks + 1;
    if (this.#heard) this.#isChallenged = false;
    this.#heard = false;
    if (this.#silentTicks >= (this.#isChallenged ? CHALLENGE_TICKS : silentTicksMax)) {
      const heard = this.#isChallenged
        ? "since another process said that it is this peer"
        : `for ${this.#limits.deadAfterMs} ms`;
      this.close("PEER_TIMEOUT", `nothing heard ${heard}`);
      this.socket.terminate();
      return;
    }
    if (!ping) return;
    // Whatever is queued will tell the peer that we live; another ping behind it would not do so sooner.
    if (!this.#sent && this.queuedBytes === 0) this.socket.ping();
    this.#sent = false;
  }

  /** Another process says that it is this peer: unless something is heard of this one soon, it is gone. */
  challenge(): void {
    if (this.#isChallenged || this.#phase !== "linked") return;
    this.#isChallenged = true;
    this.#heard = false;
    this.socket.ping();
  }

  /** Ends the connection and tells the other end why, as far as it still listens. */
  close(code: ErrorCode, message: string): void {
    if (this.#phase === "ended") return;
    if (this.#raw === undefined) this.socket.terminate();
    else this.socket.close(errorRow(code).close ?? 1011, closeReason(code, message));
    this.#end({ code, message, byPeer: false });
  }

  #listen(): void {
    const socket = this.socket;
    socket.on("message", (data, isBinary) => this.#receive(plainBytes(data as Buffer), isBinary));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", (code, reason) => {
      this.#end(endOfClose(code, reason));
      this.#cancelTimeout();
      this.#owner.gone(this);
    });
  }

  #receive(data: Uint8Array, isBinary: boolean): void {
    if (this.#phase === "ended") return;
    if (!isBinary) this.close("PEER_BAD_FRAME", "a text frame");
    else if (this.#phase === "greeting") this.#carryOut(this.#handshake.receive(data));
    else this.#receiveFrame(data);
  }

  #receiveFrame(frame: Uint8Array): void {
    let message: Uint8Array | undefined;
    this.#frameBytes += frame.length;
    try {
      message = this.#assembler.push(frame);
    } catch (error) {
      if (!(error instanceof BadBytes)) throw error;
      this.close(error instanceof MessageTooLarge ? "PEER_FRAME_TOO_LARGE" : "PEER_BAD_FRAME", error.message);
    }
    if (message === undefined) return;
    this.#statistics.messagesIn++;
    if (this.#compresses && message.length >= COMPRESSED_MESSAGE_BYTES_MIN) {
      this.#statistics.compressedIn.count(message.length, this.#frameBytes);
    }
    this.#frameBytes = 0;
    this.#owner.message(this, message);
    // A shorter one may be part of what the socket read, beside others.
    giveBackWhole(message);
  }

  #carryOut(step: HandshakeStep): void {
    if (step.send.length > 0) this.send(step.send);
    if (step.outcome === undefined) return;
    if (step.outcome.type === "linked") {
      this.#phase = "linked";
      this.#compresses = step.outcome.compresses;
      if (this.#compresses) this.#assembler = new MessageAssembler(this.#limits.messageBytesMax, decompress);
      this.#cancelTimeout();
      this.#owner.linked(this, step.outcome.peer, step.outcome.version);
      return;
    }
    const { code, message, byPeer } = step.outcome;
    this.socket.close(errorRow(code).close ?? 1011, closeReason(code, message));
    this.#end({ code, message, byPeer });
  }

  #countBytes(count: number): void {
    this.#heard = true;
    this.#statistics.bytesIn += count;
    if (this.#phase === "linked") return;
    this.#greetingBytes += count;
    if (this.#greetingBytes <= this.#limits.greetingBytesMax) return;
    this.close("PEER_FRAME_TOO_LARGE", `over ${this.#limits.greetingBytesMax} bytes before the handshake was done`);
    this.socket.terminate();
  }

  /** `ws` has refused what arrived, or there was no connection to begin with. It closes by itself. */
  #fail(error: Error & { readonly code?: string }): void {
    const code = error.code ?? "";
    if (code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH") this.close("PEER_FRAME_TOO_LARGE", error.message);
    else if (code.startsWith("WS_ERR_")) this.close("PEER_BAD_FRAME", error.message);
    else this.#end({ code: "UNREACHABLE", message: error.message || code, byPeer: false });
  }

  #end(end: ConnectionEnd): void {
    if (this.#phase === "ended") return;
    this.#phase = "ended";
    this.#cancelTimeout();
    this.#cancelTimeout = this.#scheduler.after(this.#limits.closeGraceMs, () => this.socket.terminate());
    this.#owner.ended(this, end);
  }

  #cork(): void {
    if (this.#corked || this.#raw === undefined) return;
    this.#corked = true;
    this.#raw.cork();
    process.nextTick(() => {
      this.#corked = false;
      this.#raw?.uncork();
    });
  }
}

/** The reason of a close frame: the code, and as much of the message as fits. */
function closeReason(code: ErrorCode, message: string): string {
  return `${code}: ${message.replace(/[^\x20-\x7e]/g, "?")}`.slice(0, CLOSE_REASON_BYTES_MAX);
}

function endOfClose(status: number, reason: Uint8Array): ConnectionEnd {
  const text = latin1FromBytes(reason).replace(/[^\x20-\x7e]/g, "?");
  const colon = text.indexOf(": ");
  const code = text.slice(0, Math.max(0, colon));
  if (isErrorCode(code)) return { code, message: text.slice(colon + 2), byPeer: true };
  return {
    code: "UNREACHABLE",
    message: status === 1006 ? "the connection was lost" : `closed with ${status}`,
    byPeer: false,
  };
}

function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorTable, text);
}

/** The same bytes without what `Buffer` does differently: its `slice` shares memory where that of an array copies. */
function plainBytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
