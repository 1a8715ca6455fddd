/**
 * One client of a document: takes its messages, answers, tells it what others do. What is bounded: what it leaves unread
 * (its requests wait and its socket is not read; what others do cannot wait, so it is disconnected, and comes again for what
 * it lacks), how often it may ask for what it lacks, and its silence. An answer as large as the document is not held
 * against it while it reads that.
 *
 * Updates that stand on what is not here are dropped, and the client is asked for all that is not here: once, and again
 * when the document has changed, until its answer can be taken.
 */

import type { RawData, WebSocket } from "ws";
import { AtollError, toAtollError } from "../../base/errors.ts";
import type { AwarenessMember } from "../../documents/awareness-relay.ts";
import type { DocumentHub, OpenDocument } from "../../documents/document-hub.ts";
import type { DocumentUser } from "../../documents/live-document.ts";
import type { DoorLimits } from "../limits.ts";
import type { DoorLog } from "../log.ts";
import type { DoorMetrics } from "../metrics.ts";
import { closeCodeOf } from "./close-code.ts";
import {
  decodeFrame,
  encodeAnswer,
  encodeAsk,
  encodeAwareness,
  encodeDenied,
  encodeUpdate,
  KEEP_ALIVE,
  type YjsMessage,
} from "./messages.ts";

export interface YjsConnectionOptions {
  readonly socket: WebSocket;
  readonly documents: DocumentHub;
  /** Released when the connection ends. */
  readonly open: OpenDocument;
  readonly canWrite: boolean;
  readonly limits: DoorLimits;
  readonly metrics: DoorMetrics;
  readonly log: DoorLog;
}

/**
 * `settled`: it owes nothing. `asked`: for all that is not here. `awaited`: so, and what it sent meanwhile was dropped, which
 * its answer will hold. `lacking`: its answer stands on what is not here either: another replica has that, or it was
 * deleted.
 */
type Debt = "settled" | "asked" | "awaited" | "lacking";

const CLOSE_WITHIN_MS = 1_000;
/** Questions for what it lacks that a client may ask at once, and the time after which it may ask one more. */
const QUESTIONS_MAX = 100;
const QUESTION_MS = 100;

export class YjsConnection implements DocumentUser, AwarenessMember {
  readonly #options: YjsConnectionOptions;
  readonly #heartbeat: NodeJS.Timeout;
  #waiting: YjsMessage[] = [];
  #debt: Debt = "settled";
  #isDenied = false;
  #questions = 0;
  #questionsSince = performance.now();
  /** Of answers that are still being sent. */
  #answerBytes = 0;
  #isPaused = false;
  #hasSent = false;
  #hasHeard = true;
  #flushedAt = performance.now();
  #isClosed = false;

