/** A request that is carried out as a command: what Redis clients send, and what they are answered, in words of this door. */

import { assert } from "../../base/assert.ts";
import { bytesFromLatin1 } from "../../base/bytes.ts";
import { AtollError, type ErrorCode } from "../../base/errors.ts";
import { NewestDots } from "../../base/newest-dots.ts";
import { plainReply, type Reply } from "../../command-reply.ts";
import type { CommandClient, CommandKeyspace, QueuedCommand } from "../../command-store.ts";
import type { Dot } from "../../store.ts";
import type { Call, DoorFacts } from "./call.ts";

/** Of a removal of what changes meanwhile. */
const TRIES_MAX = 100;

type ErrorReply = Extract<Reply, { type: "error" }>;
type PlainReply = ReturnType<typeof plainReply>;

export interface Carried {
  readonly reply: Exclude<PlainReply, ErrorReply>;
  /** Of what was written, or else of what was read: of each origin the newest, of as many as a session has room for. */
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
  return carriedOut(call, facts, (keyspace, client) => {
    const command = commandOf(facts, name, ...words);
    return keyspace.run(command.words, command.facts, client);
  });
}

/** Two commands with nothing in between; replies with what the first is answered. Throws as `carryOut` what ends either. */
export async function carryOutBoth(
  call: Call,
  facts: DoorFacts,
  first: readonly [string, ...(string | Uint8Array)[]],
  second: readonly [string, ...(string | Uint8Array)[]],
): Promise<Carried> {
  return carriedOut(call, facts, async (keyspace, client) => {
    const commands = [commandOf(facts, ...first), commandOf(facts, ...second)];
    const reply = await keyspace.runAll(commands, [], client);
    if (reply.type !== "array") return reply;
    const failed = reply.items.find(({ type }) => type === "error");
    return failed ?? (reply.items[0] as Reply);
  });
}

async function carriedOut(
  call: Call,
  facts: DoorFacts,
  run: (keyspace: CommandKeyspace, client: CommandClient) => Reply | Promise<Reply>,
): Promise<Carried> {
  const keyspace = keyspaceOf(call, facts);
  const seen = new NewestDots();
  const client: CommandClient = {
    room: call.room,
    session: call.session,
    lastWrite: undefined,
    saw: (dot) => seen.note(dot),
  };
  const reply = plainReply(await run(keyspace, client));
  if (reply.type === "error") throw errorOf(reply);
  return { reply, dots: client.lastWrite === undefined ? seen.all : [client.lastWrite] };
}

/** Removes what is under the key, if it is of this type or nothing. What comes there meanwhile stays. Throws as `carryOut`. */
export async function remove(call: Call, facts: DoorFacts, type: "hash" | "set"): Promise<readonly Dot[]> {
  const keyspace = keyspaceOf(call, facts);
  const client: CommandClient = { room: call.room, session: call.session, lastWrite: undefined };
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const watched = await keyspace.watch([call.key], []);
    const found = onlyOf(await keyspace.runAll([commandOf(facts, "type", call.key)], watched, client));
    if (found?.type === "status" && found.text !== type && found.text !== "none")
      throw new AtollError("WRONG_TYPE", `what is under the key is no ${type === "hash" ? "map" : type}`);
    if (found === undefined) continue;
    const removed = onlyOf(await keyspace.runAll([commandOf(facts, "del", call.key)], watched, client));
    if (removed !== undefined) return client.lastWrite === undefined ? [] : [client.lastWrite];
  }
  throw new AtollError("TOO_MANY_REQUESTS", "what is under the key changes all the time");
}

/** What a command answered that was carried out alone; undefined: what was watched has changed before. */
function onlyOf(reply: Reply): Reply | undefined {
  const [only] = reply.type === "array" ? reply.items : [reply];
  if (only?.type === "error") throw errorOf(only);
  return only?.type === "no-array" ? undefined : only;
}

function keyspaceOf(call: Call, { commands }: DoorFacts): CommandKeyspace {
  const keyspace = commands?.keyspace(call.keyspace);
  if (keyspace !== undefined) return keyspace;
  throw new AtollError("UNKNOWN_KEYSPACE", "there are no maps, sets and counters in this keyspace");
}

function commandOf({ commands }: DoorFacts, name: string, ...words: readonly (string | Uint8Array)[]): QueuedCommand {
  const facts = commands?.commands.get(name);
  assert(facts !== undefined, `there is a command ${name}`);
  return { facts, words: [name, ...words].map((word) => (typeof word === "string" ? bytesFromLatin1(word) : word)) };
}

function errorOf({ text, code }: ErrorReply): AtollError {
  const [prefix = ""] = text.split(" ", 1);
  return new AtollError(code ?? CODES[prefix] ?? "BAD_REQUEST", text.slice(prefix.length + 1));
}
