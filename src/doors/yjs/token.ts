/** Where a page can put its token, which cannot set headers. */

import type { IncomingMessage } from "node:http";
import { AtollError } from "../../base/errors.ts";
import { decodePercent } from "../http/key-path.ts";
import { TOKEN_PREFIX } from "../websocket/subprotocol.ts";

/** Offered beside a token, so that there is something to answer. */
export const YJS_PROTOCOL = "atoll.yjs";

const PARAMETERS_MAX = 64;

/** What to answer to `Sec-WebSocket-Protocol`; undefined where nothing was offered. Throws `UNSUPPORTED_SUBPROTOCOL`. */
export function chooseYjsProtocol(header: string | undefined): typeof YJS_PROTOCOL | undefined {
  if (header === undefined) return undefined;
  if (offersOf(header).includes(YJS_PROTOCOL)) return YJS_PROTOCOL;
  throw new AtollError("UNSUPPORTED_SUBPROTOCOL", `offer ${YJS_PROTOCOL} or nothing`);
}

/** The token among the subprotocols, or in the parameter `token`; other parameters are the page's own. */
export function tokenOf(query: string, request: IncomingMessage): string | undefined {
  const offer = offersOf(request.headers["sec-websocket-protocol"] ?? "").find((each) => each.startsWith(TOKEN_PREFIX));
  if (offer !== undefined) return Buffer.from(offer.slice(TOKEN_PREFIX.length), "base64url").toString("utf8");
  const parameter = query.split("&", PARAMETERS_MAX).find((each) => each.startsWith("token="));
  return parameter === undefined ? undefined : decodePercent(parameter.slice("token=".length));
}

function offersOf(header: string): readonly string[] {
  return header.split(",").map((offer) => offer.trim());
}
