/**
 * A client that follows a prefix over the doors, as the simulator's watchers do at a store in their own process. Here a
 * watch takes time to open: what it is owed begins when the door says that it is open.
 */

import { answerOfError, readPartOf } from "../../simulations/workload/carry-out.ts";
import type { ReadPart } from "../../simulations/workload/history.ts";
import type { Operation } from "../../simulations/workload/operation.ts";
import type { WatchEntry, WatchFact, WatchHistory } from "../../simulations/workload/watch-history.ts";
import type { WatchPlan } from "../../simulations/workload/watch-plan.ts";
import type { WatchEvent } from "../../src/store.ts";
import type { RealNode } from "./real-node.ts";
import type { RealWorld } from "./real-world.ts";
import type { RemoteStore, RemoteWatch } from "./remote-store.ts";

const PAGE_KEYS = 1000;

interface Connection {
  readonly node: RealNode;
  readonly life: number;
  watch?: RemoteWatch;
  /** It reads the prefix, or is not open yet: what comes waits. */
  isBusy: boolean;
  readonly waiting: { readonly event: WatchEvent; readonly wallMs: number }[];
}

export class RealWatcher implements WatchHistory {
  readonly plan: WatchPlan;
  readonly entries: WatchEntry[] = [];
  readonly #world: RealWorld;
  readonly #operationsById: ReadonlyMap<Operation["id"], Operation>;
  #connection: Connection | undefined;
  /** Of the last event that was handled. */
  #resume: string | undefined;
  /** What was meant for an earlier connection or attempt comes to nothing. */
  #attempt = 0;

  constructor(world: RealWorld, plan: WatchPlan, operationsById: ReadonlyMap<Operation["id"], Operation>) {
    this.plan = plan;
    this.#world = world;
    this.#operationsById = operationsById;
    world.at(plan.at, () => this.#connect(plan.node, 0));
    for (const move of plan.moves) world.at(move.at, () => this.#move(move.node));
  }

  get isCurrent(): boolean {
    const connection = this.#connection;
    return connection !== undefined && !connection.isBusy && connection.waiting.length === 0;
  }

  lifeEnded(node: number, life: number): void {
    if (this.#connection?.node.index === node && this.#connection.life === life) this.#leave("ended", node);
  }

  #move(node: number): void {
    if (this.#connection !== undefined) this.#leave("moved", node);
  }

  #leave(why: "moved" | "ended", next: number): void {
    const isOpen = this.#connection?.watch !== undefined;
    this.#connection?.watch?.close();
    this.#connection = undefined;
    if (isOpen) this.#record({ type: "broken", why });
    this.#connectLater(next);
  }

  #connectLater(node: number): void {
    const attempt = ++this.#attempt;
    this.#world.at(this.#world.now + this.plan.reconnectMs, () => this.#connect(node, attempt));
  }

  #connect(index: number, attempt: number): void {
    if (attempt !== this.#attempt) return;
    const node = this.#world.node(index);
    const { replica, life } = node;
    if (replica === undefined || life === undefined) {
      this.#connectLater((index + 1) % this.#world.nodes.length);
      return;
    }
    const connection: Connection = { node, life: life.number, isBusy: true, waiting: [] };
    this.#connection = connection;
    this.#open(connection, replica).catch((error: unknown) => this.#failed(connection, error));
  }

  async #open(connection: Connection, store: RemoteStore): Promise<void> {
    const resume = this.#resume;
    const options = { prefix: this.plan.prefix, ...(resume === undefined ? {} : { resume }) };
    const watch = store.watch(options, (event) => this.#receive(connection, event));
    await watch.opened;
    if (connection !== this.#connection) {
      watch.close();
      return;
    }
    connection.watch = watch;
    const { node, life } = connection;
    this.#record({ type: "connected", node: node.index, life, isResumed: resume !== undefined });
    if (resume === undefined) await this.#readAll(connection, store, watch.resume);
    connection.isBusy = false;
    await this.#handleWaiting(connection, store);
  }

  #failed(connection: Connection, error: unknown): void {
    if (connection !== this.#connection) return;
    if (answerOfError(error) === undefined) this.#world.fail(connection.node.index, error);
    else this.#leave("ended", (connection.node.index + 1) % this.#world.nodes.length);
  }

  #receive(connection: Connection, event: WatchEvent): void {
    if (connection !== this.#connection) return;
    connection.waiting.push({ event, wallMs: connection.node.clockTime });
    const store = connection.node.replica;
    if (connection.isBusy || store === undefined) return;
    this.#handleWaiting(connection, store).catch((error: unknown) => this.#failed(connection, error));
  }

  async #handleWaiting(connection: Connection, store: RemoteStore): Promise<void> {
    while (!connection.isBusy && connection === this.#connection) {
      const next = connection.waiting.shift();
      if (next === undefined) return;
      if (next.event.type === "reset") {
        this.#record({ type: "reset" });
        connection.isBusy = true;
        await this.#readAll(connection, store, next.event.resume);
        connection.isBusy = false;
      } else this.#handle(next.event, next.wallMs);
    }
  }

  #handle(event: Exclude<WatchEvent, { readonly type: "reset" }>, wallMs: number): void {
    if (event.type === "put") {
      const read = readPartOf(event.key, { entry: event.entry }, this.#operationsById);
      this.#record({ type: "change", change: { type: "put", read: { ...read, version: event.entry.version } } });
    } else if (event.type !== "document" && event.type !== "collection") {
      const { type, key, version } = event;
      this.#record({ type: "change", change: { type, key, version, wallMs } });
    }
    this.#resume = event.resume;
  }

  async #readAll(connection: Connection, store: RemoteStore, resume: string): Promise<void> {
    const since = this.#world.now;
    const parts: ReadPart[] = [];
    let cursor: string | undefined;
    do {
      const from = cursor === undefined ? {} : { cursor };
      const page = await store.keys({ prefix: this.plan.prefix, limit: PAGE_KEYS, ...from });
      for (const key of page.keys) parts.push(readPartOf(key, await store.get(key), this.#operationsById));
      cursor = page.cursor;
    } while (cursor !== undefined);
    if (connection !== this.#connection) return;
    this.#record({ type: "read", since, parts });
    this.#resume = resume;
  }

  #record(fact: WatchFact): void {
    this.entries.push({ at: this.#world.now, ...fact });
  }
}
