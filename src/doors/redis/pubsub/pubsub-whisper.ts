/**
 * What replicas whisper to each other of subscriptions and messages, as bytes. The first byte is none that a document's presence
 * begins with (`documents/awareness-relay.ts`), and who does not know it ignores the whisper: so all go about one topic.
 *
 *   64 all      everything that is listened to at my clients, in place of what I said before: rows of topic and count
 *   65 changes  the same of some topics; 0: of none any more
 *   66 message  somebody published this
 */

import { BadBytes, ByteReader, ByteWriter } from "../../../base/bytes.ts";
import type { Key } from "../../../base/ids.ts";

/** What all of them are about. */
export const WHISPER_TOPIC = "pubsub" as Key;
/** Of a channel, and of a pattern. */
export const CHANNEL_BYTES_MAX = 1024;
/** Of a message: what a whisper may hold, less all that goes with it. */
export const MESSAGE_BYTES_MAX = 126 * 1024;
/** Topics that a replica tells one by one. */
export const ROWS_MAX = 2_000;
const ROWS_BYTES_MAX = 64 * 1024;
const COUNT_MAX = 2 ** 32;
const ALL = 64;
const CHANGES = 65;
const MESSAGE = 66;

export interface Interest {
  /** Different ones. */
  readonly patterns: number;
  /** The rows are not all there is: whatever is published may be listened to. */
  readonly isMore: boolean;
  readonly rows: readonly (readonly [topic: string, count: number])[];
}

export type PubsubWhisper =
  | ({ readonly type: "all" | "changes" } & Interest)
  | { readonly type: "message"; readonly topic: string; readonly message: Uint8Array };

/** True for what is ours, well-formed or not. */
export function isPubsubWhisper(bytes: Uint8Array): boolean {
  return bytes[0] === ALL || bytes[0] === CHANGES || bytes[0] === MESSAGE;
}

/** Where the rows would be too many none is told. */
export function encodeInterest(type: "all" | "changes", interest: Interest): Uint8Array {
  const bytes = interest.rows.reduce((sum, [topic]) => sum + topic.length + 8, 0);
  const fits = interest.rows.length <= ROWS_MAX && bytes <= ROWS_BYTES_MAX;
  const rows = fits ? interest.rows : [];
  const writer = new ByteWriter();
  writer.u8(type === "all" ? ALL : CHANGES);
  writer.varint(interest.patterns);
  writer.u8(interest.isMore || !fits ? 1 : 0);
  writer.varint(rows.length);
  for (const [topic, count] of rows) {
    writer.latin1(topic);
    writer.varint(count);
  }
  return writer.copy();
}

export function encodePublished(topic: string, message: Uint8Array): Uint8Array {
  const writer = new ByteWriter(topic.length + message.length + 16);
  writer.u8(MESSAGE);
  writer.latin1(topic);
  writer.blob(message);
  return writer.copy();
}

/** Throws `BadBytes`. */
export function decodeWhisper(bytes: Uint8Array): PubsubWhisper {
  const reader = new ByteReader(bytes);
  const kind = reader.u8();
  if (kind === MESSAGE) {
    const topic = topicOf(reader);
    const message = reader.blob(MESSAGE_BYTES_MAX).slice();
    reader.finish();
    return { type: "message", topic, message };
  }
  if (kind !== ALL && kind !== CHANGES) throw new BadBytes("no such whisper");
  const patterns = reader.varint(COUNT_MAX);
  const isMore = reader.u8();
  if (isMore > 1) throw new BadBytes("neither true nor false");
  const count = reader.varint(ROWS_MAX);
  const rows: [string, number][] = [];
  for (let i = 0; i < count; i++) rows.push([topicOf(reader), reader.varint(COUNT_MAX)]);
  reader.finish();
  return { type: kind === ALL ? "all" : "changes", patterns, isMore: isMore === 1, rows };
}

function topicOf(reader: ByteReader): string {
  const topic = reader.latin1(CHANNEL_BYTES_MAX + 1);
  if (topic[0] !== "c" && topic[0] !== "s") throw new BadBytes("no topic");
  return topic;
}
