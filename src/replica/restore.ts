/**
 * A restore as one replica carries it out: what it owns and is ready in it restores itself, anything else is asked of an
 * owner that is. Never as a guest: only an owner knows what was deleted and purged. An answer that is lost does no harm, since
 * registers may be told any number of times.
 */

import type { Restore, RestoreCounts, RestoreOptions } from "../backup-store.ts";
import { BadBytes } from "../base/bytes.ts";
import { AtollError } from "../base/errors.ts";
import type { OriginId, ReplicaId, ShardId, SpaceId, Timestamp } from "../base/ids.ts";
import { msOfTimestamp } from "../core/clock.ts";
import { isLease } from "../core/containers/container-part.ts";
import { checkRecord } from "../core/containers/record-check.ts";
import { isContainerKind } from "../core/record/kind.ts";
import { expiresAt, keyAt, keyLengthAt, keyStartAt, kindAt, originAt, recordLength } from "../core/record/record.ts";
import type { Shard } from "../core/shard/shard.ts";
import { shardOf } from "../core/shard-of.ts";
import type { Dot } from "../store.ts";
import type { Records } from "../wire/records.ts";
import { kinshipWith } from "./births.ts";
import type { KeyspaceHost } from "./local-keyspace.ts";
import { dotAt } from "./register-view.ts";
import type { Replica } from "./replica.ts";
import { type RestoreMode, restoreRecord } from "./restore-here.ts";
import type { Router } from "./router.ts";

/** Registers, and bytes of them, that are restored in one step. */
const STEP_RECORDS = 256;
const STEP_BYTES = 256 * 1024;
/** Of a register, and of what is asked of an owner at once. */
const REQUEST_BYTES = 1024 * 1024;
/** For so long an owner is looked for that takes them, and between two rounds, ms. */
const OWNERS_MS_MAX = 30_000;
const PAUSE_MS = 250;
/** How long an owner may take: first to say that it is at it, then for its disk. */
const PATIENCE = { firstMs: 5_000, thenMs: 35_000 };
const DISK_MS_MAX = 30_000;
/** A stamp may be so far ahead of the clock here: it was made by another. */
const STAMP_AHEAD_MS_MAX = 60_000;

const NONE: RestoreCounts = { restored: 0, kept: 0, forgotten: 0, expired: 0 };

export class RestoreSession implements Restore {
  readonly #host: KeyspaceHost;
  readonly #router: Router;
  readonly #options: RestoreOptions;
  readonly #begun: RestoreMode["begun"] = { name: "" };
  /** The kind and the key that the last lease was of, where that has run out. */
  #expired = "";

  /** Throws `BAD_REQUEST`. */
  constructor(host: KeyspaceHost, router: Router, options: RestoreOptions) {
    this.#host = host;
    this.#router = router;
    this.#options = options;
    const { stamp } = options;
    if (stamp === undefined) return;
    const isStamp = Number.isSafeInteger(stamp) && stamp > 0;
    if (!isStamp || msOfTimestamp(stamp as Timestamp) > host.now() + STAMP_AHEAD_MS_MAX) {
      throw new AtollError("BAD_REQUEST", "a restore is stamped with what a replica answered when it began");
    }
  }

