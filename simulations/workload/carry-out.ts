/** Carries one operation out at a store and turns the outcome into an answer of the history. */

import { AtollError } from "../../src/base/errors.ts";
import type {
  BatchOperation,
  BatchResult,
  Condition,
  Dot,
  ReadOptions,
  ReadOutcome,
  Store,
  WriteOutcome,
} from "../../src/store.ts";
import type { Answer, Expected, ReadPart, WrittenPart } from "./history.ts";
import { authorOf, type Operation, partsOf, writtenValue } from "./operation.ts";

type OperationsById = ReadonlyMap<Operation["id"], Operation>;

/** Codes that say: nothing was changed. */
const REFUSALS: ReadonlySet<string> = new Set([
  "UNREACHABLE",
  "PRECONDITION_FAILED",
  "NOT_READY",
  "SHUTTING_DOWN",
  "MEMORY_FULL",
  "QUORUM_UNREACHABLE",
  "SESSION_BEHIND",
  "NOT_FOUND",
  "DOCUMENT_RESET",
  "DOCUMENT_CHANGED",
  "DOCUMENT_TOO_LARGE",
  "PREDECESSORS_MISSING",
]);

/** `expected`: of an update, what has to be there. */
export async function carryOut(
  store: Store,
  operation: Operation,
  byId: OperationsById,
  expected?: Expected,
): Promise<Answer> {
  const { key, type, ack, ttlMs, tags, tag = "" } = operation;
  const options = { ack, ...(ttlMs === undefined ? {} : { ttlMs }), ...(tags === undefined ? {} : { tags }) };
  switch (type) {
    case "get":
      return { type: "read", read: readPartOf(key, await store.get(key, readOptionsOf(operation)), byId) };
    case "delete":
      return written(operation, [await store.delete(key, { ack })]);
    case "put":
      return written(operation, [await store.put(key, writtenValue(operation, 0), options)]);
    case "put-absent":
    case "update": {
      const condition = conditionOf(expected);
      return written(operation, [await store.put(key, writtenValue(operation, 0), { ...options, condition })]);
    }
    case "batch":
      return batchAnswer(operation, await store.batch(batchOf(operation), { ack }));
    case "invalidate": {
      const outcome = await store.invalidate(tag, { ack });
      return written(
        operation,
        partsOf(operation).map(() => ({ ...outcome, existed: false })),
      );
    }
    case "keys":
      throw new Error("keys are listed page by page, at one node after the other");
  }
}

function conditionOf(expected: Expected | undefined): Condition {
  return expected?.version === undefined ? { type: "absent" } : { type: "version", versions: [expected.version] };
}

/** What an answer showed to be at a key; undefined where it says nothing of that. */
export function shownBy(answer: Answer | undefined, key: Operation["key"]): Pick<Expected, "version"> | undefined {
  if (answer?.type === "read") return answer.read.key === key ? { version: answer.read.version } : undefined;
  const part = answer?.type === "written" ? answer.parts.find((each) => each.key === key) : undefined;
  return part === undefined ? undefined : { version: part.isDelete ? undefined : part.version };
}

function readOptionsOf({ consistency }: Operation): ReadOptions {
  return consistency === undefined ? {} : { consistency };
}

/** What an operation that threw is answered with; undefined for an error that no client is ever to see. */
export function answerOfError(error: unknown): Answer | undefined {
  if (!(error instanceof AtollError) || error.code === "INTERNAL") return undefined;
  return { type: REFUSALS.has(error.code) ? "refused" : "failed", code: error.code };
}

export function readPartOf(
  key: Operation["key"],
  { entry, dot, staleBy }: ReadOutcome,
  byId: OperationsById,
): ReadPart {
  if (entry === undefined) {
    const nothing = { key, version: undefined, author: undefined, expiresAt: undefined, dot };
    return staleBy === undefined ? nothing : { ...nothing, staleBy };
  }
  const author = authorOf(entry.value, byId);
  return {
    key,
    version: entry.version,
    author: author === undefined ? undefined : { id: author.operation.id, part: author.part },
    expiresAt: entry.expiresAt,
    dot,
  };
}

/** The dots that an answer shows, newest first, as a door adds them to a session. */
export function dotsOfAnswer(answer: Answer): readonly Dot[] {
  if (answer.type === "written") return answer.parts.map((part) => part.dot).reverse();
  if (answer.type !== "read" || answer.read.dot === undefined) return [];
  return answer.read.staleBy === undefined ? [answer.read.dot] : [answer.read.dot, answer.read.staleBy];
}

/** One line for the trace. */
export function summaryOf(answer: Answer): string {
  switch (answer.type) {
    case "written":
      return answer.parts.map((part) => `${part.version}${part.isAckMet ? "" : "?"}`).join(" ");
    case "read":
      return answer.read.version ?? "absent";
    case "listed":
      return `${answer.keys.length} keys`;
    case "refused":
    case "failed":
      return answer.code;
  }
}

function written(operation: Operation, outcomes: readonly WriteOutcome[]): Answer {
  const parts: WrittenPart[] = [];
  const asked = partsOf(operation);
  for (let i = 0; i < asked.length; i++) {
    const outcome = outcomes[i];
    if (outcome === undefined) continue;
    const { key, isDelete } = asked[i] as (typeof asked)[number];
    const { version, dot, acks } = outcome;
    const ttlMs = isDelete ? undefined : operation.ttlMs;
    parts.push({ key, isDelete, version, dot, isAckMet: acks.met, reached: acks.reached, ttlMs });
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
    // Others of the batch may have been carried out.
    if (result.type === "error") return { type: "failed", code: result.code };
    if (result.type === "get") return { type: "failed", code: "BATCH" };
    outcomes.push(result);
  }
  return written(operation, outcomes);
}
