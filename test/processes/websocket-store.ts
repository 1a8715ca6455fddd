/** The store behind the WebSocket door of a replica: JSON, one connection. */

import { WebSocket } from "ws";
import type { Key } from "../../src/base/ids.ts";
import { parseWatchEvent } from "../../src/client/watch-event.ts";
import type { ClusterStatus } from "../../src/cluster-status.ts";
import { EMPTY_SESSION, encodeSession } from "../../src/doors/session.ts";
import type {
  BatchOperation,
  BatchResult,
  Condition,
  Dot,
  InvalidateOutcome,
  KeyPage,
  PutOptions,
  ReadOptions,
  ReadOutcome,
  WatchEvent,
  WatchOptions,
  WriteOptions,
  WriteOutcome,
} from "../../src/store.ts";
import {
  batchResults,
  decodeKey,
  dotIn,
  encodeBytes,
  encodeOperation,
  type Message,
  NEVER,
  readOutcome,
  remoteError,
  unreachable,
  writeOutcome,
} from "./remote-answer.ts";
import type { RemoteStore, RemoteWatch, StoreAddress } from "./remote-store.ts";

interface Waiting {
  readonly resolve: (answer: Message) => void;
  readonly reject: (error: Error) => void;
  /** Of a watch: who is told of events from the answer on. */
  readonly listener: ((event: WatchEvent) => void) | undefined;
}

export class WebSocketStore implements RemoteStore {
  readonly #address: StoreAddress;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Map<number, (event: WatchEvent) => void>();
  #socket: WebSocket | undefined;
  /** Until the connection is open. */
  #unsent: string[] = [];
  #lastId = 0;
  #isClosed = false;

  constructor(address: StoreAddress) {
    this.#address = address;
  }

  async get(key: Key, { consistency }: ReadOptions = {}): Promise<ReadOutcome> {
    const asked = consistency === "quorum" ? { consistency } : {};
    const answer = await this.#ask({ op: "get", ...keyFields(key), session: EMPTY_SESSION, ...asked });
    return readOutcome(answer, dotIn(answer.session));
  }

  async put(key: Key, value: Uint8Array, { ttlMs, tags, ...options }: PutOptions = {}): Promise<WriteOutcome> {
    const more = { ...(ttlMs === undefined ? {} : { ttlMs }), ...(tags && { tags: tags.map(encodeBytes) }) };
    return this.#write({ op: "put", ...keyFields(key), value: encodeBytes(value), ...more }, options);
  }

  delete(key: Key, options: WriteOptions = {}): Promise<WriteOutcome> {
    return this.#write({ op: "delete", ...keyFields(key) }, options);
  }

  async invalidate(tag: string, options: WriteOptions = {}): Promise<InvalidateOutcome> {
    return this.#write({ op: "invalidate", tag: encodeBytes(tag), encoding: "base64" }, options);
  }

  async batch(operations: readonly BatchOperation[], { ack = "memory" }: WriteOptions = {}): Promise<BatchResult[]> {
    const message = { op: "batch", operations: operations.map(encodeOperation), ack, session: EMPTY_SESSION };
    const { results, session } = await this.#ask(message);
    return batchResults(operations, results as readonly Message[], session, this.#address.shards);
  }

  async keys({ prefix, limit, cursor }: Parameters<RemoteStore["keys"]>[0]): Promise<KeyPage> {
    const from = cursor === undefined ? {} : { cursor };
    const answer = await this.#ask({ op: "keys", prefix: encodeBytes(prefix), encoding: "base64", limit, ...from });
    const keys = (answer.keys as readonly string[]).map(decodeKey);
    return typeof answer.cursor === "string" ? { keys, cursor: answer.cursor } : { keys };
  }

  async status(): Promise<ClusterStatus> {
    return (await this.#ask({ op: "status" })).status as ClusterStatus;
  }

  async catchUp(dots: readonly Dot[], waitMs: number): Promise<this> {
    await this.#ask({ op: "get", ...keyFields("-" as Key), session: encodeSession(dots), waitMs });
    return this;
  }

  watch({ prefix, resume }: WatchOptions, listener: (event: WatchEvent) => void): RemoteWatch {
    const from = resume === undefined ? {} : { resume };
    const watch = { resume: "", number: 0, close: () => this.#unwatch(watch.number) };
    const message = { op: "watch", prefix: encodeBytes(prefix), encoding: "base64", ...from };
    const opened = this.#ask(message, listener).then((answer) => {
      watch.resume = String(answer.resume);
      watch.number = Number(answer.watch);
    });
    return Object.assign(watch, { opened });
  }

  #unwatch(number: number): void {
    if (this.#listeners.delete(number)) this.#ask({ op: "unwatch", watch: number }).catch(() => {});
  }

  close(): void {
    this.#isClosed = true;
    this.#socket?.terminate();
  }

  async #write(message: Message, { ack = "memory", condition }: WriteOptions): Promise<WriteOutcome> {
    const answer = await this.#ask({ ...message, ack, ...conditionFields(condition), session: EMPTY_SESSION });
    const dot = dotIn(answer.session);
    if (dot === undefined) throw new Error("a write was answered without a session");
    return writeOutcome(answer, dot);
  }

  #ask(message: Message, listener?: Waiting["listener"]): Promise<Message> {
    if (this.#isClosed) return NEVER;
    const id = ++this.#lastId;
    const socket = this.#socket ?? this.#open();
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, listener });
      const text = JSON.stringify({ id, ...message });
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
      else this.#unsent.push(text);
    });
  }

  #open(): WebSocket {
    const { host, port, token } = this.#address;
    const socket = new WebSocket(`ws://${host}:${port}/v1/ws`, "atoll.v1.json", {
      perMessageDeflate: false,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
    this.#socket = socket;
    socket.on("open", () => {
      for (const text of this.#unsent.splice(0)) socket.send(text);
    });
    socket.on("message", (data: Buffer) => this.#receive(JSON.parse(data.toString()) as Message));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "ECONNREFUSED") return;
      for (const { reject } of this.#waiting.values()) {
        reject(unreachable(port));
      }
    });
    socket.on("close", () => {
      // What waits is never answered.
      this.#waiting.clear();
      this.#unsent = [];
      this.#listeners.clear();
      this.#socket = undefined;
    });
    return socket;
  }

  #receive(message: Message): void {
    const { id, ...fields } = message;
    const { watch } = fields;
    if (id === undefined && typeof watch === "number") {
      const event = parseWatchEvent({ type: String(fields.type), data: JSON.stringify(fields), id: undefined });
      if (event !== undefined) this.#listeners.get(watch)?.(event);
      return;
    }
    const waiting = this.#waiting.get(Number(id));
    this.#waiting.delete(Number(id));
    if (waiting === undefined) return;
    const isOpened = fields.ok === true && typeof watch === "number";
    // Now: an event may come with the same packet.
    if (isOpened && waiting.listener !== undefined) this.#listeners.set(watch, waiting.listener);
    if (fields.ok === true) waiting.resolve(fields);
    else waiting.reject(remoteError(fields.code, String(fields.message)));
  }
}

function keyFields(key: Key): Message {
  return { key: encodeBytes(key), encoding: "base64" };
}

function conditionFields(condition: Condition | undefined): Message {
  if (condition === undefined) return {};
  if (condition.type === "absent") return { ifAbsent: true };
  return condition.type === "present" ? { ifPresent: true } : { ifVersion: condition.versions[0] };
}
