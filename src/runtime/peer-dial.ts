/** Opening a WebSocket to a peer: `ws:` or, with TLS configured, `wss:` with the peer's certificate checked. */

import type { Duplex } from "node:stream";
import { WebSocket } from "ws";
import { assert } from "../base/assert.ts";
import { type LinkLimits, WS_LIMITS } from "./link-limits.ts";
import { PEER_PATH, PEER_SUBPROTOCOL } from "./peer-upgrades.ts";

const RESPONSE_HEADER_BYTES_MAX = 4096;

/** PEM texts for dialling `wss:`; those of the accepting side belong to the HTTP server. */
export interface PeerTls {
  readonly cert: string;
  readonly key: string;
  /** What peers' certificates must be signed by; absent = the authorities that Node trusts. */
  readonly ca?: string;
}

export interface DialOptions {
  readonly limits: LinkLimits;
  readonly tls: PeerTls | undefined;
}

/** Begins to dial; `opened` gets the raw socket once the WebSocket is open. All failures are `error` and `close` events. */
export function dialPeer(address: string, options: DialOptions, opened: (raw: Duplex) => void): WebSocket {
  const scheme = options.tls === undefined ? "ws" : "wss";
  const socket = new WebSocket(`${scheme}://${address}${PEER_PATH}`, PEER_SUBPROTOCOL, {
    ...WS_LIMITS,
    ...options.tls,
    maxHeaderSize: RESPONSE_HEADER_BYTES_MAX,
    handshakeTimeout: options.limits.greetingTimeoutMs,
    generateMask: keepZero,
  });
  let raw: Duplex | undefined;
  socket.on("upgrade", (response) => {
    raw = response.socket;
  });
  socket.on("open", () => {
    assert(raw !== undefined, "a WebSocket opened without an upgrade");
    opened(raw);
  });
  return socket;
}

/**
 * Leaves the masking key at zero. Masking keeps a hostile page from choosing the bytes that its browser puts on the wire;
 * both ends of a link are replicas. It costs 4.5 us a KiB on Node 20 (64 KiB: 300 us in place of 43 us, both ends
 * together; `test/benchmarks/links.ts`), and would take a copy of each message for each link.
 */
function keepZero(): void {}
