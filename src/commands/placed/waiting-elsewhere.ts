/**
 * Commands that wait for what is kept by others. Of all that wait for the same here, one question is under way: whether there is
 * something (`await-commands.ts`), which an owner answers once there is.
 *
 *  W1. Who keeps the keys takes nothing by itself. It is asked to by the clients that wait, in the order in which they came, until one
 *      finds nothing: each as if its command came just now, so that what it takes is lost only where an answer on its way to a
 *      client that is there is lost, with the link or with this replica. One owner hands nothing out twice; of several each goes by
 *      what it sees, so that two replicas which ask different ones may get the same.
 *  W2. A question may be lost, or never answered as nobody knows it or keeps the keys: they are asked now and then in any case.
 *  W3. Who was asked and has found something is answered with that, even if its time is over meanwhile.
 */

import { latin1FromBytes } from "../../base/bytes.ts";
import type { ReplicaId } from "../../base/ids.ts";
import { NO_ARRAY, type Reply } from "../../command-reply.ts";
import type { CommandClient, CommandFacts, CommandWords, QueuedCommand } from "../../command-store.ts";
import { tooManyKeys, WAIT_KEYS_MAX } from "../../replica/key-waits.ts";
import type { KeyspaceHost } from "../../replica/local-keyspace.ts";
import { awaitedBy, HOLD_MS_MAX } from "../rows/await-commands.ts";
import { timeoutOf } from "../rows/blocking.ts";

/** From one question to the next, where nobody tells. */
export const ASK_AGAIN_MS = 200;
/** Where what was told of had been taken by others. */
const IN_VAIN_MS = 25;
/** Of one keyspace; those who wait for more are not told, but ask now and then. */
const QUESTIONS_MAX = 4096;

/** What it may wait for has not come where it is answered so. */
export function isNothing({ type }: Reply): boolean {
  return type === "nothing" || type === "no-array";
}

export function mayWait({ flags }: CommandFacts, { waits }: CommandClient): boolean {
  return waits !== undefined && flags.has("blocking");
}

/** A command whose client has waited since it began. */
export interface WaitingCommand extends QueuedCommand {
  readonly began: number;
  /** What it finds now, at that replica or at any. Never rejects. */
  again(at: ReplicaId | undefined): Promise<Reply>;
}

/** Who tells that there is something; undefined: nobody in time. May reject. */
export type Question = (awaited: CommandWords, holdMs: number) => Promise<ReplicaId | undefined>;

class Waiter {
  readonly command: WaitingCommand;
  readonly dueAt: number;
  readonly #resolve: (reply: Reply) => void;
  #over: Reply | undefined;
  isAsking = false;

  constructor(command: WaitingCommand, dueAt: number, resolve: (reply: Reply) => void) {
    this.command = command;
    this.dueAt = dueAt;
    this.#resolve = resolve;
  }

  /** Its time is over, or somebody ended it. */
  end(reply: Reply): void {
    this.#over ??= reply;
    if (!this.isAsking) this.#resolve(this.#over);
  }

  get isOver(): boolean {
    return this.#over !== undefined;
  }

  /** True: it has found something. */
  async ask(at: ReplicaId | undefined): Promise<boolean> {
    this.isAsking = true;
    const reply = await this.command.again(at);
    this.isAsking = false;
    if (!isNothing(reply)) {
      this.#over = reply;
      this.#resolve(reply);
      return true;
    }
    if (this.#over !== undefined) this.#resolve(this.#over);
    return false;
  }
}

/** Those who wait for the same, in the order in which they came. */
class Queue {
  readonly awaited: CommandWords;
  readonly waiters = new Set<Waiter>();
  /** Who is there, or how long, has changed. */
  wake: () => void = () => {};
  wasInVain = false;

  constructor(awaited: CommandWords) {
    this.awaited = awaited;
  }

  get nextDueAt(): number {
    let next = Infinity;
    for (const { dueAt, isOver } of this.waiters) if (!isOver && dueAt < next) next = dueAt;
    return next;
  }

