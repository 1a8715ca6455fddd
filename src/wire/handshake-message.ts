/** The three messages of the handshake (`handshake.ts` says what they are for), and their bytes. */

import { BadBytes, ByteReader, ByteWriter } from "../base/bytes.ts";
import { AtollError, type ErrorCode, errorTable } from "../base/errors.ts";
import { isReplicaId, type ReplicaId } from "../base/ids.ts";

export const NONCE_BYTES = 32;
export const MAC_BYTES = 32;

const CLUSTER_BYTES_MAX = 128;
const REGION_BYTES_MAX = 64;
const ADDRESS_BYTES_MAX = 262;
const MESSAGE_BYTES_MAX = 256;
const CODE_BYTES_MAX = 40;
const SHARDS_MAX = 65536;

const MAGIC = 0x6c6c7461;

const HELLO = 1;
const PROOF = 2;
const REFUSED = 3;

/** A bit of the byte of wishes in a hello; the others are for later versions. */
const COMPRESS_REGIONS = 1;

export type Role = "dialler" | "acceptor";

export interface VersionRange {
  readonly min: number;
  readonly max: number;
}

/** What a replica tells once it is believed, and what the proof covers. */
export interface ProvedFacts {
  readonly life: number;
  readonly region: string;
  /** host:port at which others can dial it. */
  readonly address: string;
}

/** What a replica says first, to anyone who names the right cluster. */
export interface Hello {
  readonly role: Role;
  readonly versions: VersionRange;
  readonly cluster: string;
  readonly shards: number;
  readonly id: ReplicaId;
  /** A random number that the process took when it began: of two processes with one id, one is a duplicate or is gone. */
  readonly processNumber: number;
  /** Counts the connections that this life of the dialler opened; 0 from an acceptor. Tells which of two is newer. */
  readonly attempt: number;
  readonly nonce: Uint8Array;
  /** Wants what goes to another region, and comes from there, compressed. */
  readonly compressRegions: boolean;
}

export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
}

/** Throws `BAD_CONFIG` for a name or address that the handshake cannot carry. */
export function checkFacts(hello: Pick<Hello, "cluster" | "shards">, facts: ProvedFacts): void {
  checkText("cluster name", hello.cluster, CLUSTER_BYTES_MAX);
  checkText("region", facts.region, REGION_BYTES_MAX);
  checkText("address", facts.address, ADDRESS_BYTES_MAX);
  if (hello.shards < 1 || hello.shards > SHARDS_MAX) throw new AtollError("BAD_CONFIG", `${hello.shards} shards`);
}

function checkText(what: string, text: string, max: number): void {
  if (isPrintable(text) && text.length <= max) return;
  throw new AtollError("BAD_CONFIG", `the ${what} must be at most ${max} printable ASCII characters`);
}

function isPrintable(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

export interface Proof {
  readonly mac: Uint8Array;
  readonly facts: ProvedFacts;
  readonly factBytes: Uint8Array;
}

export type HandshakeMessage =
  | { readonly type: "hello"; readonly hello: Hello }
  | ({ readonly type: "proof" } & Proof)
  | ({ readonly type: "refused" } & Refusal);

export function encodeHello(hello: Hello): Uint8Array {
  const writer = new ByteWriter(256);
  writer.u8(HELLO);
  writer.u32(MAGIC);
  writer.u8(hello.role === "dialler" ? 1 : 2);
  writer.u16(hello.versions.min);
  writer.u16(hello.versions.max);
  writer.latin1(hello.cluster);
  writer.u32(hello.shards);
  writer.latin1(hello.id);
  writer.varint(hello.processNumber);
  writer.varint(hello.attempt);
  writer.raw(hello.nonce);
  writer.u8(hello.compressRegions ? COMPRESS_REGIONS : 0);
  return writer.copy();
}

export function encodeRefused(code: ErrorCode, message: string): Uint8Array {
  const writer = new ByteWriter(256);
  writer.u8(REFUSED);
  writer.latin1(code);
  writer.latin1(message.slice(0, MESSAGE_BYTES_MAX));
  return writer.copy();
}

export function encodeProof(mac: Uint8Array, factBytes: Uint8Array): Uint8Array {
  const writer = new ByteWriter(256);
  writer.u8(PROOF);
  writer.raw(mac);
  writer.raw(factBytes);
  return writer.copy();
}

export function encodeFacts(facts: ProvedFacts): Uint8Array {
  const writer = new ByteWriter(128);
  writer.varint(facts.life);
  writer.latin1(facts.region);
  writer.latin1(facts.address);
  return writer.copy();
}

/** Throws `BadBytes`. The message holds views of the bytes. */
export function decodeHandshake(bytes: Uint8Array): HandshakeMessage {
  const reader = new ByteReader(bytes);
  const kind = reader.u8();
  switch (kind) {
    case HELLO:
      return { type: "hello", hello: decodeHello(reader) };
    case PROOF:
      return { type: "proof", ...decodeProof(reader) };
    case REFUSED:
      return { type: "refused", ...decodeRefused(reader) };
    default:
      throw new BadBytes(`message of unknown kind ${kind}`);
  }
}

function decodeHello(reader: ByteReader): Hello {
  if (reader.u32() !== MAGIC) throw new BadBytes("another protocol");
  const role = decodeRole(reader.u8());
  const versions = { min: reader.u16(), max: reader.u16() };
  if (versions.min > versions.max) throw new BadBytes("an empty range of versions");
  const cluster = printable(reader, CLUSTER_BYTES_MAX);
  const shards = reader.u32();
  if (shards < 1 || shards > SHARDS_MAX) throw new BadBytes(`${shards} shards`);
  const id = reader.latin1(64);
  if (!isReplicaId(id)) throw new BadBytes("a replica id that is none");
  const processNumber = reader.varint();
  const attempt = reader.varint();
  const nonce = reader.raw(NONCE_BYTES).slice();
  const compressRegions = (reader.u8() & COMPRESS_REGIONS) !== 0;
  return { role, versions, cluster, shards, id, processNumber, attempt, nonce, compressRegions };
}

function decodeRole(byte: number): Role {
  if (byte === 1) return "dialler";
  if (byte === 2) return "acceptor";
  throw new BadBytes(`unknown role ${byte}`);
}

function decodeProof(reader: ByteReader): Proof {
  const mac = reader.raw(MAC_BYTES);
  const factBytes = reader.bytes.subarray(reader.position, reader.end);
  const life = reader.varint();
  const region = printable(reader, REGION_BYTES_MAX);
  return { mac, factBytes, facts: { life, region, address: printable(reader, ADDRESS_BYTES_MAX) } };
}

function decodeRefused(reader: ByteReader): Refusal {
  const code = reader.latin1(CODE_BYTES_MAX);
  const message = printable(reader, MESSAGE_BYTES_MAX);
  if (!isErrorCode(code)) return { code: "UNREACHABLE", message: `refused for a reason unknown here: ${message}` };
  return { code, message };
}

function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorTable, text);
}

function printable(reader: ByteReader, max: number): string {
  const text = reader.latin1(max);
  if (!isPrintable(text)) throw new BadBytes("a name with characters that do not print");
  return text;
}
