/**
 * What binds a member to its container, the head of its value, little endian:
 *
 *      0  u8   1: a version vector follows
 *      1  u56  generation
 *      8  u56  after
 *     15  [version vector]
 *         the content
 *
 * `containers.ts` says what follows from it.
 */

import { BadBytes, ByteReader, ByteWriter } from "../../base/bytes.ts";
import { TIMESTAMP_MAX } from "../clock.ts";
import { VersionVector } from "../version-vector.ts";
import { identityEndAt, recordLength } from "./record.ts";
import { readUint56, writeUint56 } from "./wide-numbers.ts";

export interface Bond {
  /** Stamp of the newest deletion that the writer knew of exactly, or 0: what is of before is dead. */
  readonly generation: number;
  /** The writer knew every deletion up to this stamp, or all owners had it and it was purged. At least `generation`. */
  readonly after: number;
  /** The content holds that of every member whose dot this covers: they are dead. */
  readonly covers?: VersionVector | undefined;
}

const FORM_COVERS = 1;
const HEAD_BYTES = 15;

const writer = new ByteWriter(1024);

/** The value of a member: a bond and what it holds. */
export function encodeMember({ generation, after, covers }: Bond, content: Uint8Array): Uint8Array {
  writer.clear();
  writer.u8(covers === undefined ? 0 : FORM_COVERS);
  const at = writer.reserve(HEAD_BYTES - 1);
  const view = new DataView(writer.bytes.buffer);
  writeUint56(view, at, generation);
  writeUint56(view, at + 7, after);
  covers?.encode(writer);
  writer.raw(content);
  return writer.copy();
}

/** Of a member's record. */
export function generationAt(view: DataView, at: number): number {
  return readUint56(view, identityEndAt(view, at) + 1);
}

/** Of a member's record. */
export function afterAt(view: DataView, at: number): number {
  return readUint56(view, identityEndAt(view, at) + 8);
}

/** Of a member's record; undefined where it covers nothing. */
export function coversAt(view: DataView, at: number): VersionVector | undefined {
  const start = identityEndAt(view, at);
  if (view.getUint8(start) === 0) return undefined;
  return VersionVector.decode(readerOf(view, start + HEAD_BYTES, at + recordLength(view, at)));
}

/** A view of what a member's record holds behind its bond. */
export function contentAt(view: DataView, at: number): Uint8Array {
  const start = identityEndAt(view, at);
  const end = at + recordLength(view, at);
  const reader = readerOf(view, start + HEAD_BYTES, end);
  if (view.getUint8(start) !== 0) VersionVector.decode(reader);
  return reader.raw(reader.remaining);
}

/** Throws `BadBytes` unless the bytes from `start` to `end` begin with a bond. */
export function checkBond(view: DataView, start: number, end: number): void {
  if (end - start < HEAD_BYTES) throw new BadBytes("member without a bond");
  const form = view.getUint8(start);
  if (form > FORM_COVERS) throw new BadBytes(`bond of an unknown form ${form}`);
  const generation = readUint56(view, start + 1);
  const after = readUint56(view, start + 8);
  if (generation > after || after > TIMESTAMP_MAX) throw new BadBytes("bond to what cannot be");
  if (form === FORM_COVERS) VersionVector.decode(readerOf(view, start + HEAD_BYTES, end));
}

function readerOf(view: DataView, start: number, end: number): ByteReader {
  return new ByteReader(new Uint8Array(view.buffer, view.byteOffset + start, end - start));
}
