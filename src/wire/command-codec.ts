/**
 * Bytes of commands that are passed on, and of what they answer. What is read lies in a copy of its own, so that it outlives
 * the frame, with views of it as words and values.
 */

import { BadBytes, ByteReader, type ByteWriter } from "../base/bytes.ts";
import type { Timestamp } from "../base/ids.ts";
import { SPACE_SHARDS_MAX } from "../base/shard-id.ts";
import type { Allowance } from "../command-store.ts";
import { TIMESTAMP_MAX } from "../core/clock.ts";
import { readAckLevel, readAcks, writeAckLevel, writeAcks } from "./ack-codec.ts";
import { KEY_BYTES_MAX, readFlag, readList, WAIT_MS_MAX, writeList } from "./fields.ts";
import { readDot, readKey, readShardNumber, VALUE_BYTES_MAX, writeDot } from "./page-codec.ts";
import { readReply, writeReply } from "./reply-codec.ts";
import type { CommandsBody, RepliedBody } from "./request.ts";

/** Of all commands together. */
export const WORDS_MAX = 2 ** 20 + 1;
const WATCHED_MAX = 65_536;
const VERSION_LENGTH_MAX = 255;
const SCOPES_MAX = 16;
const SCOPE_LENGTH_MAX = 64;
const IS_TRANSACTION = 1;
const HAS_ALLOWANCE = 2;
const IS_BEHIND_REFUSED = 4;
const HAS_ACK = 8;
const IS_PIPELINE = 16;
const FLAGS = IS_TRANSACTION | HAS_ALLOWANCE | IS_BEHIND_REFUSED | HAS_ACK | IS_PIPELINE;
/** Shards that one answer tells of. */
const DOTS_MAX = SPACE_SHARDS_MAX;

export function writeCommands(writer: ByteWriter, body: CommandsBody): void {
  const { allowance, ack } = body;
  const isBehindRefused = body.isBehindRefused === true;
  writer.u8(
    (body.isTransaction ? IS_TRANSACTION : 0) |
      (allowance === undefined ? 0 : HAS_ALLOWANCE) |
      (isBehindRefused ? IS_BEHIND_REFUSED : 0) |
      (ack === undefined ? 0 : HAS_ACK) |
      (body.isPipeline === true ? IS_PIPELINE : 0),
  );
  writer.varint(body.clock);
  writeList(writer, body.shards, (out, shard) => out.varint(shard));
  writeList(writer, body.watched, (out, { key, version }) => {
    out.latin1(key);
    out.latin1(version);
  });
  if (allowance !== undefined) {
    writeList(writer, allowance.scopes, (out, scope) => out.latin1(scope));
    writer.latin1(allowance.prefix);
  }
  if (ack !== undefined) {
    writeAckLevel(writer, ack.level);
    writer.varint(ack.timeoutMs);
  }
  writeList(writer, body.commands, (out, words) => writeList(out, words, (to, word) => to.blob(word)));
}

export function readCommands(frame: ByteReader): CommandsBody {
  const reader = copied(frame);
  const flags = reader.u8();
  if (flags > FLAGS) throw new BadBytes("commands with unknown flags");
  const isTransaction = (flags & IS_TRANSACTION) !== 0;
  const isBehindRefused = (flags & IS_BEHIND_REFUSED) !== 0;
  const isPipeline = (flags & IS_PIPELINE) !== 0;
  const clock = reader.varint(TIMESTAMP_MAX) as Timestamp;
  const shards = readList(reader, SPACE_SHARDS_MAX, readShardNumber);
  const watched = readList(reader, WATCHED_MAX, (from) => ({
    key: readKey(from),
    version: from.latin1(VERSION_LENGTH_MAX),
  }));
  const allowance = flags & HAS_ALLOWANCE ? readAllowance(reader) : undefined;
  const ack = flags & HAS_ACK ? { level: readAckLevel(reader), timeoutMs: reader.varint(WAIT_MS_MAX) } : undefined;
  let left = WORDS_MAX;
  const commands = readList(reader, WORDS_MAX, (from) => {
    const words = readList(from, left, (of) => of.blob(VALUE_BYTES_MAX));
    left -= words.length;
    if (words.length === 0) throw new BadBytes("a command without a name");
    return words;
  });
  if (isPipeline && (isTransaction || ack !== undefined)) throw new BadBytes("commands that are answered in two ways");
  if (isPipeline ? commands.length === 0 : !isTransaction && commands.length !== 1)
    throw new BadBytes(`${commands.length} commands with one answer`);
  if (!isTransaction && watched.length > 0) throw new BadBytes("watched keys without a transaction");
  reader.finish();
  const form = { isTransaction, isPipeline };
  return { type: "commands", commands, ...form, isBehindRefused, watched, shards, allowance, ack, clock };
}

function readAllowance(reader: ByteReader): Allowance {
  const scopes = readList(reader, SCOPES_MAX, (from) => from.latin1(SCOPE_LENGTH_MAX));
  return { scopes, prefix: reader.latin1(KEY_BYTES_MAX) };
}

export function writeReplied(writer: ByteWriter, { reply, dots, acks, clock }: RepliedBody): void {
  writer.varint(clock);
  writeList(writer, dots, writeDot);
  writer.u8(acks === undefined ? 0 : 1);
  if (acks !== undefined) writeAcks(writer, acks);
  writeReply(writer, reply);
}

export function readReplied(frame: ByteReader): RepliedBody {
  const reader = copied(frame);
  const clock = reader.varint(TIMESTAMP_MAX) as Timestamp;
  const dots = readList(reader, DOTS_MAX, readDot);
  const acks = readFlag(reader) ? readAcks(reader) : undefined;
  const reply = readReply(reader);
  reader.finish();
  return { type: "replied", reply, dots, acks, clock };
}

/** Of what is left, which is all of it. */
function copied(frame: ByteReader): ByteReader {
  return new ByteReader(frame.raw(frame.remaining).slice());
}
