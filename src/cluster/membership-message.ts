/** The messages that are about members: they are heard from whoever is linked, member or not, given up or not. */

import type { Message, MessageOf } from "../wire/message.ts";

export type MembershipMessage = MessageOf<
  | "members"
  | "quarantine"
  | "ping"
  | "ping-ack"
  | "ping-request"
  | "ping-nack"
  | "gossip"
  | "roster"
  | "roster-buckets"
  | "roster-rows"
>;

const TYPES = {
  members: true,
  quarantine: true,
  ping: true,
  "ping-ack": true,
  "ping-request": true,
  "ping-nack": true,
  gossip: true,
  roster: true,
  "roster-buckets": true,
  "roster-rows": true,
} as const satisfies Record<MembershipMessage["type"], true>;

export function isOfMembership(message: Message): message is MembershipMessage {
  return Object.hasOwn(TYPES, message.type);
}
