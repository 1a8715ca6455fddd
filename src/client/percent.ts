/** Bytes in URLs, as percent-encoded text. Nothing is normalised: every byte sequence is a legal key. */

import { bytesFromLatin1 } from "../base/bytes.ts";

const escapes: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  return /[A-Za-z0-9._~-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
});

/** A latin1 string of bytes as text for a path segment or a query. */
export function encodePercent(bytes: string): string {
  let text = "";
  for (let i = 0; i < bytes.length; i++) text += escapes[bytes.charCodeAt(i)] ?? "";
  return text;
}

/** The bytes of percent-encoded text; `undefined` for a `%` without two hex digits, or characters over one byte. */
export function decodePercent(text: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a byte that came unescaped is taken as it is.
  if (!/^(?:%[0-9A-Fa-f]{2}|[\x00-\x24\x26-\xff])*$/.test(text)) return undefined;
  return text.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** A key for people: text where it is UTF-8 without control characters, percent-encoded otherwise. */
export function keyToText(key: string): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytesFromLatin1(key));
    return /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text) ? encodePercent(key) : text;
  } catch {
    return encodePercent(key);
  }
}
