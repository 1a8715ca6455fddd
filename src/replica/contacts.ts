/** Whom the driver has links kept to: addresses that it was given, and those of its neighbours; and who of them refuses it. */

import { DialList } from "./dial-list.ts";
import type { LinkId, Log, PeerFacts, Transport, TransportEvents } from "./ports.ts";
import { RefusalLog } from "./refusal-log.ts";
import { RefusingPeers } from "./refusing-peers.ts";
import type { Replica } from "./replica.ts";

export interface ContactsOptions {
  readonly transport: Transport;
  readonly log: Log;
  /** Addresses to look for others at. */
  readonly join?: readonly string[];
  /** Others will come. */
  readonly seeksPeers?: boolean;
}

export class Contacts {
  /** At which others dial this replica. */
  address = "";
  join: readonly string[];
  readonly #transport: Transport;
  readonly #seeksPeers: boolean;
  readonly #dialList = new DialList();
  readonly #refusing = new RefusingPeers();
  readonly #refusalLog: RefusalLog;

  constructor({ transport, log, join = [], seeksPeers = false }: ContactsOptions) {
    this.#transport = transport;
    this.join = join;
    this.#seeksPeers = seeksPeers;
    this.#refusalLog = new RefusalLog(log);
  }

  /** Has those dialled that are to be, by what is known of members; undefined: the replica has not started yet. */
  connect(replica: Replica | undefined): void {
    if (replica !== undefined) replica.outbox.membersChanged = false;
    const isOther = this.#dialList.look(this.join, this.address, replica);
    const { addresses } = this.#dialList;
    if (replica !== undefined && (addresses.size > 0 || this.#seeksPeers)) replica.seeksPeers = true;
    this.#refusing.keep(addresses);
    if (isOther) this.#transport.connect([...addresses]);
  }

  /** Why all of them turn this replica away, in words; empty where that is not so. */
  refusals(): readonly string[] {
    return this.#refusing.reasons();
  }

  up(link: LinkId, peer: PeerFacts): void {
    this.#refusing.up(link, peer);
  }

  down(...[link, reason, code]: Parameters<TransportEvents["down"]>): void {
    this.#refusing.down(link, reason, code);
  }

  refused(detail: Parameters<TransportEvents["refused"]>[0], now: number): void {
    this.#refusing.refused(detail);
    this.#refusalLog.note(detail, now);
  }

  tick(now: number): void {
    this.#refusalLog.tick(now);
  }
}
