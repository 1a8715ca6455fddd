/**
 * A client that follows a prefix as the documentation tells it to: it opens the watch, then reads the prefix, then handles
 * what came since; it comes back with the `resume` of the last event that it handled; after a `reset` it reads anew.
 */

import type { Store, Watch, WatchEvent, WatchOptions } from "../../src/store.ts";
import { answerOfError, readPartOf } from "./carry-out.ts";
import type { ReadPart } from "./history.ts";
import type { Operation } from "./operation.ts";
import { isThere, type Stage, type StageNode } from "./stage.ts";
import type { WatchEntry, WatchFact, WatchHistory } from "./watch-history.ts";
import type { WatchPlan } from "./watch-plan.ts";

const PAGE_KEYS = 1000;

interface Connection {
  readonly node: StageNode;
  readonly life: number;
  watch?: Watch;
  /** Events that came and were not handled yet, with the wall clock at which they came. */
  readonly waiting: { readonly event: WatchEvent; readonly wallMs: number }[];
  /** It reads the prefix, or takes its time over an event: what comes waits. */
  isBusy: boolean;
}

export class Watcher implements WatchHistory {
  readonly plan: WatchPlan;
  readonly entries: WatchEntry[] = [];
  readonly #stage: Stage;
  readonly #operationsById: ReadonlyMap<number, Operation>;
  #connection: Connection | undefined;
  /** Of the last event that was handled. */
  #resume: string | undefined;
  /** Counts the connections and attempts: what was meant for an earlier one comes to nothing. */
  #attempt = 0;

  constructor(stage: Stage, plan: WatchPlan, operationsById: ReadonlyMap<number, Operation>) {
    this.plan = plan;
    this.#stage = stage;
    this.#operationsById = operationsById;
    stage.at(plan.at, () => this.#connect(plan.node, this.#attempt));
    for (const move of plan.moves) stage.at(move.at, () => this.#move(move.node));
  }

  get isCurrent(): boolean {
    return this.#connection !== undefined && !this.#connection.isBusy && this.#connection.waiting.length === 0;
  }

  /** A process has ended, and its connections with it. */
  lifeEnded(node: number, life: number): void {
    const connection = this.#connection;
    if (connection?.node.index !== node || connection.life !== life) return;
    this.#break("ended");
    this.#connectLater(node);
  }

  #move(node: number): void {
    // One that was never connected has nothing to move.
    if (this.entries.length === 0) return;
    this.#break("moved");
    this.#connectLater(node);
  }

  #connectLater(node: number): void {
    const attempt = ++this.#attempt;
    this.#stage.at(this.#stage.now + this.plan.reconnectMs, () => this.#connect(node, attempt));
  }

  #connect(index: number, attempt: number): void {
    if (attempt !== this.#attempt) return;
    const node = this.#stage.node(index);
    const { replica, life } = node;
    if (replica === undefined || life === undefined || !isThere(node, this.#stage.now)) {
      this.#connectLater((index + 1) % this.#stage.nodes.length);
      return;
    }
    const resume = this.#resume;
    const options = { prefix: this.plan.prefix, ...(resume === undefined ? {} : { resume }) };
    this.#record({ type: "connected", node: index, life: life.number, isResumed: resume !== undefined });
    // What was missed comes before the call returns.
    const connection: Connection = { node, life: life.number, waiting: [], isBusy: true };
    this.#connection = connection;
    const watch = this.#open(connection, replica, options);
    if (watch === undefined) return;
    if (connection !== this.#connection) return watch.close();
    connection.watch = watch;
    if (resume === undefined) return this.#readAll(connection, watch.resume);
    connection.isBusy = false;
    this.#handleWaiting(connection);
  }

  /** Undefined: it is refused, since the replica has not heard of the keyspace yet; it is tried again later. */
  #open(connection: Connection, replica: Store, options: WatchOptions): Watch | undefined {
    try {
      return replica.watch(options, (event) => this.#receive(connection, event));
    } catch (error) {
      if (answerOfError(error) === undefined) throw error;
      this.#connection = undefined;
      this.entries.pop();
      this.#connectLater(connection.node.index);
      return undefined;
    }
  }

  #break(why: "moved" | "ended" | "slow"): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#connection = undefined;
    connection.watch?.close();
    this.#record({ type: "broken", why });
  }

  #receive(connection: Connection, event: WatchEvent): void {
    if (connection !== this.#connection) return;
    // What it tells of is read anew with all the rest.
    if (event.type === "reset") connection.waiting.length = 0;
    connection.waiting.push({ event, wallMs: connection.node.clockTime });
    if (connection.waiting.length > this.plan.waitingMax) {
      this.#break("slow");
      this.#connectLater(connection.node.index);
    } else this.#handleWaiting(connection);
  }

  #handleWaiting(connection: Connection): void {
    while (!connection.isBusy && connection === this.#connection) {
      const next = connection.waiting.shift();
      if (next === undefined) return;
      this.#handle(connection, next.event, next.wallMs);
      if (this.plan.handlingMs > 0) this.#pause(connection, this.plan.handlingMs);
    }
  }

  #handle(connection: Connection, event: WatchEvent, wallMs: number): void {
    switch (event.type) {
      case "reset":
        this.#record({ type: "reset" });
        this.#readAll(connection, event.resume);
        return;
      case "put": {
        const read = readPartOf(event.key, { entry: event.entry }, this.#operationsById);
        const change = { type: "put", read: { ...read, version: event.entry.version } } as const;
        this.#record({ type: "change", change });
        break;
      }
      case "delete":
      case "expire": {
        const { type, key, version } = event;
        this.#record({ type: "change", change: { type, key, version, wallMs } });
        break;
      }
      case "document":
      // A document says nothing of a value.
    }
    this.#resume = event.resume;
  }

  #pause(connection: Connection, forMs: number): void {
    if (connection.isBusy) return;
    connection.isBusy = true;
    this.#stage.at(this.#stage.now + forMs, () => {
      connection.isBusy = false;
      this.#handleWaiting(connection);
    });
  }

  /** Reads what the prefix has. Only then is what made it necessary handled. */
  #readAll(connection: Connection, resume: string): void {
    connection.isBusy = true;
    const { replica } = connection.node;
    if (replica === undefined || !isThere(connection.node, this.#stage.now)) {
      this.#readLater(connection, resume);
      return;
    }
    const since = this.#stage.now;
    this.#readPrefix(replica).then(
      (parts) => {
        if (connection !== this.#connection) return;
        this.#record({ type: "read", since, parts });
        this.#resume = resume;
        connection.isBusy = false;
        this.#handleWaiting(connection);
      },
      (error: unknown) => {
        if (connection !== this.#connection) return;
        if (answerOfError(error) === undefined) this.#stage.fail(connection.node.index, error);
        else this.#readLater(connection, resume);
      },
    );
  }

  #readLater(connection: Connection, resume: string): void {
    this.#stage.at(this.#stage.now + this.plan.reconnectMs, () => {
      if (connection === this.#connection) this.#readAll(connection, resume);
    });
  }

  async #readPrefix(store: Store): Promise<ReadPart[]> {
    const parts: ReadPart[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.keys({
        prefix: this.plan.prefix,
        limit: PAGE_KEYS,
        ...(cursor === undefined ? {} : { cursor }),
      });
      for (const key of page.keys) parts.push(readPartOf(key, await store.get(key), this.#operationsById));
      cursor = page.cursor;
    } while (cursor !== undefined);
    return parts;
  }

  #record(fact: WatchFact): void {
    this.entries.push({ at: this.#stage.now, ...fact });
  }
}
