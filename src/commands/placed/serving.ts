/**
 * Commands that another replica asks for, for a client of its own (C1 to C3 of `replica/command-router.ts`). They come checked
 * and allowed; what would break this replica is looked at once more, since who asks may be of another version.
 */

import { latin1FromBytes } from "../../base/bytes.ts";
import { AtollError } from "../../base/errors.ts";
import { arrayReply, integerReply, plainReply, type Reply, textReply } from "../../command-reply.ts";
import type { CommandClient, QueuedCommand } from "../../command-store.ts";
import type { Shard } from "../../core/shard/shard.ts";
import type { Seen } from "../../replica/circumstances.ts";
import type { CommandRouter } from "../../replica/command-router.ts";
import type { CommandRequest } from "../../replica/command-service.ts";
import type { KeyspaceHost } from "../../replica/local-keyspace.ts";
import type { Acks, Dot } from "../../store.ts";
import { mayBeWritten, mayListBeWritten } from "../../wire/reply-codec.ts";
import type { ResponseBody } from "../../wire/request.ts";
import { awaitTable, commandTable, doorTable } from "../command-table.ts";
import { isAboutAllKeys } from "../here/all-keys.ts";
import type { SpaceCommands } from "../here/space-commands.ts";
import { isAwaiting } from "../rows/await-commands.ts";
import { keysOf } from "../words/words.ts";
import type { Scope } from "../workspace/scope.ts";
import type { Acknowledgements } from "./acknowledgements.ts";
import type { KeysHere } from "./keys-here.ts";
import { DONE_AND_TOO_LONG, PassedOnClient, type Publish, TOO_LONG } from "./passed-on-client.ts";
import { carriedOutInTurn } from "./served-pipeline.ts";

export interface ServedCommands extends CommandRequest {
  readonly host: KeyspaceHost;
  readonly router: CommandRouter;
  readonly local: SpaceCommands;
  readonly here: KeysHere;
  readonly acknowledgements: Acknowledgements;
  readonly refusal: CommandClient["refusal"];
  readonly publish: Publish | undefined;
}

const REFUSED: ResponseBody = { type: "refused" };
/** Of a transaction, for what each command answers beside what it reads: a status, a number, or why it failed. */
const COMMAND_BYTES = 128;

/** Rejects with what the commands cannot be carried out for. */
export async function serveCommands(served: ServedCommands): Promise<ResponseBody> {
  const { here, body } = served;
  const commands = body.commands.map(parsed);
  const [first] = commands;
  if (first?.facts.name === "wait") return waited(served, first);
  const shards = shardsOf(served, commands);
  if (!here.isReadyIn(shards)) {
    const answer = await passedOn(served, commands, shards);
    if (answer !== undefined) return answer;
  }
  await madeReady(served, commands, shards);
  // Meanwhile others may have come to keep them.
  return here.knowsOf(shards) ? carriedOut(served, commands, shards) : REFUSED;
}

/** Throws `BAD_REQUEST` for what the door of whoever asks should have refused, and what it knows and this replica does not. */
function parsed(words: QueuedCommand["words"]): QueuedCommand {
  const name = latin1FromBytes(words[0] as Uint8Array).toLowerCase();
  const facts = commandTable.get(name) ?? doorTable.get(name) ?? awaitTable.get(name);
  if (facts === undefined) throw new AtollError("UNKNOWN_OPERATION", `the replica that was asked knows no '${name}'`);
  const { arity } = facts;
  const isWrong = arity >= 0 ? words.length !== arity : words.length < -arity;
  if (isWrong) throw new AtollError("BAD_REQUEST", `wrong number of arguments for '${name}' command`);
  return { words, facts };
}

/** Throws what a key may be refused for, and `BAD_REQUEST`. */
function shardsOf({ here, body }: ServedCommands, commands: readonly QueuedCommand[]): readonly Shard[] {
  if (body.shards.length > 0) {
    const shards = here.shardsAt(body.shards);
    if (shards === undefined) throw new AtollError("BAD_REQUEST", "there are no shards of these numbers");
    return shards;
  }
  if (commands.some(({ facts }) => isAboutAllKeys(facts)))
    throw new AtollError("BAD_REQUEST", "a command about all keys names the shards that it is to look at");
  const keys = commands.flatMap(({ words, facts }) => keysOf(words, facts));
  return here.shardsOf([...keys, ...body.watched.map(({ key }) => key)]);
}

