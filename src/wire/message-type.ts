/** The byte that says which message a frame is, behind its checksum. */

import type { Message } from "./message.ts";
import { CHECKSUM_BYTES } from "./message-checksum.ts";

export const typeByte = {
  members: 1,
  push: 2,
  confirm: 3,
  digest: 4,
  "shard-digests": 5,
  vectors: 6,
  pull: 7,
  delta: 8,
  credit: 9,
  stop: 10,
  "audit-buckets": 11,
  "audit-entries": 12,
  "audit-fetch": 13,
  "audit-records": 14,
  "audit-vote": 15,
  "audit-ballot": 16,
  "audit-forget": 17,
  read: 18,
  "read-reply": 19,
  quarantine: 20,
  leave: 21,
  whisper: 22,
  ping: 23,
  "ping-ack": 24,
  "ping-request": 25,
  "ping-nack": 26,
  gossip: 27,
  roster: 28,
  "roster-buckets": 29,
  "roster-rows": 30,
  request: 31,
  response: 32,
  follow: 33,
  followed: 34,
  news: 35,
  relay: 36,
  relayed: 37,
  keep: 38,
  kept: 39,
  fetch: 40,
  fetched: 41,
} as const satisfies Record<Message["type"], number>;

const typeOfByte = new Map<number, Message["type"]>(
  Object.entries(typeByte).map(([type, byte]) => [byte, type as Message["type"]]),
);

/** Undefined for the byte of no message. */
export function messageTypeOf(byte: number): Message["type"] | undefined {
  return typeOfByte.get(byte);
}

/** Which message a frame is, by one byte; the rest may be anything. */
export function typeOfFrame(frame: Uint8Array): Message["type"] | undefined {
  return typeOfByte.get(frame[CHECKSUM_BYTES] ?? 0);
}
