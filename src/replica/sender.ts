/**
 * What this replica says to its peers, and over which links. Nothing that bears a dot of a life leaves before that life is on
 * disk (I1 of `replica.ts`).
 */

import type { ReplicaId } from "../base/ids.ts";
import { encodeMessage } from "../wire/codec.ts";
import type { Message } from "../wire/message.ts";
import type { Outbox } from "./outbox.ts";
import { PeerLinks } from "./peer-links.ts";
import type { LinkId } from "./ports.ts";
import { Withheld } from "./withheld.ts";

/**
 * Bears neither a dot nor a life (I1): that a session is over, which the other end would keep for ever, and that this process
 * is there.
 */
function isLifeless({ type }: Message): boolean {
  return type === "stop" || type === "ping" || type === "ping-ack" || type === "ping-request" || type === "ping-nack";
}

export interface SenderHost {
  readonly outbox: Outbox;
  /** The present life is on disk. */
  readonly lifeDurable: boolean;
  /** Bytes that a link was given and has not taken yet. */
  queuedOn(link: LinkId): number;
}

export class Sender {
  readonly links = new PeerLinks();
  readonly #host: SenderHost;
  readonly #withheld = new Withheld();

  constructor(host: SenderHost) {
    this.#host = host;
  }

  send(to: ReplicaId, message: Message): void {
    const link = this.links.linkTo(to);
    if (link === undefined) return;
    if (this.#host.lifeDurable || isLifeless(message))
      this.#host.outbox.frames.push({ link, frame: encodeMessage(message), droppable: false });
    else this.#withheld.add(link, message);
  }

  /** Where a link is full it is left out: it is said again by itself, or not worth it. */
  broadcast(to: readonly ReplicaId[], frame: Uint8Array): void {
    if (!this.#host.lifeDurable) return;
    for (const peer of to) {
      const link = this.links.linkTo(peer);
      if (link !== undefined) this.#host.outbox.frames.push({ link, frame, droppable: true });
    }
  }

  canSend(to: ReplicaId): boolean {
    return this.#host.lifeDurable && this.links.has(to);
  }

  queuedBytes(to: ReplicaId): number {
    const link = this.links.linkTo(to);
    return link === undefined ? 0 : this.#host.queuedOn(link) + this.#host.outbox.bytesTo(link);
  }

  /** Of what the present step says to a peer. */
  stepBytes(to: ReplicaId): number {
    const link = this.links.linkTo(to);
    return link === undefined ? 0 : this.#host.outbox.bytesTo(link);
  }

  /** The present life may be told of: what waited for that goes out. */
  release(): void {
    for (const outgoing of this.#withheld.take()) {
      if (this.links.peerOf(outgoing.link) !== undefined) this.#host.outbox.frames.push(outgoing);
    }
  }

  /** What waited to be said does not hold any more. */
  forget(): void {
    this.#withheld.take();
  }
}
