/** The part of a URL behind `?`: names to percent-decoded bytes. A name that is unknown or there twice is refused. */

import { AtollError } from "../../base/errors.ts";
import { decodePercent } from "./key-path.ts";

export type Query = ReadonlyMap<string, string>;

export const NO_QUERY: Query = new Map();
const PARAMETERS_MAX = 16;

/** Throws `BAD_REQUEST` for a name that is not in `known`: a mistyped `ttl` must not store a value for ever. */
export function parseQuery(text: string, known: readonly string[]): Query {
  if (text.length === 0) return NO_QUERY;
  const pairs = text.split("&", PARAMETERS_MAX + 1);
  if (pairs.length > PARAMETERS_MAX) throw new AtollError("BAD_REQUEST", "too many query parameters");
  const query = new Map<string, string>();
  for (const pair of pairs) {
    if (pair.length === 0) continue;
    const equals = pair.indexOf("=");
    const name = decodePercent(equals < 0 ? pair : pair.slice(0, equals));
    if (!known.includes(name)) throw unknownParameter(known);
    if (query.has(name)) throw new AtollError("BAD_REQUEST", `the query parameter ${name} is there twice`);
    query.set(name, equals < 0 ? "" : decodePercent(pair.slice(equals + 1)));
  }
  return query;
}

/** NaN for what is there and is none. */
export function wholeNumberOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return /^[0-9]{1,9}$/.test(text) ? Number(text) : Number.NaN;
}

function unknownParameter(known: readonly string[]): AtollError {
  const hint = known.length === 0 ? "none is taken here" : `known here: ${known.join(", ")}`;
  return new AtollError("BAD_REQUEST", `unknown query parameter; ${hint}`);
}
