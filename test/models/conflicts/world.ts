/**
 * Replicas of one shard that write, push, fetch and tell each other what they cover, in any order; and, beside them,
 * the truth: of every write, which others of its key its writer had seen when it made it, at first hand or in what somebody
 * else had made of them.
 */

import { ByteWriter } from "../../../src/base/bytes.ts";
import type { Key, OriginId, ReplicaId, ShardId } from "../../../src/base/ids.ts";
import { Keyspaces } from "../../../src/cluster/keyspaces.ts";
import type { Members } from "../../../src/cluster/members.ts";
import { Reports } from "../../../src/cluster/reports.ts";
import { KIND_PLAIN } from "../../../src/core/record/kind.ts";
import { originAt, recordLength, sequenceAt, timestampAt } from "../../../src/core/record/record.ts";
import { compareRecords } from "../../../src/core/record/record-order.ts";
import type { Conflict, ConflictingWrite } from "../../../src/core/shard/conflict.ts";
import { DeltaSession } from "../../../src/core/shard/delta.ts";
import { Conflicts } from "../../../src/replica/conflicts.ts";
import { createShard, type Loose, type LooseShard, loose, NOW, origin, written } from "../../support/shards.ts";

const SHARD = 0 as ShardId;

/** By origin and stamp, which no two writes have in common. */
type Id = string;

interface Write {
  readonly key: Key;
  readonly content: string;
  readonly knows: ReadonlySet<Id>;
}

export interface Found {
  readonly by: number;
  readonly loser: Id;
  readonly winner: Id;
  readonly isLostHere: boolean;
}

interface Fetch {
  readonly from: number;
  readonly to: number;
  readonly delta: DeltaSession;
}

interface Site {
  readonly loose: LooseShard;
  readonly conflicts: Conflicts;
  readonly reports: Reports;
  readonly seenByKey: Map<Key, Set<Id>>;
  /** What was pushed to it and is under way, by sender. */
  readonly inbox: Loose[][];
}

export class ConflictWorld {
  readonly #sites: readonly Site[];
  readonly #writes = new Map<Id, Write>();
  readonly #fetches: Fetch[] = [];
  readonly #arrived = new Set<string>();
  #now = NOW;
  readonly found: Found[] = [];
  /** Losers that came for the first time where the winner was made and is held. */
  readonly expected: Omit<Found, "isLostHere">[] = [];

  constructor(replicas: number) {
    this.#sites = Array.from({ length: replicas }, (_, place) => this.#createSite(place, replicas));
  }

