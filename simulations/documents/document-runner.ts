/** Has clients work on documents at the replicas of a world when that is due, and writes the history. */

import { assert } from "../../src/base/assert.ts";
import type { Key } from "../../src/base/ids.ts";
import type { SeededRandom } from "../../src/base/random.ts";
import { KIND_DOCUMENT } from "../../src/core/record/kind.ts";
import type { DocumentHub } from "../../src/documents/document-hub.ts";
import type { WriteOutcome } from "../../src/store.ts";
import { generationOf } from "../../src/types/container.ts";
import type { Life, SimulatedNode } from "../simulator/node.ts";
import type { World } from "../simulator/world.ts";
import { answerOfError } from "../workload/carry-out.ts";
import { isThere } from "../workload/stage.ts";
import { Connection } from "./connection.ts";
import { contentsOfUpdate } from "./contents.ts";
import type { DocumentAnswer, DocumentEntry } from "./document-history.ts";
import { type DocumentOperation, documentKeysOf, isEdit } from "./document-operation.ts";
import { Draft } from "./draft.ts";
import { type FinalDocument, finalOf, isCompact } from "./final-document.ts";
import { shownOf } from "./shown-document.ts";

/** One client at one document. */
interface Desk {
  draft: Draft;
  /** Where its edits go; undefined while it has nobody to send them to. */
  connection: Connection | undefined;
  /** The process that the connection is to. */
  life?: Life;
  /** The replica may lack more than what is typed next. */
  hasMore: boolean;
}

export class DocumentRunner {
  readonly history: DocumentEntry[] = [];
  readonly keys: readonly Key[];
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #desks = new Map<string, Desk>();
  /** By node, life and key. */
  readonly #lasting = new Map<string, Connection>();
  #drafts = 0;

