/**
 * Values that are away are taken back from the disk when somebody wants them: one read each, however many wait for it.
 *
 *  V1. Whoever waits is told once the value is in memory, or the register holds another one, or none, by now: to look again.
 *  V2. What the disk does not give back, twice, as it was written is lost: the shard that claims it is distrusted, and peers
 *      bring it back. Who waits is told, and can ask them.
 *  V3. A disk that cannot be read at the moment loses nothing: who waits is told that, and may want it again.
 */

import { BadBytes, latin1FromBytes } from "../base/bytes.ts";
import { AtollError } from "../base/errors.ts";
import { giveBackWhole } from "../base/give-back.ts";
import { valueLengthAt } from "../core/record.ts";
import { checkRecord, type RecordLimits } from "../core/record-check.ts";
import type { Shard } from "../core/shard.ts";
import { recordKey } from "./disk-layout.ts";

/** Reads under way at once, and what they are to bring, unless one alone is longer; further ones wait for their turn. */
const READS_MAX = 64;
const READ_BYTES_MAX = 16 * 1024 * 1024;
const TRIES_MAX = 2;

/** An error: the disk could not be read, and the value is still away. */
export type Recalled = "look again" | "lost" | AtollError;

export interface RecallHost {
  readonly limits: RecordLimits;
  readonly outbox: { reads: Uint8Array[] };
  /** The disk has lost what the shard claims to have. */
  lost(shard: Shard, slot: number): void;
}

interface Recall {
  readonly key: Uint8Array;
  readonly shard: Shard;
  /** A record without its value. */
  readonly identity: Uint8Array;
  readonly waiting: ((recalled: Recalled) => void)[];
  /** Of the value. */
  readonly bytes: number;
  tries: number;
}

export class Recalls {
  readonly #host: RecallHost;
  readonly #byKey = new Map<string, Recall>();
  /** Whose turn has not come. */
  readonly #queued: Recall[] = [];
  readonly #toBeTold: (() => void)[] = [];
  #reading = 0;
  #readingBytes = 0;
  /** Values taken back, and those that the disk had lost. */
  taken = 0;
  lost = 0;

  constructor(host: RecallHost) {
    this.#host = host;
  }

  /** Values that somebody waits for. */
  get waiting(): number {
    return this.#byKey.size;
  }

  /** The value in `slot` is away and wanted; `answer` is told within a step (V1, V3). */
  want(shard: Shard, slot: number, answer: (recalled: Recalled) => void): void {
    const { table } = shard;
    const [view, at] = [table.viewOf(slot), table.offsetOf(slot)];
    const key = recordKey(view, at, shard.id);
    const name = latin1FromBytes(key);
    const known = this.#byKey.get(name);
    if (known !== undefined) {
      known.waiting.push(answer);
      return;
    }
    const identity = table.bytesOf(slot).slice(at, at + shard.lengthOf(slot));
    const recall: Recall = { key, shard, identity, waiting: [answer], bytes: valueLengthAt(view, at), tries: 0 };
    this.#byKey.set(name, recall);
    this.#queued.push(recall);
    this.#readOn();
  }

  #readOn(): void {
    while (this.#reading < READS_MAX) {
      const [recall] = this.#queued;
      if (recall === undefined) return;
      if (this.#reading > 0 && this.#readingBytes + recall.bytes > READ_BYTES_MAX) return;
      this.#queued.shift();
      this.#reading++;
      this.#readingBytes += recall.bytes;
      this.#host.outbox.reads.push(recall.key);
    }
  }

  /** What the disk has under a key that was to be read; undefined: nothing. */
  received(key: Uint8Array, read: Uint8Array | undefined | AtollError): void {
    const name = latin1FromBytes(key);
    const recall = this.#byKey.get(name);
    if (recall === undefined) return;
    this.#reading--;
    this.#readingBytes -= recall.bytes;
    const outcome = this.#outcomeOf(recall, read);
    if (read instanceof Uint8Array) giveBackWhole(read);
    if (outcome === "again") this.#queued.push(recall);
    else {
      this.#byKey.delete(name);
      for (const answer of recall.waiting) answer(outcome);
    }
    this.#readOn();
  }

  #outcomeOf(recall: Recall, read: Uint8Array | undefined | AtollError): Recalled | "again" {
    if (read !== undefined && !(read instanceof Uint8Array)) return read;
    const { shard, identity } = recall;
    const slot = shard.table.find(viewOf(identity), 0);
    if (slot === 0 || !shard.isAway(slot)) return "look again";
    if (read !== undefined && this.#isTakenBack(shard, slot, read)) {
      this.taken++;
      return "look again";
    }
    // It may have been written anew, and have gone again, while it was read.
    if (++recall.tries < TRIES_MAX) return "again";
    this.lost++;
    this.#host.lost(shard, slot);
    return "lost";
  }

  #isTakenBack(shard: Shard, slot: number, bytes: Uint8Array): boolean {
    const view = viewOf(bytes);
    try {
      const length = checkRecord(view, 0, bytes.length, this.#host.limits);
      return length === bytes.length && shard.takeValueBack(slot, view, bytes, 0, length);
    } catch (error) {
      if (!(error instanceof BadBytes)) throw error;
      return false;
    }
  }

  /** Wants all of these; `then` is told once, with the next tick where the disk could not be read. */
  wantAll(shard: Shard, slots: readonly number[], then: () => void): void {
    let left = slots.length;
    let hasFailed = false;
    for (const slot of slots) {
      this.want(shard, slot, (recalled) => {
        hasFailed ||= recalled instanceof AtollError;
        if (--left > 0) return;
        if (hasFailed) this.#toBeTold.push(then);
        else then();
      });
    }
  }

  /** Tells those who could not be given what they wanted that they may want it again. */
  tick(): void {
    for (const then of this.#toBeTold.splice(0)) then();
  }

  /** Nobody is to wait any more. */
  end(error: AtollError): void {
    for (const { waiting } of this.#byKey.values()) for (const answer of waiting) answer(error);
    this.#byKey.clear();
    this.#queued.length = 0;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
