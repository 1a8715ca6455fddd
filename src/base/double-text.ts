/** Fractions as Redis 7.0 writes them: C's `%.17g`, by which every double reads as itself again. */

const DIGITS = 17;
/** More digits behind the first than a double that ends with a five there can have. */
const ALL_DIGITS = 100;

export function doubleText(value: number): string {
  if (value === Infinity) return "inf";
  if (value === -Infinity) return "-inf";
  if (Number.isNaN(value)) return "nan";
  if (Object.is(value, -0)) return "-0";
  if (Number.isInteger(value) && Math.abs(value) < 1e17) return String(value);
  const [mantissa = "", exponent = ""] = toDigits(value).split("e");
  const power = Number(exponent);
  if (power < -4 || power >= DIGITS) {
    const sign = power < 0 ? "-" : "+";
    return `${withoutZeros(mantissa)}e${sign}${String(Math.abs(power)).padStart(2, "0")}`;
  }
  return withoutZeros(plain(mantissa, power));
}

/** 17 digits, halves to the even one; JavaScript rounds halves away from zero. */
function toDigits(value: number): string {
  const text = value.toExponential(DIGITS - 1);
  // Only then can it be a half; all of its digits take longer.
  if (!/5e/.test(value.toExponential(DIGITS))) return text;
  const [digits = ""] = value.toExponential(ALL_DIGITS).split("e");
  const rest = digits.slice(digits.indexOf(".") + DIGITS);
  const isHalf = rest.startsWith("5") && !/[1-9]/.test(rest.slice(1));
  const last = digits.charCodeAt(digits.indexOf(".") + DIGITS - 1) - 48;
  if (!isHalf || last % 2 !== 0) return text;
  return `${digits.slice(0, digits.indexOf(".") + DIGITS)}e${text.split("e")[1]}`;
}

/** With the point where it belongs. */
function plain(mantissa: string, power: number): string {
  const sign = mantissa.startsWith("-") ? "-" : "";
  const digits = mantissa.replace(/[-.]/g, "");
  if (power < 0) return `${sign}0.${"0".repeat(-power - 1)}${digits}`;
  return `${sign}${digits.slice(0, power + 1)}.${digits.slice(power + 1)}`;
}

function withoutZeros(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}
