/**
 * How two replicas that have just connected find out whether they may talk. A pure machine: bytes in, bytes and a
 * verdict out; hashing and nonces are handed in. It ends before the first frame (`frames.ts`) is sent.
 *
 *     dialler                                            acceptor
 *        | hello: versions, cluster, shards, id, nonce  -->  |   refused, unless it could be one of us
 *        | <--  hello: versions, cluster, shards, id, nonce  |
 *        | proof: HMAC, life, region, address           -->  |   refused, unless the HMAC is right
 *        | <--           proof: HMAC, life, region, address  |   for the acceptor the link is up
 *        |                        for the dialler it is up   |
 *
 * In place of any of its own messages the acceptor may send `refused` (a stable code and a text), and so may the dialler
 * in place of its proof; a dialler that does not like the last message closes with the code.
 *
 *     HMAC = HMAC-SHA256(secret, label, role of the prover, dialler's hello, acceptor's hello, chosen version, facts)
 *
 * with the length before every part. `facts` is what follows the HMAC in the same message. Both hellos are covered whole,
 * as they were on the wire. What each part stops:
 *
 *   nonce, 32 bytes from each side   replay: a proof made in another session covers another nonce
 *   role of the prover               reflection: what an acceptor proves cannot be shown as a dialler's proof, nor the reverse
 *   label                            a proof from any other protocol that shares the secret
 *   both ids                         a proof made for one replica being shown to a third
 *   both version ranges              an attacker on the path talking two replicas down to an older version
 *   cluster, shards                  two clusters that share a secret by mistake merging
 *   life, region, address            a message changed on the way
 *   dialler proves first             a stranger who dials learns nothing but that this cluster, which it has to name, is here;
 *                                    it gets no HMAC to guess the secret from, no life, region or address
 *   our own nonce or hello           dialling ourselves (PEER_SELF), not mistaken for another process with our id (PEER_DUPLICATE_ID)
 *   message sizes                    a stranger makes us hold at most 1 KiB
 *
 * Without a secret the key is empty: the same path, and one replica with and one without a secret end as PEER_BAD_SECRET.
 * The highest version that both ranges hold is used. Each hello also says whether its sender wants messages between regions
 * compressed (`frames.ts`): they are where both say so and their regions differ, and nobody is made to decompress
 * anything by who has not proved itself. A hello may end in bytes that a later version added: they are ignored, but proved. What it does not give: secrecy, or integrity of the frames that follow. Someone on the path who
 * can change packets can take over a link that has been proved; where that is a danger, use TLS.
 */

import { assertNever } from "../base/assert.ts";
import { BadBytes, ByteWriter, bytesFromLatin1 } from "../base/bytes.ts";
import type { ErrorCode } from "../base/errors.ts";
import type { ReplicaId } from "../base/ids.ts";
import {
  decodeHandshake,
  encodeFacts,
  encodeHello,
  encodeProof,
  encodeRefused,
  type Hello,
  type Proof,
  type ProvedFacts,
  type Refusal,
  type Role,
  type VersionRange,
} from "./handshake-message.ts";

export const HANDSHAKE_BYTES_MAX = 1024;

const LABEL = bytesFromLatin1("atoll peer proof 1");

/** HMAC-SHA256 over the parts one after another, under the cluster's secret (empty when there is none). */
export type Hmac = (parts: readonly Uint8Array[]) => Uint8Array;

/** Compares in time that does not depend on where two byte strings of one length differ. */
export type ConstantTimeEqual = (a: Uint8Array, b: Uint8Array) => boolean;

/** A peer that has proved to hold the secret. */
export interface ProvedPeer extends ProvedFacts {
  readonly id: ReplicaId;
  readonly processNumber: number;
  /** The dialler's attempt number, whichever end this is. */
  readonly attempt: number;
}

export interface HandshakeSetup {
  readonly hello: Hello;
  readonly facts: ProvedFacts;
  readonly hmac: Hmac;
  readonly equal: ConstantTimeEqual;
  /** Asked by a dialler before it proves anything: why not to go on with who answered, as when it has a link already. */
  readonly turnAway: (claimed: Pick<Hello, "id" | "processNumber">) => Refusal | undefined;
  /** True for a nonce that this process sent in a hello that is still being answered. */
  readonly isOwnNonce: (nonce: Uint8Array) => boolean;
  /** Asked once, when the peer has proved itself: the last word on whether to have this link. */
  readonly admit: (peer: ProvedPeer) => Refusal | undefined;
}

export type HandshakeOutcome =
  | {
      readonly type: "linked";
      readonly peer: ProvedPeer;
      readonly version: number;
      /** Both ends want it, and they are in two regions. */
      readonly compresses: boolean;
    }
  | { readonly type: "refused"; readonly code: ErrorCode; readonly message: string; readonly byPeer: boolean };

/** What to do after a message: send bytes, and when there is an outcome, stop feeding the machine. */
export interface HandshakeStep {
  readonly send: readonly Uint8Array[];
  readonly outcome?: HandshakeOutcome;
}

const NOTHING: HandshakeStep = { send: [] };

/** One end of one handshake. */
export class Handshake {
  readonly #setup: HandshakeSetup;
  readonly #role: Role;
  readonly #ownHello: Uint8Array;
  #claimedId: ReplicaId | undefined;
  #peerHello: { readonly hello: Hello; readonly bytes: Uint8Array } | undefined;
  #version = 0;
  #done = false;

  constructor(setup: HandshakeSetup) {
    this.#setup = setup;
    this.#role = setup.hello.role;
    this.#ownHello = encodeHello(setup.hello);
  }

