/** A request that is carried out as a command: what Redis clients send, and what they are answered, in words of this door. */

import { assert } from "../../base/assert.ts";
import { bytesFromLatin1 } from "../../base/bytes.ts";
import { AtollError, type ErrorCode } from "../../base/errors.ts";
import type { Reply } from "../../command-reply.ts";
import type { CommandClient } from "../../command-store.ts";
import type { Dot } from "../../store.ts";
import type { Call, DoorFacts } from "./call.ts";

type ErrorReply = Extract<Reply, { type: "error" }>;

export interface Carried {
  readonly reply: Exclude<Reply, ErrorReply>;
  /** Of what was written, or of the one thing that was read. */
  readonly dots: readonly Dot[];
}

/** What errors begin with that another replica answered, which tells no code. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  WRONGTYPE: "WRONG_TYPE",
  OOM: "MEMORY_FULL",
  LOADING: "NOT_READY",
  TRYAGAIN: "OWNERS_UNREACHABLE",
  UNKNOWN: "OUTCOME_UNKNOWN",
};

/** Text stands for its bytes, as latin1. Throws what ends the command, as an `AtollError`. */
export async function carryOut(
  call: Call,
  facts: DoorFacts,
  name: string,
  ...words: readonly (string | Uint8Array)[]
): Promise<Carried> {
  const keyspace = facts.commands?.keyspace(call.keyspace);
  if (keyspace === undefined)
    throw new AtollError("UNKNOWN_KEYSPACE", "there are no maps, sets and counters in this keyspace");
  const command = facts.commands?.commands.get(name);
  assert(command !== undefined, `there is a command ${name}`);
  let seen: Dot | undefined;
  const client: CommandClient = {
    room: call.room,
    lastWrite: undefined,
    saw: (dot) => {
      seen = dot;
    },
  };
  const bytes = [name, ...words].map((word) => (typeof word === "string" ? bytesFromLatin1(word) : word));
  const reply = await keyspace.run(bytes, command, client);
  if (reply.type === "error") throw errorOf(reply);
  const dot = client.lastWrite ?? seen;
  return { reply, dots: dot === undefined ? [] : [dot] };
}

function errorOf({ text, code }: ErrorReply): AtollError {
  const [prefix = ""] = text.split(" ", 1);
  return new AtollError(code ?? CODES[prefix] ?? "BAD_REQUEST", text.slice(prefix.length + 1));
}
