/** Bytes of the peer messages. `decodeMessage` refuses with `BadBytes` whatever `encodeMessage` would not have written. */

import { assertNever } from "../base/assert.ts";
import { BadBytes, ByteReader, ByteWriter } from "../base/bytes.ts";
import { Copies } from "../base/copies.ts";
import type { Key, ShardId, SpaceId, Timestamp } from "../base/ids.ts";
import { SHARD_ID_MAX } from "../base/shard-id.ts";
import { msOfTimestamp, timestampFromMs } from "../core/clock.ts";
import { LIFE_MAX } from "../core/origin.ts";
import { decodePurgeMarks, encodePurgeMarks } from "../core/purge-marks.ts";
import { VersionVector } from "../core/version-vector.ts";
import {
  KEY_BYTES_MAX,
  readDigest,
  readFlag,
  readList,
  readOrigin,
  readRecords,
  readReplicaId,
  readShard,
  readSpace,
  writeDigest,
  writeList,
  writeOrigin,
  writeRecords,
} from "./fields.ts";
import {
  type AuditEntry,
  type Birth,
  type DigestFacts,
  HALF_READY,
  INCARNATION_MAX,
  INSTANT_MAX,
  LINEAGE_MAX,
  type MemberFacts,
  type MemberState,
  type Message,
  NOT_READY,
  READY,
  type Readiness,
  type ReportFacts,
  ROSTER_BUCKETS,
  type Rumour,
  type ShardDigestRow,
  SLICES_MAX,
  type VectorEntry,
  WHISPER_BYTES_MAX,
} from "./message.ts";
import { CHECKSUM_BYTES, checkMessage, sealMessage } from "./message-checksum.ts";
import { readRequest, readResponse, writeRequest, writeResponse } from "./request-codec.ts";
import { KEEP_MAX, type VersionFacts } from "./version-facts.ts";

const MEMBERS_MAX = 4096;
/** In one message, which is far shorter than so many. */
const RUMOURS_MAX = 64;
const SUSPECTORS_MAX = 8;
/** Whoever is told of a life begins a later one: some must be left for that. */
const LIFE_TOLD_MAX = LIFE_MAX - 1024;
/** In one message. */
const SHARDS_MAX = 65536;
const ORIGINS_MAX = 65536;
const AUDIT_ENTRIES_MAX = 65536;
const BUCKETS_MAX = 4096;
/** So many that some are left to count, whatever somebody told. */
const DEPARTURES_MAX = 2 ** 48;
const DISPLACED_MAX = 2 ** 48;
/** What the last chunk of a delta bears. */
const NO_CLAIM = 0;
const CLAIM = 1;
const CLAIM_OF_READY = 2;
const TEXT_MAX = 255;

