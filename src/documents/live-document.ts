/**
 * A document that is open in this process: one Y.Doc, with garbage collection, bound to what the store holds under a key.
 *
 *  1. What the doc holds, the store holds, or the document has ended: an edit that cannot be stored ends it, before anybody
 *     else is told of it.
 *  2. What comes from the store is applied as it comes; what it stands on may come later, and Yjs keeps it until then. What
 *     comes from a client and stands on what is not here is refused: it is to ask what is here, and to send all that is not.
 *  3. Once ended it is never used again. Whoever opens the key gets another.
 *
 * Bytes from clients are checked before Yjs sees them. Bytes from the store were checked where they were written; if Yjs
 * cannot take them all the same, the document is damaged: what can be read is served, and it is never compacted.
 */

import * as Y from "yjs";
import { AtollError, toAtollError } from "../base/errors.ts";
import type { Key } from "../base/ids.ts";
import type { DocumentEvent, DocumentFacts, DocumentHandle, DocumentStore } from "../document-store.ts";
import type { WriteOptions, WriteOutcome } from "../store.ts";
import { isCollectable } from "./collectable.ts";
import { Compactor } from "./compactor.ts";
import { type DocumentLimits, documentLimits } from "./document-limits.ts";
import { checkRoom } from "./document-room.ts";
import { isOfBuried } from "./graves.ts";
import { PendingGuard } from "./pending-guard.ts";
import { prepareUpdate } from "./prepare-update.ts";
import { RecentAnswers } from "./recent-answers.ts";
import { type DocumentSurroundings, NO_STOPWATCH } from "./surroundings.ts";
import { checkUpdate, type StateVector } from "./update-check.ts";
import type { UpdateFacts } from "./update-facts.ts";
import { WorkBudget } from "./work-budget.ts";

/** Whoever has a document open. Neither call may throw. */
export interface DocumentUser {
  /** An update that came from whoever is `origin`, who has all of it; the same bytes for all users. */
  updated(update: Uint8Array, origin: unknown): void;
  /** There is nothing more to come. `DOCUMENT_RESET`: it was deleted or has expired; `DOCUMENT_CHANGED`: open it anew. */
  ended(error: AtollError): void;
}

export type AppendOptions = Omit<WriteOptions, "condition">;

export interface ReceiveOptions extends AppendOptions {
  /** It comes from a copy, which may have outlived a document that had this key before. */
  readonly isFromCopy?: boolean;
}

export interface LiveDocumentOptions {
  readonly key: Key;
  readonly store: DocumentStore;
  readonly around: DocumentSurroundings;
  readonly limits?: DocumentLimits;
  /** What was in a document that had this key before. */
  readonly buried?: StateVector | undefined;
}

/** Origin of transactions that bring what the store holds. */
const STORE = Symbol("store");
/** An empty state vector costs a byte, a client at most twelve. */
const VECTOR_BYTES_PER_CLIENT = 12;

export class LiveDocument {
  readonly key: Key;
  readonly doc = new Y.Doc({ gc: true, gcFilter: isCollectable });
  readonly users = new Set<DocumentUser>();
  readonly #around: DocumentSurroundings;
  readonly #limits: DocumentLimits;
  readonly #buried: StateVector | undefined;
  readonly #handle: DocumentHandle;
  readonly #compactor: Compactor;
  readonly #answers = new RecentAnswers();
  readonly #work: WorkBudget;
  readonly #pending = new PendingGuard(this.doc.store);
  /** By client, the clock that is expected next. */
  #state: ReadonlyMap<number, number> = new Map();
  #end: AtollError | undefined;
  /** Somebody in this process left Yjs waiting for what an edit stands on: what then comes of it is not in the store. */
  #isOwed = false;
  #pendingBytes = 0;
  /** The state in which what waits was tried last. */
  #triedIn: ReadonlyMap<number, number> | undefined;
  /** Something did when the last transaction began: it may have brought more than whoever caused it has. */
  #wasWaiting = false;
  /** For the append that an update from a client leads to. */
  #appendOptions: AppendOptions | undefined;
  #appended: Promise<WriteOutcome> | undefined;

