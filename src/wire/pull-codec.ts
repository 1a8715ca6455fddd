/** Bytes of the messages that bring what is missing: a pull, and the delta that answers it in chunks. */

import { assertNever } from "../base/assert.ts";
import { BadBytes, type ByteReader, type ByteWriter } from "../base/bytes.ts";
import { decodePurgeMarks, encodePurgeMarks } from "../core/shard/purge-marks.ts";
import { VersionVector } from "../core/version-vector.ts";
import { readFlag, readRecords, readShard, writeRecords } from "./fields.ts";
import type { MessageOf } from "./message.ts";

/** What the last chunk of a delta bears. */
const NO_CLAIM = 0;
const CLAIM = 1;
const CLAIM_OF_READY = 2;

type PullMessage = MessageOf<"pull" | "delta" | "credit" | "stop">;

export function writePullMessage(writer: ByteWriter, message: PullMessage): void {
  switch (message.type) {
    case "pull":
      writer.varint(message.session);
      writer.varint(message.shard);
      writer.varint(message.credit);
      writer.u32(message.view);
      return message.vector.encode(writer);
    case "delta":
      writer.varint(message.session);
      writer.u8(message.claim === undefined ? NO_CLAIM : message.ready ? CLAIM_OF_READY : CLAIM);
      if (message.claim !== undefined) {
        message.claim.encode(writer);
        encodePurgeMarks(writer, message.marks);
      }
      return writeRecords(writer, message.records);
    case "credit":
      return writer.varint(message.bytes);
    case "stop":
      writer.varint(message.session);
      return writer.u8(message.fromSource ? 1 : 0);
    default:
      return assertNever(message);
  }
}

export function readPullMessage(reader: ByteReader, type: PullMessage["type"]): PullMessage {
  switch (type) {
    case "pull":
      return {
        type,
        session: reader.varint(),
        shard: readShard(reader),
        credit: reader.varint(),
        view: reader.u32(),
        vector: VersionVector.decode(reader),
      };
    case "delta": {
      const session = reader.varint();
      const kind = reader.u8();
      if (kind > CLAIM_OF_READY) throw new BadBytes(`claim of unknown kind ${kind}`);
      const claim = kind === NO_CLAIM ? undefined : VersionVector.decode(reader);
      const marks = claim === undefined ? undefined : decodePurgeMarks(reader);
      return { type, session, claim, ready: kind === CLAIM_OF_READY, marks, records: readRecords(reader) };
    }
    case "credit":
      return { type, bytes: reader.varint() };
    case "stop":
      return { type, session: reader.varint(), fromSource: readFlag(reader) };
    default:
      return assertNever(type);
  }
}