  async apply(keyspace: string, bytes: Uint8Array): Promise<RestoreCounts> {
    const replica = this.#host.replica();
    const space = replica.keyspaces.get(keyspace)?.space;
    if (space === undefined) throw new AtollError("UNKNOWN_KEYSPACE", `there is no keyspace ${keyspace}`);
    const records = recordsOf(bytes);
    checkAll(records, replica);
    const { groups, expired } = this.#groups(replica, space, records);
    const isOurs = this.#kinship(replica);
    const counts = await Promise.all(groups.map((group) => this.#restore(space, group, isOurs)));
    return sum([{ ...NONE, expired }, ...counts]);
  }

  /** By the shards of their keys. */
  #groups(replica: Replica, space: SpaceId, records: Records): { groups: Group[]; expired: number } {
    const shards = replica.shards.in(space);
    const now = this.#host.now();
    const groups = new Map<ShardId, Group>();
    let expired = 0;
    for (let at = records.start; at < records.end; at += recordLength(records.view, at)) {
      if (this.#isExpired(records, at, now)) {
        expired++;
        continue;
      }
      const start = keyStartAt(records.view, at);
      const shard = shards[shardOf(records.view, start, start + keyLengthAt(records.view, at), shards.length)] as Shard;
      const group = groups.get(shard.id);
      if (group === undefined) groups.set(shard.id, { shard, records, places: [at] });
      else group.places.push(at);
    }
    return { groups: [...groups.values()], expired };
  }

  /** A document, and a collection, goes with its lease, which comes first. */
  #isExpired({ view, bytes }: Records, at: number, now: number): boolean {
    const isExpired = expiresAt(view, at) <= now;
    if (!isContainerKind(kindAt(view, at))) return isExpired;
    const name = `${kindAt(view, at)} ${keyAt(view, bytes, at)}`;
    if (isLease(view, at)) this.#expired = isExpired ? name : "";
    return isExpired || this.#expired === name;
  }

  /** One behind the other: of a document the lease comes first. */
  async #restore(space: SpaceId, group: Group, isOurs: (origin: OriginId) => boolean): Promise<RestoreCounts> {
    const counts: RestoreCounts[] = [];
    for (const part of partsOf(group, isOurs)) counts.push(await this.#restorePart(space, part));
    return sum(counts);
  }

  async #restorePart(space: SpaceId, group: Part): Promise<RestoreCounts> {
    const { shard, isOurs } = group;
    const { stamp } = this.#options;
    const deadline = this.#host.now() + OWNERS_MS_MAX;
    let tried = new Set<ReplicaId>();
    for (;;) {
      if (this.#router.isReadyHere(shard, space)) {
        return restoreHere(this.#host, shard, group, { stamp, isOurs, begun: this.#begun });
      }
      const owner = this.#router.nearestOwner(shard, tried);
      if (owner !== undefined) {
        tried.add(owner);
        const counts = await this.#ask(owner, space, group);
        if (counts !== undefined) return counts;
      } else if (this.#host.now() > deadline) {
        throw new AtollError("OWNERS_UNREACHABLE", "no owner of some of the keys can be reached that is ready");
      } else {
        await this.#host.pause(PAUSE_MS);
        tried = new Set();
      }
    }
  }

  /** Undefined: somebody else is to be asked. */
  async #ask(owner: ReplicaId, space: SpaceId, part: Part): Promise<RestoreCounts | undefined> {
    const { stamp } = this.#options;
    const body = {
      ...({ type: "restore", stamp: stamp as Timestamp | undefined, isOurs: part.isOurs } as const),
      records: gathered(part),
    };
    const answer = await this.#router.ask(owner, { space, hops: 0, after: [], waitMs: 0, body }, PATIENCE);
    if (answer === "lost" || answer.type === "refused") return undefined;
    if (answer.type === "restored") return answer;
    if (answer.type === "error") throw new AtollError(answer.code, answer.message);
    throw new AtollError("INTERNAL", `an owner answered "${answer.type}" to a restore`);
  }

  /** Tells of dots whether they are of this cluster: where it has other shards, none is. */
  #kinship(replica: Replica): (origin: OriginId) => boolean {
    const { shards, births } = this.#options.source;
    return shards === replica.config.shards ? kinshipWith(replica, births) : () => false;
  }
}

/** Registers of one shard, by the places at which they stand. */
interface Group {
  readonly shard: Shard;
  readonly records: Records;
  readonly places: number[];
}

/** What is asked for at once: all of it is of this cluster, or none. */
interface Part extends Group {
  readonly isOurs: boolean;
}

