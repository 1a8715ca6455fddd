/** Walks a MessagePack message (spec of 2013) without decoding it, to refuse what would cost more than its bytes. */

const DEPTH_MAX = 16;
const CONTAINERS_MAX = 20_000;
/** Names of fields count as well as what they name; else as in JSON. */
const ITEMS_MAX = 40_000;

/** Length of what stands behind a type byte from 0xc0 to 0xdf: fixed, or that of the length field before it. */
const FIXED = new Map([
  [0xc0, 0], // nil
  [0xc2, 0], // false
  [0xc3, 0], // true
  [0xca, 4], // float 32
  [0xcb, 8], // float 64
  [0xcc, 1], // uint 8 to 64
  [0xcd, 2],
  [0xce, 4],
  [0xcf, 8],
  [0xd0, 1], // int 8 to 64
  [0xd1, 2],
  [0xd2, 4],
  [0xd3, 8],
]);
const SIZED = new Map([
  [0xc4, 1], // bin 8 to 32
  [0xc5, 2],
  [0xc6, 4],
  [0xd9, 1], // str 8 to 32
  [0xda, 2],
  [0xdb, 4],
]);
/** Width of the count, and items for each count. */
const COUNTED = new Map<number, readonly [width: number, items: number]>([
  [0xdc, [2, 1]], // array 16, 32
  [0xdd, [4, 1]],
  [0xde, [2, 2]], // map 16, 32
  [0xdf, [4, 2]],
]);

/**
 * True for exactly one value in which every claimed length is there, with at most 16 levels, 20,000 containers and
 * 40,000 items, and no extension types (timestamps among them).
 */
export function isSoundMsgpack(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  /** Items still to come, for each open container; the outermost holds the message itself. */
  const open = [1];
  let at = 0;
  let containers = 0;
  let items = 0;
  while (open.length > 0) {
    const left = open[open.length - 1] ?? 0;
    if (left === 0) {
      open.pop();
      continue;
    }
    open[open.length - 1] = left - 1;
    const item = readItem(view, at);
    if (item === undefined || item.end > bytes.length) return false;
    at = item.end;
    if (++items > ITEMS_MAX) return false;
    if (item.items === undefined) continue;
    containers++;
    // Every item takes a byte at least: a count beyond what is left is a lie.
    if (item.items > bytes.length - at || open.length > DEPTH_MAX || containers > CONTAINERS_MAX) return false;
    open.push(item.items);
  }
  return at === bytes.length;
}

interface Item {
  /** Where the next one begins; a container's items come next. */
  readonly end: number;
  readonly items?: number;
}

function readItem(view: DataView, at: number): Item | undefined {
  if (at >= view.byteLength) return undefined;
  const type = view.getUint8(at);
  const next = at + 1;
  if (type <= 0x7f || type >= 0xe0) return { end: next };
  if (type <= 0x8f) return { end: next, items: (type & 15) * 2 };
  if (type <= 0x9f) return { end: next, items: type & 15 };
  if (type <= 0xbf) return { end: next + (type & 31) };
  const fixed = FIXED.get(type);
  if (fixed !== undefined) return { end: next + fixed };
  const sized = SIZED.get(type);
  if (sized !== undefined) {
    const length = readCount(view, next, sized);
    return length === undefined ? undefined : { end: next + sized + length };
  }
  const counted = COUNTED.get(type);
  if (counted === undefined) return undefined;
  const [width, items] = counted;
  const count = readCount(view, next, width);
  return count === undefined ? undefined : { end: next + width, items: count * items };
}

function readCount(view: DataView, at: number, width: number): number | undefined {
  if (at + width > view.byteLength) return undefined;
  if (width === 1) return view.getUint8(at);
  return width === 2 ? view.getUint16(at) : view.getUint32(at);
}
