/**
 * Commands that a client sent together, and that others carry out: one message for all whose keys the same replicas keep,
 * instead of one after the other, each when the one before it has been answered.
 *
 *  L1. Of one client and one group of replicas, one message is under way, and its commands are carried out in their order. Keys
 *      that belong to one group do so for all that was sent together: so those that name the same key keep their order. Of
 *      others nobody is promised any.
 *  L2. What is sent together ends with the turn of the loop. What comes later, or is neither for one group nor carried out here at
 *      once, waits until all of it has been answered.
 *  L3. A long answer takes room of its client once all before it are answered, and what is answered is bounded: while too much of
 *      that is unread, no message is sent before all in front of its first command is read. What only reads and finds no room, or comes too
 *      early for it, is let go, and asked for again once all before it are read: so those who have room never wait for each other.
 *      What a write answers is nowhere else, and is kept: one message of it for each group.
 *  L4. Each command is answered as if it had been passed on alone: where an answer is lost the fate of what may have written
 *      is unknown, and what only reads is asked for again.
 */

import { type ErrorCode, toAtollError } from "../../base/errors.ts";
import type { ReplicaId } from "../../base/ids.ts";
import { bytesOfReply, NOTHING, type Reply } from "../../command-reply.ts";
import type { AnswerPlace, CommandClient, QueuedCommand } from "../../command-store.ts";
import type { Shard } from "../../core/shard/shard.ts";
import { SHORT_VALUE_BYTES_MAX } from "../../store.ts";
import { replyOfError } from "../words/command-error.ts";
import { takeRoom } from "./carried-answer.ts";
import { isReading } from "./serving.ts";

/** Those who keep some keys; one array for all of their keys. */
export type Group = readonly ReplicaId[];

/** Longer ones are passed on alone. */
export const TOGETHER_BYTES_MAX = 16 * 1024;
/** Of answers. */
const UNREAD_BYTES_MAX = 256 * 1024;
/** Of one message. */
const MESSAGE_COMMANDS_MAX = 128;
const MESSAGE_BYTES_MAX = 2 * TOGETHER_BYTES_MAX;

export interface PassedCommand extends QueuedCommand {
  readonly shards: readonly Shard[];
  /** On its way. */
  readonly bytes: number;
  readonly place: AnswerPlace;
}

export interface PipelineHost {
  /** Never rejects. */
  alone(command: PassedCommand, client: CommandClient, takesRoom: boolean): Promise<Reply>;
  /** What the first of them answer, for which no room is taken; the others have not been begun. */
  together(commands: readonly PassedCommand[], client: CommandClient): Promise<readonly Reply[]>;
}

interface Waiting {
  readonly command: PassedCommand;
  answer(reply: Reply): void;
}

/** What one client sent together. */
class Line {
  readonly lanes = new Map<Group, Waiting[]>();
  readonly done: Promise<void>;
  end: () => void = () => {};
  isBegun = false;

  constructor() {
    this.done = new Promise((resolve) => {
      this.end = resolve;
    });
  }
}

export class Pipelines {
  readonly #host: PipelineHost;
  readonly #lines = new WeakMap<CommandClient, Line>();

  constructor(host: PipelineHost) {
    this.#host = host;
  }

  /** L2: nothing else is begun for this client until it resolves. Undefined: it may be. */
  shutFor(client: CommandClient): Promise<void> | undefined {
    const line = this.#lines.get(client);
    return line?.isBegun === true ? line.done : undefined;
  }

  /** Resolves once all that was passed on for this client is answered. Undefined: nothing is under way. */
  answered(client: CommandClient): Promise<void> | undefined {
    return this.#lines.get(client)?.done;
  }

  /** Never rejects. */
  pass(command: PassedCommand, group: Group, client: CommandClient): Promise<Reply> {
    const { lanes } = this.#lineOf(client);
    return new Promise((answer) => {
      const lane = lanes.get(group);
      if (lane === undefined) lanes.set(group, [{ command, answer }]);
      else lane.push({ command, answer });
    });
  }

