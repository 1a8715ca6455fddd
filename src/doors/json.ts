/**
 * JSON from outside: UTF-8 only, and neither deep nor full of empty containers, which cost far more memory than bytes; nor
 * crowded with items, since texts that look like numbers can be chosen to collide in V8's tables (CVE-2026-21717), where
 * each then costs as much as all before it. The largest batch has a third of what is allowed.
 * `JSON.parse` itself does not recurse, and takes the last of two equal names; nothing here looks at the text again, so
 * no two readers can disagree about what it says.
 */

import { isUtf8 } from "node:buffer";
import { AtollError } from "../base/errors.ts";

/** Shorter text cannot hurt, however it nests. */
const HARMLESS_LENGTH = 16_384;
const DEPTH_MAX = 16;
const CONTAINERS_MAX = 20_000;
const COMMAS_MAX = 20_000;

const QUOTE = 34;
const COMMA = 44;
const BACKSLASH = 92;

/** The value of UTF-8 bytes. Throws `BAD_JSON`. */
export function parseJsonBytes(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw new AtollError("BAD_JSON", "the body is not UTF-8");
  return parseJson(bytes.toString("utf8"));
}

/** The value of JSON text. Throws `BAD_JSON`. */
export function parseJson(text: string): unknown {
  if (text.length > HARMLESS_LENGTH) checkShape(text);
  try {
    return JSON.parse(text);
  } catch (error) {
    // V8's message quotes the text, which may hold a value.
    throw new AtollError("BAD_JSON", "not JSON", { cause: error });
  }
}

/** True for a JSON object, as opposed to a list, a scalar or null. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function checkShape(text: string): void {
  let depth = 0;
  let containers = 0;
  let commas = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at + 1);
    } else if (code === 0x7b || code === 0x5b) {
      depth++;
      containers++;
      if (depth > DEPTH_MAX) throw new AtollError("BAD_JSON", `nested deeper than ${DEPTH_MAX}`);
      if (containers > CONTAINERS_MAX)
        throw new AtollError("BAD_JSON", `more than ${CONTAINERS_MAX} lists and objects`);
    } else if (code === 0x7d || code === 0x5d) {
      depth--;
    } else if (code === COMMA && ++commas > COMMAS_MAX) {
      throw new AtollError("BAD_JSON", `more than ${COMMAS_MAX} items`);
    }
  }
}

/** Where the string that begins at `at` has its closing quote. */
function endOfString(text: string, at: number): number {
  let end = text.indexOf('"', at);
  while (end > 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end < 0 ? text.length : end;
}

function isEscaped(text: string, at: number): boolean {
  let start = at;
  while (text.charCodeAt(start - 1) === BACKSLASH) start--;
  return (at - start) % 2 === 1;
}
