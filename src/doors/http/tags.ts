/** Tags in headers, and their invalidation. A tag is percent-encoded bytes, as a key is; in a header, tags are comma-separated. */

import type { Answer } from "./answer.ts";
import type { Call } from "./call.ts";
import { decodePercent, encodePercent } from "./key-path.ts";
import { ackOf } from "./values.ts";

/** Those of an `Atoll-Tags` header, as they stand in it; undefined where it is empty. Throws `BAD_PERCENT_ENCODING`. */
export function parseTags(header: string): readonly string[] | undefined {
  if (header.trim() === "") return undefined;
  return header.split(",").map((part) => decodePercent(part.trim()));
}

export function formatTags(tags: readonly string[]): string {
  return tags.map(encodePercent).join(",");
}

/** 204, or 202 where the acks that were asked for did not come in time. */
export async function postInvalidation(call: Call): Promise<Answer> {
  const ack = ackOf(call.query);
  const { dot, acks } = await call.store.invalidate(call.id, ack === undefined ? {} : { ack });
  const headers = ack === undefined ? [] : ["Atoll-Acks", `${acks.reached}/${acks.wanted}`];
  if (!acks.met) headers.push("Content-Length", "0");
  return { status: acks.met ? 204 : 202, headers, dots: [dot] };
}
