/** Sends operations to the replicas of a world when they are due, and writes the history. */

import type { Key } from "../../src/base/ids.ts";
import { defaultLimits } from "../../src/doors/limits.ts";
import type { Store } from "../../src/store.ts";
import { answerOfError, carryOut, dotsOfAnswer, readPartOf, shownBy, summaryOf } from "./carry-out.ts";
import { ClientSession } from "./client-session.ts";
import type { Answer, Expected, HistoryEntry, ReadPart } from "./history.ts";
import { Lister } from "./lister.ts";
import { keysOf, type Operation, partsOf } from "./operation.ts";
import { isThere, type Stage, type StageNode } from "./stage.ts";
import type { WatchPlan } from "./watch-plan.ts";
import { Watcher } from "./watcher.ts";

export class WorkloadRunner {
  readonly history: HistoryEntry[] = [];
  readonly watchers: readonly Watcher[];
  readonly #world: Stage;
  readonly #operationsById: ReadonlyMap<number, Operation>;
  readonly #keys: readonly Key[];
  readonly #answersById = new Map<Operation["id"], Answer>();
  readonly #sessionsById = new Map<number, ClientSession>();

  constructor(world: Stage, operations: readonly Operation[], watches: readonly WatchPlan[] = []) {
    this.#world = world;
    this.#operationsById = new Map(operations.map((operation) => [operation.id, operation]));
    this.#keys = keysOf(operations);
    for (const operation of operations) world.at(operation.at, () => this.#due(operation));
    this.watchers = watches.map((watch) => new Watcher(world, watch, this.#operationsById));
    world.onLifeEnd = (node, life) => world.at(world.now, () => this.#lifeEnded(node, life));
  }

  /** Something was asked of a process that still runs, and is not answered yet. */
  get isUnderWay(): boolean {
    return this.history.some(({ answer, node, life }) => {
      return answer === undefined && this.#world.node(node).life?.number === life;
    });
  }

  /** Reads a key at a node, as a checker does at the end. */
  async read(node: StageNode, key: Operation["key"]): Promise<ReadPart | undefined> {
    const { replica } = node;
    return replica === undefined ? undefined : readPartOf(key, await replica.get(key), this.#operationsById);
  }

  async readKeys(node: StageNode, keys: readonly Key[]): Promise<ReadPart[]> {
    const parts: ReadPart[] = [];
    for (const key of keys) {
      const part = await this.read(node, key);
      if (part !== undefined) parts.push(part);
    }
    return parts;
  }

  /** Asks nothing more: what is under way may still be answered. */
  close(): void {
    for (const session of this.#sessionsById.values()) session.close();
  }

  #due(operation: Operation): void {
    if (operation.session === undefined) this.#invoke(operation, undefined);
    else {
      const session = this.#sessionOf(operation.session);
      session.inTurn(() => this.#invoke(operation, session));
    }
  }

  #sessionOf(id: number): ClientSession {
    let session = this.#sessionsById.get(id);
    if (session === undefined) {
      session = new ClientSession();
      this.#sessionsById.set(id, session);
    }
    return session;
  }

  #lifeEnded(node: number, life: number): void {
    for (const session of this.#sessionsById.values()) session.broken(node, life);
    for (const watcher of this.watchers) watcher.lifeEnded(node, life);
  }

  #invoke(operation: Operation, session: ClientSession | undefined): void {
    const { trace, now } = this.#world;
    const node = this.#takerOf(operation);
    const { replica, life } = node;
    const entry: HistoryEntry = {
      operation,
      node: node.index,
      ...(session === undefined ? {} : { carried: session.carried }),
      ...(node.answersAlone === undefined ? {} : { isAlone: answersAlone(node, operation) }),
      life: life?.number ?? 0,
      invokedAt: now,
      invokedWallMs: node.clockTime,
      answeredAt: undefined,
      answeredWallMs: undefined,
      answer: undefined,
    };
    this.history.push(entry);
    trace.record(now, "invoke", node.index, operation.id);
    if (replica === undefined || life === undefined || !isThere(node, now)) {
      this.#answer(entry, node, { type: "refused", code: "UNREACHABLE" });
      return;
    }
    session?.sent({ node: node.index, life: life.number });
    this.#carryOut(replica, entry).then((answer) => {
      // A listing goes on elsewhere.
      if (life.ended && operation.type !== "keys") return;
      this.#answer(entry, node, answer);
      session?.answered(entry.carried ?? [], dotsOfAnswer(answer));
    });
  }

  /** The node of an operation; a client of a session goes on to the next one that is there. */
  #takerOf(operation: Operation): StageNode {
    const { nodes, now } = this.#world;
    const wanted = this.#world.node(operation.node);
    if (operation.session === undefined || isThere(wanted, now)) return wanted;
    const others = [...nodes.slice(wanted.index + 1), ...nodes.slice(0, wanted.index)];
    return others.find((node) => isThere(node, now)) ?? wanted;
  }

  /** As the doors do: first what the session has seen, then the operation. */
  async #carryOut(replica: Store, entry: HistoryEntry): Promise<Answer> {
    const { operation, carried = [], node } = entry;
    try {
      const store = carried.length === 0 ? replica : await replica.catchUp(carried, defaultLimits.sessionWaitMs);
      if (operation.type === "keys") return await new Lister(this.#world, operation, this.#keys).run();
      if (operation.type === "update") entry.expected = await this.#expectedBy(store, operation);
      return await carryOut(store, operation, this.#operationsById, entry.expected);
    } catch (error) {
      const answer = answerOfError(error);
      if (answer === undefined && this.#world.node(node).replica === replica) this.#world.fail(node, error);
      return answer ?? { type: "failed", code: "INTERNAL" };
    }
  }

  async #expectedBy(replica: Store, { key, expects }: Operation): Promise<Expected> {
    const shown = expects === undefined ? undefined : shownBy(this.#answersById.get(expects), key);
    if (shown !== undefined) return { ...shown, isFresh: false };
    return { version: (await replica.get(key)).entry?.version, isFresh: true };
  }

  #answer(entry: HistoryEntry, node: StageNode, answer: Answer): void {
    const { trace, now } = this.#world;
    entry.answeredAt = now;
    entry.answeredWallMs = node.clockTime;
    entry.answer = answer;
    if (entry.isAlone === true) entry.isAlone = answersAlone(node, entry.operation);
    this.#answersById.set(entry.operation.id, answer);
    trace.record(now, "answer", node.index, entry.operation.id, 0, summaryOf(answer));
  }
}

function answersAlone(node: StageNode, operation: Operation): boolean {
  return partsOf(operation).every(({ key }) => node.answersAlone?.(key) === true);
}
