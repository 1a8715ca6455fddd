/** A queue of numbers below 2^32, first in first out, in chunks of typed arrays: four bytes each, no object for any of them. */

/** Each is an object on the heap, and more of them there behind it: few long ones. */
const CHUNK = 4096;

export class HandleQueue {
  /** The first is read from, the last is written to. */
  #chunks: Uint32Array[] = [];
  /** Place of the next to be taken in the first chunk, and of the next to come in the last. */
  #head = 0;
  #tail = CHUNK;

  get length(): number {
    return this.#chunks.length === 0 ? 0 : (this.#chunks.length - 1) * CHUNK + this.#tail - this.#head;
  }

  get residentBytes(): number {
    return this.#chunks.length * CHUNK * Uint32Array.BYTES_PER_ELEMENT;
  }

  push(handle: number): void {
    if (this.#tail === CHUNK) {
      this.#chunks.push(new Uint32Array(CHUNK));
      this.#tail = 0;
    }
    (this.#chunks[this.#chunks.length - 1] as Uint32Array)[this.#tail++] = handle;
  }

  /** Undefined: it is empty. */
  shift(): number | undefined {
    if (this.length === 0) return undefined;
    const handle = (this.#chunks[0] as Uint32Array)[this.#head++] as number;
    if (this.#head === CHUNK || this.length === 0) this.#dropFirst();
    return handle;
  }

  #dropFirst(): void {
    this.#chunks.shift();
    this.#head = 0;
    if (this.#chunks.length === 0) this.#tail = CHUNK;
  }
}
