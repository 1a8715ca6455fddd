/**
 * Registers that are asked of others before one is read or written here. A read that wants a majority asks every owner that
 * is linked, or comes to be while it waits: the newest of what a majority (this replica included) holds is the answer. An
 * owner that is not ready yet asks those that are. Either takes in what it is told, so that it is repaired and passes it
 * on: who does not own the shard must not, and is no part of a majority, so that it has nobody to ask.
 */

import { ByteWriter } from "../base/bytes.ts";
import { isDue } from "../base/deadline.ts";
import type { Key, ReplicaId, ShardId } from "../base/ids.ts";
import { spaceOf } from "../base/shard-id.ts";
import { coOwnersOf } from "../cluster/co-owners.ts";
import type { Surroundings } from "../cluster/surroundings.ts";
import { KIND_PLAIN } from "../core/record/kind.ts";
import { recordLength } from "../core/record/record.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { MessageOf } from "../wire/message.ts";
import type { Records } from "../wire/records.ts";
import type { Intake } from "./intake.ts";

const READ_MS = 3000;
/** By as much a clock that is put back prolongs a read; one that is put back by more ends it. */
const PUT_BACK_MAX_MS = 1000;

interface PendingRead {
  readonly shard: ShardId;
  readonly key: Key;
  /** Whose answer counts. */
  readonly isWanted: (id: ReplicaId) => boolean;
  readonly waitingFor: Set<ReplicaId>;
  readonly heard: Set<ReplicaId>;
  /** Answers that are still wanted, of those that count. */
  missing: number;
  readonly dueAt: number;
  /** True: as many as were wanted have answered, and what they hold is held here. */
  readonly answer: (isReached: boolean) => void;
}

const NOTHING: Records = { bytes: new Uint8Array(0), view: new DataView(new ArrayBuffer(0)), start: 0, end: 0 };

export interface QuorumReadsHost extends Surroundings {
  /** False where others must be there of whom this replica has not yet heard. */
  isMajorityKnown(): boolean;
  /** True for a member without a link that is not known to be gone. */
  mayLink(id: ReplicaId): boolean;
  readonly intake: Pick<Intake, "takeIn">;
}

export class QuorumReads {
  readonly #host: QuorumReadsHost;
  readonly #pending = new Map<number, PendingRead>();
  #next = 1;

  constructor(host: QuorumReadsHost) {
    this.#host = host;
  }

  get waiting(): number {
    return this.#pending.size;
  }

