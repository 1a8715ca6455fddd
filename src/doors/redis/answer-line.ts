/**
 * Answers of commands that need not wait for each other, in the order of the commands (N1): of those that are passed on to
 * other replicas, and of those that are carried out at once behind these. All are written before anything else is begun. What
 * has been written is kept no longer.
 */

import { bytesOfReply, type Reply } from "../../command-reply.ts";
import type { AnswerPlace } from "../../command-store.ts";
import type { Room } from "../../store.ts";
import type { AnswerRoom } from "./answer-room.ts";
import type { LongAnswers } from "./long-answers.ts";

/** Of one line. */
const ANSWERS_MAX = 1024;

export interface LineHost {
  /** Writes an answer, perhaps in its time. */
  write(reply: Reply): Promise<void> | undefined;
  /** Bytes that were answered and not read, those of the line included. */
  unread(): number;
}

class Place implements AnswerPlace {
  readonly #line: AnswerLine;
  /** In the line. Undefined: it is behind all of it. */
  readonly index: number | undefined;
  answer: Reply | Promise<Reply | undefined> | undefined;
  isAnswered = false;
  bytes = 0;
  readonly room: Room = (bytes) => this.#line.answers.ask(bytes);
  #isReached = false;
  #reach: (() => void) | undefined;

  constructor(line: AnswerLine, index: number | undefined) {
    this.#line = line;
    this.index = index;
  }

  get unreadBytes(): number {
    return this.#line.unread;
  }

  get isNext(): boolean {
    return this.#line.isAnsweredTo(this.index);
  }

  async reached(): Promise<void> {
    if (this.index === undefined) return this.#line.behind(() => this.#line.read());
    if (!this.#isReached) {
      await new Promise<void>((resolve) => {
        this.#reach = resolve;
      });
    }
    return this.#line.read();
  }

  answered(bytes: number): void {
    this.isAnswered = true;
    if (this.index === undefined) return;
    this.bytes = bytes;
    this.#line.bytes += bytes;
  }

  /** All before it are written. */
  reach(): void {
    this.#isReached = true;
    this.#reach?.();
  }
}

export class AnswerLine {
  readonly answers: AnswerRoom;
  readonly #longAnswers: LongAnswers;
  readonly #host: LineHost;
  #places: Place[] = [];
  #answered = 0;
  /** Of the command that is being begun, once it is passed on. */
  #place: Place | undefined;
  #isBeginning = false;
  #written: Promise<void> | undefined;
  /** Of the answers that are there and not written. */
  bytes = 0;

  constructor(answers: AnswerRoom, longAnswers: LongAnswers, host: LineHost) {
    this.answers = answers;
    this.#longAnswers = longAnswers;
    this.#host = host;
  }

  /** It has answers that are not written. */
  get isOpen(): boolean {
    return this.#places.length > 0;
  }

  get isFull(): boolean {
    return this.#places.length >= ANSWERS_MAX;
  }

  get unread(): number {
    return this.#host.unread();
  }

  /** Resolves once all that was written is read, and takes no room any more, or the client has gone. */
  async read(): Promise<void> {
    await this.#longAnswers.sent();
    this.answers.end();
  }

  /** For a command that is not of the line: what is lent meanwhile is the line's, which is written and read first. */
  readonly room: Room = (bytes) =>
    this.isOpen ? this.behind(() => this.read()).then(() => this.answers.ask(bytes)) : this.answers.ask(bytes);

  /** All before that one are answered. */
  isAnsweredTo(index = this.#places.length): boolean {
    while (this.#places[this.#answered]?.isAnswered === true) this.#answered++;
    return this.#answered >= index;
  }

  /** Another command is carried out. */
  begin(): void {
    this.#place = undefined;
    this.#isBeginning = true;
  }

  /** A command is passed on: the one that is being begun, or one that has waited, with which no other is under way. */
  passedOn(): AnswerPlace {
    const place = new Place(this, this.#isBeginning ? this.#places.length : undefined);
    if (this.#isBeginning) this.#place = place;
    return place;
  }

  /** What the command that was begun answers. False: it is not for the line. */
  take(answer: Reply | undefined | Promise<Reply | undefined>): boolean {
    this.#isBeginning = false;
    const isPromise = answer instanceof Promise;
    if (isPromise ? this.#place === undefined : !this.isOpen) return false;
    if (answer === undefined) return true;
    const place = (isPromise && this.#place) || new Place(this, this.#places.length);
    place.answer = answer;
    if (!isPromise) place.answered(bytesOfReply(answer));
    this.#places.push(place);
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
    for (const place of this.#places) {
      place.reach();
      await this.#write(place);
    }
    this.#places = [];
    this.#answered = 0;
    this.#written = undefined;
  }

  async #write(place: Place): Promise<void> {
    const reply = await place.answer;
    place.answer = undefined;
    place.isAnswered = true;
    if (reply !== undefined) await this.#host.write(reply);
    this.bytes -= place.bytes;
  }
}
