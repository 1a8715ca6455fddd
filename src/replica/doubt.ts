/**
 * What becomes of what a replica holds when it has to begin anew, or when its disk lost something: registers wait,
 * unconfirmed, until it is clear what of them still stands. A register that nobody can judge is kept; one that goes, and
 * may be known to nobody else, is put aside for an operator.
 */

import type { OriginId, ShardId } from "../base/ids.ts";
import { spaceOf } from "../base/shard-id.ts";
import { coOwnersOf } from "../cluster/co-owners.ts";
import type { Keyspaces } from "../cluster/keyspaces.ts";
import type { Quarantine } from "../cluster/membership-host.ts";
import type { Surroundings } from "../cluster/surroundings.ts";
import { msOfTimestamp } from "../core/clock.ts";
import { mayFall } from "../core/containers/container-part.ts";
import { lifeOf, originOf, replicaOf } from "../core/origin.ts";
import { baseKindOf, isCollectionKind, isIncrementsKind } from "../core/record/kind.ts";
import {
  expiresAt,
  flagsAt,
  isGone,
  keyAt,
  kindAt,
  originAt,
  recordLength,
  timestampAt,
} from "../core/record/record.ts";
import type { Twice } from "../core/shard/new-dots.ts";
import type { OwnWrites } from "../core/shard/quarantine.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { Birth } from "../wire/message.ts";
import type { Coverage } from "./coverage.ts";
import type { Lives } from "./lives.ts";
import type { Outbox } from "./outbox.ts";

/**
 * Registers that get new dots as soon as a quarantine begins: so much goes to the disk in one batch with it. The rest
 * waits until that is there, and until what is away has been read.
 */
const REDOTTED_AT_ONCE_BYTES = 4 << 20;

export interface DoubtHost extends Surroundings {
  readonly number: number;
  readonly origin: OriginId;
  /** The disk knows of the present life, and of the quarantine that it began with. */
  readonly lifeDurable: boolean;
  /** The life since which it has held what it holds. */
  readonly lives: Pick<Lives, "root">;
  /** The replica's latest lives. */
  readonly lineage: readonly Birth[];
  /** How far others told that they cover an origin. */
  readonly coverage: Pick<Coverage, "coveredByAny" | "coveredByAll">;
  /** Somebody is looked for whom this replica may have forgotten. */
  mayHaveUnmetOwners(now: number): boolean;
  readonly keyspaces: Pick<Keyspaces, "nameOf">;
  readonly outbox: Outbox;
}

export class Doubt {
  readonly #host: DoubtHost;
  readonly #retentionMs: number;
  /** Registers put aside. */
  salvaged = 0;
  #redottedBytes = 0;
  /** Quarantined by this process: what of them needs new dots is all that is unconfirmed of those lives. */
  readonly #begunHere = new Set<Shard>();

  /**
   * Own writes of lives that others closed, which somebody was told of, and not everybody: whoever closed them may lack them,
   * and who holds them sends them under dots that are covered there. Until the shard is reconciled.
   */
  readonly #witnessed = new Map<Shard, readonly OwnWrites[]>();

  constructor(host: DoubtHost, limits: { readonly retentionMs: number }) {
    this.#host = host;
    this.#retentionMs = limits.retentionMs;
  }

