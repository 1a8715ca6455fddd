/** Numbers as Redis reads them from arguments and values. */

import { latin1FromBytes } from "../../base/bytes.ts";
import { CommandError, NOT_A_FLOAT, NOT_AN_INTEGER } from "./command-error.ts";

const MINUS = 45;
const ZERO = 48;
/** So many digits are exact in a double, whatever they are. */
const EXACT_DIGITS = 15;
/** Of -2^63. */
const INTEGER_LENGTH_MAX = 20;
const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);
const COUNT_OUT_OF_RANGE = `ERR value is out of range, value must between -${INT64_MAX} and ${INT64_MAX}`;
/** There is one way to match it: it takes as long as the text is. */
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
const INFINITE = /^([+-]?)inf(?:inity)?$/i;
const HEX = /^([+-]?)0x([0-9a-f]*)(?:\.([0-9a-f]*))?(?:p([+-]?\d{1,9}))?$/i;

/** A signed whole number of 64 bits, with no sign or zero too many; exact: a bigint where a double would not be. */
export function integerOf(bytes: Uint8Array): number | bigint | undefined {
  const { length } = bytes;
  if (length === 0 || length > INTEGER_LENGTH_MAX) return undefined;
  const isNegative = bytes[0] === MINUS;
  const start = isNegative ? 1 : 0;
  if (start === length) return undefined;
  if (bytes[start] === ZERO) return length === 1 ? 0 : undefined;
  let value = 0;
  for (let i = start; i < length; i++) {
    const digit = (bytes[i] as number) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  if (length - start <= EXACT_DIGITS) return isNegative ? -value : value;
  return narrowed(BigInt(latin1FromBytes(bytes)));
}

/** Undefined where it does not fit into 64 bits. */
export function narrowed(value: bigint): number | bigint | undefined {
  if (value > INT64_MAX || value < INT64_MIN) return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Throws `CommandError`, with `otherwise`. */
export function expectInteger(bytes: Uint8Array | undefined, otherwise = NOT_AN_INTEGER): number | bigint {
  const value = bytes === undefined ? undefined : integerOf(bytes);
  if (value === undefined) throw new CommandError(otherwise);
  return value;
}

/** Of a count that may be negative, for picks. Throws `CommandError`. */
export function expectCount(bytes: Uint8Array | undefined): number {
  const count = expectInteger(bytes);
  if (count === INT64_MIN) throw new CommandError(COUNT_OUT_OF_RANGE);
  return Number(count);
}

/** Like `expectInteger`; what a double does not hold exactly, and is therefore beyond every bound, as nearly as it can. */
export function expectNumber(bytes: Uint8Array | undefined, otherwise = NOT_AN_INTEGER): number {
  return Number(expectInteger(bytes, otherwise));
}

/** Like `expectNumber`, of at least `min`. Throws `CommandError`, with `otherwise` also for what is no number. */
export function expectAtLeast(bytes: Uint8Array | undefined, min: number, otherwise: string): number {
  const value = expectNumber(bytes, otherwise);
  if (value < min) throw new CommandError(otherwise);
  return value;
}

/** As of C's `strtod`, nothing around it; neither `nan` nor empty. */
export function floatOf(text: string): number | undefined {
  if (DECIMAL.test(text)) return Number(text);
  const infinite = INFINITE.exec(text);
  if (infinite !== null) return infinite[1] === "-" ? -Infinity : Infinity;
  const [, sign, whole = "", fraction = "", power = "0"] = HEX.exec(text) ?? [];
  if (whole === "" && fraction === "") return undefined;
  const digits = Number.parseInt(whole + fraction, 16);
  const value = digits === 0 ? 0 : digits * 2 ** (Number(power) - 4 * fraction.length);
  return sign === "-" ? -value : value;
}

/** Throws `CommandError`, with `otherwise`; also for what is beyond a double, in its size or its smallness. */
export function expectFloat(bytes: Uint8Array | undefined, otherwise = NOT_A_FLOAT): number {
  const text = latin1FromBytes(bytes ?? new Uint8Array(0));
  const value = floatOf(text);
  if (value === undefined || isOutOfRange(text, value)) throw new CommandError(otherwise);
  return value;
}

function isOutOfRange(text: string, value: number): boolean {
  if (value !== 0) return !Number.isFinite(value) && !INFINITE.test(text);
  const isHex = /^[+-]?0x/i.test(text);
  const [digits = ""] = text.replace(/^[+-]?(?:0x)?/i, "").split(isHex ? /p/i : /e/i, 1);
  return /[^0.]/.test(digits);
}

export function textOfInteger(value: number | bigint): string {
  return String(value);
}
