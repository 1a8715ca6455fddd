/** Whole numbers of six and of seven bytes, little endian. */

const TWO_32 = 4294967296;

export function readUint48(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint16(at + 4, true) * TWO_32;
}

export function writeUint48(view: DataView, at: number, value: number): void {
  view.setUint32(at, value, true);
  view.setUint16(at + 4, value / TWO_32, true);
}

/** Exact up to 2^53 - 1, all that is ever written. */
export function readUint56(view: DataView, at: number): number {
  const high = view.getUint16(at + 4, true) | (view.getUint8(at + 6) << 16);
  return view.getUint32(at, true) + high * TWO_32;
}

export function writeUint56(view: DataView, at: number, value: number): void {
  const high = (value / TWO_32) | 0;
  view.setUint32(at, value, true);
  view.setUint16(at + 4, high, true);
  view.setUint8(at + 6, high >>> 16);
}
