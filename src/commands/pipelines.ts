/**
 * Commands that a client sent together, and that others carry out: one message for all whose keys the same replicas keep,
 * instead of one after the other, each when the one before it has been answered.
 *
 *  L1. Of one client and one group of replicas, one message is under way, and its commands are carried out in their order. Keys
 *      that belong to one group do so for all that was sent together: so those that name the same key keep their order. Of
 *      others nobody is promised any.
 *  L2. What is sent together ends with the turn of the loop. What comes later, or is neither for one group nor carried out here at
 *      once, waits until all of it has been answered.
 *  L3. Each command is answered as if it had been passed on alone: where an answer is lost the fate of what may have written
 *      is unknown, and what only reads is asked for again.
 */

import { type ErrorCode, toAtollError } from "../base/errors.ts";
import type { ReplicaId } from "../base/ids.ts";
import type { Reply } from "../command-reply.ts";
import type { CommandClient, QueuedCommand } from "../command-store.ts";
import type { Shard } from "../core/shard.ts";
import { replyOfError } from "./command-error.ts";
import { isReading } from "./serving.ts";

/** Those who keep some keys; one array for all of their keys. */
export type Group = readonly ReplicaId[];

/** Longer ones are passed on alone. */
export const TOGETHER_BYTES_MAX = 16 * 1024;
/** Of one message. */
const MESSAGE_COMMANDS_MAX = 128;
const MESSAGE_BYTES_MAX = 2 * TOGETHER_BYTES_MAX;

export interface PassedCommand extends QueuedCommand {
  readonly shards: readonly Shard[];
  /** On its way. */
  readonly bytes: number;
}

export interface PipelineHost {
  /** Never rejects. */
  alone(command: PassedCommand, client: CommandClient): Promise<Reply>;
  /** What the first of them answer; the others have not been begun. */
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

  async #carryOutLane(lane: readonly Waiting[], client: CommandClient): Promise<void> {
    for (let at = 0; at < lane.length; ) at += await this.#carryOutSome(messageOf(lane, at), client);
  }

  /** How many of the first of them have been answered: one at the least. */
  async #carryOutSome(some: readonly Waiting[], client: CommandClient): Promise<number> {
    const [first] = some as readonly [Waiting];
    if (some.length === 1) {
      first.answer(await this.#host.alone(first.command, client));
      return 1;
    }
    try {
      const commands = some.map(({ command }) => command);
      const replies = await this.#host.together(commands, client);
      for (const [i, reply] of replies.entries()) some[i]?.answer(reply);
      return Math.min(replies.length, some.length);
    } catch (error) {
      for (const { command, answer } of some) {
        answer(isAskedAgain(command, error, client) ? await this.#host.alone(command, client) : replyOfError(error));
      }
      return some.length;
    }
  }
}

/** As many as one message takes of those from `at` on. */
function messageOf(lane: readonly Waiting[], at: number): readonly Waiting[] {
  let bytes = 0;
  let end = at;
  while (end < lane.length && end - at < MESSAGE_COMMANDS_MAX) {
    bytes += (lane[end] as Waiting).command.bytes;
    if (end > at && bytes > MESSAGE_BYTES_MAX) break;
    end++;
  }
  return lane.slice(at, end);
}

/** What a message is refused for as a whole, before any of it is begun: each may be carried out by itself. */
const NONE_BEGUN: ReadonlySet<ErrorCode> = new Set([
  "UNKNOWN_OPERATION",
  "BAD_REQUEST",
  // Those who keep its keys have changed since it was put together.
  "KEYS_APART",
  "VALUE_TOO_LARGE",
]);

/** L3. What one of them is refused for says nothing of the others. */
function isAskedAgain(command: PassedCommand, error: unknown, { gone }: CommandClient): boolean {
  const { code } = toAtollError(error);
  if (NONE_BEGUN.has(code)) return true;
  return (code === "OUTCOME_UNKNOWN" || code === "INTERNAL") && isReading([command]) && gone?.aborted !== true;
}
