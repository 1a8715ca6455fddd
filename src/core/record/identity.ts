/** Which register a record is of: kind, key and field. */

import { halfSipHash13, mix32 } from "../../base/hash.ts";
import { FLAG_FIELD, fieldLengthAt, flagsAt, headLength, identityStartAt, keyLengthAt, kindAt } from "./record.ts";

/** True when two records are of the same register: same kind, key and field. An empty field is not 'no field'. */
export function isSameIdentity(a: DataView, atA: number, b: DataView, atB: number): boolean {
  // Kind and key length at once.
  if (a.getUint8(atA + 5) !== b.getUint8(atB + 5) || a.getUint16(atA + 6, true) !== b.getUint16(atB + 6, true)) {
    return false;
  }
  const flagsA = flagsAt(a, atA);
  const flagsB = flagsAt(b, atB);
  if (((flagsA ^ flagsB) & FLAG_FIELD) !== 0) return false;
  const fieldLength = fieldLengthAt(a, atA);
  if (fieldLength !== fieldLengthAt(b, atB)) return false;
  let i = atA + headLength(flagsA);
  let j = atB + headLength(flagsB);
  const end = i + keyLengthAt(a, atA) + fieldLength;
  for (; i + 4 <= end; i += 4, j += 4) if (a.getInt32(i, true) !== b.getInt32(j, true)) return false;
  for (; i < end; i++, j++) if (a.getUint8(i) !== b.getUint8(j)) return false;
  return true;
}

/** The private hash of a register's identity, the same for a record and for a probe. */
export function identityHash(view: DataView, at: number, k0: number, k1: number): number {
  const start = identityStartAt(view, at);
  const keyLength = keyLengthAt(view, at);
  const fieldLength = fieldLengthAt(view, at);
  const hash = halfSipHash13(view, start, start + keyLength + fieldLength, k0, k1);
  // The same bytes split otherwise into key and field, or of another kind, are another register.
  return mix32(hash ^ (kindAt(view, at) | ((flagsAt(view, at) & FLAG_FIELD) << 8) | (keyLength << 16)));
}