  constructor(world: World, operations: readonly DocumentOperation[]) {
    this.#world = world;
    this.#random = world.random.fork("documents");
    this.keys = documentKeysOf(operations);
    for (const operation of operations) world.at(operation.at, () => this.#due(operation));
  }

  /** Has a client at every document of every replica that runs, from now on. */
  openAll(): void {
    for (const node of this.#world.nodes) {
      const { life } = node;
      if (life?.hub === undefined || !isThere(node, this.#world.now)) continue;
      for (const key of this.keys) {
        const name = `${node.index} ${life.number} ${key}`;
        if (this.#lasting.get(name)?.isOpen !== true) this.#lasting.set(name, new Connection(life.hub, key));
      }
    }
  }

  /** At every node, every document takes no more room than it has to. */
  get areCompact(): boolean {
    return this.#world.nodes.every((node) => this.finals(node).every(isCompact));
  }

  /** What the documents of a node have come to; none where no replica runs. */
  finals({ life }: SimulatedNode): FinalDocument[] {
    const hub = life?.isReady === true ? life.hub : undefined;
    return hub === undefined ? [] : this.keys.map((key) => finalOf(key, hub));
  }

  #due(operation: DocumentOperation): void {
    const { now, trace } = this.#world;
    const node = this.#world.node(operation.node);
    const { life, replica } = node;
    const shard = replica?.replica?.shardOfKey(operation.key);
    const entry: DocumentEntry = {
      operation,
      node: node.index,
      life: life?.number ?? 0,
      invokedAt: now,
      invokedWallMs: node.clockTime,
      knew: shard?.vector.snapshot(),
      generation: shard === undefined ? 0 : generationOf(shard, KIND_DOCUMENT, operation.key),
      purgedUpTo: Math.max(...this.#world.nodes.map((each) => purgeMarkOf(each, operation.key))),
      answeredAt: undefined,
      answer: undefined,
    };
    this.history.push(entry);
    trace.record(now, "invoke", node.index, operation.id);
    const desk = this.#deskOf(operation);
    if (life === undefined || replica === undefined || !isThere(node, now)) {
      desk.connection?.close();
      if (isEdit(operation.type)) desk.draft.edit({ ...operation, type: operation.type });
      this.#answer(entry, { type: "refused", code: "UNREACHABLE" });
      return;
    }
    this.#carryOut(entry, desk, life).then((answer) => {
      if (!life.ended) this.#answer(entry, answer);
    });
  }

  /** The desk of a client, cleared where the client was told that its document is no more. */
  #deskOf({ client, key }: DocumentOperation): Desk {
    const name = `${client} ${key}`;
    let desk = this.#desks.get(name);
    if (desk === undefined || desk.connection?.isOver === true) {
      desk = { draft: this.#newDraft(), connection: undefined, hasMore: true };
      this.#desks.set(name, desk);
    }
    return desk;
  }

  #newDraft(): Draft {
    return new Draft(this.#random.fork(`draft ${this.#drafts++}`).uint32());
  }

  async #carryOut(entry: DocumentEntry, desk: Desk, life: Life): Promise<DocumentAnswer> {
    try {
      return await this.#answerTo(entry, desk, life);
    } catch (error) {
      // What was sent may have come, or not: next time all of it is sent again.
      desk.hasMore = true;
      const answer = answerOfError(error);
      if (answer === undefined && !life.ended) this.#world.fail(entry.node, error);
      return answer?.type === "refused" || answer?.type === "failed" ? answer : { type: "failed", code: "INTERNAL" };
    }
  }

  async #answerTo(entry: DocumentEntry, desk: Desk, life: Life): Promise<DocumentAnswer> {
    const { type, key, ack, ttlMs } = entry.operation;
    switch (type) {
      case "insert":
      case "erase":
      case "set": {
        const connection = this.#connect(desk, life, key);
        desk.draft.edit({ ...entry.operation, type });
        return written(await this.#send(entry, desk, connection));
      }
      case "read": {
        const connection = this.#connect(desk, life, key);
        const sending = desk.hasMore ? this.#send(entry, desk, connection) : undefined;
        const shown = shownOf(connection.document);
        await sending;
        return { type: "read", shown };
      }
      case "delete":
        return written(await hubOf(life).store.deleteDocument(key, { ack }));
      case "lease":
        return written(await hubOf(life).store.expireDocument(key, ttlMs, { ack }));
    }
  }

  /** The connection of a desk, made where there is none to this process; its draft knows what the replica has. */
  #connect(desk: Desk, life: Life, key: Key): Connection {
    if (desk.life !== life || desk.connection?.isOpen !== true) {
      desk.connection?.close();
      desk.life = life;
      desk.connection = new Connection(hubOf(life), key);
      desk.hasMore = true;
    }
    const { connection } = desk;
    desk.draft.pull((vector) => connection.diff(vector));
    return connection;
  }

  /** Sends what the replica lacks; undefined when it lacks nothing. */
  async #send(entry: DocumentEntry, desk: Desk, connection: Connection): Promise<WriteOutcome | undefined> {
    const update = desk.hasMore ? desk.draft.takeAll(connection.vector()) : desk.draft.take();
    desk.hasMore = false;
    if (update === undefined) return undefined;
    entry.sent = contentsOfUpdate(update);
    return connection.send(update, { ack: entry.operation.ack });
  }

  #answer(entry: DocumentEntry, answer: DocumentAnswer): void {
    const { trace, now } = this.#world;
    entry.answeredAt = now;
    entry.answer = answer;
    trace.record(now, "answer", entry.node, entry.operation.id, 0, summaryOf(answer));
  }
}

function hubOf({ hub }: Life): DocumentHub {
  assert(hub !== undefined, "a plan with documents takes replicas that have them");
  return hub;
}

function purgeMarkOf({ replica }: SimulatedNode, key: Key): number {
  return replica?.replica?.shardOfKey(key).graves.markOf(KIND_DOCUMENT, key) ?? 0;
}

function written(outcome: WriteOutcome | undefined): DocumentAnswer {
  if (outcome === undefined) return { type: "known" };
  const { version, dot, acks } = outcome;
  return { type: "written", version, dot, isAckMet: acks.met, reached: acks.reached };
}

/** One line for the trace. */
function summaryOf(answer: DocumentAnswer): string {
  switch (answer.type) {
    case "written":
      return `${answer.version}${answer.isAckMet ? "" : "?"}`;
    case "known":
      return "known";
    case "read":
      return answer.shown.text;
    case "refused":
    case "failed":
      return answer.code;
  }
}
