/**
 * Names and values of the members of a collection, in their records. A name is in the field, behind `MEMBER_MARK`; one that is
 * too long for that goes by its SHA-256, behind `LONG_MARK`, and stands before the value, its length in front. A tombstone has
 * only what its field says.
 */

import { bytesFromLatin1, latin1FromBytes } from "../../base/bytes.ts";
import { sha256 } from "../../base/sha256.ts";
import { isIncrementsKind } from "./kind.ts";
import { ORIGIN_BYTES } from "./origin-bytes.ts";
import { fieldLengthAt, identityEndAt, kindAt, valueLengthAt, valueStartAt } from "./record.ts";

export const MEMBER_MARK = "+";
const LONG_MARK = "#";

/** The same at every replica, whatever keys it takes: two fields for one name would be two members. */
export const FIELD_BYTES_MAX = 1024;
const LONG_FIELD_BYTES = 1 + 32;
const NAME_LENGTH_BYTES = 4;
const MEMBER_MARK_BYTE = MEMBER_MARK.charCodeAt(0);
const LONG_MARK_BYTE = LONG_MARK.charCodeAt(0);

function isLong(name: string): boolean {
  return name.length > FIELD_BYTES_MAX - MEMBER_MARK.length;
}

/** The field of a member of a name, which is bytes as latin1 text. */
export function fieldOfName(name: string): string {
  return isLong(name) ? LONG_MARK + latin1FromBytes(sha256(bytesFromLatin1(name))) : MEMBER_MARK + name;
}

/** Of what `valueWithName` makes, in bytes. */
export function lengthWithName(name: string, valueLength: number): number {
  return isLong(name) ? NAME_LENGTH_BYTES + name.length + valueLength : valueLength;
}

/** What of a member stands as the value of its record. */
export function valueWithName(name: string, value: Uint8Array): Uint8Array {
  if (!isLong(name)) return value;
  const whole = new Uint8Array(NAME_LENGTH_BYTES + name.length + value.length);
  new DataView(whole.buffer).setUint32(0, name.length, true);
  for (let i = 0; i < name.length; i++) whole[NAME_LENGTH_BYTES + i] = name.charCodeAt(i);
  whole.set(value, NAME_LENGTH_BYTES + name.length);
  return whole;
}

/** The name in a record of a member that stands. */
export function nameAt(view: DataView, at: number): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const start = nameStartAt(view, at);
  return latin1FromBytes(bytes, start, start + nameLengthAt(view, at));
}

export function nameStartAt(view: DataView, at: number): number {
  if (hasLongName(view, at)) return valueStartAt(view, at) + NAME_LENGTH_BYTES;
  return identityEndAt(view, at) - fieldLengthAt(view, at) + MEMBER_MARK.length;
}

export function nameLengthAt(view: DataView, at: number): number {
  if (hasLongName(view, at)) return view.getUint32(valueStartAt(view, at), true);
  return memberFieldLengthAt(view, at) - MEMBER_MARK.length;
}

/** Of the field of the member, also in a record of increments, where the origin of these stands behind it. */
export function memberFieldLengthAt(view: DataView, at: number): number {
  return fieldLengthAt(view, at) - (isIncrementsKind(kindAt(view, at)) ? ORIGIN_BYTES : 0);
}

/** Where what a member holds begins, its name left out. */
export function memberStartAt(view: DataView, at: number): number {
  const start = valueStartAt(view, at);
  return hasLongName(view, at) ? start + NAME_LENGTH_BYTES + view.getUint32(start, true) : start;
}

/** Of what a member holds, in bytes. */
export function memberLengthAt(view: DataView, at: number): number {
  return valueStartAt(view, at) + valueLengthAt(view, at) - memberStartAt(view, at);
}

/** The name is in the value: it goes by its hash. */
export function hasLongName(view: DataView, at: number): boolean {
  return view.getUint8(identityEndAt(view, at) - fieldLengthAt(view, at)) === LONG_MARK_BYTE;
}

/** True of a record with a field whose field, and the name in its value, are in form; a tombstone has no value. */
export function isMemberInForm(view: DataView, at: number, stands: boolean): boolean {
  const length = memberFieldLengthAt(view, at);
  if (length <= 0) return false;
  const mark = view.getUint8(identityEndAt(view, at) - fieldLengthAt(view, at));
  if (mark !== LONG_MARK_BYTE) return mark === MEMBER_MARK_BYTE;
  if (length !== LONG_FIELD_BYTES) return false;
  if (!stands) return true;
  const valueLength = valueLengthAt(view, at);
  if (valueLength < NAME_LENGTH_BYTES) return false;
  return view.getUint32(valueStartAt(view, at), true) <= valueLength - NAME_LENGTH_BYTES;
}
