/** Bytes of what acknowledgements are asked for, and of how far a write got. */

import { BadBytes, type ByteReader, type ByteWriter } from "../base/bytes.ts";
import { ACK_LEVELS, type AckLevel, type Acks } from "../store.ts";
import { readFlag } from "./fields.ts";

export function writeAckLevel(writer: ByteWriter, level: AckLevel): void {
  writer.u8(ACK_LEVELS.indexOf(level));
}

export function readAckLevel(reader: ByteReader): AckLevel {
  const level = ACK_LEVELS[reader.u8()];
  if (level === undefined) throw new BadBytes("an unknown level of acknowledgement");
  return level;
}

export function writeAcks(writer: ByteWriter, { reached, wanted, met }: Acks): void {
  writer.u8(met ? 1 : 0);
  writer.varint(reached);
  writer.varint(wanted);
}

export function readAcks(reader: ByteReader): Acks {
  return { met: readFlag(reader), reached: reader.varint(), wanted: reader.varint() };
}