  #lineOf(client: CommandClient): Line {
    const known = this.#lines.get(client);
    if (known !== undefined) return known;
    const line = new Line();
    this.#lines.set(client, line);
    void this.#carryOut(line, client);
    return line;
  }

  async #carryOut(line: Line, client: CommandClient): Promise<void> {
    // The client goes on until it has no more for now.
    await Promise.resolve();
    line.isBegun = true;
    await Promise.all([...line.lanes.values()].map((lane) => this.#carryOutLane(lane, client)));
    this.#lines.delete(client);
    line.end();
  }

  async #carryOutLane(lane: Waiting[], client: CommandClient): Promise<void> {
    for (let [first] = lane; first !== undefined; [first] = lane) {
      const { place } = first.command;
      if (place.unreadBytes > UNREAD_BYTES_MAX) await place.reached();
      if (client.gone?.aborted === true) endReads(lane);
      if (lane.length > 0) lane.splice(0, await this.#carryOutSome(messageOf(lane), client));
    }
  }

  /** How many of the first of them have been answered: one at the least. */
  async #carryOutSome(some: readonly Waiting[], client: CommandClient): Promise<number> {
    const replies = await this.#repliesTo(some, client);
    let answered = 0;
    for (const waiting of some.slice(0, replies.length)) await this.#answer(waiting, replies, answered++, client);
    return answered;
  }

  /** Keeps nothing that has been answered, nor what is asked for again. */
  async #answer({ command, answer }: Waiting, replies: (Reply | undefined)[], at: number, client: CommandClient) {
    if (!(await hasRoom(replies[at], command))) replies[at] = undefined;
    const reply = replies[at] ?? (await this.#askAgain(command, client));
    replies[at] = undefined;
    command.place.answered(bytesOfReply(reply));
    answer(reply);
  }

  /** Of the first of them. Undefined: to be asked for again. */
  async #repliesTo(some: readonly Waiting[], client: CommandClient): Promise<(Reply | undefined)[]> {
    const commands = some.map(({ command }) => command);
    const [first, ...others] = commands as [PassedCommand, ...PassedCommand[]];
    if (others.length === 0) return [await this.#host.alone(first, client, false)];
    try {
      return [...(await this.#host.together(commands, client))];
    } catch (error) {
      return commands.map((command) => (isAskedAgain(command, error) ? undefined : replyOfError(error)));
    }
  }

  async #askAgain(command: PassedCommand, client: CommandClient): Promise<Reply> {
    await command.place.reached();
    return isUnheard(command, client) ? NOTHING : this.#host.alone(command, client, true);
  }
}

/** L3. False: it is to be asked for again. */
async function hasRoom(reply: Reply | undefined, command: PassedCommand): Promise<boolean> {
  if (reply === undefined || bytesOfReply(reply) <= SHORT_VALUE_BYTES_MAX) return true;
  const isReadonly = isReading([command]);
  if (!command.place.isNext) return !isReadonly;
  try {
    await takeRoom(command.place, reply, isReadonly);
    return true;
  } catch {
    return !isReadonly;
  }
}

/** Nobody would be told what it reads. */
function isUnheard(command: PassedCommand, { gone }: CommandClient): boolean {
  return gone?.aborted === true && isReading([command]);
}

/** Those that nobody would be told of. */
function endReads(lane: Waiting[]): void {
  const writes = lane.filter(({ command }) => !isReading([command]));
  for (const { command, answer } of lane) {
    if (!isReading([command])) continue;
    command.place.answered(0);
    answer(NOTHING);
  }
  lane.splice(0, lane.length, ...writes);
}

/** As many of the first as one message takes. */
function messageOf(lane: readonly Waiting[]): readonly Waiting[] {
  let bytes = 0;
  let end = 0;
  while (end < lane.length && end < MESSAGE_COMMANDS_MAX) {
    bytes += (lane[end] as Waiting).command.bytes;
    if (end > 0 && bytes > MESSAGE_BYTES_MAX) break;
    end++;
  }
  return lane.slice(0, end);
}

/** What a message is refused for as a whole, before any of it is begun: each may be carried out by itself. */
const NONE_BEGUN: ReadonlySet<ErrorCode> = new Set([
  "UNKNOWN_OPERATION",
  "BAD_REQUEST",
  // Those who keep its keys have changed since it was put together.
  "KEYS_APART",
  "VALUE_TOO_LARGE",
]);

/** L4. What one of them is refused for says nothing of the others. */
function isAskedAgain(command: PassedCommand, error: unknown): boolean {
  const { code } = toAtollError(error);
  if (NONE_BEGUN.has(code)) return true;
  return (code === "OUTCOME_UNKNOWN" || code === "INTERNAL") && isReading([command]);
}
