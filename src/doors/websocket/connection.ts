/**
 * One client's WebSocket: takes messages, answers each, sends events. Four bounds hold. Requests: at most so many at a
 * time, and none is begun while the client leaves too much unread; meanwhile its socket is not read either, so that it
 * slows itself down and nobody else. Memory: nothing more is read of a long message until there is room for it, which is asked
 * for once what came before it is carried out, since that may need room itself; and a long answer is made once there is.
 * Events: they cannot wait, so a client that leaves too much unread is disconnected, and resumes. Silence: a client that
 * answers no ping, or takes nothing for too long, is gone.
 */

import type { RawData } from "ws";
import { AtollError, errorRow, toAtollError } from "../../base/errors.ts";
import { giveBackWhole } from "../../base/give-back.ts";
import { type Dot, SHORT_VALUE_BYTES_MAX, type Store } from "../../store.ts";
import { authorise } from "../auth.ts";
import type { Client, Loan } from "../byte-account.ts";
import { ClientGone } from "../client-gone.ts";
import { formatEvent } from "../event.ts";
import { checkCursor, FieldReader, type Message } from "../fields.ts";
import { messageBytesMax } from "../limits.ts";
import { decodeSession, encodeSession, mergeSession } from "../session.ts";
import type { ConnectionOptions } from "./connection-options.ts";
import { MessageLengths } from "./message-lengths.ts";
import {
  type Answered,
  type Asked,
  isAboutKeys,
  isLocalRead,
  type OperationName,
  operationOf,
  operations,
} from "./operations.ts";
import { codeOfSocketError } from "./socket-error.ts";
import { Watches } from "./watches.ts";

type RequestId = number | string | null;

/** A message that waits for its turn. */
interface Waiting {
  readonly id: RequestId;
  readonly name: OperationName;
  readonly message: Message;
  /** What came, where that is long. */
  readonly bytes: Uint8Array | undefined;
  /** For itself where it is long, and for its answer. */
  loan: Loan | undefined;
}

