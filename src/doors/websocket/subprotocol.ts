/**
 * What a client offers in `Sec-WebSocket-Protocol` (RFC 6455, 11.3.4): the language of its messages, and, since browsers
 * cannot set headers, perhaps its token.
 */

import { AtollError } from "../../base/errors.ts";

export type Subprotocol = "atoll.v1.json" | "atoll.v1.msgpack";

export const JSON_PROTOCOL = "atoll.v1.json" satisfies Subprotocol;
export const MSGPACK_PROTOCOL = "atoll.v1.msgpack" satisfies Subprotocol;

/** Behind it stands a token as base64url; never answered back, so that it goes no further than it must. */
export const TOKEN_PREFIX = "atoll.token.";
const OFFERS_MAX = 16;
const OFFER = /^[!#$%&'*+.^_`|~A-Za-z0-9-]+$/;

export interface Offer {
  /** The first language offered that is spoken here. */
  readonly protocol: Subprotocol;
  /** False for a client that offered none and gets JSON without being told. */
  readonly named: boolean;
  readonly token: string | undefined;
}

/** Throws `UNSUPPORTED_SUBPROTOCOL` where something is offered, but nothing that is spoken here. */
export function chooseSubprotocol(header: string | undefined): Offer {
  if (header === undefined) return { protocol: JSON_PROTOCOL, named: false, token: undefined };
  const offers = header.split(",", OFFERS_MAX + 1).map((offer) => offer.trim());
  if (offers.length > OFFERS_MAX || !offers.every((offer) => OFFER.test(offer))) throw unsupported();
  const protocol = offers.find(isSubprotocol);
  if (protocol === undefined) throw unsupported();
  const token = offers.find((offer) => offer.startsWith(TOKEN_PREFIX));
  return { protocol, named: true, token: token === undefined ? undefined : decodeToken(token) };
}

function isSubprotocol(offer: string): offer is Subprotocol {
  return offer === JSON_PROTOCOL || offer === MSGPACK_PROTOCOL;
}

function decodeToken(offer: string): string {
  return Buffer.from(offer.slice(TOKEN_PREFIX.length), "base64url").toString("utf8");
}

function unsupported(): AtollError {
  return new AtollError("UNSUPPORTED_SUBPROTOCOL", `offer ${JSON_PROTOCOL} or ${MSGPACK_PROTOCOL}`);
}
