/** The four ways in which these tests write: HTTP key by key, HTTP batches, WebSocket with JSON and with MessagePack. */

import { decode, encode } from "@msgpack/msgpack";
import { WebSocket } from "ws";
import type { AckLevel } from "../../src/store.ts";
import { type HttpAnswer, versionIn } from "./http-client.ts";
import type { ReplicaProcess } from "./replica-process.ts";

export interface Write {
  readonly key: string;
  /** Absent: a deletion. */
  readonly value?: string;
  readonly ttlMs?: number;
}

/** What a client was told of one write. */
export interface Told {
  readonly outcome: "kept" | "refused" | "unknown";
  readonly version?: string;
  /** The level that was asked for was reached. */
  readonly isMet: boolean;
}

export const DOORS = ["http", "batch", "json", "msgpack"] as const;
export type DoorName = (typeof DOORS)[number];

export interface Door {
  /** Writes that are sent together. */
  readonly writesAtOnce: number;
  /** Answers in order; one that cannot be reached is answered `unknown`. */
  write(writes: readonly Write[], ack: AckLevel): Promise<readonly Told[]>;
  close(): void;
}

const UNKNOWN: Told = { outcome: "unknown", isMet: false };
const REFUSED: Told = { outcome: "refused", isMet: false };

export function openDoor(name: DoorName, replica: ReplicaProcess): Door {
  switch (name) {
    case "http":
      return new HttpDoor(replica);
    case "batch":
      return new BatchDoor(replica);
    case "json":
    case "msgpack":
      return new WebSocketDoor(replica, name);
  }
}

class HttpDoor implements Door {
  readonly writesAtOnce = 1;
  readonly #replica: ReplicaProcess;

  constructor(replica: ReplicaProcess) {
    this.#replica = replica;
  }

  write(writes: readonly Write[], ack: AckLevel): Promise<readonly Told[]> {
    return Promise.all(writes.map((write) => this.#one(write, ack).catch(() => UNKNOWN)));
  }

  close(): void {}

  async #one(write: Write, ack: AckLevel): Promise<Told> {
    const { http } = this.#replica;
    if (write.value === undefined) return toldOf(await http.delete(write.key, `?ack=${ack}`));
    const ttl = write.ttlMs === undefined ? "" : `&ttl=${write.ttlMs}ms`;
    return toldOf(await http.put(write.key, write.value, `?ack=${ack}${ttl}`));
  }
}

function toldOf(answer: HttpAnswer): Told {
  if (answer.status >= 500) return UNKNOWN;
  if (answer.status >= 300) return REFUSED;
  const version = versionIn(answer);
  return { outcome: "kept", isMet: answer.status !== 202, ...(version === undefined ? {} : { version }) };
}

/** What a batch and a WebSocket answer for one write. */
interface WriteAnswer {
  readonly ok: boolean;
  readonly code?: string;
  readonly version?: string;
  readonly acks?: { readonly met: boolean };
}

function toldOfAnswer({ ok, version, acks }: WriteAnswer): Told {
  if (!ok || version === undefined) return UNKNOWN;
  return { outcome: "kept", version, isMet: acks?.met ?? true };
}

class BatchDoor implements Door {
  readonly writesAtOnce = 8;
  readonly #replica: ReplicaProcess;

  constructor(replica: ReplicaProcess) {
    this.#replica = replica;
  }

  async write(writes: readonly Write[], ack: AckLevel): Promise<readonly Told[]> {
    const operations = writes.map((write) => ({ type: write.value === undefined ? "delete" : "put", ...write }));
    const body = JSON.stringify({ operations });
    try {
      const answer = await this.#replica.http.send({ method: "POST", path: `/v1/batch?ack=${ack}`, body });
      if (answer.status !== 200) return writes.map(() => (answer.status < 500 ? REFUSED : UNKNOWN));
      const { results } = JSON.parse(answer.body.toString()) as { readonly results: readonly WriteAnswer[] };
      return results.map(toldOfAnswer);
    } catch {
      return writes.map(() => UNKNOWN);
    }
  }

  close(): void {}
}

class WebSocketDoor implements Door {
  readonly writesAtOnce = 4;
  readonly #replica: ReplicaProcess;
  readonly #notation: "json" | "msgpack";
  readonly #waiting = new Map<number, (told: Told) => void>();
  #socket: Promise<WebSocket> | undefined;
  #nextId = 1;

  constructor(replica: ReplicaProcess, notation: "json" | "msgpack") {
    this.#replica = replica;
    this.#notation = notation;
  }

  async write(writes: readonly Write[], ack: AckLevel): Promise<readonly Told[]> {
    try {
      this.#socket ??= this.#open();
      const socket = await this.#socket;
      return await Promise.all(writes.map((write) => this.#one(socket, write, ack)));
    } catch {
      return writes.map(() => UNKNOWN);
    }
  }

  close(): void {
    this.#socket?.then((socket) => socket.terminate()).catch(() => {});
  }

  #one(socket: WebSocket, { key, value, ttlMs }: Write, ack: AckLevel): Promise<Told> {
    const id = this.#nextId++;
    const op = value === undefined ? "delete" : "put";
    const message = { id, op, key, ack, ...(value === undefined ? {} : { value }), ...(ttlMs && { ttlMs }) };
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      if (socket.readyState !== WebSocket.OPEN) this.#lost();
      else socket.send(this.#notation === "json" ? JSON.stringify(message) : encode(message));
    });
  }

  #open(): Promise<WebSocket> {
    const socket = new WebSocket(`ws://127.0.0.1:${this.#replica.port}/v1/ws`, `atoll.v1.${this.#notation}`, {
      perMessageDeflate: false,
    });
    socket.on("message", (data: Buffer) => {
      const answer = (this.#notation === "json" ? JSON.parse(data.toString()) : decode(data)) as WriteAnswer & {
        readonly id: number;
      };
      const resolve = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      resolve?.(toldOfAnswer(answer));
    });
    socket.on("error", () => {});
    socket.on("close", () => this.#lost());
    return new Promise((resolve, reject) => {
      socket.once("open", () => resolve(socket));
      socket.once("close", () => reject(new Error("closed")));
    });
  }

  /** Whatever was under way may have been carried out, or not. */
  #lost(): void {
    this.#socket = undefined;
    for (const resolve of this.#waiting.values()) resolve(UNKNOWN);
    this.#waiting.clear();
  }
}
