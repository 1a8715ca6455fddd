/**
 * Sums as Redis makes them: of x86's extended doubles, which have 64 binary digits, written with up to 17 digits behind the
 * point. So 0.1 and 0.2 are 0.3 here, too. Exact fractions, rounded where the machine would round.
 */

/** Of one digit more than a mantissa holds: longer than any number that is worth it. */
const TEXT_LENGTH_MAX = 5 * 1024;
const EXPONENT_MAX = 4932;
/** Of what has as many digits as a text may have. */
const BINARY_EXPONENT_MAX = 4096;
const MANTISSA_BITS = 64;
const FRACTION_DIGITS = 17;
const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,5}))?$/i;
const HEXADECIMAL = /^([+-]?)0x([0-9a-f]*)(?:\.([0-9a-f]*))?(?:p([+-]?\d{1,5}))?$/i;
const INFINITE = /^[+-]?inf(?:inity)?$/i;

/** A number: `numerator` by `denominator`, which is above 0. */
interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** A hexadecimal number, as C reads one, in decimal digits; other text as it is. */
export function inDecimal(text: string): string {
  const [, sign = "", whole = "", fraction = "", exponentText = "0"] = HEXADECIMAL.exec(text) ?? [];
  if (text.length > TEXT_LENGTH_MAX || (whole === "" && fraction === "")) return text;
  const digits = BigInt(`0x${whole}${fraction}`);
  const exponent = Number(exponentText) - 4 * fraction.length;
  if (Math.abs(exponent) > BINARY_EXPONENT_MAX) return text;
  if (exponent >= 0) return `${sign}${digits << BigInt(exponent)}`;
  return `${sign}${digits * 5n ** BigInt(-exponent)}e${exponent}`;
}

export function addLongDoubles(a: string, b: string): string | "bad" | "infinite" {
  const isInfinite = INFINITE.test(a) || INFINITE.test(b);
  const [left, right] = [fractionOf(a), fractionOf(b)];
  if ((left === undefined && !INFINITE.test(a)) || (right === undefined && !INFINITE.test(b))) return "bad";
  if (isInfinite || left === undefined || right === undefined) return "infinite";
  return textOf(
    rounded({
      numerator: left.numerator * right.denominator + right.numerator * left.denominator,
      denominator: left.denominator * right.denominator,
    }),
  );
}

/** A fraction as such a double, written. */
export function roundedText(numerator: bigint, denominator: bigint): string {
  return textOf(rounded({ numerator, denominator }));
}

/** As the machine takes it; undefined where it is no number. */
function fractionOf(text: string): Fraction | undefined {
  if (text.length > TEXT_LENGTH_MAX) return undefined;
  const [, sign = "", whole = "", fraction = "", exponentText = "0"] = DECIMAL.exec(text) ?? [];
  if (whole === "" && fraction === "") return undefined;
  const exponent = Number(exponentText) - fraction.length;
  if (Math.abs(exponent) > EXPONENT_MAX) return undefined;
  const digits = BigInt(`${whole}${fraction}`) * (sign === "-" ? -1n : 1n);
  const power = 10n ** BigInt(Math.abs(exponent));
  return rounded(
    exponent >= 0 ? { numerator: digits * power, denominator: 1n } : { numerator: digits, denominator: power },
  );
}

/** To 64 binary digits, halves to even. */
function rounded({ numerator, denominator }: Fraction): Fraction {
  if (numerator === 0n) return { numerator: 0n, denominator: 1n };
  const isNegative = numerator < 0n;
  const size = isNegative ? -numerator : numerator;
  let shift = MANTISSA_BITS - (bitsOf(size) - bitsOf(denominator));
  let mantissa = divided(size, denominator, shift);
  if (bitsOf(mantissa) > MANTISSA_BITS) mantissa = divided(size, denominator, --shift);
  const signed = isNegative ? -mantissa : mantissa;
  if (shift >= 0) return { numerator: signed, denominator: 1n << BigInt(shift) };
  return { numerator: signed << BigInt(-shift), denominator: 1n };
}

/** `size * 2^shift / denominator`, rounded. */
function divided(size: bigint, denominator: bigint, shift: number): bigint {
  return shift >= 0 ? nearest(size << BigInt(shift), denominator) : nearest(size, denominator << BigInt(-shift));
}

function nearest(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  const twice = (numerator % denominator) * 2n;
  const isUp = twice > denominator || (twice === denominator && (quotient & 1n) === 1n);
  return isUp ? quotient + 1n : quotient;
}

function bitsOf(value: bigint): number {
  return value.toString(2).length;
}

function textOf({ numerator, denominator }: Fraction): string {
  const isNegative = numerator < 0n;
  const size = isNegative ? -numerator : numerator;
  const scaled = nearest(size * 10n ** BigInt(FRACTION_DIGITS), denominator);
  const digits = scaled.toString().padStart(FRACTION_DIGITS + 1, "0");
  const whole = digits.slice(0, -FRACTION_DIGITS);
  const fraction = digits.slice(-FRACTION_DIGITS).replace(/0+$/, "");
  const text = fraction === "" ? whole : `${whole}.${fraction}`;
  return isNegative && text !== "0" ? `-${text}` : text;
}
