/** Commands for requests of this door, and what it answers to those that write. */

import type { Acks } from "../../store.ts";
import { type Carried, type CommandCaller, carryOutCommand } from "../door-command.ts";
import type { Answer } from "./answer.ts";
import type { Call, DoorFacts } from "./call.ts";
import { ackOf } from "./values.ts";

const KEPT = 202;

export function callerOf({ keyspace, session, room, query }: Call, { commands }: DoorFacts): CommandCaller {
  return { commands, keyspace, session, room, ack: ackOf(query) };
}

/** As `carryOutCommand`. Throws `BAD_REQUEST` besides. */
export async function carryOut(
  call: Call,
  facts: DoorFacts,
  name: string,
  ...words: readonly (string | Uint8Array)[]
): Promise<Carried> {
  return carryOutCommand(callerOf(call, facts), name, ...words);
}

/** 202 where it is kept, but did not get in time as far as was asked. */
export function statusOf(status: number, acks: Acks | undefined): number {
  return acks?.met === false ? KEPT : status;
}

export function acksHeaders(acks: Acks | undefined): string[] {
  return acks === undefined ? [] : ["Atoll-Acks", `${acks.reached}/${acks.wanted}`];
}

/** Of a write that has nothing to say. */
export function writtenAnswer(asked: 201 | 204, { acks, dots }: Carried): Answer {
  const status = statusOf(asked, acks);
  const headers = acksHeaders(acks);
  if (status !== 204) headers.push("Content-Length", "0");
  return { status, headers, dots };
}