  /**
   * Own writes that need new dots. Of lives that were lived twice all do, and of those that others may not know, as they know
   * another line, what not all told to have. Otherwise those that nobody has seen, where others have closed our lives without
   * asking, so that they count as void there: of one that is taken for gone, what nobody told to have; of one that was away for
   * longer than the retention, what of that is younger. Of one that was removed before that, which cannot tell by itself what
   * others have seen, none: that shows once it holds what they hold. To be asked before anything is forgotten.
   */
  ownWritesToRedot(shard: Shard, { reason, doubtedSince, twice }: Quarantine): readonly OwnWrites[] {
    const writes: OwnWrites[] = [];
    const witnessed: OwnWrites[] = [];
    for (const { life } of this.#host.lineage) {
      const origin = originOf(this.#host.number, life);
      const isDoubted = doubtedSince !== undefined && life >= doubtedSince;
      const isClosed = reason === "taken for gone" || reason === "away";
      const aboveAll = this.#host.coverage.coveredByAll(shard.id, origin);
      const of = { origin, areYoung: false, isTwice: false, areMembersLate: false };
      if (twice?.includes(life)) writes.push({ ...of, above: 0, isTwice: true });
      else if (isDoubted) writes.push({ ...of, above: aboveAll, areMembersLate: true });
      else if (isClosed) {
        const above = this.#host.coverage.coveredByAny(shard.id, origin);
        writes.push({ ...of, above, areYoung: reason === "away" });
        witnessed.push({ ...of, above: aboveAll, areYoung: true });
      }
    }
    this.#witnessed.set(shard, merged([...(this.#witnessed.get(shard) ?? []), ...witnessed]));
    return writes.filter(({ origin, above }) => slotsAbove(shard, origin, above).length > 0);
  }

  /** A quarantine begins, of all shards. */
  beginAll(): void {
    this.#redottedBytes = 0;
  }

  /**
   * Has a shard claim nothing in the new life, and serve nothing but what of `writes` is at hand and not too much, which
   * gets dots of it if it is young. What is left of them the shard keeps in mind, and on disk.
   */
  begin(shard: Shard, writes: readonly OwnWrites[], now: number): void {
    // After a restart it is not clear yet which of those that were to get new dots are our own.
    const isClear = shard.quarantine.toRedot.length === 0 || this.#begunHere.has(shard);
    const slots = new Set(isClear ? this.#unconfirmedToRedot(shard, now, false) : []);
    for (const write of writes) {
      for (const slot of slotsAbove(shard, write.origin, write.above)) {
        if (this.#isOf(write, shard, slot, now) && !isLate(write, shard, slot)) slots.add(slot);
      }
    }
    shard.quarantine.distrust({ serve: false });
    shard.beginLife(this.#host.origin);
    let isAll = isClear;
    const toRedot = merged([...shard.quarantine.toRedot, ...writes]);
    const twice = twiceOf(toRedot);
    for (const slot of slots) {
      // It may have gone along with another.
      if (!this.#isOfEarlierLife(shard, slot)) continue;
      const isLater = isBaseAway(shard, slot) || this.#redottedBytes >= REDOTTED_AT_ONCE_BYTES;
      if (isLater) isAll = false;
      else {
        this.#redottedBytes += shard.values.lengthOf(slot);
        this.#redot(shard, slot, twice, now);
      }
    }
    if (isClear) this.#begunHere.add(shard);
    shard.quarantine.toRedot = isAll ? toRedot.filter(({ areMembersLate }) => areMembersLate) : toRedot;
  }

  #redot(shard: Shard, slot: number, twice: Twice, now: number): void {
    // It may have gone along with another.
    if (!this.#isOfEarlierLife(shard, slot)) return;
    if (this.#isSalvaged(shard, shard.table.viewOf(slot), shard.table.offsetOf(slot), now)) shard.quarantine.drop(slot);
    else shard.redot(slot, twice);
  }

  /** Slots of what is unconfirmed and is to get a new dot; what is to get it late only where `isTime`. */
  #unconfirmedToRedot(shard: Shard, now: number, isTime: boolean): number[] {
    return shard.quarantine.toRedot.flatMap((write) =>
      slotsAbove(shard, write.origin, write.above).filter(
        (slot) =>
          shard.isUnconfirmed(slot) && this.#isOf(write, shard, slot, now) && (isTime || !isLate(write, shard, slot)),
      ),
    );
  }

  /** For a slot of that life and behind that sequence. */
  #isOf({ areYoung }: OwnWrites, { table }: Shard, slot: number, now: number): boolean {
    return !areYoung || !this.#isTooOld(table.viewOf(slot), table.offsetOf(slot), now);
  }

  /**
   * The values of all that is in doubt are here by now. After a restart what others wrote under the same dots may be
   * unconfirmed as well, until they have sent it again: then this waits for that.
   */
  #redotLate(shard: Shard, now: number, isTime: boolean): void {
    const { toRedot } = shard.quarantine;
    const twice = twiceOf(toRedot);
    for (const slot of this.#unconfirmedToRedot(shard, now, isTime)) this.#redot(shard, slot, twice, now);
    this.#begunHere.delete(shard);
    shard.quarantine.toRedot = isTime ? [] : toRedot.filter(({ areMembersLate }) => areMembersLate);
  }

  /**
   * Decides about what nobody has confirmed, once all that the linked peers told of is here too. `waits`: not yet; `again`:
   * the shard claims nothing any more, and all has to be fetched once more. No value of what it doubts may be away.
   */
  reconcile(shard: Shard, now: number): "waits" | "done" | "again" {
    if (this.#begunHere.has(shard) && this.#host.lifeDurable) this.#redotLate(shard, now, false);
    const judge = this.#judgeOf(shard, now);
    if (judge === undefined) return "waits";
    this.#redotLate(shard, now, true);
    const isQuarantined = shard.quarantined;
    // What others deleted and purged has left its marks here by now.
    const witnessed = this.#takeWitnessed(shard, now);
    const isWhole = shard.quarantine.reconcile(shard.vector, (view, at, standing) => {
      const isOwn = replicaOf(originAt(view, at)) === this.#host.number;
      if (standing === "replaced") {
        // Most likely. The mark may be of another key, and where others closed our lives nobody has ever seen it.
        if (isQuarantined && isOwn) this.#salvage(shard.id, view, at, now);
        return "goes";
      }
      if (isQuarantined && judge === "peers" && this.#isSalvaged(shard, view, at, now)) return "goes";
      // Under its old dot it would be taken for gone. Of a register of somebody else that is for its writer to see to, unless
      // this replica has just joined those who closed the writer's life: they may never see the writer again.
      if (standing === "unseen" && !isOwn && isQuarantined) return "stays under a new dot";
      if (!isOwn) return "stays";
      // What nobody in reach covers somebody else may cover, who closed the life for the later one that is the root, and never saw this.
      const isClosed = isQuarantined && lifeOf(originAt(view, at)) < this.#host.lives.root;
      return standing === "unseen" || isClosed ? "stays under a new dot" : "stays";
    });
    for (const slot of witnessed) if (this.#isOfEarlierLife(shard, slot)) shard.redot(slot);
    return isWhole ? "done" : "again";
  }

  /** Slots of what the shard is to give new dots to, whether or not somebody sent it again; it keeps them in mind no more. */
  #takeWitnessed(shard: Shard, now: number): readonly number[] {
    const slots = (this.#witnessed.get(shard) ?? []).flatMap((write) =>
      slotsAbove(shard, write.origin, write.above).filter((slot) => {
        const [view, at] = [shard.table.viewOf(slot), shard.table.offsetOf(slot)];
        return !shard.isAway(slot) && !shard.quarantine.wasForgotten(view, at) && this.#isOf(write, shard, slot, now);
      }),
    );
    this.#witnessed.delete(shard);
    return slots;
  }

  #isOfEarlierLife({ table }: Shard, slot: number): boolean {
    if (!table.isHeld(slot) || table.isSentinel(slot)) return false;
    return originAt(table.viewOf(slot), table.offsetOf(slot)) !== this.#host.origin;
  }

  /**
   * Who can tell what of an unconfirmed shard still stands: linked peers that are sure of what they hold; nobody, where all
   * owners are as much in doubt, or none is left; undefined: not yet.
   */
  #judgeOf(shard: Shard, now: number): "peers" | "nobody" | undefined {
    const { ownership, reports } = this.#host;
    // It is for others to serve, who tell nothing of it to a replica that holds nothing of it.
    if (shard.unconfirmed === 0 && !ownership.owns(shard.id)) return "nobody";
    const owners = coOwnersOf(this.#host, shard.id);
    if (owners.length === 0) return this.#host.mayHaveUnmetOwners(now) ? undefined : "nobody";
    let isAnySure = false;
    for (const peer of this.#host.linked()) {
      if (!ownership.isOwner(shard.id, peer)) continue;
      const report = reports.of(shard.id, peer);
      if (report === undefined || !shard.vector.dominates(report.vector)) return undefined;
      if (!report.doubtful) isAnySure = true;
    }
    if (isAnySure) return "peers";
    return owners.every(({ id }) => this.#host.isLinked(id)) ? "nobody" : undefined;
  }

  #isTooOld(view: DataView, at: number, now: number): boolean {
    return msOfTimestamp(timestampAt(view, at)) < now - this.#retentionMs;
  }

  /** True for a register older than the retention: it was put aside. */
  #isSalvaged({ id }: Shard, view: DataView, at: number, now: number): boolean {
    if (!this.#isTooOld(view, at, now)) return false;
    this.#salvage(id, view, at, now);
    return true;
  }

  /** Puts a register aside, unless there is nothing in it any more. */
  #salvage(shard: ShardId, view: DataView, at: number, now: number): void {
    if (isGone(flagsAt(view, at)) || expiresAt(view, at) <= now) return;
    this.salvaged++;
    const keyspace = this.#host.keyspaces.nameOf(spaceOf(shard)) ?? "system";
    const bytes = new Uint8Array(view.buffer, view.byteOffset + at, recordLength(view, at)).slice();
    this.#host.outbox.salvaged.push({ keyspace, bytes });
  }
}

function slotsAbove(shard: Shard, origin: OriginId, sequence: number): number[] {
  const slots: number[] = [];
  shard.collectAbove(origin, sequence, slots);
  return slots;
}

/** Lives that were lived twice. */
function twiceOf(writes: readonly OwnWrites[]): Twice {
  return new Set(writes.flatMap(({ origin, isTwice }) => (isTwice ? [origin] : [])));
}

/** True where the value of a register is away, or of a number that it adds to. */
function isBaseAway(shard: Shard, slot: number): boolean {
  if (shard.isAway(slot)) return true;
  const [view, at] = [shard.table.viewOf(slot), shard.table.offsetOf(slot)];
  if (!isIncrementsKind(kindAt(view, at))) return false;
  const base = shard.find(baseKindOf(kindAt(view, at)), keyAt(view, shard.table.bytesOf(slot), at));
  return base !== 0 && shard.isAway(base);
}

/** True of what is to get its new dot late. */
function isLate({ areMembersLate }: OwnWrites, { table }: Shard, slot: number): boolean {
  return (
    areMembersLate &&
    mayFall(table.viewOf(slot), table.offsetOf(slot)) &&
    isCollectionKind(kindAt(table.viewOf(slot), table.offsetOf(slot)))
  );
}

/** One for each life: what was to get new dots already, also where less would have to now. */
function merged(writes: readonly OwnWrites[]): OwnWrites[] {
  const byOrigin = new Map<OriginId, OwnWrites>();
  for (const write of writes) {
    const other = byOrigin.get(write.origin) ?? write;
    const above = Math.min(write.above, other.above);
    byOrigin.set(write.origin, {
      origin: write.origin,
      above,
      areYoung: write.areYoung && other.areYoung,
      isTwice: write.isTwice || other.isTwice,
      areMembersLate: write.areMembersLate && other.areMembersLate,
    });
  }
  return [...byOrigin.values()];
}
