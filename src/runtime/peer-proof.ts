/** The cryptography of the handshake on `node:crypto`: HMAC-SHA256, comparison in constant time, unguessable nonces. */

import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { ConstantTimeEqual, Hmac } from "../wire/handshake.ts";
import { NONCE_BYTES } from "../wire/handshake-message.ts";

/** An HMAC bound to the cluster's secret; without one the key is empty. */
export function createPeerHmac(secret: Uint8Array = new Uint8Array(0)): Hmac {
  return (parts) => {
    const hmac = createHmac("sha256", secret);
    for (const part of parts) hmac.update(part);
    return hmac.digest();
  };
}

export const equalInConstantTime: ConstantTimeEqual = (a, b) => a.length === b.length && timingSafeEqual(a, b);

export function createNonce(): Uint8Array {
  return randomBytes(NONCE_BYTES);
}

/** What tells this process from any other of the same replica id. */
export function createProcessNumber(): number {
  return randomBytes(6).readUIntBE(0, 6);
}
