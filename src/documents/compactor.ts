/**
 * Keeps what is stored of one document near its state: replaces it by one update that tells the state where that saves
 * enough, which is more often than the store asks for it, since deletions make the state smaller, too.
 */

import * as Y from "yjs";
import type { DocumentHandle } from "../document-store.ts";
import { CompactionPace } from "./compaction-pace.ts";
import type { DocumentSurroundings } from "./surroundings.ts";

/** At rest what is stored may be so much more than the state, and what lies around the content as well. */
const GROWTH_MAX = 1.2;
const SLACK_BYTES = 512;

export class Compactor {
  readonly #doc: Y.Doc;
  readonly #handle: DocumentHandle;
  readonly #around: DocumentSurroundings;
  readonly #pace: CompactionPace;
  /** As last asked for; undefined once they have changed. */
  #bytes: number | undefined;
  #isHurrying = false;
  /** It has changed since it was seen that it cannot be made smaller. */
  #mayBeSqueezed = true;
  #isStopped = false;

  constructor(doc: Y.Doc, handle: DocumentHandle, around: DocumentSurroundings) {
    this.#doc = doc;
    this.#handle = handle;
    this.#around = around;
    this.#pace = new CompactionPace(around);
  }

  /** Of all that is stored of the document. */
  get bytes(): number {
    this.#bytes ??= this.#handle.bytes;
    return this.#bytes;
  }

  /** Something was appended, here or elsewhere, or found to be. */
  grown(): void {
    this.#mayBeSqueezed = true;
    this.#bytes = undefined;
    this.#pace.changed(this.#handle.snapshots);
    if (this.#isHurrying || !this.#pace.isUrgent) return;
    this.#isHurrying = true;
    // Who appends may be in the midst of being told something.
    this.#around.scheduler.soon(() => {
      this.#isHurrying = false;
      this.compact();
    });
  }

  tick(now: number): void {
    if (this.#pace.isDue(now)) this.compact();
  }

  /** Looks at once at what has changed since the last look. */
  settle(): void {
    if (this.#pace.hasChanged) this.compact();
  }

  /** Compacts the document where that saves enough. Never called while the store tells something. */
  compact(): void {
    if (this.#isStopped) return;
    let state: Uint8Array | undefined;
    const encode = () => (state ??= Y.encodeStateAsUpdate(this.#doc));
    const isDue = this.#handle.isSnapshotDue || this.#handle.bytes > GROWTH_MAX * encode().length + SLACK_BYTES;
    this.#bytes = undefined;
    // One that was merged to more than fits, maybe into one value as well, is not encoded again until it has changed.
    if (!isDue || this.#handle.compact(encode) || encode().length > this.#handle.bytesMax) this.#pace.settled();
    else this.#pace.postponed();
  }

  /** Compacts what then fits into `bytes`. It costs the size of the document to see that, so it is seen once for each change. */
  squeeze(bytes: number): void {
    if (this.#isStopped || !this.#mayBeSqueezed) return;
    this.#mayBeSqueezed = false;
    this.#bytes = undefined;
    const state = Y.encodeStateAsUpdate(this.#doc);
    if (state.length <= bytes && this.#handle.compact(() => state)) this.#pace.settled();
  }

  /** From now on it is never compacted: it has ended, or what is stored cannot all be read. */
  stop(): void {
    this.#isStopped = true;
  }
}
