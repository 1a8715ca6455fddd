/** A request that is carried out as a command: what Redis clients send, and what they are answered, in words of the other doors. */

import { assert } from "../base/assert.ts";
import { bytesFromLatin1 } from "../base/bytes.ts";
import { AtollError, type ErrorCode } from "../base/errors.ts";
import { NewestDots } from "../base/newest-dots.ts";
import { plainReply, type Reply } from "../command-reply.ts";
import type { CommandClient, CommandKeyspace, CommandStore, QueuedCommand } from "../command-store.ts";
import type { AckLevel, Acks, Dot, Room } from "../store.ts";

/** Who asks, and where. */
export interface CommandCaller {
  /** Undefined where there are no maps, sets and counters. */
  readonly commands: CommandStore | undefined;
  readonly keyspace: string;
  readonly session: CommandClient["session"];
  readonly room: Room;
  /** How far what it writes must have got; undefined: nobody asked. */
  readonly ack: AckLevel | undefined;
}

type ErrorReply = Extract<Reply, { type: "error" }>;
type PlainReply = ReturnType<typeof plainReply>;

export interface Carried {
  readonly reply: Exclude<PlainReply, ErrorReply>;
  /** Of what was written, or else of what was read: of each origin the newest, of as many as a session has room for. */
  readonly dots: readonly Dot[];
  /** How far that got, where it was asked for; undefined also where there was nothing to write, nor anything that made it so. */
  readonly acks: Acks | undefined;
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
export async function carryOutCommand(
  caller: CommandCaller,
  name: string,
  ...words: readonly (string | Uint8Array)[]
): Promise<Carried> {
  const keyspace = keyspaceOf(caller);
  const command = commandOf(caller, name, ...words);
  const noted = new NewestDots();
  const client: CommandClient = {
    room: caller.room,
    session: caller.session,
    lastWrite: undefined,
    ...(caller.ack !== undefined && { ack: { level: caller.ack } }),
    saw: (dot) => noted.note(dot),
    get seen() {
      return noted.all;
    },
  };
  const reply = plainReply(await keyspace.run(command.words, command.facts, client));
  if (reply.type === "error") throw errorOf(reply);
  return { reply, dots: client.lastWrite === undefined ? noted.all : [client.lastWrite], acks: client.acks };
}

function keyspaceOf({ commands, keyspace }: CommandCaller): CommandKeyspace {
  const found = commands?.keyspace(keyspace);
  if (found !== undefined) return found;
  throw new AtollError("UNKNOWN_KEYSPACE", "there are no maps, sets and counters in this keyspace");
}

function commandOf(
  { commands }: CommandCaller,
  name: string,
  ...words: readonly (string | Uint8Array)[]
): QueuedCommand {
  const facts = commands?.ofDoors.get(name) ?? commands?.commands.get(name);
  assert(facts !== undefined, `there is a command ${name}`);
  return { facts, words: [name, ...words].map((word) => (typeof word === "string" ? bytesFromLatin1(word) : word)) };
}

function errorOf({ text, code }: ErrorReply): AtollError {
  const [prefix = ""] = text.split(" ", 1);
  return new AtollError(code ?? CODES[prefix] ?? "BAD_REQUEST", text.slice(prefix.length + 1));
}
