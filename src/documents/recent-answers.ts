/**
 * What a document answered to state vectors a moment ago. When a replica comes back, all clients of a document ask at once,
 * and most have the same: the answer, which costs the size of the document, is made for the first of them only.
 */

import { latin1FromBytes } from "../base/bytes.ts";

/** Clients that are new, those that were all there, and some that lack something. */
const ANSWERS_MAX = 4;
/** A longer vector is answered anew each time. */
const VECTOR_BYTES_MAX = 4_096;

export class RecentAnswers {
  readonly #byVector = new Map<string, Uint8Array>();

  /** The answer to a vector, made by `encode` where it is not known. */
  answer(vector: Uint8Array, encode: () => Uint8Array): Uint8Array {
    if (vector.length > VECTOR_BYTES_MAX) return encode();
    const name = latin1FromBytes(vector);
    const known = this.#byVector.get(name);
    if (known !== undefined) return known;
    const made = encode();
    if (this.#byVector.size >= ANSWERS_MAX) this.clear();
    this.#byVector.set(name, made);
    return made;
  }

  /** The document has changed, or the moment is over. */
  clear(): void {
    if (this.#byVector.size > 0) this.#byVector.clear();
  }
}