/** Undefined: it is for this replica, if it knows of the keys. */
async function passedOn(
  served: ServedCommands,
  commands: readonly QueuedCommand[],
  shards: readonly Shard[],
): Promise<ResponseBody | undefined> {
  const { router, here, space, body, hops, after, from } = served;
  // Who told the versions of watched keys is not ready any more, and nobody else can tell whether they have changed.
  if (body.watched.length > 0) return REFUSED;
  if (hops > 0) {
    served.taken();
    const seen = after.length === 0 ? undefined : seenIn(served);
    const isReadonly = isReading(commands);
    const carried = await router.carry(space, { body, shards, isReadonly }, { hops, seen, from });
    if (carried !== undefined) {
      served.passedOn();
      return carried.answer;
    }
  }
  // Of a listing whoever asked tells what is left.
  return body.shards.length > 0 || !here.knowsOf(shards) ? REFUSED : undefined;
}

function seenIn({ after, waitMs, body }: ServedCommands): Seen {
  return { dots: after, waitMs, isRequired: body.isBehindRefused === true };
}

async function madeReady(
  served: ServedCommands,
  commands: readonly QueuedCommand[],
  shards: readonly Shard[],
): Promise<void> {
  const { here, taken } = served;
  const seen = seenIn(served);
  if (!here.isCaughtUp(seen)) {
    taken();
    await here.catchUp(seen);
  }
  if (here.isPrepared(shards)) return;
  taken();
  await here.prepare(commands, shards);
}

async function carriedOut(
  { host, router, local, here, acknowledgements, body, taken, refusal, publish }: ServedCommands,
  commands: readonly QueuedCommand[],
  shards: readonly Shard[],
): Promise<ResponseBody> {
  const { bytesMax } = router;
  const replied = repliesOf(host);
  host.replica().clock.observe(body.clock, host.now());
  // What cannot be answered is not begun: what it had written would stay.
  const own = body.isTransaction ? COMMAND_BYTES * commands.length : 0;
  if (!mayListBeWritten(commands.length, own, bytesMax)) return replied(TOO_LONG, []);
  const facts = { refusal, allowance: body.allowance, ack: body.ack, publish, isHeld: commands.every(isAwaiting) };
  const client = new PassedOnClient(bytesMax - own, facts);
  const scope = new Set(shards);
  if (body.isPipeline === true) {
    const run = (command: QueuedCommand) => runOne(local, command, client, scope);
    const around = { host, bytesMax, isHere: () => here.isReadyIn(shards), run, taken };
    const replies = await carriedOutInTurn(commands, client, around);
    return replied(arrayReply(replies), isReading(commands) ? client.seen : client.written);
  }
  const run = acknowledgements.after(
    client,
    body.isTransaction
      ? local.runAll(commands, body.watched, client, scope)
      : runOne(local, commands[0] as QueuedCommand, client, scope),
  );
  if (run instanceof Promise) taken();
  const reply = plainReply(await run);
  const dots = isReading(commands) ? client.seen : client.written;
  const tooLong = client.written.length > 0 ? DONE_AND_TOO_LONG : TOO_LONG;
  return replied(mayBeWritten(reply, bytesMax) ? reply : tooLong, dots, client.acks);
}

function runOne(
  local: SpaceCommands,
  { words, facts }: QueuedCommand,
  client: CommandClient,
  scope: Scope,
): Reply | Promise<Reply> {
  return facts.name === "watch" ? versionsOf(local, words, facts) : local.run(words, facts, client, scope);
}

function versionsOf(local: SpaceCommands, words: QueuedCommand["words"], facts: QueuedCommand["facts"]): Reply {
  return arrayReply(local.watch(keysOf(words, facts)).map(({ version }) => textReply(version)));
}

/** How many others have what a client of whoever asks wrote here; of no dots, all that was ever written here of the keyspace. */
async function waited(served: ServedCommands, { words }: QueuedCommand): Promise<ResponseBody> {
  const { host, acknowledgements, router, after, taken } = served;
  const [wanted, timeoutMs] = words.slice(1).map((word) => Number(latin1FromBytes(word)));
  if (!isCount(wanted) || !isCount(timeoutMs)) throw new AtollError("BAD_REQUEST", "no number of acknowledgements");
  taken();
  const replied = repliesOf(host);
  const own = after.length === 0 ? "all" : after.filter((dot) => router.isOfSelf(dot));
  const count = await acknowledgements.countHere(own, { wanted, timeoutMs });
  return replied(integerReply(count), []);
}

function isCount(number: number | undefined): number is number {
  return number !== undefined && Number.isSafeInteger(number) && number >= 0;
}

export function isReading(commands: readonly QueuedCommand[]): boolean {
  return commands.every(({ facts }) => facts.flags.has("readonly"));
}

/** Told of what was asked before it was begun: an answer that came to nothing as this replica stops would have it done once more. */
type Replied = (reply: Reply, dots: readonly Dot[], acks?: Acks) => ResponseBody;

function repliesOf(host: KeyspaceHost): Replied {
  const { clock } = host.replica();
  return (reply, dots, acks) => ({ type: "replied", reply, dots, acks, clock: clock.floor(host.now()) });
}