  #createSite(place: number, replicas: number): Site {
    const reports = new Reports();
    // Nobody comes or goes.
    const members = {
      idOfNumber: (number: number) => String(number) as ReplicaId,
      get: (id: ReplicaId) => ({ id, number: Number(id), life: 1 }),
    } as unknown as Members;
    const conflicts = new Conflicts({
      origin: originOfSite(place),
      members,
      reports,
      keyspaces: new Keyspaces(() => {}),
    });
    const listener = {
      isUnaware: conflicts.isUnaware.bind(conflicts),
      conflicted: (shard: ShardId, conflict: Conflict, now: number) => {
        const { loser, winner, isLostHere } = conflict;
        this.found.push({ by: place, loser: idOf(loser), winner: idOf(winner), isLostHere });
        conflicts.conflicted(shard, conflict, now);
      },
    };
    const site = createShard({ isPersistent: false, conflicts: listener });
    site.shard.beginLife(originOfSite(place));
    const inbox = Array.from({ length: replicas }, () => []);
    return { loose: site, conflicts, reports, seenByKey: new Map(), inbox };
  }

  #site(place: number): Site {
    return this.#sites[place] as Site;
  }

  pass(ms: number): void {
    this.#now += ms;
  }

  /** Writes a value, or deletes; the push to each other replica is under way or, if it is to be lost, never comes. */
  write(place: number, key: Key, value: string | undefined, isLost: (to: number) => boolean): void {
    const { loose: own, seenByKey } = this.#site(place);
    const content = value === undefined ? {} : { value: new TextEncoder().encode(value) };
    // Clocks differ by a few ms, so that the later write is the lesser at times.
    own.shard.write({ kind: KIND_PLAIN, key, ...content }, this.#now - 2 * place);
    const record = written(own, recordLength(own.writer.view, 0));
    const seen = seenByKey.get(key) ?? new Set();
    seenByKey.set(key, seen);
    const id = idIn(record.view);
    this.#writes.set(id, { key, content: value ?? "deleted", knows: new Set(seen) });
    seen.add(id);
    for (const [to, site] of this.#sites.entries()) {
      if (to !== place && !isLost(to)) site.inbox[place]?.push(record);
    }
  }

  /** The oldest push that is under way between two replicas. */
  deliver(from: number, to: number): void {
    const record = this.#site(to).inbox[from]?.shift();
    if (record === undefined) return;
    const { shard } = this.#site(to).loose;
    this.#arrive(to, record.view, 0);
    shard.applyPushed(record.view, record.bytes, 0, record.bytes.length, this.#now - 2 * to);
  }

  tell(from: number, to: number): void {
    const { shard } = this.#site(from).loose;
    const id = String(from + 1) as ReplicaId;
    const more = { durable: undefined, clock: 0, lives: 0, readiness: 2, view: 0 } as const;
    const told = { vector: shard.quarantine.tellable, early: shard.early(), doubtful: !shard.isSettled, ...more };
    this.#site(to).reports.note(SHARD, id, told);
  }

  fetch(from: number, to: number): void {
    const { vector } = this.#site(to).loose.shard;
    this.#fetches.push({ from, to, delta: new DeltaSession(this.#site(from).loose.shard, vector.snapshot()) });
  }

  /** Goes on with one of the deltas under way, by a record or two; or gives it up half-way. */
  goOn(which: number, isGivenUp: boolean): void {
    const fetch = this.#fetches[which % Math.max(1, this.#fetches.length)];
    if (fetch === undefined) return;
    const { shard } = this.#site(fetch.to).loose;
    const writer = new ByteWriter();
    fetch.delta.writeChunk(writer, 100);
    const { view, bytes } = loose(writer.copy());
    for (let at = 0; at < bytes.length; at += recordLength(view, at)) {
      this.#arrive(fetch.to, view, at);
      shard.apply(view, bytes, at, recordLength(view, at), this.#now - 2 * fetch.to);
    }
    if (fetch.delta.isDone && !isGivenUp) shard.claim(fetch.delta.claim);
    if (fetch.delta.isDone || isGivenUp) this.#fetches.splice(this.#fetches.indexOf(fetch), 1);
  }

  /** The truth about a record that is about to be taken in. */
  #arrive(place: number, view: DataView, at: number): void {
    const id = idIn(view, at);
    const write = this.#writes.get(id);
    if (write === undefined) throw new Error("nobody wrote that");
    this.#expect(place, id, view, at);
    const { seenByKey } = this.#site(place);
    const seen = seenByKey.get(write.key) ?? new Set();
    seenByKey.set(write.key, seen);
    for (const known of [id, ...write.knows]) seen.add(known);
  }

  #expect(place: number, id: Id, view: DataView, at: number): void {
    const { shard } = this.#site(place).loose;
    const arrival = `${place} ${id}`;
    if (this.#arrived.has(arrival) || shard.vector.covers(originAt(view, at), sequenceAt(view, at))) return;
    this.#arrived.add(arrival);
    const slot = shard.table.find(view, at);
    if (slot === 0) return;
    const [heldView, heldAt] = [shard.table.viewOf(slot), shard.table.offsetOf(slot)];
    const isOwn = originAt(heldView, heldAt) === originOfSite(place);
    if (!isOwn || compareRecords(view, at, heldView, heldAt) >= 0) return;
    const winner = idIn(heldView, heldAt);
    if (this.areConcurrent(id, winner)) this.expected.push({ by: place, loser: id, winner });
  }

  /** Neither knew the other, and they differ. */
  areConcurrent(a: Id, b: Id): boolean {
    const [first, second] = [this.#writes.get(a), this.#writes.get(b)];
    if (first === undefined || second === undefined) return false;
    const isKnown = first.knows.has(b) || second.knows.has(a);
    return !isKnown && first.key === second.key && first.content !== second.content;
  }

  /** What the receipts of a replica say, oldest first. */
  receiptsOf(place: number): readonly string[] {
    const { conflicts } = this.#site(place).conflicts.page({ keyspace: "default", prefix: "", limit: Infinity });
    return conflicts.map(({ loser, winner }) => `${loser.version} ${winner.version}`).reverse();
  }
}

function originOfSite(place: number): OriginId {
  return origin(place + 1);
}

function idIn(view: DataView, at = 0): Id {
  return idOf({ origin: originAt(view, at), timestamp: timestampAt(view, at) });
}

export function idOf(write: Pick<ConflictingWrite, "origin" | "timestamp">): Id {
  return `${write.origin}@${write.timestamp}`;
}