  constructor(options: YjsConnectionOptions, onClose: (connection: YjsConnection) => void) {
    const { socket, open, limits, metrics } = options;
    this.#options = options;
    metrics.webSockets++;
    socket.on("message", (data, isBinary) => this.#receive(data, isBinary));
    socket.on("ping", (payload: Buffer) => this.#answerPing(payload));
    socket.on("pong", () => {
      this.#hasHeard = true;
    });
    socket.on("error", (error) => metrics.error("yjs", codeOfSocketError(error)));
    socket.on("close", () => {
      this.#end();
      onClose(this);
    });
    this.#heartbeat = setInterval(() => this.#beat(), limits.heartbeatMs);
    open.live.users.add(this);
    if (options.canWrite) this.#ask();
    const present = open.awareness.join(this, options.documents.now);
    if (present !== undefined) this.heard(present);
  }

  updated(update: Uint8Array, origin: unknown): void {
    if (origin !== this) this.#tell(encodeUpdate(update));
    if (this.#debt === "lacking" && origin !== this) this.#ask();
  }

  ended(error: AtollError): void {
    this.close(error);
  }

  heard(update: Uint8Array): void {
    this.#tell(encodeAwareness(update));
  }

  /** Says goodbye with the error's close code, and hangs up soon after whether the client answers or not. */
  close(error: AtollError): void {
    if (this.#isClosed) return;
    const { socket, metrics, log } = this.#options;
    metrics.error("yjs", error.code);
    if (error.code === "INTERNAL") log("error", "yjs-connection-failed", { error: error.cause ?? error });
    this.#end();
    const message = error.code === "INTERNAL" ? "an internal error" : error.message;
    socket.close(closeCodeOf(error.code), `${error.code}: ${message}`.slice(0, 120));
    socket.resume();
    setTimeout(() => socket.terminate(), CLOSE_WITHIN_MS).unref();
  }

  #end(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { open, documents, metrics } = this.#options;
    metrics.webSockets--;
    clearInterval(this.#heartbeat);
    this.#waiting = [];
    open.live.users.delete(this);
    open.awareness.leave(this, documents.now);
    open.release();
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#isClosed) return;
    this.#hasHeard = true;
    try {
      if (!isBinary) throw new AtollError("BAD_MESSAGE", "messages are binary frames here");
      const messages = decodeFrame(data as Buffer);
      if (this.#waiting.length === 0) this.#waiting = [...messages];
      else this.#waiting.push(...messages);
    } catch (error) {
      this.close(toAtollError(error));
      return;
    }
    this.#pump();
  }

  /** Takes messages in their order; a question waits until there is room for its answer, and what follows waits with it. */
  #pump(): void {
    while (this.#waiting.length > 0 && !this.#isClosed) {
      const [next] = this.#waiting;
      if (next === undefined || (next.type.startsWith("ask") && !this.#hasRoom())) break;
      this.#waiting.shift();
      try {
        this.#take(next);
      } catch (error) {
        this.close(toAtollError(error));
      }
    }
    this.#pauseOrResume();
  }

  #take(message: YjsMessage): void {
    const { open, documents } = this.#options;
    switch (message.type) {
      case "ask":
        this.#spendQuestion();
        return this.#answer(encodeAnswer(open.live.diff(message.vector)));
      case "update":
        return this.#takeUpdate(message.update, message.isAnswer);
      case "awareness":
        return open.awareness.receive(this, message.update, documents.now);
      case "ask-awareness": {
        this.#spendQuestion();
        const present = open.awareness.all();
        if (present !== undefined) this.#answer(encodeAwareness(present));
      }
    }
  }

  #takeUpdate(update: Uint8Array, isAnswer: boolean): void {
    const { open, documents, canWrite } = this.#options;
    if (!canWrite) return this.#deny();
    if (this.#debt === "awaited" && !isAnswer) return;
    try {
      documents.receive(open.live, update, this, { isFromCopy: true });
      if (isAnswer) this.#debt = "settled";
    } catch (error) {
      if (toAtollError(error).code !== "PREDECESSORS_MISSING") throw error;
      if (!isAnswer && this.#debt === "settled") this.#ask();
      if (isAnswer) this.#debt = "lacking";
      else if (this.#debt === "asked") this.#debt = "awaited";
    }
  }

  /** Once: whoever may not write and goes on is not told each time. */
  #deny(): void {
    if (this.#isDenied) return;
    this.#isDenied = true;
    this.#options.metrics.error("yjs", "FORBIDDEN");
    this.#tell(encodeDenied("the token lacks the scope write for this document: nothing that you change is kept"));
  }

  /** For all that is not here. */
  #ask(): void {
    this.#debt = "asked";
    this.#tell(encodeAsk(this.#options.open.live.vector()));
  }

  /** An answer costs the size of the document to make, however little is asked. */
  #spendQuestion(): void {
    const now = performance.now();
    const earned = (now - this.#questionsSince) / QUESTION_MS;
    this.#questions = Math.max(0, this.#questions - earned) + 1;
    this.#questionsSince = now;
    if (this.#questions <= QUESTIONS_MAX) return;
    throw new AtollError("TOO_MANY_REQUESTS", "too many questions for what the document holds");
  }

  #hasRoom(): boolean {
    return this.#options.socket.bufferedAmount <= this.#options.limits.outputBytesMax;
  }

  #pauseOrResume(): void {
    const mustPause = this.#waiting.length > 0 && !this.#isClosed;
    if (mustPause === this.#isPaused || this.#isClosed) return;
    this.#isPaused = mustPause;
    if (mustPause) this.#options.socket.pause();
    else this.#options.socket.resume();
  }

  /** What it asked for. */
  #answer(message: Uint8Array): void {
    this.#answerBytes += message.length;
    this.#send(message, () => {
      this.#answerBytes -= message.length;
    });
  }

  /** What it did not ask for. */
  #tell(message: Uint8Array): void {
    if (this.#isClosed) return;
    const { socket, limits } = this.#options;
    if (socket.bufferedAmount - this.#answerBytes > limits.outputBytesMax) this.#cutOff();
    else this.#send(message);
  }

  #send(message: Uint8Array, sent?: () => void): void {
    if (this.#isClosed) return;
    this.#hasSent = true;
    this.#options.socket.send(message, () => {
      this.#flushedAt = performance.now();
      sent?.();
      if (this.#waiting.length > 0) this.#pump();
    });
  }

  #answerPing(payload: Buffer): void {
    this.#hasHeard = true;
    if (this.#isClosed) return;
    if (this.#hasRoom()) this.#options.socket.pong(payload);
    else this.#cutOff();
  }

  #beat(): void {
    const { socket, limits } = this.#options;
    if (socket.bufferedAmount > 0) {
      if (performance.now() - this.#flushedAt > limits.stalledReaderTimeoutMs) this.#cutOff();
      return;
    }
    if (!this.#hasHeard && !this.#isPaused) {
      socket.terminate();
      return;
    }
    this.#hasHeard = false;
    socket.ping();
    // y-websocket does not see pings, and gives a connection up on which nothing came for 30 s.
    if (!this.#hasSent) this.#tell(KEEP_ALIVE);
    this.#hasSent = false;
  }

  #cutOff(): void {
    this.close(new AtollError("SLOW_CONSUMER", "too much was left unread"));
  }
}

function codeOfSocketError(error: Error): "UPDATE_TOO_LARGE" | "BAD_MESSAGE" {
  const code: unknown = Reflect.get(error, "code");
  return code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH" ? "UPDATE_TOO_LARGE" : "BAD_MESSAGE";
}
