/** Bytes of what is said of a member, which several messages and the disk have. */

import { BadBytes, type ByteReader, type ByteWriter } from "../base/bytes.ts";
import { LIFE_MAX } from "../core/origin.ts";
import { readList, readReplicaId, writeList } from "./fields.ts";
import { type Birth, INCARNATION_MAX, type MemberFacts, type MemberState, type Rumour } from "./message.ts";

const SUSPECTORS_MAX = 8;
/** Whoever is told of a life begins a later one: some must be left for that. */
const LIFE_TOLD_MAX = LIFE_MAX - 1024;
const DISPLACED_MAX = 2 ** 48;
const TEXT_MAX = 255;

const STATES = ["alive", "suspect", "dead"] as const satisfies readonly MemberState[];

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

export function writeRumour(writer: ByteWriter, rumour: Rumour): void {
  writeMember(writer, rumour);
  writer.varint(rumour.incarnation);
  writer.u8(STATES.indexOf(rumour.state));
  writeList(writer, rumour.suspectedBy, (out, id) => out.latin1(id));
}

export function readRumour(reader: ByteReader): Rumour {
  const facts = readMember(reader);
  const incarnation = reader.varint(INCARNATION_MAX);
  const state = STATES[reader.u8()];
  if (state === undefined) throw new BadBytes("member in an unknown state");
  const suspectedBy = readList(reader, SUSPECTORS_MAX, readReplicaId);
  if (state !== "suspect" && suspectedBy.length > 0) throw new BadBytes("suspicion of a member that is not suspected");
  return { ...facts, incarnation, state, suspectedBy };
}

export function writeBirth(writer: ByteWriter, { life, birth }: Birth): void {
  writer.varint(life);
  writer.u32(birth);
}

export function readBirth(reader: ByteReader): Birth {
  return { life: reader.varint(LIFE_MAX), birth: reader.u32() };
}
