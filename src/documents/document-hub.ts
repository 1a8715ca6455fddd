/**
 * The documents that are open in this process, one for each key however many ask. A document that nobody uses stays for a
 * while, since whoever left may come back; the one that was left first goes first where room is needed. One timer serves
 * all of them, and stops where there are none.
 */

import { AtollError, type ErrorCode } from "../base/errors.ts";
import type { Key } from "../base/ids.ts";
import type { DocumentStore, Whisper } from "../document-store.ts";
import type { Statistic, StatisticsSource } from "../stats.ts";
import type { WriteOptions, WriteOutcome } from "../store.ts";
import { AwarenessRelay, expectsMembers, NO_MEMBERS } from "./awareness-relay.ts";
import { type DocumentLimits, documentLimits } from "./document-limits.ts";
import { Graves } from "./graves.ts";
import { LiveDocument, type ReceiveOptions } from "./live-document.ts";
import type { DocumentSurroundings } from "./surroundings.ts";

export interface HubLimits {
  /** Open at a time. At it, and with none unused: `TOO_MANY_DOCUMENTS`. */
  readonly documentsOpenMax: number;
  /** Of all that is stored of open documents; in memory they take about ten times as much. At it: `TOO_MANY_DOCUMENTS`. */
  readonly openBytesMax: number;
  /** How long a document stays that nobody uses. */
  readonly unusedMs: number;
}

const MIB = 1024 * 1024;

export const hubLimits: HubLimits = { documentsOpenMax: 20_000, openBytesMax: 128 * MIB, unusedMs: 30_000 };

export interface DocumentHubOptions {
  readonly store: DocumentStore;
  readonly around: DocumentSurroundings;
  readonly limits?: Partial<DocumentLimits & HubLimits>;
}

/** A document that somebody uses, until `release`. */
export interface OpenDocument {
  readonly live: LiveDocument;
  readonly awareness: AwarenessRelay;
  release(): void;
}

interface Room {
  readonly live: LiveDocument;
  readonly awareness: AwarenessRelay;
  uses: number;
  /** When it was last left. */
  leftAt: number;
  /** As last seen. */
  bytes: number;
}

const TICK_MS = 500;

export class DocumentHub implements StatisticsSource {
  readonly store: DocumentStore;
  readonly limits: DocumentLimits & HubLimits;
  readonly #around: DocumentSurroundings;
  /** Those left longest ago come first among those unused. */
  readonly #rooms = new Map<Key, Room>();
  readonly #graves = new Graves();
  readonly #stopListening: () => void;
  #bytes = 0;
  #cancelTick: (() => void) | undefined;
  #isClosed = false;
  #updates = 0;
  #refused = 0;

  constructor({ store, around, limits = {} }: DocumentHubOptions) {
    this.store = store;
    this.#around = around;
    this.limits = { ...documentLimits, ...hubLimits, ...limits };
    this.#stopListening = store.onWhisper((whisper) => this.#heard(whisper));
  }

  /** How many documents are open. */
  get size(): number {
    return this.#rooms.size;
  }

  get now(): number {
    return this.#around.clock.now();
  }