  /** Throws what `openDocument` throws. */
  constructor({ key, store, around, limits = documentLimits, buried }: LiveDocumentOptions) {
    this.key = key;
    this.#buried = buried;
    this.#around = around;
    this.#limits = limits;
    this.#work = new WorkBudget(limits, around.stopwatch ?? NO_STOPWATCH);
    this.doc.clientID = around.random.uint32();
    this.#handle = store.openDocument(key, (event) => this.#hear(event));
    this.#compactor = new Compactor(this.doc, this.#handle, around);
    this.doc.on("afterTransaction", (transaction) => this.#settle(transaction));
    this.doc.on("update", (update, _origin, _doc, transaction) => this.#changed(update, transaction));
    try {
      this.#load();
    } catch (error) {
      this.#handle.close();
      throw error;
    }
  }

  /** Why it has ended; undefined while it lives. */
  get end(): AtollError | undefined {
    return this.#end;
  }

  /** Of what the store holds of it. */
  get bytes(): number {
    return this.#end === undefined ? this.#compactor.bytes : 0;
  }

  /** By client, the clock that is expected next; also of a document that has ended. */
  get state(): ReadonlyMap<number, number> {
    return this.#state;
  }

  get isEmpty(): boolean {
    return this.#state.size === 0;
  }

  /** What the store knows of it; undefined where there is none. */
  facts(): DocumentFacts | undefined {
    return this.#end === undefined ? this.#handle.readFacts() : undefined;
  }

  /**
   * Applies an update that somebody sends, stores and tells what is new of it. Undefined where nothing is, unless an
   * acknowledgement is asked for: then it is stored once more. Throws `BAD_UPDATE`, `UPDATE_TOO_LARGE`,
   * `DOCUMENT_TOO_LARGE`, `PREDECESSORS_MISSING`, `DOCUMENT_RESET` for a copy of what was there before,
   * `TOO_MANY_REQUESTS` where those before took too long to apply, what the store throws, and why the document has ended.
   */
  receive(update: Uint8Array, origin: unknown, options: ReceiveOptions = {}): Promise<WriteOutcome> | undefined {
    this.#assertLive();
    return this.#work.measure(origin, () => this.#take(update, origin, options));
  }

  #take(update: Uint8Array, origin: unknown, options: ReceiveOptions): Promise<WriteOutcome> | undefined {
    const facts = checkUpdate(update, this.#limits);
    if (options.isFromCopy === true && this.#buried !== undefined && isOfBuried(facts, this.#buried)) {
      throw new AtollError("DOCUMENT_RESET", "the copy is of a document that was deleted or has expired");
    }
    const news = prepareUpdate(this.doc, update, facts, this.#limits);
    this.#makeRoom(facts);
    this.#appended = undefined;
    this.#appendOptions = options;
    try {
      this.#applyForeign(news, origin);
    } finally {
      this.#appendOptions = undefined;
    }
    this.#assertLive();
    const { ack } = options;
    return this.#appended ?? (ack === undefined || ack === "memory" ? undefined : this.#append(update, options));
  }

  /**
   * The update that brings whoever has `vector` up to this document; not to be changed. What still waits is left out: a
   * client that had it would send it back, with what it wrote itself, as something that stands on what is not here. Throws
   * `BAD_MESSAGE` for bytes that are no vector.
   */
  diff(vector?: Uint8Array): Uint8Array {
    if (vector === undefined) return this.#pending.without(() => Y.encodeStateAsUpdate(this.doc));
    if (vector.length > VECTOR_BYTES_PER_CLIENT * this.#limits.clientsMax) {
      throw new AtollError("BAD_MESSAGE", `a state vector of ${vector.length} bytes`);
    }
    try {
      const encode = () => this.#pending.without(() => Y.encodeStateAsUpdate(this.doc, vector));
      return this.#answers.answer(vector, encode);
    } catch (error) {
      throw new AtollError("BAD_MESSAGE", "no state vector", { cause: error });
    }
  }

  /** The state vector of the document. */
  vector(): Uint8Array {
    return Y.encodeStateVector(this.doc);
  }

  /** Does what is due. Never called while the store tells something. */
  tick(now: number): void {
    this.#answers.clear();
    this.#retryPending();
    this.#compactor.tick(now);
  }

  /** Replaces what is stored by the state, where that saves enough. */
  compact(): void {
    this.#compactor.compact();
  }

  /** Ends it for all who use it, who are told why. */
  close(why: AtollError): void {
    if (this.#end !== undefined) return;
    this.#end = why;
    this.#compactor.stop();
    this.#handle.close();
    for (const user of this.users) user.ended(why);
    this.users.clear();
    this.doc.destroy();
  }

  /** Compacts what was edited since that was last looked at. */
  settle(): void {
    this.#compactor.settle();
  }

  #load(): void {
    const updates = this.#handle.read()?.updates ?? [];
    const bytes = updates.reduce((sum, { length }) => sum + length, 0);
    this.#guarded(bytes, () => {
      this.doc.transact(() => {
        for (const update of updates) this.#applyStored(update);
      }, STORE);
    });
    if (updates.length > 1) this.#compactor.grown();
  }

  #hear(event: DocumentEvent): void {
    if (this.#end !== undefined) return;
    if (event.type === "update") {
      this.#applyStored(event.update);
      this.#compactor.grown();
    } else if (this.isEmpty && this.#pending.size === 0) this.#load();
    else if (event.isOver) this.close(new AtollError("DOCUMENT_RESET", "the document was deleted or has expired"));
    else this.close(new AtollError("DOCUMENT_CHANGED", "the document has changed and is to be read anew"));
  }

  /** Once for each state: what has been tried in vain waits for more. */
  #retryPending(): void {
    if (this.#pending.size === 0 || this.#triedIn === this.#state) return;
    this.#guarded(this.#pending.size, () => {
      this.#pending.retry((update) => Y.applyUpdateV2(this.doc, update, STORE));
    });
    this.#triedIn = this.#state;
  }

