/** The field of a map, or the member of a set, that a request is about. */

import { AtollError } from "../../base/errors.ts";
import type { Call } from "./call.ts";

/** As bytes, from the path or, for those that a URL normalises away, from the query. Throws `BAD_REQUEST`. */
export function namedIn({ id, query }: Call, parameter: "field" | "member"): string {
  const asked = query.get(parameter);
  if (asked !== undefined && id !== "")
    throw new AtollError("BAD_REQUEST", `the ${parameter} is in the path and in the query`);
  return asked ?? id;
}
