/**
 * One client of the Redis door, as a machine: bytes in, commands carried out one after the other, bytes out.
 *
 *  N1. Answers come in the order of the commands. While one waits for something, the next is not begun, and no more is read; behind
 *      one that waits for what others may write, a little (`read-ahead.ts`). But behind one that is passed on to another replica
 *      those on keys that have been read already are begun (`answer-line.ts`).
 *  N2. What is not read is bounded: above a bound of answers that wait no command is begun, nor while any of one is left that
 *      took room of the account.
 *  N3. Commands that came together do not hold up other clients: after a few milliseconds of them it is the turn of others.
 *  N4. Whoever has to show a token can do nothing else before, and may send little.
 */

import { errorReply, type Reply } from "../../command-reply.ts";
import type { AnswerPlace, CommandClient, CommandFacts, CommandKeyspace, CommandWords } from "../../command-store.ts";
import type { Dot, Room } from "../../store.ts";
import { ANYONE, type Principal } from "../auth.ts";
import { allowanceOf, refusalUnder } from "./allowance.ts";
import { AnswerLine } from "./answer-line.ts";
import { AnswerRoom } from "./answer-room.ts";
import { ArgumentRoom } from "./argument-room.ts";
import { ClientWrites } from "./client-writes.ts";
import { CommandNames } from "./command-names.ts";
import type { ConnectionFacts } from "./connection-facts.ts";
import type { ConnectionOutput } from "./connection-output.ts";
import type { ConnectionsAround } from "./connections-around.ts";
import { errorOf } from "./error-of.ts";
import { flushAll, isFlushAll } from "./flush-all.ts";
import { GoneSignal } from "./gone-signal.ts";
import { LongAnswers, nextTurn } from "./long-answers.ts";
import { OncePerTurn } from "./once-per-turn.ts";
import { PlainCommands } from "./plain-commands.ts";
import { ReadAhead } from "./read-ahead.ts";
import { refusalTo, unknownTo } from "./refused-commands.ts";
import { isLong, writeReply } from "./reply-encoder.ts";
import { ReplyWriter } from "./reply-writer.ts";
import { commandBytesMax, requestLimitsOf } from "./request-limits.ts";
import { ProtocolError, RequestParser } from "./request-parser.ts";
import { queued, Transaction } from "./transaction.ts";

/** A wrong token ends the connection with this one. */
const WRONG_TOKENS_MAX = 3;
/** Of one client, at a time (N3). */
const TURN_MS_MAX = 5;

