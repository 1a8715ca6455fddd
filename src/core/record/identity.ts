/** Which register a record is of: kind, key and field. */

import { FLAG_FIELD, fieldLengthAt, flagsAt, headLength, keyLengthAt } from "./record.ts";

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
