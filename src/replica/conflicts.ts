/**
 * Receipts: the writes that lost to a concurrent one, counted for each keyspace since this process began, and the latest
 * of them kept. Which these are, and which are missed, is told in `core/shard/conflict.ts`.
 */

import type { OriginId, ReplicaId, ShardId, SpaceId } from "../base/ids.ts";
import { SYSTEM_SPACE, spaceOf } from "../base/shard-id.ts";
import type { Keyspaces } from "../cluster/keyspaces.ts";
import type { Members } from "../cluster/members.ts";
import type { Report, Reports } from "../cluster/reports.ts";
import { msOfTimestamp } from "../core/clock.ts";
import { lifeOf, originOf, replicaOf } from "../core/origin.ts";
import type { Conflict, ConflictingWrite, ConflictListener } from "../core/shard/conflict.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { VersionVector } from "../core/version-vector.ts";
import type { ConflictCounts, ConflictPage, ConflictReceipt, ConflictsOptions, WriteFacts } from "../store.ts";
import { versionOf } from "./register-view.ts";

/** Receipts kept of one keyspace, and their bytes: with more the oldest go. */
export const RECEIPTS_MAX = 500;
export const RECEIPTS_BYTES_MAX = 128 * 1024;
/** What one takes beside its key. */
const RECEIPT_BYTES = 200;

/** More members are not asked for their word of one write. */
const WORDS_MAX = 16;

type Word = Report & { readonly early: NonNullable<Report["early"]> };

interface Noted {
  readonly conflict: Conflict;
  readonly notedAt: number;
  readonly loserId: ReplicaId | undefined;
  readonly winnerId: ReplicaId | undefined;
}

interface Receipts {
  readonly latest: Noted[];
  bytes: number;
  here: number;
  elsewhere: number;
}

export interface ConflictsHost {
  readonly origin: OriginId;
  readonly members: Members;
  readonly reports: Reports;
  readonly keyspaces: Keyspaces;
}

export class Conflicts implements ConflictListener {
  readonly #host: ConflictsHost;
  readonly #receiptsBySpace = new Map<SpaceId, Receipts>();

  constructor(host: ConflictsHost) {
    this.#host = host;
  }

