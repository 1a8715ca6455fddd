/** A queue of numbers below 2^32, first in first out, in chunks of typed arrays: four bytes each, no object for any of them. */

/** Each is an object on the heap, and more of them there behind it: few long ones, but what holds little takes little. */
const CHUNK_MIN = 64;
const CHUNK_MAX = 4096;

export class HandleQueue {
  /** The first is read from, the last is written to. */
  readonly #chunks: Uint32Array[] = [];
  /** Place of the next to be taken in the first chunk, and of the next to come in the last. */
  #head = 0;
  #tail = 0;
  #length = 0;
  /** Of all chunks together, handles. */
  #capacity = 0;

  get length(): number {
    return this.#length;
  }

  get residentBytes(): number {
    return this.#capacity * Uint32Array.BYTES_PER_ELEMENT;
  }

  push(handle: number): void {
    const last = this.#chunks.at(-1);
    const chunk = last === undefined || this.#tail === last.length ? this.#addChunk(last) : last;
    chunk[this.#tail++] = handle;
    this.#length++;
  }

  #addChunk(last: Uint32Array | undefined): Uint32Array {
    const chunk = new Uint32Array(last === undefined ? CHUNK_MIN : Math.min(2 * last.length, CHUNK_MAX));
    this.#chunks.push(chunk);
    this.#capacity += chunk.length;
    this.#tail = 0;
    return chunk;
  }

  /** Undefined: it is empty. */
  shift(): number | undefined {
    const [first] = this.#chunks;
    if (first === undefined || this.#length === 0) return undefined;
    const handle = first[this.#head++];
    this.#length--;
    if (this.#head === first.length || this.#length === 0) this.#dropFirst(first);
    return handle;
  }

  #dropFirst(first: Uint32Array): void {
    this.#chunks.shift();
    this.#capacity -= first.length;
    this.#head = 0;
  }
}
