/**
 * Amounts: what is added to a number, exactly, so that the order in which amounts are added never matters. Whole ones are
 * as they are; others count hundred-quadrillionths (10^-17), as many digits behind the point as Redis writes.
 *
 * As bytes: u8 form (1 a fraction, 2 below zero), varint length, the digits as a number, little endian.
 */

import { BadBytes, type ByteReader, type ByteWriter } from "../../base/bytes.ts";
import { roundedText } from "../../base/long-double.ts";

export interface Amount {
  /** Nothing but whole numbers was ever added up in it. */
  readonly isWhole: boolean;
  /** Of a fraction, in units of 10^-17. */
  readonly digits: bigint;
}

export const FRACTION_DIGITS = 17;
/** As many as the longest text with the greatest exponent asks for, and some: that many cannot be added so often that it is more. */
const AMOUNT_BYTES_MAX = 4300;
const TEXT_LENGTH_MAX = 5 * 1024;
const EXPONENT_MAX = 4932;
const UNIT = 10n ** BigInt(FRACTION_DIGITS);
const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);
const FORM_FRACTION = 1;
const FORM_NEGATIVE = 2;

const WHOLE = /^(?:0|-?[1-9]\d{0,18})$/;
const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,5}))?$/i;

export const NOTHING: Amount = { isWhole: true, digits: 0n };

export function wholeAmount(value: number | bigint): Amount {
  return { isWhole: true, digits: BigInt(value) };
}

export function addAmounts(a: Amount, b: Amount): Amount {
  if (a.isWhole === b.isWhole) return { isWhole: a.isWhole, digits: a.digits + b.digits };
  return { isWhole: false, digits: unitsOf(a) + unitsOf(b) };
}

export function negated({ isWhole, digits }: Amount): Amount {
  return { isWhole, digits: -digits };
}

export function isSameAmount(a: Amount, b: Amount): boolean {
  return a.isWhole === b.isWhole ? a.digits === b.digits : unitsOf(a) === unitsOf(b);
}

/** What the text of a value says; whole where it is a number of 64 bits as Redis writes it. Undefined: it is no number. */
export function amountOfText(text: string): Amount | undefined {
  if (WHOLE.test(text)) {
    const digits = BigInt(text);
    if (digits <= INT64_MAX && digits >= INT64_MIN) return { isWhole: true, digits };
  }
  return fractionOfText(text);
}

/** The same, as something that fractions were added to. */
export function fractionOfText(text: string): Amount | undefined {
  if (text.length > TEXT_LENGTH_MAX) return undefined;
  const [, sign = "", whole = "", fraction = "", exponentText = "0"] = DECIMAL.exec(text) ?? [];
  if (whole === "" && fraction === "") return undefined;
  const exponent = Number(exponentText) - fraction.length;
  if (Math.abs(exponent) > EXPONENT_MAX) return undefined;
  const size = scaled(BigInt(`${whole}${fraction}`), exponent + FRACTION_DIGITS);
  return { isWhole: false, digits: sign === "-" ? -size : size };
}

/** `digits` times a power of ten, halves rounded up. */
function scaled(digits: bigint, exponent: number): bigint {
  if (exponent >= 0) return digits * 10n ** BigInt(exponent);
  const divisor = 10n ** BigInt(-exponent);
  return (2n * digits + divisor) / (2n * divisor);
}

/** As a value is written. A whole number that 64 bits do not hold is the nearest that they do. */
export function textOfAmount({ isWhole, digits }: Amount): string {
  if (!isWhole) return roundedText(digits, UNIT);
  return String(digits > INT64_MAX ? INT64_MAX : digits < INT64_MIN ? INT64_MIN : digits);
}

/** The nearest double; it may be infinite. */
export function doubleOfAmount({ isWhole, digits }: Amount): number {
  return isWhole ? Number(digits) : Number(`${digits}e-${FRACTION_DIGITS}`);
}

/** What a double adds to another one. Undefined: that cannot be told exactly enough. */
export function amountOfDouble(value: number): Amount | undefined {
  if (Number.isSafeInteger(value)) return wholeAmount(value);
  const amount = Number.isFinite(value) ? fractionOfText(String(value)) : undefined;
  return amount !== undefined && doubleOfAmount(amount) === value ? amount : undefined;
}

/** False where 64 bits do not hold a whole number. */
export function fitsInt64({ digits }: Amount): boolean {
  return digits <= INT64_MAX && digits >= INT64_MIN;
}

export function encodeAmount(writer: ByteWriter, { isWhole, digits }: Amount): void {
  writer.u8((isWhole ? 0 : FORM_FRACTION) | (digits < 0n ? FORM_NEGATIVE : 0));
  const hex = (digits < 0n ? -digits : digits).toString(16);
  const length = digits === 0n ? 0 : Math.ceil(hex.length / 2);
  writer.varint(length);
  for (let i = 0; i < length; i++) {
    const end = hex.length - 2 * i;
    writer.u8(Number.parseInt(hex.slice(Math.max(0, end - 2), end), 16));
  }
}

/** Throws `BadBytes`, also for what could be shorter. */
export function decodeAmount(reader: ByteReader): Amount {
  const form = reader.u8();
  if (form > (FORM_FRACTION | FORM_NEGATIVE)) throw new BadBytes(`amount of an unknown form ${form}`);
  const bytes = reader.blob(AMOUNT_BYTES_MAX);
  const isNegative = (form & FORM_NEGATIVE) !== 0;
  if (bytes.length === 0 ? isNegative : bytes[bytes.length - 1] === 0) throw new BadBytes("amount out of form");
  let hex = "";
  for (let i = bytes.length - 1; i >= 0; i--) hex += (bytes[i] as number).toString(16).padStart(2, "0");
  const size = bytes.length === 0 ? 0n : BigInt(`0x${hex}`);
  return { isWhole: (form & FORM_FRACTION) === 0, digits: isNegative ? -size : size };
}

function unitsOf({ isWhole, digits }: Amount): bigint {
  return isWhole ? digits * UNIT : digits;
}
