/**
 * What comes in for one document: each update is applied once all is there that it refers to, and waits here until then.
 * Yjs could hold what waits by itself, but reads and writes all of it anew with each update, and where two tell different
 * stories of the same structs it may throw in the midst of it. So it is only ever given what it can apply whole:
 *
 * - what waits is bounded (`pendingBytesMax`, `pendingStructsMax`), and costs a look at its needs with each update;
 * - what is known in part is cut off before, where Yjs would cut a struct in the midst without looking at its neighbour.
 *
 * Updates are what `checkUpdate` accepted.
 */

import * as Y from "yjs";
import { AtollError } from "../base/errors.ts";
import { type DocumentSizeLimits, documentLimits } from "./document-limits.ts";
import { checkNesting } from "./type-nesting.ts";
import { isMissing, isPartlyKnown, type StateVector, type UpdateFacts } from "./update-check.ts";

interface Waiting {
  readonly update: Uint8Array;
  readonly facts: UpdateFacts;
  readonly origin: unknown;
}

export class IncomingUpdates {
  readonly #doc: Y.Doc;
  readonly #limits: DocumentSizeLimits;
  readonly #state: StateVector;
  readonly #waiting: Waiting[] = [];
  #bytes = 0;
  #structs = 0;

  constructor(doc: Y.Doc, limits: DocumentSizeLimits = documentLimits) {
    this.#doc = doc;
    this.#limits = limits;
    this.#state = { get: (client) => Y.getState(doc.store, client) };
  }

  /** Bytes of what waits. */
  get waitingBytes(): number {
    return this.#bytes;
  }

  get waitingCount(): number {
    return this.#waiting.length;
  }

  /** What waits, as it came. */
  waiting(): readonly Uint8Array[] {
    return this.#waiting.map(({ update }) => update);
  }

  /**
   * Applies an update, and all that waited for it; or keeps a copy until what it refers to is there. Returns whether
   * it was applied. `origin` is passed on to the listeners of the document. Throws `AtollError` with `PREDECESSORS_MISSING`
   * when no more can wait; nothing has changed then.
   */
  receive(update: Uint8Array, facts: UpdateFacts, origin?: unknown): boolean {
    if (isMissing(facts, this.#state)) {
      this.#keep({ update, facts, origin });
      return false;
    }
    checkNesting(this.#doc, update, facts, this.#limits);
    this.#apply({ update, facts, origin });
    if (this.#waiting.length > 0) this.#applyWaiting();
    return true;
  }

  #keep(incoming: Waiting): void {
    const { update, facts } = incoming;
    const weight = facts.structs + facts.deletes;
    const { pendingBytesMax, pendingStructsMax } = this.#limits;
    if (this.#bytes + update.length > pendingBytesMax || this.#structs + weight > pendingStructsMax) {
      throw new AtollError(
        "PREDECESSORS_MISSING",
        "an update that refers to what is not there, and too many wait already",
      );
    }
    this.#waiting.push({ ...incoming, update: update.slice() });
    this.#bytes += update.length;
    this.#structs += weight;
  }

  /** One may have waited for another. */
  #applyWaiting(): void {
    for (;;) {
      const at = this.#waiting.findIndex(({ facts }) => !isMissing(facts, this.#state));
      const [one] = at === -1 ? [] : this.#waiting.splice(at, 1);
      if (one === undefined) return;
      this.#release(one);
    }
  }

  #release(one: Waiting): void {
    this.#bytes -= one.update.length;
    this.#structs -= one.facts.structs + one.facts.deletes;
    if (this.#isTooDeep(one)) return;
    this.#apply(one);
  }

  /** Whoever sent it has been told that it waits. It is dropped: what brought it about is the work of another. */
  #isTooDeep({ update, facts }: Waiting): boolean {
    try {
      checkNesting(this.#doc, update, facts, this.#limits);
      return false;
    } catch (error) {
      if (error instanceof AtollError && error.code === "BAD_UPDATE") return true;
      throw error;
    }
  }

  #apply({ update, facts, origin }: Waiting): void {
    const isCut = isPartlyKnown(facts, this.#state);
    const news = isCut ? Y.diffUpdate(update, Y.encodeStateVector(this.#doc)) : update;
    Y.applyUpdate(this.#doc, news, origin);
  }
}