  /** `since`: when the whole that this is a part of began to be asked for. */
  begin(shard: ShardId, key: Key, now: number, answer: (isReached: boolean) => void, since = now): void {
    if (!this.#host.ownership.owns(shard)) {
      answer(false);
      return;
    }
    const majority = Math.floor((coOwnersOf(this.#host, shard).length + 1) / 2) + 1;
    const missing = majority - (this.#isWhole(shard) ? 1 : 0);
    const isMajorityKnown = this.#host.isMajorityKnown();
    if (missing === 0 || !isMajorityKnown) {
      answer(missing === 0 && isMajorityKnown);
      return;
    }
    const isWanted = (id: ReplicaId) => this.#host.ownership.isOwner(shard, id);
    this.#ask({ shard, key, isWanted, missing, dueAt: since + READ_MS, answer });
  }

  /** For an owner that is not ready: what somebody who is holds of a key. */
  askReady(shard: ShardId, key: Key, now: number, answer: (isReached: boolean) => void): void {
    const isWanted = (id: ReplicaId) => this.#mayHold(shard, id);
    this.#ask({ shard, key, isWanted, missing: 1, dueAt: now + READ_MS, answer });
  }

  /** Who has not told yet what it holds in the present view may have owned the shard in the last one. */
  #mayHold(shard: ShardId, id: ReplicaId): boolean {
    const { ownership, reports } = this.#host;
    const standing = reports.standingOf(id);
    return ownership.isOwner(shard, id) || standing?.view !== ownership.view || standing.strays.has(shard);
  }

  #ask(asked: Omit<PendingRead, "waitingFor" | "heard">): void {
    const request = this.#next++;
    const read = { ...asked, waitingFor: new Set<ReplicaId>(), heard: new Set<ReplicaId>() };
    this.#pending.set(request, read);
    for (const id of this.#host.linked()) this.#askOf(id, request, read);
    if (this.#isInVain(read)) this.#settle(request, read);
  }

  #askOf(id: ReplicaId, request: number, { shard, key, isWanted, waitingFor, heard }: PendingRead): void {
    if (!isWanted(id) || heard.has(id)) return;
    waitingFor.add(id);
    this.#host.send(id, { type: "read", request, shard, kind: KIND_PLAIN, key });
  }

  /** True where those that may still answer are too few, those that may be linked in time among them. */
  #isInVain({ missing, waitingFor, isWanted, heard }: PendingRead): boolean {
    const mayAnswer = (id: ReplicaId) => this.#host.mayLink(id) && isWanted(id) && !heard.has(id);
    const coming = this.#host.members.owners().filter(({ id }) => !waitingFor.has(id) && mayAnswer(id)).length;
    return waitingFor.size + coming < missing;
  }

  #settle(request: number, { missing, answer }: PendingRead): void {
    this.#pending.delete(request);
    answer(missing === 0);
  }

  receiveRead(peer: ReplicaId, message: MessageOf<"read">): void {
    const shard = this.#host.shards.get(message.shard);
    const whole = this.#isWhole(message.shard);
    const slot = shard === undefined || !whole ? 0 : shard.find(message.kind, message.key as Key);
    if (shard !== undefined && slot !== 0 && shard.isAway(slot)) {
      this.#host.recall(shard, [slot], (recalled) => {
        // Who has a ghost only has nothing to tell: its word counts for nothing.
        if (recalled !== "nowhere") this.receiveRead(peer, message);
        else this.#host.send(peer, { type: "read-reply", request: message.request, whole: false, records: NOTHING });
      });
      return;
    }
    const records = shard === undefined || !whole ? NOTHING : recordsOf(shard, slot, message.key as Key);
    this.#host.send(peer, { type: "read-reply", request: message.request, whole, records });
  }

  /** Who may have lost, or doubts, what it once acknowledged is no part of a majority; nor is who has not all there was. */
  #isWhole(id: ShardId): boolean {
    const shard = this.#host.shards.get(id);
    if (shard === undefined || !shard.isSettled) return false;
    return shard.isReady || this.#host.ownership.isEverywhere(spaceOf(id));
  }

  receiveReply(peer: ReplicaId, message: MessageOf<"read-reply">, now: number): void {
    const read = this.#pending.get(message.request);
    if (!read?.waitingFor.delete(peer)) return;
    read.heard.add(peer);
    this.#host.intake.takeIn(read.shard, message.records, now);
    if (message.whole) read.missing--;
    if (read.missing === 0 || this.#isInVain(read)) this.#settle(message.request, read);
  }

  /** One that has answered is not asked again. */
  linkUp(peer: ReplicaId): void {
    for (const [request, read] of this.#pending) this.#askOf(peer, request, read);
  }

  linkDown(peer: ReplicaId): void {
    for (const [request, read] of this.#pending) {
      if (read.waitingFor.delete(peer) && this.#isInVain(read)) this.#settle(request, read);
    }
  }

  tick(now: number): void {
    for (const [request, read] of this.#pending) {
      const isLate = isDue({ dueAt: read.dueAt, waitMaxMs: READ_MS + PUT_BACK_MAX_MS }, now);
      if (isLate || this.#isInVain(read)) this.#settle(request, read);
    }
  }
}

/** The register in a slot, if that is not 0, and what was added to it. */
function recordsOf(shard: Shard, slot: number, key: Key): Records {
  const added = shard.increments.count === 0 ? [] : shard.increments.of(key);
  if (added.length === 0) return slot === 0 ? NOTHING : recordIn(shard, slot);
  const writer = new ByteWriter();
  for (const each of slot === 0 ? added : [slot, ...added]) {
    const { bytes, start, end } = recordIn(shard, each);
    writer.raw(bytes.subarray(start, end));
  }
  const bytes = writer.copy();
  return { bytes, view: new DataView(bytes.buffer), start: 0, end: bytes.length };
}

function recordIn(shard: Shard, slot: number): Records {
  const view = shard.table.viewOf(slot);
  const start = shard.table.offsetOf(slot);
  return { bytes: shard.table.bytesOf(slot), view, start, end: start + recordLength(view, start) };
}
