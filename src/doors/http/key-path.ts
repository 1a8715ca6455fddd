/** Keys in URLs: percent-encoded bytes. No normalisation: `..`, `//`, `+` and `%2F` are what they are. */

import { AtollError } from "../../base/errors.ts";

const UNRESERVED = /^[A-Za-z0-9._~-]*$/;

const escapes: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  return UNRESERVED.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
});

/** The bytes that percent-encoded text stands for, as latin1. Throws `BAD_PERCENT_ENCODING`. */
export function decodePercent(text: string): string {
  let percent = text.indexOf("%");
  if (percent < 0) return text;
  let decoded = "";
  let from = 0;
  while (percent >= 0) {
    const high = hexDigit(text.charCodeAt(percent + 1));
    const low = hexDigit(text.charCodeAt(percent + 2));
    if (high < 0 || low < 0) {
      throw new AtollError("BAD_PERCENT_ENCODING", `% at character ${percent} is not followed by two hex digits`);
    }
    decoded += text.slice(from, percent) + String.fromCharCode(high * 16 + low);
    from = percent + 3;
    percent = text.indexOf("%", from);
  }
  return decoded + text.slice(from);
}

/** A latin1 string of bytes as a path segment that `decodePercent` gives back. */
export function encodePercent(bytes: string): string {
  if (UNRESERVED.test(bytes)) return bytes;
  let text = "";
  for (let i = 0; i < bytes.length; i++) text += escapes[bytes.charCodeAt(i)] ?? "";
  return text;
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  if (code >= 65 && code <= 70) return code - 55;
  if (code >= 97 && code <= 102) return code - 87;
  return -1;
}
