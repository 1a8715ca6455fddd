/** ETags (RFC 9110, 8.8.3) and the conditions made of them (13.1), which decide writes and spare reads. */

import type { IncomingHttpHeaders } from "node:http";
import { AtollError } from "../../base/errors.ts";
import type { Condition, Version } from "../../store.ts";

const TAG = /^\s*(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*$/;
const TAGS_MAX = 100;

interface Tag {
  readonly weak: boolean;
  readonly version: Version;
}

export function formatEtag(version: Version): string {
  return `"${version}"`;
}

/** What a write asks for in `If-None-Match: *`, `If-Match: *` or `If-Match: "version", ...`. */
export function parseCondition(headers: IncomingHttpHeaders): Condition | undefined {
  const match = headers["if-match"];
  const noneMatch = headers["if-none-match"];
  if (match === undefined && noneMatch === undefined) return undefined;
  if (match !== undefined && noneMatch !== undefined) {
    throw new AtollError("BAD_REQUEST", "If-Match and If-None-Match exclude each other");
  }
  if (noneMatch !== undefined) {
    if (noneMatch.trim() === "*") return { type: "absent" };
    throw new AtollError("BAD_REQUEST", "a write takes If-None-Match: * only");
  }
  if (match?.trim() === "*") return { type: "present" };
  // A weak tag never matches strongly: it counts as a version that nothing has.
  const strong = parseTags("If-Match", match ?? "").filter((tag) => !tag.weak);
  return { type: "version", versions: strong.map((tag) => tag.version) };
}

/** True when `If-None-Match` names what is there, so that a read is answered with 304. */
export function isUnchanged(noneMatch: string | undefined, version: Version): boolean {
  if (noneMatch === undefined) return false;
  if (noneMatch.trim() === "*") return true;
  return parseTags("If-None-Match", noneMatch).some((tag) => tag.version === version);
}

function parseTags(name: string, list: string): readonly Tag[] {
  const parts = list.split(",", TAGS_MAX + 1);
  if (parts.length > TAGS_MAX) throw new AtollError("BAD_REQUEST", `${name}: more than ${TAGS_MAX} tags`);
  return parts.map((part) => {
    const match = TAG.exec(part);
    if (match === null) throw new AtollError("BAD_REQUEST", `${name}: a tag is written "..." with its quotes`);
    return { weak: match[1] !== undefined, version: match[2] ?? "" };
  });
}
