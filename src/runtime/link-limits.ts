/** Every bound on peer connections, with its default. Changing one is for operators with a reason, and for tests. */

import { FRAME_BYTES_MAX } from "../wire/frames.ts";
import { type BackoffLimits, DEFAULT_BACKOFF } from "./backoff.ts";

export interface LinkLimits {
  /** Longest message, either way: the value limit and what surrounds a value. */
  readonly messageBytesMax: number;
  /** With so much queued for a peer, droppable messages are left out ... */
  readonly queueBytesMax: number;
  /** ... and with so much, the link is cut as SLOW_CONSUMER. One message may stand above either bound. */
  readonly queueBytesHardMax: number;
  readonly linksMax: number;
  /** Addresses that `connect` keeps; more are ignored. */
  readonly addressesMax: number;
  /** Connections that have not proved themselves yet: in all, and from one IP address. */
  readonly greetingsMax: number;
  readonly greetingsPerIpMax: number;
  /** What one of them may send, and for how long it may stay. */
  readonly greetingBytesMax: number;
  readonly greetingTimeoutMs: number;
  readonly pingEveryMs: number;
  /** A link on which nothing at all arrives for so long is dead. */
  readonly deadAfterMs: number;
  /** A closed connection whose other end does not close as well is destroyed after this. */
  readonly closeGraceMs: number;
  readonly backoff: BackoffLimits;
  /** Longest wait before dialling a replica again that blocks us (a partition drill). */
  readonly blockedRetryMs: number;
  /** Wait before dialling an address again that turned out to be ourselves. */
  readonly selfRetryMs: number;
  /** A link that lived so long ends the backoff of its address. */
  readonly stableAfterMs: number;
}

const MIB = 1024 * 1024;

export const DEFAULT_LINK_LIMITS: LinkLimits = {
  messageBytesMax: 16 * MIB + 64 * 1024,
  queueBytesMax: 8 * MIB,
  queueBytesHardMax: 32 * MIB,
  linksMax: 1024,
  addressesMax: 1024,
  greetingsMax: 256,
  greetingsPerIpMax: 32,
  greetingBytesMax: 4096,
  greetingTimeoutMs: 5000,
  pingEveryMs: 2000,
  deadAfterMs: 6000,
  closeGraceMs: 500,
  backoff: DEFAULT_BACKOFF,
  blockedRetryMs: 800,
  selfRetryMs: 60_000,
  stableAfterMs: 10_000,
};

/** Headers of the frames of one message, pings and pongs. */
const FRAMING_BYTES_MAX = 4096;

/** Bytes that one link may have queued at the most: a message is taken as long as the queue is below its bound. */
export function longestQueue({ queueBytesHardMax, messageBytesMax }: LinkLimits): number {
  return queueBytesHardMax + messageBytesMax + FRAMING_BYTES_MAX;
}

/**
 * What `ws` itself is held to. Our own ends never fragment a WebSocket message, but a proxy may. Before a peer has
 * proved itself the connection counts its bytes, which holds however they are framed, so one payload bound will do.
 * `maxBufferedChunks` bounds a frame that trickles in a few bytes at a time: on average 256 or more each.
 */
export const WS_LIMITS = {
  perMessageDeflate: false,
  skipUTF8Validation: true,
  maxPayload: FRAME_BYTES_MAX,
  maxFragments: 16,
  maxBufferedChunks: 4096,
  maxPendingAutoPongs: 8,
} as const;
