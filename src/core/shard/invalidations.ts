/**
 * Which values of one keyspace are stale: a tag that a value carries was invalidated after the value was written. What an
 * invalidation is on disk and between replicas, `replica/tag-invalidation.ts` tells; this is what follows from those that
 * were learnt. Nothing is looked up by tag when a tag is invalidated: each value is judged when it is met, by its own tags,
 * which its record keeps in memory also while its value is away. So an invalidation costs the same whatever carries the tag.
 *
 *  T1. A value is stale exactly when one of its tags was invalidated under a greater stamp than the value's. That is a fact
 *      about two registers: whoever holds both knows it, in whichever order they came, and no message tells it.
 *  T2. A local write is stamped above every invalidation of its tags that is known where it is made, or first asked for. So
 *      what is written in the knowledge of an invalidation is never stale by it, whatever the clocks say.
 *  T3. An invalidation is stamped above every tagged value, and every invalidation, of its keyspace that was seen where it is
 *      made. So what it was made in the knowledge of is stale, whatever the clocks say; what is put elsewhere before it
 *      comes there may be stale as well where a clock was wrong, as one of two writes of a key may lose.
 *  T4. What is stale is absent at every door at once. It dies later, by a deletion one tick above it (`stale-sweep.ts`): that
 *      kills what was judged and nothing newer, and is a deletion like any, so that comparing, auditing, purging and
 *      watching need to know nothing of tags.
 *  T5. An invalidation is forgotten once nothing older can come any more: whoever was away for longer than the retention begins
 *      anew and keeps nothing that old. It lives twice as long, and besides until a whole look at what is held, that began
 *      after it was learnt, met nothing stale.
 */

import type { Timestamp } from "../../base/ids.ts";
import { FLAG_TAGS, flagsAt, tagsEndAt, tagsStartAt, timestampAt } from "../record/record.ts";

interface Invalidation {
  readonly stamp: number;
  /** Unix ms (T5). */
  readonly expiresAt: number;
  /** The last look at what is held that had begun when it was learnt. */
  readonly look: number;
}

export class Invalidations {
  /** In the order in which they were learnt. */
  readonly #byTag = new Map<string, Invalidation>();
  /** Of all invalidations that were ever learnt. */
  #newest = 0;
  /** Of all tagged values that were ever held or seen. */
  #newestTagged = 0;
  /** Something stale may be held that the look under way, or the last one, has not met. */
  isToLook = false;
  /** Looks at what is held that have begun; the last of them that met nothing stale. */
  #looks = 0;
  #cleanLook = 0;

  /** Tags that are known to have been invalidated. */
  get size(): number {
    return this.#byTag.size;
  }

  /** What an invalidation has to be stamped above (T3). */
  get newestSeen(): number {
    return Math.max(this.#newest, this.#newestTagged);
  }

  has(tag: string): boolean {
    return this.#byTag.has(tag);
  }

  /** False where a later one of this tag is known, or this one. */
  learn(tag: string, stamp: Timestamp, expiresAt: number): boolean {
    if (stamp <= (this.#byTag.get(tag)?.stamp ?? 0)) return false;
    this.#byTag.delete(tag);
    this.#byTag.set(tag, { stamp, expiresAt, look: this.#looks });
    this.#newest = Math.max(this.#newest, stamp);
    this.isToLook = true;
    return true;
  }

  /** What a write that carries these has to be stamped above (T2); 0 for nothing. */
  newestOf(tags: readonly string[] | undefined): number {
    if (tags === undefined) return 0;
    let newest = 0;
    for (const tag of tags) newest = Math.max(newest, this.#byTag.get(tag)?.stamp ?? 0);
    return newest;
  }

  /** Of the tags that a value of this stamp is stale by, the one that was invalidated last; undefined where there is none. */
  staleBy(tags: readonly string[] | undefined, stamp: number): string | undefined {
    if (tags === undefined) return undefined;
    let newest = stamp;
    let found: string | undefined;
    for (const tag of tags) {
      const { stamp: own = 0 } = this.#byTag.get(tag) ?? {};
      if (own <= newest) continue;
      newest = own;
      found = tag;
    }
    return found;
  }

  /** T1, of the record at `at`. */
  isStale(view: DataView, at: number): boolean {
    if ((flagsAt(view, at) & FLAG_TAGS) === 0) return false;
    const stamp = timestampAt(view, at);
    if (stamp >= this.#newest) return false;
    const end = tagsEndAt(view, at);
    for (let from = tagsStartAt(view, at); from < end; ) {
      const next = from + 1 + view.getUint8(from);
      if ((this.#byTag.get(textAt(view, from + 1, next))?.stamp ?? 0) > stamp) return true;
      from = next;
    }
    return false;
  }

  /** A tagged value is held from now on. */
  came(view: DataView, at: number): void {
    this.saw(timestampAt(view, at));
    if (this.isStale(view, at)) this.isToLook = true;
  }

  /** A tagged value of this stamp was seen, here or elsewhere. */
  saw(stamp: number): void {
    this.#newestTagged = Math.max(this.#newestTagged, stamp);
  }

  /** A look at all that is held begins. */
  beginLook(): void {
    this.#looks++;
    this.isToLook = false;
  }

  /** The look that began last ends; `isClean`: it met nothing stale that it could not let die. */
  endLook(isClean: boolean): void {
    if (!isClean) this.isToLook = true;
    if (!this.isToLook) this.#cleanLook = this.#looks;
  }

  /** T5. Those that came first go first, and no other before. Returns how many went. */
  forgetOver(now: number, max: number): number {
    let forgotten = 0;
    for (const [tag, { expiresAt, look }] of this.#byTag) {
      if (forgotten === max || expiresAt > now || look >= this.#cleanLook) break;
      this.#byTag.delete(tag);
      forgotten++;
    }
    return forgotten;
  }
}

function textAt(view: DataView, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end; i++) text += String.fromCharCode(view.getUint8(i));
  return text;
}
