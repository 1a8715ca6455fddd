/** The judgement that every request passes before it is looked at: may this page, and this name of ours, be served? */

import type { IncomingMessage } from "node:http";
import { AtollError } from "../base/errors.ts";
import { isExpectedHost, judgeOrigin, type OriginPolicy } from "./origin.ts";

export interface Admission {
  readonly origins: OriginPolicy;
  readonly headersMax: number;
  /** Names that may stand in `Host`; `undefined` where the check is off, because tokens protect the doors. */
  hosts: ReadonlySet<string> | undefined;
}

/**
 * The `Origin` to answer with CORS headers, or `undefined` where none are due. Throws `FORBIDDEN_ORIGIN` for pages that
 * are not allowed and for a `Host` that is not ours, `HEADERS_TOO_LARGE`, `BAD_REQUEST`.
 */
export function admit(admission: Admission, request: IncomingMessage): string | undefined {
  if (request.rawHeaders.length > 2 * admission.headersMax) {
    throw new AtollError("HEADERS_TOO_LARGE", `a request has at most ${admission.headersMax} headers`);
  }
  const { host, origin } = request.headers;
  if (host === undefined && request.httpVersion === "1.1") {
    throw new AtollError("BAD_REQUEST", "a request of HTTP/1.1 has a Host header");
  }
  if (admission.hosts !== undefined && host !== undefined && !isExpectedHost(host, admission.hosts)) {
    throw new AtollError("FORBIDDEN_ORIGIN", "the Host header names neither this machine nor a configured host");
  }
  if (origin === undefined) return undefined;
  const verdict = judgeOrigin(admission.origins, origin, host);
  if (verdict === "foreign") {
    throw new AtollError("FORBIDDEN_ORIGIN", "pages of this origin are not allowed here; see --allow-origin");
  }
  return verdict === "allowed" ? origin : undefined;
}
