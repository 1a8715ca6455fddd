/** A peer of our own making: it goes through the handshake as a replica does, and then sends whatever a test wants. */

import { WebSocket } from "ws";
import type { ReplicaId } from "../../src/base/ids.ts";
import { createNonce, createPeerHmac, equalInConstantTime } from "../../src/runtime/peer-proof.ts";
import { PEER_PATH, PEER_SUBPROTOCOL } from "../../src/runtime/peer-upgrades.ts";
import { encodeMessage } from "../../src/wire/codec.ts";
import { cutMessage } from "../../src/wire/frames.ts";
import { Handshake, type HandshakeOutcome } from "../../src/wire/handshake.ts";
import { type Message, VERSIONS } from "../../src/wire/message.ts";
import type { ReplicaProcess } from "./replica-process.ts";
import { until, untilTrue } from "./until.ts";

const REGION = "here";
const ADDRESS = "127.0.0.1:1";

export interface FakePeerOptions {
  readonly id?: string;
  readonly secret?: string;
  readonly cluster?: string;
  readonly shards?: number;
  readonly versions?: { readonly min: number; readonly max: number };
  readonly life?: number;
}

export class FakePeer {
  readonly id: ReplicaId;
  readonly #socket: WebSocket;
  readonly #handshake: Handshake;
  readonly #life: number;
  #outcome: HandshakeOutcome | undefined;
  #isClosed = false;
  /** What the socket was closed with. */
  closeCode: number | undefined;

  /** Dials `replica`; the facts that are not given are the right ones. */
  constructor(replica: ReplicaProcess, options: FakePeerOptions = {}) {
    this.id = (options.id ?? "mallory") as ReplicaId;
    this.#life = options.life ?? 1;
    this.#handshake = new Handshake({
      hello: {
        role: "dialler",
        versions: options.versions ?? VERSIONS,
        cluster: options.cluster ?? replica.config.cluster,
        shards: options.shards ?? replica.config.shards,
        id: this.id,
        processNumber: 1,
        attempt: 1,
        nonce: createNonce(),
        compressRegions: false,
      },
      facts: { life: this.#life, region: REGION, address: ADDRESS },
      hmac: createPeerHmac(new TextEncoder().encode(options.secret ?? replica.config.secret ?? "")),
      equal: equalInConstantTime,
      turnAway: () => undefined,
      isOwnNonce: () => false,
      admit: () => undefined,
    });
    this.#socket = new WebSocket(`ws://127.0.0.1:${replica.port}${PEER_PATH}`, PEER_SUBPROTOCOL, {
      perMessageDeflate: false,
    });
    this.#socket.on("error", () => {});
    this.#socket.on("close", (code) => {
      this.#isClosed = true;
      this.closeCode = code;
    });
    this.#socket.on("message", (data: Buffer) => {
      if (this.#outcome === undefined) this.#step(this.#handshake.receive(data));
    });
  }

  /** Opens the socket and says nothing. */
  async opened(): Promise<this> {
    await untilTrue("the socket is open", () => this.#socket.readyState === WebSocket.OPEN || this.#isClosed);
    return this;
  }

  /** Goes through the handshake; returns how it ended, as far as this end can tell. */
  async greet(): Promise<HandshakeOutcome | undefined> {
    await this.opened();
    this.#step(this.#handshake.start());
    await untilTrue("the handshake is over", () => this.#outcome !== undefined || this.#isClosed);
    return this.#outcome;
  }

  /** Greets, is believed, and says who it is, as a replica does first: from then on it is a member. */
  async linked(): Promise<this> {
    const outcome = await this.greet();
    if (outcome?.type !== "linked") throw new Error(`the handshake ended with ${JSON.stringify(outcome)}`);
    const more = {
      ephemeral: false,
      left: false,
      epoch: 0,
      birth: 1,
      rootLife: this.#life,
      startedAt: 1,
      givenUpLife: 0,
      displaced: 0,
      seenAgoMs: 0,
      incarnation: 0,
      state: "alive",
      suspectedBy: [],
    } as const;
    const facts = { id: this.id, life: this.#life, region: REGION, address: ADDRESS, ...more };
    this.say({ type: "members", self: this.id, isAll: true, members: [facts], lineage: [], known: [] });
    return this;
  }

  say(message: Message): void {
    this.sayBytes(encodeMessage(message));
  }

  /** Any bytes, as one message in as many frames as it takes. */
  sayBytes(message: Uint8Array): void {
    for (const frame of cutMessage(message)) this.#socket.send(frame);
  }

  /** Any bytes, as one WebSocket message. */
  sendRaw(bytes: Uint8Array | string): void {
    this.#socket.send(bytes);
  }

  /** The close code that the other end gave. */
  async closed(): Promise<number> {
    return until("the socket is closed", () => (this.#isClosed ? (this.closeCode ?? 0) : undefined));
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  hangUp(): void {
    this.#socket.terminate();
  }

  #step({ send, outcome }: ReturnType<Handshake["start"]>): void {
    for (const bytes of send) this.#socket.send(bytes);
    if (outcome !== undefined) this.#outcome = outcome;
  }
}
