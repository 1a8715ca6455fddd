/** Carries out operations at the replicas of a world and writes the history. */

import { AtollError } from "../../src/base/errors.ts";
import type { BatchOperation, BatchResult, ReadOutcome, Store, WriteOptions, WriteOutcome } from "../../src/store.ts";
import type { Trace } from "../simulator/trace.ts";
import type { Answer, HistoryEntry, ReadPart, WrittenPart } from "./history.ts";
import { authorOf, type Operation, partsOf, writtenValue } from "./operation.ts";

/** Codes that say: nothing was changed. */
const REFUSALS: ReadonlySet<string> = new Set([
  "UNREACHABLE",
  "PRECONDITION_FAILED",
  "NOT_READY",
  "SHUTTING_DOWN",
  "MEMORY_FULL",
  "QUORUM_UNREACHABLE",
]);

/** Where operations are carried out: the simulator's world, or one of real processes. */
export interface Stage {
  readonly now: number;
  at(time: number, act: () => void): void;
  node(index: number): StageNode;
  readonly trace: Pick<Trace, "record">;
  /** A replica failed in a way that only a bug explains. */
  fail(node: number, error: unknown): void;
}

export interface StageNode {
  readonly index: number;
  /** Undefined: nobody there takes operations. */
  readonly replica: Store | undefined;
  readonly life: { readonly number: number; readonly ended: boolean; readonly pausedUntil: number } | undefined;
  readonly clock: { now(): number };
}

export class WorkloadRunner {
  readonly history: HistoryEntry[] = [];
  readonly #world: Stage;
  readonly #operationsById: ReadonlyMap<number, Operation>;

  constructor(world: Stage, operations: readonly Operation[]) {
    this.#world = world;
    this.#operationsById = new Map(operations.map((operation) => [operation.id, operation]));
    for (const operation of operations) world.at(operation.at, () => this.#invoke(operation));
  }

  /** Reads a key at a node, as a checker does at the end. */
  async read(node: StageNode, key: Operation["key"]): Promise<ReadPart | undefined> {
    const { replica } = node;
    return replica === undefined ? undefined : this.#readPart(key, await replica.get(key));
  }

  #invoke(operation: Operation): void {
    const node = this.#world.node(operation.node);
    const { replica, life } = node;
    const entry: HistoryEntry = {
      operation,
      life: life?.number ?? 0,
      invokedAt: this.#world.now,
      invokedWallMs: node.clock.now(),
      answeredAt: undefined,
      answeredWallMs: undefined,
      answer: undefined,
    };
    this.history.push(entry);
    this.#world.trace.record(this.#world.now, "invoke", operation.node, operation.id);
    if (replica === undefined || life === undefined || life.pausedUntil > this.#world.now) {
      this.#answer(entry, node, { type: "refused", code: "UNREACHABLE" });
      return;
    }
    this.#carryOut(replica, operation).then(
      (answer) => {
        if (!life.ended) this.#answer(entry, node, answer);
      },
      (error: unknown) => {
        if (!life.ended) this.#fail(entry, node, error);
      },
    );
  }

  #fail(entry: HistoryEntry, node: StageNode, error: unknown): void {
    if (error instanceof AtollError && error.code !== "INTERNAL") {
      this.#answer(entry, node, { type: REFUSALS.has(error.code) ? "refused" : "failed", code: error.code });
    } else {
      this.#answer(entry, node, { type: "failed", code: "INTERNAL" });
      this.#world.fail(node.index, error);
    }
  }

  #answer(entry: HistoryEntry, node: StageNode, answer: Answer): void {
    entry.answeredAt = this.#world.now;
    entry.answeredWallMs = node.clock.now();
    entry.answer = answer;
    this.#world.trace.record(this.#world.now, "answer", node.index, entry.operation.id, 0, summaryOf(answer));
  }

  async #carryOut(replica: Store, operation: Operation): Promise<Answer> {
    const { key, type, ack, ttlMs } = operation;
    const options = { ack, ...(ttlMs === undefined ? {} : { ttlMs }) };
    switch (type) {
      case "get":
        return { type: "read", read: this.#readPart(key, await replica.get(key)) };
      case "delete":
        return written(operation, [await replica.delete(key, { ack })]);
      case "put":
        return written(operation, [await replica.put(key, writtenValue(operation, 0), options)]);
      case "put-absent":
        return written(operation, [
          await replica.put(key, writtenValue(operation, 0), { ...options, condition: { type: "absent" } }),
        ]);
      case "update": {
        const { entry } = await replica.get(key);
        const condition =
          entry === undefined
            ? ({ type: "absent" } as const)
            : ({ type: "version", versions: [entry.version] } as const);
        return written(operation, [await replica.put(key, writtenValue(operation, 0), { ...options, condition })]);
      }
      case "batch":
        return batchAnswer(operation, await replica.batch(batchOf(operation), { ack } satisfies WriteOptions));
    }
  }

  #readPart(key: Operation["key"], outcome: ReadOutcome): ReadPart {
    const { entry } = outcome;
    if (entry === undefined) return { key, version: undefined, author: undefined, expiresAt: undefined };
    const author = authorOf(entry.value, this.#operationsById);
    return {
      key,
      version: entry.version,
      author: author === undefined ? undefined : { id: author.operation.id, part: author.part },
      expiresAt: entry.expiresAt,
    };
  }
}

function written(operation: Operation, outcomes: readonly WriteOutcome[]): Answer {
  const parts: WrittenPart[] = [];
  for (const [i, part] of partsOf(operation).entries()) {
    const outcome = outcomes[i];
    if (outcome === undefined) continue;
    parts.push({
      ...part,
      version: outcome.version,
      dot: outcome.dot,
      isAckMet: outcome.acks.met,
      reached: outcome.acks.reached,
      ttlMs: part.isDelete ? undefined : operation.ttlMs,
    });
  }
  return { type: "written", parts };
}

function batchOf(operation: Operation): BatchOperation[] {
  return partsOf(operation).map(({ key, isDelete }, part) =>
    isDelete ? { type: "delete", key } : { type: "put", key, value: writtenValue(operation, part) },
  );
}

function batchAnswer(operation: Operation, results: readonly BatchResult[]): Answer {
  const outcomes: WriteOutcome[] = [];
  for (const result of results) {
    if (result.type !== "put" && result.type !== "delete") return { type: "failed", code: "BATCH" };
    outcomes.push(result);
  }
  return written(operation, outcomes);
}

function summaryOf(answer: Answer): string {
  switch (answer.type) {
    case "written":
      return answer.parts.map((part) => `${part.version}${part.isAckMet ? "" : "?"}`).join(" ");
    case "read":
      return answer.read.version ?? "absent";
    case "refused":
    case "failed":
      return answer.code;
  }
}