  isUnaware(shard: Shard, origin: OriginId, sequence: number, ownSequence: number): boolean {
    const first = this.#wordOf(shard.id, origin, sequence, ownSequence);
    if (first === undefined) return false;
    // Whoever made something that the first had, and that is not here, must have been as unaware; and so on.
    const asked = new Set([first]);
    for (const { vector, early } of asked) {
      for (const [replica, life] of vector.sealedEntries()) if (shard.vector.sealedBelow(replica) < life) return false;
      for (const [each, upTo] of reach(vector, early)) {
        if (each === this.#host.origin || shard.vector.covers(each, upTo)) continue;
        const word = this.#wordOf(shard.id, each, upTo, ownSequence);
        if (word === undefined || asked.size === WORDS_MAX) return false;
        asked.add(word);
      }
    }
    return true;
  }

  /** What the present life of an origin told when it had made this write, if it had not seen ours by then. */
  #wordOf(shard: ShardId, origin: OriginId, sequence: number, ownSequence: number): Word | undefined {
    const { members, reports } = this.#host;
    const id = members.idOfNumber(replicaOf(origin));
    const member = id === undefined ? undefined : members.get(id);
    if (member === undefined || originOf(member.number, member.life) !== origin) return undefined;
    const report = reports.of(shard, member.id);
    if (report === undefined || report.doubtful || report.early === undefined) return undefined;
    const { vector, early } = report;
    // Most often what was written here has long been seen there.
    if (vector.get(this.#host.origin) >= ownSequence || vector.get(origin) < sequence) return undefined;
    if (early.some((each) => each.origin === this.#host.origin && each.seen >= ownSequence)) return undefined;
    return report as Word;
  }

  conflicted(shard: ShardId, conflict: Conflict, nowMs: number): void {
    const space = spaceOf(shard);
    if (space === SYSTEM_SPACE) return;
    const receipts = this.#receiptsOf(space);
    if (conflict.isLostHere) receipts.here++;
    else receipts.elsewhere++;
    const { members } = this.#host;
    const loserId = members.idOfNumber(replicaOf(conflict.loser.origin));
    const winnerId = members.idOfNumber(replicaOf(conflict.winner.origin));
    receipts.latest.push({ conflict, notedAt: Math.floor(nowMs), loserId, winnerId });
    receipts.bytes += bytesOf(conflict);
    while (receipts.latest.length > RECEIPTS_MAX || receipts.bytes > RECEIPTS_BYTES_MAX) {
      const oldest = receipts.latest.shift();
      if (oldest !== undefined) receipts.bytes -= bytesOf(oldest.conflict);
    }
  }

  /** The latest of one keyspace, the newest first. Counts are told where all of its keys are asked about. */
  page({ keyspace, prefix, limit }: ConflictsOptions): ConflictPage {
    const space = this.#host.keyspaces.get(keyspace)?.space;
    const receipts = space === undefined ? undefined : this.#receiptsBySpace.get(space);
    const conflicts: ConflictReceipt[] = [];
    for (let i = (receipts?.latest.length ?? 0) - 1; i >= 0 && conflicts.length < limit; i--) {
      const noted = receipts?.latest[i];
      if (noted?.conflict.key.startsWith(prefix) === true) conflicts.push(receiptOf(noted));
    }
    const { here = 0, elsewhere = 0 } = receipts ?? {};
    return prefix === "" ? { conflicts, counts: { here, elsewhere } } : { conflicts };
  }

  /** Of each keyspace that there is. */
  counts(): readonly (ConflictCounts & { readonly keyspace: string })[] {
    return this.#host.keyspaces.all().map(({ name, space }) => {
      const { here = 0, elsewhere = 0 } = this.#receiptsBySpace.get(space) ?? {};
      return { keyspace: name, here, elsewhere };
    });
  }

  /** In which there was any. */
  get keyspaces(): number {
    return this.#receiptsBySpace.size;
  }

  /** Receipts kept, in all keyspaces. */
  get kept(): number {
    let kept = 0;
    for (const { latest } of this.#receiptsBySpace.values()) kept += latest.length;
    return kept;
  }

  get keptBytes(): number {
    let bytes = 0;
    for (const receipts of this.#receiptsBySpace.values()) bytes += receipts.bytes;
    return bytes;
  }

  #receiptsOf(space: SpaceId): Receipts {
    let receipts = this.#receiptsBySpace.get(space);
    if (receipts === undefined) {
      receipts = { latest: [], bytes: 0, here: 0, elsewhere: 0 };
      this.#receiptsBySpace.set(space, receipts);
    }
    return receipts;
  }
}

/** How far each origin was seen by who told this. */
function* reach(vector: VersionVector, early: Word["early"]): Iterable<readonly [OriginId, number]> {
  yield* vector.entries();
  for (const { origin, seen } of early) yield [origin, seen];
}

function bytesOf({ key }: Conflict): number {
  return RECEIPT_BYTES + key.length;
}

function receiptOf({ conflict, notedAt, loserId, winnerId }: Noted): ConflictReceipt {
  return {
    key: conflict.key,
    loser: factsOf(conflict.loser, loserId),
    winner: factsOf(conflict.winner, winnerId),
    lost: conflict.isLostHere ? "here" : "elsewhere",
    notedAt,
  };
}

function factsOf({ timestamp, origin, isDead }: ConflictingWrite, replica: ReplicaId | undefined): WriteFacts {
  return {
    type: isDead ? "delete" : "put",
    version: versionOf(timestamp, origin),
    ...(replica === undefined ? {} : { replica }),
    life: lifeOf(origin),
    stampedAt: msOfTimestamp(timestamp),
  };
}