  /** Throws `TOO_MANY_DOCUMENTS`, `SHUTTING_DOWN`, and what the store throws. */
  open(key: Key): OpenDocument {
    if (this.#isClosed) throw new AtollError("SHUTTING_DOWN", "the replica is stopping");
    const held = this.#rooms.get(key);
    const room = held !== undefined && held.live.end === undefined ? held : this.#load(key);
    room.uses++;
    let isReleased = false;
    const release = () => {
      if (isReleased) return;
      isReleased = true;
      this.#left(room);
    };
    return { live: room.live, awareness: room.awareness, release };
  }

  /** Opens a document for as long as `run` takes. */
  async use<T>(key: Key, run: (live: LiveDocument) => T | Promise<T>): Promise<T> {
    const { live, release } = this.open(key);
    try {
      return await run(live);
    } finally {
      release();
    }
  }

  /** Deletes a document. Copies that clients have of it are known for what they are afterwards. */
  async delete(key: Key, options: WriteOptions = {}): Promise<WriteOutcome> {
    const open = this.#openWhereRoom(key);
    try {
      return await this.store.deleteDocument(key, options);
    } finally {
      open?.release();
    }
  }

  /** Applies an update; see `LiveDocument.receive`. Counts what is taken and what is refused. */
  receive(
    live: LiveDocument,
    update: Uint8Array,
    origin: unknown,
    options?: ReceiveOptions,
  ): ReturnType<LiveDocument["receive"]> {
    try {
      const outcome = live.receive(update, origin, options);
      this.#updates++;
      return outcome;
    } catch (error) {
      this.#refused++;
      throw error;
    }
  }

  /** Ends all documents; nothing can be opened any more. */
  close(): void {
    this.#isClosed = true;
    this.#cancelTick?.();
    this.#stopListening();
    for (const { live } of this.#rooms.values()) {
      live.settle();
      live.close(new AtollError("SHUTTING_DOWN", "the replica is stopping"));
    }
    this.#rooms.clear();
  }

  statistics(): readonly Statistic[] {
    const gauge = (name: string, help: string, value: number): Statistic => {
      return { name, help, type: "gauge", samples: [{ labels: {}, value }] };
    };
    let users = 0;
    for (const { awareness } of this.#rooms.values()) users += awareness.members;
    return [
      gauge("documents_open", "Documents that are open in memory", this.#rooms.size),
      gauge("documents_open_bytes", "What is stored of open documents", this.#bytes),
      gauge("document_connections", "Clients that have a document open", users),
      {
        name: "document_updates_total",
        help: "Updates of documents that clients sent",
        type: "counter",
        samples: [
          { labels: { outcome: "taken" }, value: this.#updates },
          { labels: { outcome: "refused" }, value: this.#refused },
        ],
      },
    ];
  }

  #load(key: Key): Room {
    const before = this.#rooms.get(key);
    if (before !== undefined) this.#drop(before);
    this.#makeRoom();
    const { store, limits } = this;
    const live = new LiveDocument({ key, store, around: this.#around, limits, buried: this.#graves.of(key, this.now) });
    live.users.add({ updated: () => {}, ended: ({ code }) => this.#ended(live, code) });
    const whisper = (message: Uint8Array, to?: Parameters<DocumentStore["whisper"]>[2]) =>
      store.whisper(key, message, to);
    const room: Room = {
      live,
      awareness: new AwarenessRelay({ limits, whisper }),
      uses: 0,
      leftAt: this.now,
      bytes: live.bytes,
    };
    this.#rooms.set(key, room);
    this.#bytes += room.bytes;
    this.#scheduleTick();
    return room;
  }

  #openWhereRoom(key: Key): OpenDocument | undefined {
    try {
      return this.open(key);
    } catch (error) {
      if (error instanceof AtollError && error.code === "TOO_MANY_DOCUMENTS") return undefined;
      throw error;
    }
  }

  #ended({ key, state }: LiveDocument, code: ErrorCode): void {
    if (code === "DOCUMENT_RESET") this.#graves.bury(key, state, this.now);
  }

  #makeRoom(): void {
    const { documentsOpenMax, openBytesMax } = this.limits;
    const isFull = () => this.#rooms.size >= documentsOpenMax || this.#bytes >= openBytesMax;
    if (!isFull()) return;
    for (const room of this.#rooms.values()) {
      if (room.uses === 0) this.#unload(room);
      if (!isFull()) return;
    }
    throw new AtollError("TOO_MANY_DOCUMENTS", "too many documents are open here");
  }

  #left(room: Room): void {
    if (--room.uses > 0) return;
    room.leftAt = this.now;
    if (room.live.end !== undefined) this.#drop(room);
    // Asking for what is not there leaves nothing behind.
    else if (room.live.isEmpty) this.#unload(room);
    else if (this.#rooms.get(room.live.key) === room) {
      this.#rooms.delete(room.live.key);
      this.#rooms.set(room.live.key, room);
    }
  }

  #unload(room: Room): void {
    room.live.settle();
    room.live.close(new AtollError("DOCUMENT_CHANGED", "nobody uses the document"));
    this.#drop(room);
  }

  #drop(room: Room): void {
    if (this.#rooms.get(room.live.key) !== room) return;
    this.#rooms.delete(room.live.key);
    this.#bytes -= room.bytes;
  }

  #heard(whisper: Whisper): void {
    const { now } = this;
    if (whisper.type === "message") {
      const room = this.#rooms.get(whisper.topic);
      if (room !== undefined) this.#hear(room, whisper.from, whisper.message, now);
      else if (expectsMembers(whisper.message)) this.store.whisper(whisper.topic, NO_MEMBERS, whisper.from);
      return;
    }
    for (const { awareness } of this.#rooms.values()) {
      if (whisper.type === "here") awareness.peerHere(whisper.from);
      else awareness.peerGone(whisper.from, now);
    }
  }

  #hear({ awareness }: Room, from: Parameters<AwarenessRelay["heard"]>[0], message: Uint8Array, now: number): void {
    try {
      awareness.heard(from, message, now);
    } catch (error) {
      const { code } = error as AtollError;
      this.#around.log("warn", "awareness-refused", { from, code, bytes: message.length });
    }
  }

  #scheduleTick(): void {
    if (this.#cancelTick !== undefined || this.#isClosed) return;
    this.#cancelTick = this.#around.scheduler.after(TICK_MS, () => {
      this.#cancelTick = undefined;
      this.#tick(this.now);
      if (this.#rooms.size > 0) this.#scheduleTick();
    });
  }

  #tick(now: number): void {
    for (const room of this.#rooms.values()) {
      const { live, awareness } = room;
      if (live.end !== undefined) {
        this.#drop(room);
        continue;
      }
      live.tick(now);
      awareness.tick(now);
      const { bytes } = live;
      this.#bytes += bytes - room.bytes;
      room.bytes = bytes;
      if (room.uses === 0 && Math.abs(now - room.leftAt) >= this.limits.unusedMs) this.#unload(room);
    }
  }
}
