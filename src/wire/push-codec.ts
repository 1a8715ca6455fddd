/** Bytes of the messages that carry writes as they are made, and of what confirms them. */

import { assertNever } from "../base/assert.ts";
import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import type { ShardId, SpaceId } from "../base/ids.ts";
import {
  MEMBERS_MAX,
  readFlag,
  readList,
  readOrigin,
  readRecords,
  readReplicaId,
  readShard,
  readSpace,
  SHARDS_MAX,
  writeList,
  writeOrigin,
  writeRecords,
} from "./fields.ts";
import type { MessageOf } from "./message.ts";
import { CHECKSUM_BYTES, sealMessage } from "./message-checksum.ts";
import { typeByte } from "./message-type.ts";

/** Bytes before the records of a push: checksum, type, flags, space. Pushes are written in place, record by record. */
export const PUSH_HEADER_BYTES = CHECKSUM_BYTES + 6;

/** Makes a push of a frame that holds its records behind room for the header. */
export function finishPush(frame: Uint8Array, space: SpaceId, confirm: boolean): void {
  frame[CHECKSUM_BYTES] = typeByte.push;
  frame[CHECKSUM_BYTES + 1] = confirm ? 1 : 0;
  for (let i = 0; i < 4; i++) frame[CHECKSUM_BYTES + 2 + i] = (space >>> (8 * i)) & 0xff;
  sealMessage(frame, PUSH_HEADER_BYTES);
}

type PushMessage = MessageOf<"push" | "relay" | "relayed" | "confirm">;

export function writePushMessage(writer: ByteWriter, message: PushMessage): void {
  switch (message.type) {
    case "push":
      writer.u8(message.confirm ? 1 : 0);
      writer.u32(message.space);
      return writeRecords(writer, message.records);
    case "relay":
      writeList(writer, message.to, (out, id) => out.latin1(id));
      writer.u8(message.confirm ? 1 : 0);
      writer.u32(message.space);
      return writeRecords(writer, message.records);
    case "relayed":
      writer.latin1(message.of);
      writer.u8(message.confirm ? 1 : 0);
      writer.u32(message.space);
      return writeRecords(writer, message.records);
    case "confirm":
      writeOrigin(writer, message.origin);
      return writeList(writer, message.entries, (out, entry) => {
        out.varint(entry.shard);
        out.varint(entry.sequence);
      });
    default:
      return assertNever(message);
  }
}

export function readPushMessage(reader: ByteReader, type: PushMessage["type"]): PushMessage {
  switch (type) {
    case "push":
      return { type, confirm: readFlag(reader), space: readSpace(reader), records: readRecords(reader) };
    case "relay":
      return {
        type,
        to: readList(reader, MEMBERS_MAX, readReplicaId),
        confirm: readFlag(reader),
        space: readSpace(reader),
        records: readRecords(reader),
      };
    case "relayed":
      return {
        type,
        of: readReplicaId(reader),
        confirm: readFlag(reader),
        space: readSpace(reader),
        records: readRecords(reader),
      };
    case "confirm":
      return { type, origin: readOrigin(reader), entries: readList(reader, SHARDS_MAX, readConfirmEntry) };
    default:
      return assertNever(type);
  }
}

function readConfirmEntry(reader: ByteReader): { shard: ShardId; sequence: number } {
  return { shard: readShard(reader), sequence: reader.varint() };
}