export class Connection implements CommandClient {
  readonly facts: ConnectionFacts;
  readonly around: ConnectionsAround;
  readonly writer = new ReplyWriter();
  readonly transaction = new Transaction();
  readonly writes = new ClientWrites();
  readonly waits = new ReadAhead(() => {
    if (this.transaction.bytes === 0) this.#arguments.end();
    if (this.#isBusy) this.#settle();
  });
  readonly createdAt: number;
  /** False: its commands are carried out as one, and wait for nothing. */
  mayBlock = true;
  name = "";
  libraryName = "";
  libraryVersion = "";
  /** The number that `SELECT` chose, and its keys. */
  selected = 0;
  keyspace: CommandKeyspace;
  principal: Principal | undefined;
  lastCommand = "";
  activeAt: number;
  commands = 0;
  /** How much it listens to. */
  listensTo = { channels: 0, patterns: 0, sharded: 0 };
  /** A command that is given may not be carried out now: what is said instead. */
  gate: ((facts: CommandFacts, words: CommandWords) => Reply | undefined) | undefined;
  readonly #output: ConnectionOutput;
  readonly #parser: RequestParser;
  readonly #plain: PlainCommands;
  #wrongTokens = 0;
  #isWorking = false;
  #isBusy = false;
  #isPaused = false;
  readonly #flushSoon = new OncePerTurn(() => this.flush());
  #isEnding = false;
  isClosed = false;
  readonly #gone = new GoneSignal();
  readonly #arguments: ArgumentRoom;
  readonly #answers: AnswerRoom;
  readonly #names: CommandNames;
  readonly #longAnswers = new LongAnswers(this);
  readonly #line: AnswerLine;

  constructor(around: ConnectionsAround, facts: ConnectionFacts, output: ConnectionOutput) {
    this.around = around;
    this.facts = facts;
    this.#output = output;
    const client = { traffic: () => output.traffic(), cutOff: () => output.destroy() };
    this.#arguments = new ArgumentRoom(around.account, client);
    this.#answers = new AnswerRoom(around.account, commandBytesMax(around.limits), client);
    const host = { write: (reply: Reply) => this.#write(reply), unread: () => this.#unread() };
    this.#line = new AnswerLine(this.#answers, this.#longAnswers, host);
    this.principal = around.auth.required ? undefined : ANYONE;
    this.#names = new CommandNames(around.store.commands);
    this.#parser = new RequestParser(requestLimitsOf(this.principal, around.limits), this.#names);
    this.#plain = new PlainCommands(this, this.#parser);
    this.createdAt = around.now();
    this.activeAt = this.createdAt;
    const keyspace = around.store.keyspace("default");
    if (keyspace === undefined) throw new Error("BUG: there is always a keyspace default");
    this.keyspace = keyspace;
  }

  get lastWrite(): CommandClient["lastWrite"] {
    return this.writes.last;
  }

  set lastWrite(dot) {
    if (dot !== undefined) this.writes.wrote(dot.shard, dot.origin, dot.sequence);
  }

  get written(): readonly Dot[] | "all" {
    return this.writes.dots;
  }

  get allowance(): CommandClient["allowance"] {
    return allowanceOf(this.principal);
  }

  get refusal(): CommandClient["refusal"] {
    const { allowance } = this;
    return allowance && refusalUnder(allowance);
  }

  goesOn(): AnswerPlace {
    return this.#line.passedOn();
  }

  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  readonly room: Room = (bytes) => this.#line.room(bytes);

  /** As `room`, for a whole answer, which may be short. */
  roomForAnswer(bytes: number): Promise<void> | undefined {
    return this.#answers.askFor(bytes);
  }

  /** Room for so much more that is kept from command to command. Undefined: there it is. Throws and rejects with `MEMORY_FULL`. */
  hold(bytes: number): Promise<void> | undefined {
    return this.#arguments.hold(this.transaction.bytes + bytes);
  }

  /** More bytes from the client, which do not change any more. */
  receive(chunk: Uint8Array): void {
    if (this.#isEnding || this.isClosed) return;
    this.activeAt = this.around.now();
    this.#parser.feed(chunk);
    this.waits.took(chunk.length);
    if (this.waits.isBlocked) this.#settle();
    else this.#work();
  }

  /** What was written has been sent. */
  drained(): void {
    if (this.#output.unsent() > 0) return;
    // What is lent while a command waits is for its answer, which is yet to be written.
    if (this.#isBusy) return this.#longAnswers.goOn();
    this.#answers.end();
    this.#work();
  }

  closed(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#gone.gone();
    this.waits.close();
    this.#longAnswers.goOn();
    this.#answers.gone(this.#isBusy);
    this.#arguments.gone();
    if (!this.#isBusy) this.#arguments.end();
    this.transaction.reset();
    for (const extension of this.around.extensions) extension.closed?.(this);
  }

  /** Something that the client did not ask for; whoever lets too much of it wait is cut off. */
  push(reply: Reply): void {
    if (this.isClosed || this.#isEnding) return;
    writeReply(this.#longAnswers.pushes, reply);
    if (this.#unread() > this.around.limits.outputBytesMax) this.#output.destroy();
    else if (!this.#isWorking) this.#flushSoon.ask();
  }

  flush(): void {
    if (this.writer.bytes === 0) return;
    this.#output.write(this.writer.take());
    if (this.#output.unsent() === 0) this.writer.startOver();
  }

  awaitReader(): number {
    const unsent = this.#output.unsent();
    if (unsent > 0) this.#answers.awaitReader();
    return unsent;
  }

  /** Once what has been answered is sent. */
  end(): void {
    this.#isEnding = true;
  }

  /** At once, whatever is under way. */
  cutOff(): void {
    this.#output.destroy();
  }

  /** False: it is not known. */
  recognise(token: string): boolean {
    const principal = this.around.auth.recognise(token);
    if (principal === undefined) {
      if (++this.#wrongTokens >= WRONG_TOKENS_MAX) this.end();
      return false;
    }
    this.principal = principal;
    this.#wrongTokens = 0;
    this.#parser.limits = requestLimitsOf(this.principal, this.around.limits);
    return true;
  }

  /** As if it had just connected. */
  reset(): void {
    this.transaction.reset();
    this.writer.version = 2;
    this.name = "";
    this.select(0);
    this.gate = undefined;
    this.principal = this.around.auth.required ? undefined : ANYONE;
    this.#parser.limits = requestLimitsOf(this.principal, this.around.limits);
    for (const extension of this.around.extensions) extension.closed?.(this);
  }

  /** False: there is no such keyspace. */
  select(number: number): boolean {
    const keyspace = this.around.store.keyspace(number === 0 ? "default" : String(number));
    if (keyspace === undefined) return false;
    this.keyspace = keyspace;
    this.selected = number;
    return true;
  }

  /** Carries out what is here, as far as nothing has to be waited for. */
  #work(): void {
    if (this.#isWorking || this.#isBusy) return;
    this.#isWorking = true;
    try {
      const until = performance.now() + TURN_MS_MAX;
      while (this.#carryOutAll(until) && this.#isSentEnough()) {}
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      const reply = errorReply(`ERR ${error.message}`);
      if (!this.#line.take(reply)) writeReply(this.writer, reply);
      this.end();
    } finally {
      this.#isWorking = false;
    }
    if (this.#line.isOpen && !this.#isBusy) this.#waitFor(this.#line.behind(() => undefined));
    this.#settle();
  }

  /** True: it stopped for what is not read yet (N2). */
  #carryOutAll(until: number): boolean {
    while (!this.#isEnding && !this.#isBusy && this.#mayBegin()) {
      if (!this.#line.isOpen) this.#plain.carryOut();
      const words = this.#parser.next();
      if (words === undefined) {
        if (this.#parser.needsRoom === 0 || this.#line.isOpen) return false;
        this.#makeRoom();
        continue;
      }
      this.#line.begin();
      const reply = this.#carryOut(words);
      if (this.#line.take(reply)) {
        if (performance.now() > until) return false;
      } else if (reply instanceof Promise) this.#waitFor(reply);
      else if (reply !== undefined && isLong(reply)) this.#waitFor(this.#longAnswers.write(reply));
      else {
        if (reply !== undefined) writeReply(this.writer, reply);
        this.#commandEnded();
        if (performance.now() > until) this.#waitFor(nextTurn());
      }
    }
    return !this.#isEnding && !this.#isBusy && !this.#line.isOpen;
  }

  #mayBegin(): boolean {
    if (this.#answers.isLent || this.#line.isFull) return false;
    return this.#unread() <= this.around.limits.answersUnreadBytesMax;
  }

  /** The kernel may take at once what was answered: then nobody tells that it was sent. */
  #isSentEnough(): boolean {
    this.flush();
    if (this.#output.unsent() === 0) this.#answers.end();
    return this.#mayBegin();
  }

  /** Of commands that are not whole yet, and of answers that are not read. */
  get underWayBytes(): { readonly asked: number; readonly answered: number } {
    return { asked: this.#parser.waiting, answered: this.#unread() };
  }

  #unread(): number {
    return this.writer.bytes + this.#line.bytes + this.#longAnswers.pushedBytes + this.#output.unsent();
  }

  /** Sends what was answered, and reads on or not (N1, N2). */
  #settle(): void {
    if (this.isClosed) return;
    this.flush();
    if (!this.#isBusy) {
      if (this.#output.unsent() === 0) this.#answers.end();
      else this.#answers.awaitReader();
    }
    if (this.#isEnding && !this.#line.isOpen) return this.#output.end();
    const isPaused = (this.#isBusy && !this.waits.readsAhead) || !this.#mayBegin();
    if (isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    if (isPaused) this.#output.pause();
    else this.#output.resume();
  }

  #waitFor(waiting: Promise<Reply | undefined>): void {
    this.#isBusy = true;
    this.#line
      .behind(() => waiting.catch(errorOf))
      .then((reply) => reply && this.#write(reply))
      .then(() => {
        this.#isBusy = false;
        this.waits.done();
        if (this.isClosed) {
          this.#answers.end();
          this.#arguments.end();
          return;
        }
        this.#commandEnded();
        this.#work();
      });
  }

  #write(reply: Reply): Promise<undefined> | undefined {
    if (this.isClosed) return undefined;
    if (isLong(reply)) return this.#longAnswers.write(reply);
    writeReply(this.writer, reply);
    return undefined;
  }

  #commandEnded(): void {
    if (this.transaction.bytes === 0) this.#arguments.end();
    else this.#arguments.awaitClient();
  }

  /** For the rest of a command; where there is none, nobody knows where the next one would begin. */
  #makeRoom(): void {
    const made = this.#arguments.makeFor(this.#parser);
    if (made === undefined) return;
    this.#isBusy = true;
    made.then((refusal) => {
      this.#isBusy = false;
      if (this.isClosed) return this.#arguments.end();
      if (refusal !== undefined) {
        writeReply(this.writer, refusal);
        this.end();
      }
      this.#work();
    });
  }

  #carryOut(words: CommandWords): Reply | undefined | Promise<Reply | undefined> {
    this.commands++;
    this.around.carriedOut++;
    const facts = this.#names.factsOf(words);
    if (facts === undefined) return unknownTo(this, words);
    this.lastCommand = facts.name;
    const refusal = refusalTo(this, words, facts);
    if (refusal !== undefined) return refusal;
    if (this.transaction.isOpen && !Transaction.isAboutIt(facts.name)) return queued(this, words, facts);
    this.#arguments.atWork();
    if (!facts.isOfConnection && !isFlushAll(facts)) return this.keyspace.run(words, facts, this);
    const begin = () => (facts.isOfConnection ? this.carryOut(words, facts) : flushAll(this, words, facts));
    return this.#line.isOpen ? this.#line.behind(begin) : begin();
  }

  /** A command about the connection, also of a transaction or a script: without the checks that have been made. */
  carryOut(words: CommandWords, facts: CommandFacts): Reply | undefined | Promise<Reply | undefined> {
    const command = this.around.commands.get(facts.name);
    if (command === undefined) return errorReply(`ERR '${facts.name}' is not supported`);
    try {
      return command(this, words);
    } catch (error) {
      return errorOf(error);
    }
  }
}