const typeByte = {
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

/** Which message a frame is, by one byte; the rest may be anything. */
export function typeOfFrame(frame: Uint8Array): Message["type"] | undefined {
  return typeOfByte.get(frame[CHECKSUM_BYTES] ?? 0);
}

/**
 * Where messages are put together, to be copied out: most are short, and what they are copied to has their own length. It
 * keeps the room that the longest one took.
 */
const scratch = new ByteWriter(4096);

const frames = new Copies(16 * 1024);

/** Bytes before the records of a push: checksum, type, flags, space. Pushes are written in place, record by record. */
export const PUSH_HEADER_BYTES = CHECKSUM_BYTES + 6;

/** Makes a push of a frame that holds its records behind room for the header. */
export function finishPush(frame: Uint8Array, space: SpaceId, confirm: boolean): void {
  frame[CHECKSUM_BYTES] = typeByte.push;
  frame[CHECKSUM_BYTES + 1] = confirm ? 1 : 0;
  for (let i = 0; i < 4; i++) frame[CHECKSUM_BYTES + 2 + i] = (space >>> (8 * i)) & 0xff;
  sealMessage(frame, PUSH_HEADER_BYTES);
}

export function encodeMessage(message: Message): Uint8Array {
  const recordBytes = "records" in message ? message.records.end - message.records.start : 0;
  scratch.clear();
  scratch.reserve(CHECKSUM_BYTES);
  scratch.u8(typeByte[message.type]);
  encodeFields(scratch, message);
  const frame = frames.of(scratch.view());
  sealMessage(frame, frame.length - recordBytes);
  return frame;
}

function encodeFields(writer: ByteWriter, message: Message): void {
  switch (message.type) {
    case "members":
      writer.latin1(message.self);
      writer.u8(message.isAll ? 1 : 0);
      writeList(writer, message.members, writeRumour);
      writeList(writer, message.lineage, writeBirth);
      return writeList(writer, message.known, writeBirth);
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
    case "digest":
      writeDigestFacts(writer, message.reply, message);
      return message.reply ? writer.u32(message.askedAt) : undefined;
    case "shard-digests":
      writeReportFacts(writer, message);
      writer.u32(message.askedAt);
      writer.varint(message.asOf);
      return writeDigestRows(writer, message.rows);
    case "vectors":
      writer.u8(message.reply ? 1 : 0);
      writeReportFacts(writer, message);
      return writeList(writer, message.entries, writeVectorEntry);
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
    case "audit-buckets":
      writer.varint(message.shard);
      writer.varint(message.asOf);
      writeDigest(writer, message.vector);
      return writeList(writer, message.buckets, writeDigest);
    case "audit-entries":
      writer.varint(message.shard);
      writer.varint(message.asOf);
      writeDigest(writer, message.vector);
      writeList(writer, message.buckets, (out, bucket) => out.varint(bucket));
      writer.varint(message.slices);
      writer.varint(message.slice);
      return writeList(writer, message.entries, writeAuditEntry);
    case "audit-fetch":
      writer.varint(message.shard);
      writeList(writer, message.buckets, (out, bucket) => out.varint(bucket));
      return writeList(writer, message.entries, writeAuditEntry);
    case "audit-records":
    case "audit-forget":
      writer.varint(message.shard);
      return writeRecords(writer, message.records);
    case "audit-vote":
      writer.varint(message.vote);
      writer.varint(message.shard);
      return writeRecords(writer, message.records);
    case "audit-ballot":
      writer.varint(message.vote);
      return writer.u8(message.holds ? 1 : 0);
    case "read":
      writer.varint(message.request);
      writer.varint(message.shard);
      writer.u8(message.kind);
      return writer.latin1(message.key);
    case "read-reply":
      writer.varint(message.request);
      writer.u8(message.whole ? 1 : 0);
      return writeRecords(writer, message.records);
    case "keep":
      writer.varint(message.question);
      writer.u8(message.isGoing ? 1 : 0);
      return writeList(writer, message.versions, writeVersionFacts);
    case "kept":
      writer.varint(message.question);
      writer.u8(message.isWhole ? 1 : 0);
      writer.u8(message.isGoing ? 1 : 0);
      writePlaces(writer, message.places);
      return writePlaces(writer, message.noRoom);
    case "fetch":
      writer.varint(message.request);
      return writeVersionFacts(writer, message.version);
    case "fetched":
      writer.varint(message.request);
      writer.u8(message.isSure ? 1 : 0);
      return writeRecords(writer, message.records);
    case "quarantine":
      writer.varint(message.givenUpLife);
      writer.varint(message.rootLife);
      writeList(writer, message.half, (out, { id, rootLife }) => {
        out.latin1(id);
        out.varint(rootLife);
      });
      return writeList(writer, message.givenUp, (out, { id, life }) => {
        out.latin1(id);
        out.varint(life);
      });
    case "leave":
      return writer.u8(message.forGood ? 1 : 0);
    case "whisper":
      writer.latin1(message.topic);
      return writer.blob(message.bytes);
    case "ping":
    case "ping-ack":
      writer.varint(message.sequence);
      return writeList(writer, message.rumours, writeRumour);
    case "ping-request":
      writer.varint(message.sequence);
      return writer.latin1(message.target);
    case "ping-nack":
      return writer.varint(message.sequence);
    case "gossip":
      return writeList(writer, message.rumours, writeRumour);
    case "roster":
      writer.u8(message.isReply ? 1 : 0);
      return writeDigest(writer, message.digest);
    case "roster-buckets":
      return writeList(writer, message.buckets, (out, bucket) => out.u32(bucket));
    case "roster-rows":
      writer.u8(message.isReply ? 1 : 0);
      writeList(writer, message.buckets, (out, bucket) => out.u8(bucket));
      return writeList(writer, message.members, writeRumour);
    case "follow":
    case "followed":
      writer.u32(message.space);
      return writeList(writer, message.shards, (out, shard) => out.varint(shard));
    case "news":
      writer.u32(message.space);
      return writeRecords(writer, message.records);
    case "request":
      return writeRequest(writer, message);
    case "response":
      return writeResponse(writer, message);
    default:
      return assertNever(message);
  }
}

/** The message in `frame`. Records in it are views into the frame and not yet checked. Throws `BadBytes`. */
export function decodeMessage(frame: Uint8Array): Message {
  const reader = new ByteReader(frame);
  reader.skip(CHECKSUM_BYTES);
  const byte = reader.u8();
  const type = typeOfByte.get(byte);
  if (type === undefined) throw new BadBytes(`message of unknown type ${byte}`);
  const message = decodeFields(reader, type);
  reader.finish();
  // Where the records begin is known only now; until here nothing has come of what was read.
  checkMessage(frame, "records" in message ? message.records.start : frame.length);
  return message;
}

function decodeFields(reader: ByteReader, type: Message["type"]): Message {
  switch (type) {
    case "members":
      return {
        type,
        self: readReplicaId(reader),
        isAll: readFlag(reader),
        members: readList(reader, MEMBERS_MAX, readRumour),
        lineage: readList(reader, LINEAGE_MAX, readBirth),
        known: readList(reader, LINEAGE_MAX, readBirth),
      };
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
    case "digest":
      return readDigestMessage(reader);
    case "shard-digests":
      return {
        type,
        ...readReportFacts(reader),
        askedAt: reader.u32(),
        asOf: reader.varint(INSTANT_MAX),
        rows: readDigestRows(reader),
      };
    case "vectors": {
      const reply = readFlag(reader);
      const facts = readReportFacts(reader);
      return { type, reply, ...facts, entries: readList(reader, SHARDS_MAX, readVectorEntry) };
    }
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
    case "audit-buckets":
      return {
        type,
        shard: readShard(reader),
        asOf: reader.varint(INSTANT_MAX),
        vector: readDigest(reader),
        buckets: readList(reader, BUCKETS_MAX, readDigest),
      };
    case "audit-entries":
      return {
        type,
        shard: readShard(reader),
        asOf: reader.varint(INSTANT_MAX),
        vector: readDigest(reader),
        buckets: readList(reader, BUCKETS_MAX, (from) => from.varint(BUCKETS_MAX)),
        ...readSlice(reader),
        entries: readList(reader, AUDIT_ENTRIES_MAX, readAuditEntry),
      };
    case "audit-fetch":
      return {
        type,
        shard: readShard(reader),
        buckets: readList(reader, BUCKETS_MAX, (from) => from.varint(BUCKETS_MAX)),
        entries: readList(reader, AUDIT_ENTRIES_MAX, readAuditEntry),
      };
    case "audit-records":
    case "audit-forget":
      return { type, shard: readShard(reader), records: readRecords(reader) };
    case "audit-vote":
      return { type, vote: reader.varint(), shard: readShard(reader), records: readRecords(reader) };
    case "audit-ballot":
      return { type, vote: reader.varint(), holds: readFlag(reader) };
    case "read":
      return {
        type,
        request: reader.varint(),
        shard: readShard(reader),
        kind: reader.u8(),
        key: reader.latin1(KEY_BYTES_MAX),
      };
    case "read-reply":
      return { type, request: reader.varint(), whole: readFlag(reader), records: readRecords(reader) };
    case "keep":
      return {
        type,
        question: reader.varint(),
        isGoing: readFlag(reader),
        versions: readList(reader, KEEP_MAX, readVersionFacts),
      };
    case "kept":
      return {
        type,
        question: reader.varint(),
        isWhole: readFlag(reader),
        isGoing: readFlag(reader),
        places: readPlaces(reader),
        noRoom: readPlaces(reader),
      };
    case "fetch":
      return { type, request: reader.varint(), version: readVersionFacts(reader) };
    case "fetched":
      return { type, request: reader.varint(), isSure: readFlag(reader), records: readRecords(reader) };
    case "quarantine":
      return {
        type,
        givenUpLife: reader.varint(LIFE_MAX),
        rootLife: reader.varint(LIFE_MAX),
        half: readList(reader, MEMBERS_MAX, (from) => ({
          id: readReplicaId(from),
          rootLife: from.varint(LIFE_MAX),
        })),
        givenUp: readList(reader, MEMBERS_MAX, (from) => ({ id: readReplicaId(from), life: from.varint(LIFE_MAX) })),
      };
    case "leave":
      return { type, forGood: readFlag(reader) };
    case "whisper":
      return { type, topic: reader.latin1(KEY_BYTES_MAX) as Key, bytes: reader.blob(WHISPER_BYTES_MAX) };
    case "ping":
    case "ping-ack":
      return { type, sequence: reader.varint(), rumours: readList(reader, RUMOURS_MAX, readRumour) };
    case "ping-request":
      return { type, sequence: reader.varint(), target: readReplicaId(reader) };
    case "ping-nack":
      return { type, sequence: reader.varint() };
    case "gossip":
      return { type, rumours: readList(reader, RUMOURS_MAX, readRumour) };
    case "roster":
      return { type, isReply: readFlag(reader), digest: readDigest(reader) };
    case "roster-buckets":
      return { type, buckets: readRosterBuckets(reader) };
    case "roster-rows":
      return {
        type,
        isReply: readFlag(reader),
        buckets: readList(reader, ROSTER_BUCKETS, readRosterBucket),
        members: readList(reader, MEMBERS_MAX, readRumour),
      };
    case "follow":
    case "followed":
      return {
        type,
        space: readSpace(reader),
        shards: readList(reader, SHARDS_MAX, (from) => from.varint(SHARDS_MAX - 1)),
      };
    case "news":
      return { type, space: readSpace(reader), records: readRecords(reader) };
    case "request":
      return readRequest(reader);
    case "response":
      return readResponse(reader);
    default:
      return assertNever(type);
  }
}

export function writeMember(writer: ByteWriter, member: MemberFacts): void {
  writer.latin1(member.id);
  writer.varint(member.life);
  writer.latin1(member.region);
  writer.latin1(member.address);
  writer.u8((member.ephemeral ? 1 : 0) | (member.left ? 2 : 0));
  writer.varint(member.epoch);
  writer.u32(member.birth);
  writer.varint(member.rootLife);
  writer.varint(member.startedAt);
  writer.varint(member.givenUpLife);
  writer.varint(member.displaced);
  writer.varint(member.seenAgoMs === undefined ? 0 : member.seenAgoMs + 1);
}

export function readMember(reader: ByteReader): MemberFacts {
  const id = readReplicaId(reader);
  const life = reader.varint(LIFE_TOLD_MAX);
  const region = reader.latin1(TEXT_MAX);
  const address = reader.latin1(TEXT_MAX);
  const flags = reader.u8();
  if (flags > 3) throw new BadBytes("member with unknown flags");
  const epoch = reader.varint();
  const birth = reader.u32();
  const rootLife = reader.varint(LIFE_MAX);
  const startedAt = reader.varint();
  const givenUpLife = reader.varint(LIFE_MAX);
  const displaced = reader.varint(DISPLACED_MAX);
  const seen = reader.varint();
  return {
    id,
    life,
    region,
    address,
    ephemeral: (flags & 1) !== 0,
    left: (flags & 2) !== 0,
    epoch,
    birth,
    rootLife,
    startedAt,
    givenUpLife,
    displaced,
    seenAgoMs: seen === 0 ? undefined : seen - 1,
  };
}

const STATES = ["alive", "suspect", "dead"] as const satisfies readonly MemberState[];

function writeRumour(writer: ByteWriter, rumour: Rumour): void {
  writeMember(writer, rumour);
  writer.varint(rumour.incarnation);
  writer.u8(STATES.indexOf(rumour.state));
  writeList(writer, rumour.suspectedBy, (out, id) => out.latin1(id));
}

function readRumour(reader: ByteReader): Rumour {
  const facts = readMember(reader);
  const incarnation = reader.varint(INCARNATION_MAX);
  const state = STATES[reader.u8()];
  if (state === undefined) throw new BadBytes("member in an unknown state");
  const suspectedBy = readList(reader, SUSPECTORS_MAX, readReplicaId);
  if (state !== "suspect" && suspectedBy.length > 0) throw new BadBytes("suspicion of a member that is not suspected");
  return { ...facts, incarnation, state, suspectedBy };
}

function readRosterBuckets(reader: ByteReader): number[] {
  const buckets = readList(reader, ROSTER_BUCKETS, (from) => from.u32());
  if (buckets.length !== ROSTER_BUCKETS) throw new BadBytes(`a roster of ${buckets.length} parts`);
  return buckets;
}

function readRosterBucket(reader: ByteReader): number {
  const bucket = reader.u8();
  if (bucket >= ROSTER_BUCKETS) throw new BadBytes(`part ${bucket} of a roster`);
  return bucket;
}

export function writeBirth(writer: ByteWriter, { life, birth }: Birth): void {
  writer.varint(life);
  writer.u32(birth);
}

export function readBirth(reader: ByteReader): Birth {
  return { life: reader.varint(LIFE_MAX), birth: reader.u32() };
}

function readConfirmEntry(reader: ByteReader): { shard: ShardId; sequence: number } {
  return { shard: readShard(reader), sequence: reader.varint() };
}

function writeReportFacts(writer: ByteWriter, facts: ReportFacts): void {
  writer.u32(facts.lives);
  writer.u32(facts.view);
  writer.varint(facts.epoch);
  writer.varint(facts.clock);
  writer.varint(facts.correctionMs < 0 ? -2 * facts.correctionMs - 1 : 2 * facts.correctionMs);
}

function readReportFacts(reader: ByteReader): ReportFacts {
  const facts = { lives: reader.u32(), view: reader.u32(), epoch: reader.varint(), clock: reader.varint() };
  const folded = reader.varint(2 * INSTANT_MAX);
  return { ...facts, correctionMs: folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2 };
}

function writeDigestFacts(writer: ByteWriter, reply: boolean, facts: DigestFacts): void {
  const state = (facts.durable ? 2 : 0) | (facts.whole ? 4 : 0) | (facts.swept ? 8 : 0) | (facts.ready ? 16 : 0);
  const aheadMs = msOfTimestamp(facts.stamp as Timestamp) - facts.clock;
  const rare = (facts.departures > 0 ? 32 : 0) | (facts.strays.length > 0 ? 64 : 0);
  writer.u8((reply ? 1 : 0) | state | rare | (aheadMs < 0 ? 128 : 0));
  writeReportFacts(writer, facts);
  writeNear(writer, facts.clock, facts.asOf);
  writeDigest(writer, facts.vectors);
  writeDigest(writer, facts.fingerprints);
  writer.varint(Math.abs(aheadMs));
  if (facts.strays.length > 0) writeShards(writer, facts.strays);
  if (facts.departures > 0) writer.varint(facts.departures);
}

/** An instant by its distance from another, which is short, to either side. */
function writeNear(writer: ByteWriter, from: number, instant: number): void {
  writer.varint(instant >= from ? 2 * (instant - from) : 2 * (from - instant) - 1);
}

function readNear(reader: ByteReader, from: number): number {
  const distance = reader.varint();
  const instant = distance % 2 === 0 ? from + distance / 2 : from - (distance + 1) / 2;
  if (instant < 0 || instant > INSTANT_MAX) throw new BadBytes(`instant ${instant}`);
  return instant;
}

/** The first of a millisecond that is so far from the clock, which is most often behind it. */
function readStamp(reader: ByteReader, clock: number, isBehind: boolean): Timestamp {
  const distance = reader.varint(INSTANT_MAX);
  const at = isBehind ? clock - distance : clock + distance;
  const stamp = timestampFromMs(at);
  if (msOfTimestamp(stamp) !== at || (isBehind && distance === 0)) throw new BadBytes(`stamp of the instant ${at}`);
  return stamp;
}

function readStrays(reader: ByteReader): readonly ShardId[] {
  const strays = readShards(reader);
  if (strays.length === 0) throw new BadBytes("strays that are none");
  return strays;
}

/** Ascending, each told by its distance from the last. */
function writeShards(writer: ByteWriter, shards: readonly ShardId[]): void {
  let next = 0;
  writeList(writer, shards, (out, shard) => {
    out.varint(shard - next);
    next = shard + 1;
  });
}

function readShards(reader: ByteReader): readonly ShardId[] {
  let next = 0;
  return readList(reader, SHARDS_MAX, (from) => {
    const shard = next + from.varint(SHARD_ID_MAX - next);
    next = shard + 1;
    return shard as ShardId;
  });
}

function readDigestMessage(reader: ByteReader): Message {
  const flags = reader.u8();
  const facts = readReportFacts(reader);
  const reply = (flags & 1) !== 0;
  return {
    type: "digest",
    reply,
    durable: (flags & 2) !== 0,
    whole: (flags & 4) !== 0,
    swept: (flags & 8) !== 0,
    ready: (flags & 16) !== 0,
    ...facts,
    asOf: readNear(reader, facts.clock),
    vectors: readDigest(reader),
    fingerprints: readDigest(reader),
    stamp: readStamp(reader, facts.clock, (flags & 128) !== 0),
    strays: (flags & 64) !== 0 ? readStrays(reader) : [],
    departures: (flags & 32) !== 0 ? readDepartures(reader) : 0,
    askedAt: reply ? reader.u32() : 0,
  };
}

/** In the order of their shards, each told by its distance from the last. */
function writeDigestRows(writer: ByteWriter, rows: readonly ShardDigestRow[]): void {
  let next = 0;
  writeList(writer, rows, (out, row) => {
    out.varint(row.shard - next);
    next = row.shard + 1;
    writeDigest(out, row.vector);
    writeDigest(out, row.fingerprint);
    out.u8((row.durable ? 1 : 0) | (row.whole ? 2 : 0) | (row.swept ? 4 : 0) | (row.readiness << 3));
  });
}

function readDigestRows(reader: ByteReader): readonly ShardDigestRow[] {
  let next = 0;
  return readList(reader, SHARDS_MAX, (from) => {
    const row = readDigestRow(from, next);
    next = row.shard + 1;
    return row;
  });
}

function readDepartures(reader: ByteReader): number {
  const departures = reader.varint(DEPARTURES_MAX);
  if (departures === 0) throw new BadBytes("departures that are none");
  return departures;
}

function readDigestRow(reader: ByteReader, first: number): ShardDigestRow {
  const shard = (first + reader.varint(SHARD_ID_MAX - first)) as ShardId;
  const vector = readDigest(reader);
  const fingerprint = readDigest(reader);
  const flags = reader.u8();
  if (flags > 31) throw new BadBytes("shard digest with unknown flags");
  return {
    shard,
    vector,
    fingerprint,
    durable: (flags & 1) !== 0,
    whole: (flags & 2) !== 0,
    swept: (flags & 4) !== 0,
    readiness: readinessOf(flags >>> 3),
  };
}

function readinessOf(bits: number): Readiness {
  if (bits !== NOT_READY && bits !== HALF_READY && bits !== READY) throw new BadBytes(`readiness ${bits}`);
  return bits;
}

function writeVectorEntry(writer: ByteWriter, entry: VectorEntry): void {
  writer.varint(entry.shard);
  entry.vector.encode(writer);
  const isDurable = entry.durable === entry.vector;
  writer.u8((isDurable ? 1 : 0) | (entry.doubtful ? 2 : 0) | (entry.readiness << 2));
  if (!isDurable) entry.durable.encode(writer);
  writeList(writer, entry.early, (out, early) => {
    writeOrigin(out, early.origin);
    out.varint(early.seen);
    out.u32(early.held);
  });
}

function readVectorEntry(reader: ByteReader): VectorEntry {
  const shard = readShard(reader);
  const vector = VersionVector.decode(reader);
  const flags = reader.u8();
  if (flags > 15) throw new BadBytes("vector with unknown flags");
  return {
    shard,
    vector,
    durable: (flags & 1) !== 0 ? vector : VersionVector.decode(reader),
    doubtful: (flags & 2) !== 0,
    readiness: readinessOf(flags >>> 2),
    early: readList(reader, ORIGINS_MAX, (from) => ({
      origin: readOrigin(from),
      seen: from.varint(),
      held: from.u32(),
    })),
  };
}

function writeVersionFacts(writer: ByteWriter, version: VersionFacts): void {
  writer.varint(version.shard);
  writer.u8(version.kind);
  writer.latin1(version.key);
  writer.varint(version.timestamp);
  writeOrigin(writer, version.origin);
  writer.varint(version.sequence);
  writer.u32(version.checksum);
}

function readVersionFacts(reader: ByteReader): VersionFacts {
  return {
    shard: readShard(reader),
    kind: reader.u8(),
    key: reader.latin1(KEY_BYTES_MAX) as Key,
    timestamp: reader.varint() as Timestamp,
    origin: readOrigin(reader),
    sequence: reader.varint(),
    checksum: reader.u32(),
  };
}

/** Ascending, each told by its distance from the last. */
function writePlaces(writer: ByteWriter, places: readonly number[]): void {
  let next = 0;
  writeList(writer, places, (out, place) => {
    out.varint(place - next);
    next = place + 1;
  });
}

function readPlaces(reader: ByteReader): number[] {
  let next = 0;
  return readList(reader, KEEP_MAX, (from) => {
    if (next >= KEEP_MAX) throw new BadBytes(`place ${next} of a question`);
    const place = next + from.varint(KEEP_MAX - 1 - next);
    next = place + 1;
    return place;
  });
}

function readSlice(reader: ByteReader): { slices: number; slice: number } {
  const slices = reader.varint(SLICES_MAX);
  const slice = reader.varint();
  if (slice >= slices) throw new BadBytes(`slice ${slice} of ${slices}`);
  return { slices, slice };
}

function writeAuditEntry(writer: ByteWriter, entry: AuditEntry): void {
  writer.u32(entry.elementHigh);
  writer.u32(entry.elementLow);
}

function readAuditEntry(reader: ByteReader): AuditEntry {
  return { elementHigh: reader.u32(), elementLow: reader.u32() };
}