const ID_LENGTH_MAX = 64;
const CLOSE_WITHIN_MS = 1_000;

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #reader: FieldReader;
  readonly #watches: Watches;
  readonly #heartbeat: NodeJS.Timeout;
  readonly #waiting: Waiting[] = [];
  readonly #lengths: MessageLengths;
  /** What the long message takes whose head is here, but for which no room is asked yet. */
  #wanted: number | undefined;
  /** For the long message that is not here yet. */
  #coming: Loan | undefined;
  /** Of all that have not ended. */
  readonly #loans = new Set<Loan>();
  #inFlight = 0;
  #reading = false;
  #paused = false;
  #heardSincePing = true;
  #flushedAt = performance.now();
  #closed = false;

  constructor(options: ConnectionOptions, onClose: (connection: Connection) => void) {
    const { socket, language, limits, metrics } = options;
    this.#options = options;
    this.#reader = new FieldReader(language.notation, limits);
    this.#watches = new Watches(limits, metrics);
    this.#lengths = new MessageLengths({
      longBytesMin: SHORT_VALUE_BYTES_MAX + 1,
      bytesMax: messageBytesMax(limits),
    });
    metrics.webSockets++;
    socket.on("message", (data, isBinary) => this.#receive(data, isBinary));
    socket.on("ping", (payload: Buffer) => this.#answerPing(payload));
    socket.on("pong", () => {
      this.#heardSincePing = true;
    });
    socket.on("error", (error) => {
      metrics.error("websocket", codeOfSocketError(error));
      this.#hangUp();
    });
    socket.on("close", () => {
      this.#end();
      this.#give(this.#coming);
      onClose(this);
    });
    this.#heartbeat = setInterval(() => this.#beat(), limits.heartbeatMs);
  }

  /** What the socket read, before anybody else hears it. */
  hear(chunk: Uint8Array): void {
    if (this.#closed) return;
    const bytes = this.#lengths.receive(chunk);
    if (bytes === undefined) return;
    this.#wanted = bytes * this.#options.language.copies;
    this.#pause();
    // What came with its head is heard first: requests, and what `ws` finds wrong with it.
    queueMicrotask(() => this.#pump());
  }

  /** Says goodbye with the error's close code, and hangs up soon after whether the client answers or not. */
  close(error: AtollError): void {
    const { socket } = this.#options;
    this.#end();
    socket.close(errorRow(error.code).close ?? 1011, `${error.code}: ${error.message}`.slice(0, 120));
    this.#hangUp();
  }

  #hangUp(): void {
    this.#end();
    setTimeout(() => this.#options.socket.terminate(), CLOSE_WITHIN_MS).unref();
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.metrics.webSockets--;
    clearInterval(this.#heartbeat);
    this.#watches.closeAll();
    for (const waiting of this.#waiting.splice(0)) this.#isDone(waiting);
    // What is lent is given back as its memory is: by what is under way, and as the socket closes.
    for (const loan of this.#loans) if (loan.state === "waiting") this.#give(loan);
  }

  /** Nobody is told that there is no room: they wait, and those who keep it are cut off. */
  #askForComing(bytes: number): void {
    this.#wanted = undefined;
    const loan = this.#lend(bytes, Infinity);
    this.#coming = loan;
    const client = this.#client(() => this.close(new AtollError("TIMEOUT", "others wait for the room of a message")));
    loan.granted.then(
      () => {
        loan.awaits(client);
        this.#pump();
      },
      () => {},
    );
  }

  #lend(bytes: number, waitMs?: number): Loan {
    if (this.#closed) throw new ClientGone();
    const loan = this.#options.account.ask(bytes, waitMs);
    this.#loans.add(loan);
    return loan;
  }

  #client(cutOff: () => void): Client {
    return { traffic: this.#options.traffic, cutOff };
  }

  #give(loan: Loan | undefined): void {
    if (loan === undefined) return;
    loan.end();
    this.#loans.delete(loan);
  }

  #isDone({ loan, bytes }: Pick<Waiting, "loan" | "bytes">): void {
    if (bytes !== undefined) giveBackWhole(bytes);
    this.#give(loan);
  }

  /** For what a request reads. */
  #room(waiting: Waiting, bytes: number): Promise<void> | undefined {
    const wanted = bytes * (this.#options.language.copies + 1);
    if (waiting.loan === undefined) waiting.loan = this.#lend(wanted);
    else waiting.loan.extend(wanted);
    return waiting.loan.state === "waiting" ? waiting.loan.granted : undefined;
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#closed) return;
    this.#heardSincePing = true;
    const { language } = this.#options;
    const isLong = (data as Buffer).length > SHORT_VALUE_BYTES_MAX;
    const bytes = isLong ? (data as Buffer) : undefined;
    const loan = isLong ? this.#coming : undefined;
    if (isLong) this.#coming = undefined;
    let id: RequestId = null;
    try {
      if (isBinary !== language.binary) {
        throw new AtollError("BAD_MESSAGE", `messages are ${language.binary ? "binary" : "text"} frames here`);
      }
      const message = language.decode(data as Buffer);
      // What a text says is strings by now, but for a long value.
      const isSpent = !language.binary && !(message.value instanceof Uint8Array);
      if (bytes !== undefined && isSpent) giveBackWhole(bytes);
      id = this.#id(message);
      const name = operationOf(this.#reader, message);
      this.#waiting.push({ id, name, message, bytes, loan });
    } catch (error) {
      this.#isDone({ loan, bytes });
      this.#refuse(id, toAtollError(error));
      return;
    }
    this.#pump();
  }

  #id(message: Message): RequestId {
    if (typeof message.id === "number" && Number.isSafeInteger(message.id)) return message.id;
    const id = this.#reader.text(message, "id");
    if (id !== undefined && id.length <= ID_LENGTH_MAX) return id;
    throw new AtollError("BAD_REQUEST", `id must be a whole number, or text of at most ${ID_LENGTH_MAX} characters`);
  }

  /** Begins what may begin, and reads on from the socket only when nothing waits. */
  #pump(): void {
    while (this.#waiting.length > 0 && this.#mayBegin()) {
      const next = this.#waiting.shift();
      if (next !== undefined) void this.#carryOut(next);
    }
    if (this.#closed) return;
    const isIdle = this.#waiting.length === 0 && this.#inFlight === 0;
    if (this.#wanted !== undefined && isIdle) this.#askForComing(this.#wanted);
    const isNextLong = this.#wanted !== undefined || this.#coming?.state === "waiting";
    if (this.#waiting.length > 0 || isNextLong) this.#pause();
    else if (this.#paused) {
      this.#paused = false;
      this.#options.socket.resume();
    }
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#options.socket.pause();
  }

  #mayBegin(): boolean {
    const { limits, socket } = this.#options;
    if (this.#closed || this.#reading || this.#inFlight >= limits.requestsInFlightMax) return false;
    return socket.bufferedAmount <= limits.answersUnreadBytesMax;
  }

  async #carryOut(waiting: Waiting): Promise<void> {
    const { id, name, message } = waiting;
    const isRead = isLocalRead(name, message);
    if (isRead) this.#reading = true;
    this.#inFlight++;
    // Until now it was for the client to read what it asked for before.
    waiting.loan?.atWork();
    try {
      const { fields, spent } = await this.#answer(waiting);
      waiting.loan?.awaits(this.#client(() => this.#cutOff()));
      this.#send({ id, ok: true, ...fields }, () => this.#isDone(waiting));
      if (spent !== undefined) giveBackWhole(spent);
      this.#options.metrics.message(name);
    } catch (error) {
      this.#isDone(waiting);
      this.#refuse(id, toAtollError(error));
    } finally {
      this.#inFlight--;
      if (isRead) this.#reading = false;
    }
    this.#pump();
  }

  async #answer(waiting: Waiting): Promise<Pick<Answered, "fields" | "spent">> {
    const { name, message } = waiting;
    const { principal } = this.#options;
    const session = this.#reader.text(message, "session");
    const earlier = session === undefined || session === "" ? [] : decodeSession(session);
    const room = (bytes: number) => this.#room(waiting, bytes);
    const asked: Asked = {
      ...{ message, reader: this.#reader, principal, room },
      ...{ store: this.#store(message, earlier), commands: this.#options.commands, session: undefined },
      keyspace: this.#reader.text(message, "keyspace") ?? this.#options.keyspaceName,
    };
    if (session === undefined) return this.#perform(name, asked);
    const waitMs = this.#waitMs(message);
    const store = earlier.length > 0 && isAboutKeys(name) ? await asked.store.catchUp(earlier, waitMs) : asked.store;
    const seen = earlier.length > 0 ? { dots: earlier, waitMs } : undefined;
    const { fields, dots, spent } = await this.#perform(name, { ...asked, store, session: seen });
    return { fields: { ...fields, session: encodeSession(mergeSession(earlier, dots)) }, spent };
  }

  #perform(name: OperationName, asked: Asked): Promise<Answered> {
    if (name === "watch") return this.#watch(asked);
    return name === "unwatch" ? this.#unwatch(asked.message) : operations[name](asked);
  }

  async #watch({ message, reader, store, principal }: Asked): Promise<Answered> {
    const prefix = reader.prefix(message);
    authorise(principal, "read", prefix);
    const resume = reader.text(message, "resume");
    const encoding = reader.encoding(message);
    const options = resume === undefined ? { prefix } : { prefix, resume: checkCursor(resume) };
    const opened = this.#watches.open(store, options, (number, event) => {
      this.#sendEvent({ watch: number, ...formatEvent(reader.notation, event, encoding) });
    });
    return { fields: { ...opened }, dots: [] };
  }

  async #unwatch(message: Message): Promise<Answered> {
    this.#watches.close(this.#reader.count(message, "watch"));
    return { fields: {}, dots: [] };
  }

  #store(message: Message, seen: readonly Dot[]): Store {
    const name = this.#reader.text(message, "keyspace");
    const store = name === undefined ? this.#options.store : this.#options.keyspace(name, seen);
    if (store === undefined) throw new AtollError("UNKNOWN_KEYSPACE", "there is no keyspace of this name");
    return store;
  }

  #waitMs(message: Message): number {
    const { sessionWaitMs, sessionWaitMsMax } = this.#options.limits;
    const waitMs = this.#reader.count(message, "waitMs") ?? sessionWaitMs;
    if (waitMs <= sessionWaitMsMax) return waitMs;
    throw new AtollError("BAD_REQUEST", `waitMs is at most ${sessionWaitMsMax}`);
  }

  #sendEvent(message: Message): void {
    const { socket, limits } = this.#options;
    if (socket.bufferedAmount > limits.outputBytesMax) this.#cutOff();
    else this.#send(message);
  }

  #send(message: Message, sent: () => void = () => {}): void {
    if (this.#closed) return sent();
    const { socket, language } = this.#options;
    const encoded = language.encode(message);
    socket.send(encoded, { binary: language.binary }, (error) => {
      // What was under way as a connection broke the system may still be reading.
      if (error == null && encoded instanceof Uint8Array) giveBackWhole(encoded);
      sent();
      this.#flushedAt = performance.now();
      if (this.#waiting.length > 0) this.#pump();
    });
  }

  /** Answers an error; one after which the connection cannot go on ends it. */
  #refuse(id: RequestId, error: AtollError): void {
    if (this.#closed) return;
    const { metrics, log } = this.#options;
    metrics.error("websocket", error.code);
    if (error.code === "INTERNAL") log("error", "websocket-request-failed", { error: error.cause ?? error });
    const message = error.code === "INTERNAL" ? "an internal error; the log has it" : error.message;
    this.#send({ id, ok: false, code: error.code, message });
    if (error.code === "BAD_MESSAGE") this.close(error);
  }

  #answerPing(payload: Buffer): void {
    const { socket, limits } = this.#options;
    this.#heardSincePing = true;
    if (this.#closed) return;
    if (socket.bufferedAmount > limits.outputBytesMax) this.#cutOff();
    else socket.pong(payload);
  }

  #beat(): void {
    const { socket, limits } = this.#options;
    if (socket.bufferedAmount > 0) {
      if (performance.now() - this.#flushedAt > limits.stalledReaderTimeoutMs) this.#cutOff();
      return;
    }
    if (!this.#heardSincePing && !this.#paused) {
      socket.terminate();
      return;
    }
    this.#heardSincePing = false;
    socket.ping();
  }

  #cutOff(): void {
    this.#options.metrics.error("websocket", "SLOW_CONSUMER");
    this.close(new AtollError("SLOW_CONSUMER", "too much was left unread"));
  }
}