  #applyStored(update: Uint8Array): void {
    this.#guarded(update.length, () => Y.applyUpdate(this.doc, update, STORE));
  }

  #guarded(bytes: number, apply: () => void): void {
    try {
      apply();
    } catch (error) {
      this.#compactor.stop();
      this.#around.log("error", "document-damaged", { bytes, reason: toAtollError(error).message });
    }
  }

  #applyForeign(update: Uint8Array, origin: unknown): void {
    const before = this.#pending.size;
    const kept = this.#pending.keep();
    const wasOwed = this.#isOwed;
    try {
      Y.applyUpdate(this.doc, update, origin);
    } catch (error) {
      // The check promises that this does not happen. If it does, nobody knows what the doc is now.
      this.close(new AtollError("DOCUMENT_CHANGED", "the document could not take an update", { cause: error }));
      throw new AtollError("BAD_UPDATE", "Yjs cannot apply the update", { cause: error });
    }
    // What stands on itself would wait for ever.
    if (this.#pending.size <= before) return;
    this.#pending.restore(kept);
    this.#pendingBytes = before;
    this.#isOwed = wasOwed;
    throw new AtollError("BAD_UPDATE", "the update stands on itself");
  }

  /** After every transaction, also one that changed nothing. */
  #settle(transaction: Y.Transaction): void {
    this.#answers.clear();
    this.#state = transaction.afterState;
    const { size } = this.#pending;
    this.#wasWaiting = this.#pendingBytes > 0;
    if (transaction.origin !== STORE && size > this.#pendingBytes) this.#isOwed = true;
    this.#pendingBytes = size;
  }

  #changed(update: Uint8Array, transaction: Y.Transaction): void {
    if (this.#end !== undefined) return;
    const { origin } = transaction;
    if ((origin !== STORE || this.#isOwed) && !this.#isSaved(update, transaction)) return;
    const author = this.#wasWaiting ? undefined : origin;
    for (const user of this.users) user.updated(update, author);
  }

  /** Stores an update, or ends the document. */
  #isSaved(update: Uint8Array, { beforeState }: Y.Transaction): boolean {
    if (this.#pending.size === 0) this.#isOwed = false;
    const options = this.#appendOptions ?? {};
    this.#appendOptions = undefined;
    try {
      this.#appended = beforeState.size === 0 ? this.#begin(update, options) : this.#append(update, options);
      return true;
    } catch (thrown) {
      this.close(endOf(toAtollError(thrown)));
      return false;
    }
  }

  /** The first update of a document. Whatever was deleted before it was another one. */
  #begin(update: Uint8Array, options: AppendOptions): Promise<WriteOutcome> {
    try {
      return this.#append(update, options);
    } catch (error) {
      if (toAtollError(error).code !== "DOCUMENT_RESET") throw error;
    }
    this.#load();
    return this.#append(update, options);
  }

  #append(update: Uint8Array, options: AppendOptions): Promise<WriteOutcome> {
    const outcome = this.#handle.append(update, options);
    // Acknowledgements that fail are the business of whoever asked for them.
    outcome.catch(() => {});
    this.#compactor.grown();
    return outcome;
  }

  /** Throws `DOCUMENT_TOO_LARGE` where an update does not fit, not even once the document is compacted. */
  #makeRoom(facts: UpdateFacts): void {
    const { bytesMax } = this.#handle;
    const isOver = () => this.#handle.bytes + facts.bytes > bytesMax;
    if (isOver()) this.#compactor.squeeze(bytesMax - facts.bytes);
    if (isOver()) throw tooLarge(`${bytesMax} bytes`);
    checkRoom(this.doc, facts, this.#limits);
  }

  #assertLive(): void {
    if (this.#end !== undefined) throw this.#end.cause instanceof AtollError ? this.#end.cause : this.#end;
  }
}

/** What users are told when an edit cannot be stored. It is not theirs: they may come again. */
function endOf(error: AtollError): AtollError {
  if (error.code === "DOCUMENT_RESET" || error.code === "SHUTTING_DOWN") return error;
  return new AtollError("DOCUMENT_CHANGED", "an edit could not be stored", { cause: error });
}

function tooLarge(what: string): AtollError {
  return new AtollError("DOCUMENT_TOO_LARGE", `a document has at most ${what}`);
}
