/**
 * Who refuses this replica. One that every peer turns away holds nothing of what the others do, and must not be taken for
 * one that is alone. A peer that cannot be reached, or is busy, refuses nobody.
 */

import type { ErrorCode } from "../base/errors.ts";
import type { LinkId, PeerFacts, TransportEvents } from "./ports.ts";

/** Trying again does not help against these: somebody has to change something. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set([
  "PEER_BAD_FRAME",
  "PEER_BAD_SECRET",
  "PEER_DUPLICATE_ID",
  "PEER_NO_COMMON_VERSION",
  "PEER_OTHER_CLUSTER",
  "PEER_OTHER_SHARDS",
]);
/** Named; the others are counted. */
const REASONS_MAX = 3;

export class RefusingPeers {
  /** By address that was dialled, or that a peer named as its own: why. */
  readonly #reasonsByAddress = new Map<string, string>();
  readonly #addressesByLink = new Map<LinkId, string>();

  refused({ address, code, message, inbound }: Parameters<TransportEvents["refused"]>[0]): void {
    if (!inbound) this.#note(address, code, message);
  }

  up(link: LinkId, { address }: PeerFacts): void {
    this.#addressesByLink.set(link, address);
    this.#reasonsByAddress.delete(address);
  }

  down(link: LinkId, reason: string, code: ErrorCode): void {
    const address = this.#addressesByLink.get(link);
    this.#addressesByLink.delete(link);
    if (address !== undefined) this.#note(address, code, reason);
  }

  /** Others are not dialled any more. */
  keep(addresses: ReadonlySet<string>): void {
    for (const address of this.#reasonsByAddress.keys()) {
      if (!addresses.has(address)) this.#reasonsByAddress.delete(address);
    }
  }

  /** In words; none while there is a link. */
  reasons(): string[] {
    if (this.#addressesByLink.size > 0) return [];
    const all = [...this.#reasonsByAddress].map(([address, reason]) => `refused by ${address}: ${reason}`);
    const more = all.length - REASONS_MAX;
    return more > 0 ? [...all.slice(0, REASONS_MAX), `refused by ${more} more`] : all;
  }

  #note(address: string, code: ErrorCode, message: string): void {
    if (REFUSALS.has(code)) this.#reasonsByAddress.set(address, `${code} (${message})`);
    else this.#reasonsByAddress.delete(address);
  }
}
