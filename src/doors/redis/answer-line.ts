/**
 * Answers of commands that need not wait for each other, in the order of the commands (N1): of those that are passed on to
 * other replicas, and of those that are carried out at once behind these. All are written before anything else is begun.
 */

import { bytesOfReply, type Reply } from "../../command-reply.ts";

/** Of one line. */
const ANSWERS_MAX = 1024;

export class AnswerLine {
  readonly #write: (reply: Reply) => Promise<void> | undefined;
  #answers: (Reply | Promise<Reply | undefined>)[] = [];
  #isPassedOn = false;
  #written: Promise<void> | undefined;
  /** Of the answers that are there. */
  bytes = 0;

  /** `write`: writes an answer, perhaps in its time. */
  constructor(write: (reply: Reply) => Promise<void> | undefined) {
    this.#write = write;
  }

  /** It has answers that are not written. */
  get isOpen(): boolean {
    return this.#answers.length > 0;
  }

  get isFull(): boolean {
    return this.#answers.length >= ANSWERS_MAX;
  }

  /** Another command is carried out. */
  begin(): void {
    this.#isPassedOn = false;
  }

  /** That command is passed on. */
  passedOn(): void {
    this.#isPassedOn = true;
  }

  /** What that command answers. False: it is not for the line. */
  take(answer: Reply | undefined | Promise<Reply | undefined>): boolean {
    if (answer instanceof Promise ? !this.#isPassedOn : !this.isOpen) return false;
    if (answer === undefined) return true;
    if (!(answer instanceof Promise)) this.bytes += bytesOfReply(answer);
    this.#answers.push(answer);
    return true;
  }

  /** Begins something else once all of it is written, at once where that is nothing. */
  async behind<T>(begin: () => T | Promise<T>): Promise<T> {
    if (this.isOpen) {
      this.#written ??= this.#writeAll();
      await this.#written;
    }
    return begin();
  }

  async #writeAll(): Promise<void> {
    for (const answer of this.#answers) {
      const reply = await answer;
      if (reply !== undefined) await this.#write(reply);
    }
    this.#answers = [];
    this.bytes = 0;
    this.#written = undefined;
  }
}
