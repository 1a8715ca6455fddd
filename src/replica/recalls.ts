/**
 * Values that are away are taken back when somebody wants them, from the disk, or where there is none from peers
 * (`fetches.ts`): one read each, however many wait for it.
 *
 *  V1. Whoever waits is told once the value is in memory, or the register holds another one, or none, by now: to look again.
 *  V2. What the disk does not give back, twice, as it was written is lost: the shard that claims it is distrusted, and peers
 *      bring it back. Who waits is told, and can ask them.
 *  V3. A disk that cannot be read at the moment loses nothing: who waits is told that, and may want it again.
 *  V4. What no peer has is gone; the register stays, for `orphans.ts` to decide about. What no peer has who is there is
 *      *absent*, which is the same to whoever waits, and nothing is decided.
 */

import { BadBytes, latin1FromBytes } from "../base/bytes.ts";
import { AtollError } from "../base/errors.ts";
import { giveBackWhole } from "../base/give-back.ts";
import { checkRecord, type RecordLimits } from "../core/containers/record-check.ts";
import { valueLengthAt } from "../core/record/record.ts";
import type { Shard } from "../core/shard/shard.ts";
import { recordKey } from "./disk-layout.ts";
import type { Orphans } from "./orphans.ts";
import type { Recovery } from "./recovery.ts";

/** Reads under way at once, and what they are to bring, unless one alone is longer; further ones wait for their turn. */
const READS_MAX = 64;
const READ_BYTES_MAX = 16 * 1024 * 1024;
/** Of those that wait for their turn: whoever wants one more is refused, and may ask again. */
export const QUEUED_MAX = 16_384;
const TRIES_MAX = 2;

/** An error: the disk could not be read, peers could not be asked, or too many wait already, and the value is still away. */
export type Recalled = "look again" | "lost" | "gone" | AtollError;
/** What has become of several: all are back, some could not be read at the moment, or some are with nobody in reach. */
export type RecalledAll = "look again" | "later" | "nowhere";
/** What was found of one: its record; undefined: nothing, of a disk, or that it is to be looked at again. */
export type Found = Uint8Array | undefined | "gone" | "absent" | AtollError;

export interface RecallHost {
  readonly limits: RecordLimits;
  /** Nothing is kept on a disk: peers have what is away. */
  readonly isEphemeral: boolean;
  /** Has the record looked for that is known by a key of the disk; `received` is to be told. `identity`: what is here of it. */
  readValue(key: Uint8Array, shard: Shard, identity: Uint8Array): void;
  /** Told of values that nobody has, nor will anybody come who has. */
  readonly orphans: Pick<Orphans, "note">;
  /** Told where the disk has lost what a shard claims to have. */
  readonly recovery: Pick<Recovery, "lost">;
  /** Instant up to which expired registers have fallen. */
  readonly sweptTo: number;
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
  #isReadingOn = false;
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
    if (this.#queued.length >= QUEUED_MAX)
      return answer(new AtollError("TOO_MANY_REQUESTS", "too many values are being taken back already"));
    const identity = table.bytesOf(slot).slice(at, at + shard.values.lengthOf(slot));
    const recall: Recall = { key, shard, identity, waiting: [answer], bytes: valueLengthAt(view, at), tries: 0 };
    this.#byKey.set(name, recall);
    this.#queued.push(recall);
    this.#readOn();
  }

  /** What cannot be read is received at once, and so would one after the other from within: however many there are. */
  #readOn(): void {
    if (this.#isReadingOn) return;
    this.#isReadingOn = true;
    try {
      this.#readOnInTurn();
    } finally {
      this.#isReadingOn = false;
    }
  }

  #readOnInTurn(): void {
    while (this.#reading < READS_MAX) {
      const [recall] = this.#queued;
      if (recall === undefined) return;
      if (this.#reading > 0 && this.#readingBytes + recall.bytes > READ_BYTES_MAX) return;
      this.#queued.shift();
      this.#reading++;
      this.#readingBytes += recall.bytes;
      this.#host.readValue(recall.key, recall.shard, recall.identity);
    }
  }

  /** What was found under a key that was to be read. */
  received(key: Uint8Array, read: Found): void {
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

  #outcomeOf(recall: Recall, read: Found): Recalled | "again" {
    if (read instanceof AtollError) return read;
    const { shard, identity } = recall;
    const slot = shard.table.find(viewOf(identity), 0);
    if (slot === 0 || !shard.isAway(slot)) return "look again";
    if (read instanceof Uint8Array && this.#isTakenBack(shard, slot, read)) {
      this.taken++;
      return "look again";
    }
    if (read === "gone") this.#host.orphans.note(shard, slot);
    if (read === "gone" || read === "absent") return "gone";
    // Another version of it has come and gone.
    if (this.#host.isEphemeral) return "look again";
    // It may have been written anew, and have gone again, while it was read.
    if (++recall.tries < TRIES_MAX) return "again";
    this.lost++;
    this.#host.recovery.lost(shard, slot, this.#host.sweptTo);
    return "lost";
  }

  #isTakenBack(shard: Shard, slot: number, bytes: Uint8Array): boolean {
    const view = viewOf(bytes);
    try {
      const length = checkRecord(view, 0, bytes.length, this.#host.limits);
      return length === bytes.length && shard.values.takeBack(slot, view, bytes, 0, length);
    } catch (error) {
      if (!(error instanceof BadBytes)) throw error;
      return false;
    }
  }

  /** Wants all of these; `then` is told once, with the next tick where not all are back. */
  wantAll(shard: Shard, slots: readonly number[], then: (recalled: RecalledAll) => void): void {
    let left = slots.length;
    let [isMissed, isRefused] = [false, false];
    for (const slot of slots) {
      this.want(shard, slot, (recalled) => {
        if (recalled instanceof AtollError && recalled.code === "TOO_MANY_REQUESTS") isRefused = true;
        else if (recalled instanceof AtollError || recalled === "gone") isMissed = true;
        if (--left > 0) return;
        if (!isMissed && !isRefused) return then("look again");
        this.#toBeTold.push(() => then(this.#host.isEphemeral && !isRefused ? "nowhere" : "later"));
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