  /** Who the other end says it is; not proved before the outcome is `linked`. */
  get claimedId(): ReplicaId | undefined {
    return this.#claimedId;
  }

  /** Before the first message: the dialler speaks first. */
  start(): HandshakeStep {
    return this.#role === "dialler" ? { send: [this.#ownHello] } : NOTHING;
  }

  /** Takes one whole message. Never throws on what a peer may send; the bytes are not kept. */
  receive(bytes: Uint8Array): HandshakeStep {
    if (this.#done) return NOTHING;
    try {
      return this.#receive(bytes);
    } catch (error) {
      if (error instanceof BadBytes) return this.#refuse("PEER_BAD_FRAME", `not a handshake: ${error.message}`);
      throw error;
    }
  }

  #receive(bytes: Uint8Array): HandshakeStep {
    if (bytes.length > HANDSHAKE_BYTES_MAX) throw new BadBytes(`${bytes.length} bytes`);
    const message = decodeHandshake(bytes);
    switch (message.type) {
      case "hello":
        return this.#receiveHello(message.hello, bytes);
      case "proof":
        return this.#receiveProof(message);
      case "refused":
        this.#done = true;
        return { send: [], outcome: { type: "refused", code: message.code, message: message.message, byPeer: true } };
      default:
        return assertNever(message);
    }
  }

  #receiveHello(hello: Hello, bytes: Uint8Array): HandshakeStep {
    const own = this.#setup.hello;
    if (this.#peerHello !== undefined) throw new BadBytes("a second hello");
    if (this.#setup.isOwnNonce(hello.nonce)) return this.#refuse("PEER_SELF", "this replica dialled itself");
    if (hello.role === this.#role) throw new BadBytes(`both ends say they are the ${hello.role}`);
    if (hello.cluster !== own.cluster)
      return this.#refuse("PEER_OTHER_CLUSTER", "the other end belongs to another cluster");
    const version = commonVersion(own.versions, hello.versions);
    if (version === undefined) return this.#refuse("PEER_NO_COMMON_VERSION", versionsDiffer(own, hello));
    if (hello.shards !== own.shards) return this.#refuse("PEER_OTHER_SHARDS", shardsDiffer(own, hello));
    this.#claimedId = hello.id;
    const refusal = this.#role === "dialler" ? this.#setup.turnAway(hello) : undefined;
    if (refusal !== undefined) return this.#refuse(refusal.code, refusal.message);
    this.#version = version;
    this.#peerHello = { hello, bytes: bytes.slice() };
    return { send: [this.#role === "acceptor" ? this.#ownHello : this.#prove()] };
  }

  #receiveProof(proof: Proof): HandshakeStep {
    if (this.#peerHello === undefined) throw new BadBytes("a proof before the hello");
    const peer = this.#peerHello.hello;
    const expected = this.#mac(peer.role, proof.factBytes);
    if (!this.#setup.equal(expected, proof.mac))
      return this.#refuse("PEER_BAD_SECRET", "the two ends do not hold the same secret");
    if (peer.id === this.#setup.hello.id) {
      return this.#refuse("PEER_DUPLICATE_ID", `two replicas of this cluster are named ${peer.id}`);
    }
    const attempt = this.#role === "dialler" ? this.#setup.hello.attempt : peer.attempt;
    const proved: ProvedPeer = { id: peer.id, processNumber: peer.processNumber, attempt, ...proof.facts };
    const refusal = this.#setup.admit(proved);
    if (refusal !== undefined) return this.#refuse(refusal.code, refusal.message);
    const send = this.#role === "acceptor" ? [this.#prove()] : [];
    const compresses =
      this.#setup.hello.compressRegions && peer.compressRegions && this.#setup.facts.region !== proved.region;
    this.#done = true;
    return { send, outcome: { type: "linked", peer: proved, version: this.#version, compresses } };
  }

  #prove(): Uint8Array {
    const factBytes = encodeFacts(this.#setup.facts);
    return encodeProof(this.#mac(this.#role, factBytes), factBytes);
  }

  #mac(prover: Role, factBytes: Uint8Array): Uint8Array {
    const peerHello = this.#peerHello?.bytes ?? new Uint8Array(0);
    const dialler = this.#role === "dialler" ? this.#ownHello : peerHello;
    const acceptor = this.#role === "dialler" ? peerHello : this.#ownHello;
    const head = new ByteWriter(64);
    head.blob(LABEL);
    head.u8(prover === "dialler" ? 1 : 2);
    head.u16(this.#version);
    head.u32(dialler.length);
    head.u32(acceptor.length);
    head.u32(factBytes.length);
    return this.#setup.hmac([head.view(), dialler, acceptor, factBytes]);
  }

  /** A dialler that has sent its proof may no longer send `refused`: the acceptor is past the handshake. */
  #refuse(code: ErrorCode, message: string): HandshakeStep {
    const isHeard = this.#role === "acceptor" || this.#peerHello === undefined;
    const send = isHeard ? [encodeRefused(code, message)] : [];
    this.#done = true;
    return { send, outcome: { type: "refused", code, message, byPeer: false } };
  }
}

/** The highest version that both ranges hold. */
export function commonVersion(a: VersionRange, b: VersionRange): number | undefined {
  const version = Math.min(a.max, b.max);
  return version >= Math.max(a.min, b.min) ? version : undefined;
}

function versionsDiffer(own: Hello, peer: Hello): string {
  return `protocol versions ${own.versions.min} to ${own.versions.max} here, ${peer.versions.min} to ${peer.versions.max} there`;
}

function shardsDiffer(own: Hello, peer: Hello): string {
  return `${own.shards} shards here, ${peer.shards} there: the number is fixed when a cluster is created`;
}