  get lastDueAt(): number {
    let last = -Infinity;
    for (const { dueAt } of this.waiters) if (dueAt > last) last = dueAt;
    return last;
  }
}

export class WaitsElsewhere {
  readonly #host: KeyspaceHost;
  readonly #question: Question;
  readonly #queues = new Map<string, Queue>();
  #questions = 0;

  constructor(host: KeyspaceHost, question: Question) {
    this.#host = host;
    this.#question = question;
  }

  /** Rejects with `TOO_MANY_REQUESTS`, and for a time that is none. */
  async wait({ waits }: CommandClient, command: WaitingCommand): Promise<Reply> {
    const { words, facts, began } = command;
    const awaited = awaitedBy(command);
    if (awaited.length > WAIT_KEYS_MAX + 1) throw tooManyKeys();
    // Of those that count their keys it stands before them.
    const timeoutAt = facts.keys.counted > 0 ? facts.keys.counted - 1 : words.length - 1;
    const dueAt = began + timeoutOf(words[timeoutAt] as Uint8Array);
    const queue = this.#queueOf(awaited);
    const replied = new Promise<Reply>((resolve) => {
      const waiter = new Waiter(command, dueAt, resolve);
      queue.waiters.add(waiter);
      queue.wake();
      waits?.begin({
        end: (reply = NO_ARRAY) => {
          waiter.end(reply);
          queue.wake();
        },
      });
    });
    return replied;
  }

  #queueOf(awaited: CommandWords): Queue {
    const name = JSON.stringify(awaited.map((word) => latin1FromBytes(word)));
    const known = this.#queues.get(name);
    if (known !== undefined) return known;
    const queue = new Queue(awaited);
    this.#queues.set(name, queue);
    void this.#attend(name, queue);
    return queue;
  }

  /** As long as somebody waits, or a question is under way, which who comes next need not ask again. */
  async #attend(name: string, queue: Queue): Promise<void> {
    let round: Promise<void> | undefined;
    // Whoever the queue was made for is about to be in it.
    await Promise.resolve();
    while (queue.waiters.size > 0 || round !== undefined) {
      if (queue.waiters.size > 0)
        round ??= this.#round(queue).then(() => {
          round = undefined;
        });
      await Promise.race([round, this.#change(queue)]);
      this.#endDue(queue);
    }
    this.#queues.delete(name);
  }

  /** Resolves once somebody's time is over, or who waits has changed. */
  #change(queue: Queue): Promise<void> {
    const changed = new Promise<void>((resolve) => {
      queue.wake = resolve;
    });
    const leftMs = queue.nextDueAt - this.#host.now();
    return Number.isFinite(leftMs) ? Promise.race([changed, this.#pause(Math.min(leftMs, ASK_AGAIN_MS))]) : changed;
  }

  #endDue({ waiters }: Queue): void {
    const now = this.#host.now();
    for (const waiter of waiters) {
      if (now >= waiter.dueAt) waiter.end(NO_ARRAY);
      if (waiter.isOver && !waiter.isAsking) waiters.delete(waiter);
    }
  }

  async #round(queue: Queue): Promise<void> {
    const began = this.#host.now();
    const teller = await this.#tellerOf(queue).catch(() => undefined);
    if (teller === undefined) await this.#pause(ASK_AGAIN_MS - (this.#host.now() - began));
    else if (queue.wasInVain) await this.#pause(IN_VAIN_MS);
    queue.wasInVain = true;
    for (const waiter of queue.waiters) {
      if (waiter.isOver) continue;
      const isServed = await waiter.ask(teller);
      queue.wake();
      if (!isServed) return;
      queue.wasInVain = false;
    }
  }

  async #tellerOf({ awaited, lastDueAt }: Queue): Promise<ReplicaId | undefined> {
    if (this.#questions >= QUESTIONS_MAX) return undefined;
    this.#questions++;
    try {
      const holdMs = Math.min(HOLD_MS_MAX, Math.ceil(lastDueAt - this.#host.now()));
      return holdMs > 0 ? await this.#question(awaited, holdMs) : undefined;
    } finally {
      this.#questions--;
    }
  }

  #pause(ms: number): Promise<void> {
    return this.#host.pause(Math.max(0, ms));
  }
}
