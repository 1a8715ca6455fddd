/** Messages that a transaction publishes: each between the commands where it stands, and behind all of them where those are carried out elsewhere. */

import { OK, type Reply } from "../../command-reply.ts";
import type { Amid, QueuedCommand } from "../../command-store.ts";
import type { Connection } from "./connection.ts";

type Answer = Reply | Promise<Reply | undefined>;

interface Message {
  readonly command: QueuedCommand;
  /** How many commands that are about keys stand before it. */
  readonly behind: number;
}

export class Messages {
  readonly #connection: Connection;
  readonly #left: Message[] = [];
  readonly #answers = new Map<QueuedCommand, Answer>();

  constructor(connection: Connection, commands: readonly QueuedCommand[]) {
    this.#connection = connection;
    let behind = 0;
    for (const command of commands) {
      if (!command.facts.isOfConnection) behind++;
      else if (command.facts.flags.has("may_replicate")) this.#left.push({ command, behind });
    }
  }

  readonly amid: Amid = (carriedOut) => {
    const { size } = this.#answers;
    for (let next = this.#left[0]; next !== undefined && next.behind <= carriedOut; next = this.#left[0]) {
      this.#left.shift();
      const { words, facts } = next.command;
      this.#answers.set(next.command, this.#connection.carryOut(words, facts) ?? OK);
    }
    return this.#answers.size > size;
  };

  /** Undefined: it has not been sent. */
  replyTo(command: QueuedCommand): Answer | undefined {
    return this.#answers.get(command);
  }
}
