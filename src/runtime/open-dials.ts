/** Our dials that have no link yet, by their addresses; and their nonces, by which we know our own voice when we dialled ourselves. */

import type { PeerConnection } from "./peer-connection.ts";

export class OpenDials {
  readonly #dialsByAddress = new Map<string, PeerConnection>();
  /** In hex. */
  readonly #noncesByConnection = new Map<PeerConnection, string>();
  readonly #nonces = new Set<string>();

  add(connection: PeerConnection, nonce: Uint8Array): void {
    const name = hex(nonce);
    this.#dialsByAddress.set(connection.address, connection);
    this.#noncesByConnection.set(connection, name);
    this.#nonces.add(name);
  }

  /** It was answered, or is over. */
  remove(connection: PeerConnection): void {
    this.#nonces.delete(this.#noncesByConnection.get(connection) ?? "");
    this.#noncesByConnection.delete(connection);
    if (this.isWanted(connection)) this.#dialsByAddress.delete(connection.address);
  }

  /** Its address is no longer to be linked with; the dial, if there is one, is the caller's to end. */
  giveUp(address: string): PeerConnection | undefined {
    const connection = this.#dialsByAddress.get(address);
    this.#dialsByAddress.delete(address);
    return connection;
  }

  /** Its address was not given up, nor dialled anew. */
  isWanted(connection: PeerConnection): boolean {
    return this.#dialsByAddress.get(connection.address) === connection;
  }

  isOwnNonce(nonce: Uint8Array): boolean {
    return this.#nonces.has(hex(nonce));
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
}
