/** Bytes of the messages about members: who there is, who is alive, and who has to begin anew or goes. */

import { assertNever } from "../base/assert.ts";
import { BadBytes, type ByteReader, type ByteWriter } from "../base/bytes.ts";
import { LIFE_MAX } from "../core/origin.ts";
import { MEMBERS_MAX, readDigest, readFlag, readList, readReplicaId, writeDigest, writeList } from "./fields.ts";
import { readBirth, readRumour, writeBirth, writeRumour } from "./member-codec.ts";
import { LINEAGE_MAX, type MessageOf, ROSTER_BUCKETS } from "./message.ts";

/** In one message, which is far shorter than so many. */
const RUMOURS_MAX = 64;

type MembershipMessage = MessageOf<
  | "members"
  | "quarantine"
  | "leave"
  | "ping"
  | "ping-ack"
  | "ping-request"
  | "ping-nack"
  | "gossip"
  | "roster"
  | "roster-buckets"
  | "roster-rows"
>;

export function writeMembershipMessage(writer: ByteWriter, message: MembershipMessage): void {
  switch (message.type) {
    case "members":
      writer.latin1(message.self);
      writer.u8(message.isAll ? 1 : 0);
      writeList(writer, message.members, writeRumour);
      writeList(writer, message.lineage, writeBirth);
      return writeList(writer, message.known, writeBirth);
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
    default:
      return assertNever(message);
  }
}

export function readMembershipMessage(reader: ByteReader, type: MembershipMessage["type"]): MembershipMessage {
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
    default:
      return assertNever(type);
  }
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
