/**
 * Many byte strings and numbers in few pieces of bytes: what an answer of a million items is gathered in. An object for each
 * would take ten times as much and the collector's time. Each item lies in one piece: its length in four bytes and its bytes,
 * or a mark and a double.
 */

const PIECE_BYTES = 64 * 1024;
const LENGTH_BYTES = 4;
const DOUBLE_BYTES = 8;
/** In the place of a length: a double follows. */
const DOUBLE_MARK = 0xffffffff;
/** What surrounds an item on its way, in either protocol that answers go by: more than it has here. */
const WAY_BYTES = 10;
/** Shorter ones are copied byte by byte: no view has to be made of them. */
const SHORT_BYTES = 48;

/** Told of items in order. */
export interface ItemReader {
  bytes(piece: Uint8Array, start: number, end: number): void;
  double(value: number): void;
}

export class PackedItems {
  count = 0;
  /** Of all items, as on their way: whoever has room for so much may be given all of them. */
  bytes = 0;
  readonly #pieces: Uint8Array[] = [];
  #piece = new Uint8Array(0);
  #view = new DataView(this.#piece.buffer);
  #at = 0;

  /** Of an item of so many bytes. */
  static bytesOf(length: number): number {
    return WAY_BYTES + length;
  }

  /** A copy of what lies between two places. */
  add(bytes: Uint8Array, start = 0, end = bytes.length): void {
    const length = end - start;
    this.#room(LENGTH_BYTES + length);
    this.#view.setUint32(this.#at, length, true);
    let at = this.#at + LENGTH_BYTES;
    const piece = this.#piece;
    if (length > SHORT_BYTES) piece.set(bytes.subarray(start, end), at);
    else for (let i = start; i < end; i++) piece[at++] = bytes[i] as number;
    this.#ended(length);
  }

  /** Of latin1 text. */
  addText(text: string): void {
    this.#room(LENGTH_BYTES + text.length);
    this.#view.setUint32(this.#at, text.length, true);
    let at = this.#at + LENGTH_BYTES;
    for (let i = 0; i < text.length; i++) this.#piece[at++] = text.charCodeAt(i);
    this.#ended(text.length);
  }

  addDouble(value: number): void {
    this.#room(LENGTH_BYTES + DOUBLE_BYTES);
    this.#view.setUint32(this.#at, DOUBLE_MARK, true);
    this.#view.setFloat64(this.#at + LENGTH_BYTES, value, true);
    this.#ended(DOUBLE_BYTES);
  }

  /** Reads all items, a pause after each piece, and after as many items. Nothing may be added any more. */
  *read(reader: ItemReader, itemsMax = Infinity): Generator<void, void> {
    let left = itemsMax;
    for (const piece of [...this.#pieces, this.#piece.subarray(0, this.#at)]) {
      const view = new DataView(piece.buffer, piece.byteOffset, piece.byteLength);
      for (let at = 0; at < piece.length; ) {
        at = readItem(piece, view, at, reader);
        if (--left > 0 && at < piece.length) continue;
        left = itemsMax;
        yield;
      }
    }
  }

  #ended(length: number): void {
    this.#at += LENGTH_BYTES + length;
    this.bytes += PackedItems.bytesOf(length);
    this.count++;
  }

  #room(bytes: number): void {
    if (this.#piece.length - this.#at >= bytes) return;
    if (this.#at > 0) this.#pieces.push(this.#piece.subarray(0, this.#at));
    this.#piece = new Uint8Array(Math.max(PIECE_BYTES, bytes));
    this.#view = new DataView(this.#piece.buffer);
    this.#at = 0;
  }
}

/** Returns where the next one is. */
function readItem(piece: Uint8Array, view: DataView, at: number, reader: ItemReader): number {
  const length = view.getUint32(at, true);
  const start = at + LENGTH_BYTES;
  if (length === DOUBLE_MARK) {
    reader.double(view.getFloat64(start, true));
    return start + DOUBLE_BYTES;
  }
  reader.bytes(piece, start, start + length);
  return start + length;
}
