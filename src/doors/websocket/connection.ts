/**
 * One client's WebSocket: takes messages, answers each, sends events. Three bounds hold. Requests: at most so many at a
 * time, and none is begun while the client leaves too much unread; meanwhile its socket is not read either, so that it
 * slows itself down and nobody else. Events: they cannot wait, so a client that leaves too much unread is disconnected,
 * and resumes. Silence: a client that answers no ping, or takes nothing for too long, is gone.
 */

import type { RawData, WebSocket } from "ws";
import { AtollError, errorRow, toAtollError } from "../../base/errors.ts";
import type { Dot, Store } from "../../store.ts";
import { authorise, type Principal } from "../auth.ts";
import { formatEvent } from "../event.ts";
import { checkCursor, FieldReader, type Message } from "../fields.ts";
import type { DoorLimits } from "../limits.ts";
import type { DoorLog } from "../log.ts";
import type { DoorMetrics } from "../metrics.ts";
import { decodeSession, encodeSession, mergeSession } from "../session.ts";
import type { Language } from "./language.ts";
import {
  type Answered,
  type Asked,
  deleteValue,
  getValue,
  invalidateTag,
  isAboutKeys,
  isLocalRead,
  listKeys,
  type OperationName,
  operationOf,
  putValue,
  runBatch,
  showStatus,
} from "./operations.ts";
import { Watches } from "./watches.ts";

export interface ConnectionOptions {
  readonly socket: WebSocket;
  readonly language: Language;
  readonly principal: Principal;
  /** Where messages go that name no keyspace. */
  readonly store: Store;
  readonly keyspace: (name: string, seen: readonly Dot[]) => Store | undefined;
  readonly limits: DoorLimits;
  readonly metrics: DoorMetrics;
  readonly log: DoorLog;
}

type RequestId = number | string | null;

/** A message that waits for its turn. */
interface Waiting {
  readonly id: RequestId;
  readonly name: OperationName;
  readonly message: Message;
}

const ID_LENGTH_MAX = 64;
const CLOSE_WITHIN_MS = 1_000;

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #reader: FieldReader;
  readonly #watches: Watches;
  readonly #heartbeat: NodeJS.Timeout;
  readonly #waiting: Waiting[] = [];
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
    metrics.webSockets++;
    socket.on("message", (data, isBinary) => this.#receive(data, isBinary));
    socket.on("ping", (payload: Buffer) => this.#answerPing(payload));
    socket.on("pong", () => {
      this.#heardSincePing = true;
    });
    socket.on("error", (error) => metrics.error("websocket", codeOfSocketError(error)));
    socket.on("close", () => {
      this.#end();
      onClose(this);
    });
    this.#heartbeat = setInterval(() => this.#beat(), limits.heartbeatMs);
  }

  /** Says goodbye with the error's close code, and hangs up soon after whether the client answers or not. */
  close(error: AtollError): void {
    const { socket } = this.#options;
    this.#end();
    socket.close(errorRow(error.code).close ?? 1011, `${error.code}: ${error.message}`.slice(0, 120));
    setTimeout(() => socket.terminate(), CLOSE_WITHIN_MS).unref();
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.metrics.webSockets--;
    clearInterval(this.#heartbeat);
    this.#watches.closeAll();
    this.#waiting.length = 0;
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#closed) return;
    this.#heardSincePing = true;
    const { language } = this.#options;
    let id: RequestId = null;
    try {
      if (isBinary !== language.binary) {
        throw new AtollError("BAD_MESSAGE", `messages are ${language.binary ? "binary" : "text"} frames here`);
      }
      const message = language.decode(data as Buffer);
      id = this.#id(message);
      const name = operationOf(this.#reader, message);
      this.#waiting.push({ id, name, message });
    } catch (error) {
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
    const mustPause = this.#waiting.length > 0;
    if (mustPause === this.#paused || this.#closed) return;
    this.#paused = mustPause;
    if (mustPause) this.#options.socket.pause();
    else this.#options.socket.resume();
  }

  #mayBegin(): boolean {
    const { limits, socket } = this.#options;
    if (this.#closed || this.#reading || this.#inFlight >= limits.requestsInFlightMax) return false;
    return socket.bufferedAmount <= limits.outputBytesMax;
  }

  async #carryOut(waiting: Waiting): Promise<void> {
    const { id, name, message } = waiting;
    const isRead = isLocalRead(name, message);
    if (isRead) this.#reading = true;
    this.#inFlight++;
    try {
      this.#send({ id, ok: true, ...(await this.#answer(name, message)) });
      this.#options.metrics.message(name);
    } catch (error) {
      this.#refuse(id, toAtollError(error));
    } finally {
      this.#inFlight--;
      if (isRead) this.#reading = false;
    }
    this.#pump();
  }

  async #answer(name: OperationName, message: Message): Promise<Message> {
    const { principal } = this.#options;
    const session = this.#reader.text(message, "session");
    const earlier = session === undefined || session === "" ? [] : decodeSession(session);
    const asked: Asked = { message, reader: this.#reader, store: this.#store(message, earlier), principal };
    if (session === undefined) return (await this.#perform(name, asked)).fields;
    const waitMs = this.#waitMs(message);
    const store = earlier.length > 0 && isAboutKeys(name) ? await asked.store.catchUp(earlier, waitMs) : asked.store;
    const { fields, dots } = await this.#perform(name, { ...asked, store });
    return { ...fields, session: encodeSession(mergeSession(earlier, dots)) };
  }

  #perform(name: OperationName, asked: Asked): Promise<Answered> {
    switch (name) {
      case "get":
        return getValue(asked);
      case "put":
        return putValue(asked);
      case "delete":
        return deleteValue(asked);
      case "invalidate":
        return invalidateTag(asked);
      case "keys":
        return listKeys(asked);
      case "batch":
        return runBatch(asked);
      case "status":
        return showStatus(asked);
      case "watch":
        return this.#watch(asked);
      case "unwatch":
        return this.#unwatch(asked.message);
    }
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

  #send(message: Message): void {
    if (this.#closed) return;
    this.#options.socket.send(this.#options.language.encode(message), () => {
      this.#flushedAt = performance.now();
      if (this.#waiting.length > 0) this.#pump();
    });
  }

  /** Answers an error; one after which the connection cannot go on ends it. */
  #refuse(id: RequestId, error: AtollError): void {
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

function codeOfSocketError(error: Error): "BODY_TOO_LARGE" | "BAD_MESSAGE" {
  const code: unknown = Reflect.get(error, "code");
  return code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH" ? "BODY_TOO_LARGE" : "BAD_MESSAGE";
}