/** In the order in which they stand. */
function* partsOf(group: Group, isOursOf: (origin: OriginId) => boolean): Generator<Part> {
  const { view } = group.records;
  let places: number[] = [];
  let isOurs = false;
  let bytes = 0;
  for (const at of group.places) {
    const length = recordLength(view, at);
    const isNext = isOursOf(originAt(view, at));
    if (bytes > 0 && (bytes + length > REQUEST_BYTES || isNext !== isOurs)) {
      yield { ...group, places, isOurs };
      places = [];
      bytes = 0;
    }
    isOurs = isNext;
    places.push(at);
    bytes += length;
  }
  if (places.length > 0) yield { ...group, places, isOurs };
}

/** Restores what an owner is ready in, step by step, and resolves once its disk has it. */
export async function restoreHere(
  host: KeyspaceHost,
  shard: Shard,
  { records, places }: Pick<Group, "records" | "places">,
  mode: RestoreMode,
): Promise<RestoreCounts> {
  const counts = { ...NONE };
  let last: Dot | undefined;
  for (let next = 0; next < places.length; ) {
    host.step((now) => {
      const replica = host.replica();
      for (let left = STEP_RECORDS, bytes = 0; left > 0 && bytes < STEP_BYTES && next < places.length; left--, next++) {
        const at = places[next] as number;
        const { view, bytes: all } = records;
        const { fate, slot } = restoreRecord(replica, shard, { view, bytes: all, at }, mode, now);
        counts[fate]++;
        bytes += recordLength(view, at);
        if (slot !== 0) last = dotAt(shard.id, shard.table.viewOf(slot), shard.table.offsetOf(slot));
      }
    });
    if (next < places.length) await host.pause(0);
  }
  if (last !== undefined) await untilOnDisk(host, last);
  return counts;
}

async function untilOnDisk(host: KeyspaceHost, dot: Dot): Promise<void> {
  if (host.replica().isEphemeral) return;
  const outcome = { version: "", dot, existed: false, acks: { reached: 0, wanted: 1, met: false } };
  const { acks } = await host.acknowledged(outcome, { ack: "disk", ackTimeoutMs: DISK_MS_MAX });
  if (!acks.met) throw new AtollError("DISK_FAILED", "what was restored is not on disk in time");
}

/** The records of a request, by their places; undefined unless all are of one shard. */
export function groupOf(replica: Replica, space: SpaceId, records: Records): Group | undefined {
  checkAll(records, replica);
  const shards = replica.shards.in(space);
  const places: number[] = [];
  let only: Shard | undefined;
  for (let at = records.start; at < records.end; at += recordLength(records.view, at)) {
    const start = keyStartAt(records.view, at);
    const shard = shards[shardOf(records.view, start, start + keyLengthAt(records.view, at), shards.length)];
    if (only !== undefined && shard !== only) return undefined;
    only = shard;
    places.push(at);
  }
  return only === undefined ? undefined : { shard: only, records, places };
}

function gathered({ records, places }: Group): Records {
  const { view, bytes } = records;
  const parts = places.map((at) => bytes.subarray(at, at + recordLength(view, at)));
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return recordsOf(all);
}

export function recordsOf(bytes: Uint8Array): Records {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), start: 0, end: bytes.length };
}

/** Throws `BACKUP_DAMAGED`. */
function checkAll({ view, start, end }: Records, { limits }: Replica): void {
  try {
    for (let at = start; at < end; ) at += checkRecord(view, at, end, limits);
  } catch (error) {
    if (error instanceof BadBytes) throw new AtollError("BACKUP_DAMAGED", `the backup is damaged: ${error.message}`);
    throw error;
  }
}

function sum(counts: readonly RestoreCounts[]): RestoreCounts {
  return counts.reduce(
    (all, each) => ({
      restored: all.restored + each.restored,
      kept: all.kept + each.kept,
      forgotten: all.forgotten + each.forgotten,
      expired: all.expired + each.expired,
    }),
    NONE,
  );
}
