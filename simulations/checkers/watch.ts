/**
 * What a watcher is owed: every change that its replica made, once or more, in the order of the stamps of each key, across
 * connections that it resumes; a `reset` where that cannot be, after which it reads the prefix anew; nothing that nobody
 * wrote; and, as long as it goes on, a picture that ends as what its replica shows. Registers that lost to a newer one on
 * their way are no change of a replica: of what others write, only the last is certain to be seen.
 */

import type { Key, OriginId } from "../../src/base/ids.ts";
import { replicaOf } from "../../src/core/origin.ts";
import type { Version } from "../../src/store.ts";
import { type Acknowledged, acknowledgedParts } from "../workload/history.ts";
import type { WatchEntry, WatchedChange, WatchHistory } from "../workload/watch-history.ts";
import { isOutlived } from "./doubt.ts";
import { type Evidence, showKey, type Violation, violations } from "./evidence.ts";
import { checkServed, indexWriters } from "./expiry.ts";
import { mayStandBelow, type Sighted } from "./removal.ts";
import { unexplainedResets } from "./resets.ts";
import { compareStamps, type Stamp, showStamp, stampOfVersion } from "./stamp.ts";
import { indexWrites, type PossibleWrite, type WritesByKey } from "./writes-by-key.ts";

/** One connection, and those that went on from it without a gap. */
interface Chain {
  readonly node: number;
  readonly life: number;
  readonly from: number;
  /** It goes on at the end, and has handled all that came. */
  isCurrent: boolean;
  /** The writes that it was told of. */
  readonly writes: Set<string>;
}

/** What a watcher knows of a key. */
interface Known {
  readonly version: Version;
  readonly isLive: boolean;
  readonly expiresAt: number;
}

export function checkWatch(evidence: Evidence): Violation[] {
  const index = { writes: indexWrites(evidence), writers: indexWriters(evidence) };
  const byLife = indexByLife(evidence);
  const messages: string[] = [];
  for (const watch of evidence.watches) {
    const chains = chainsOf(watch);
    messages.push(
      ...checkOrder(watch, evidence),
      ...checkInvented(watch, index, evidence),
      ...checkPicture(watch, evidence),
      ...checkResets(watch, evidence),
    );
    // Of a keyspace that some keep, what its replica wrote is told by whoever is followed of each shard.
    if (evidence.placement !== undefined) continue;
    for (const chain of chains) messages.push(...checkMissed(watch, chain, byLife.get(lifeName(chain)) ?? []));
  }
  return violations("watch", messages);
}

function nameOf({ plan }: WatchHistory): string {
  return `watch ${plan.id}`;
}

function chainsOf(watch: WatchHistory): Chain[] {
  const chains: Chain[] = [];
  let place = { node: 0, life: 0 };
  let chain: Chain | undefined;
  /** The one that the watcher resumes: of the last event that it handled, or of the last time that it read all. */
  let resumable: Chain | undefined;
  for (const entry of watch.entries) {
    if (entry.type === "connected") {
      place = entry;
      chain = resumable;
    }
    if (entry.type === "reset" || (entry.type === "connected" && !entry.isResumed)) {
      chain = { node: place.node, life: place.life, from: entry.at, isCurrent: false, writes: new Set() };
      chains.push(chain);
    }
    if (entry.type === "change") chain?.writes.add(writeName(entry.change));
    if (entry.type === "change" || entry.type === "read") resumable = chain;
  }
  if (chain !== undefined) chain.isCurrent = watch.isCurrent;
  return chains;
}

function writeName(change: WatchedChange): string {
  if (change.type === "put") return nameOfWrite(change.read.key, "put", change.read.version);
  return nameOfWrite(change.key, change.type, change.version);
}

/** With its key: a write stamped one tick above what its key held may have the version of a write of another key. */
function nameOfWrite(key: Key, type: WatchedChange["type"], version: Version): string {
  return `${type} ${version} ${key}`;
}

/**
 * The stamps of each key grow, but for what comes once more after a connection was resumed, for what was back once the
 * deletion that had replaced it was older than the retention, or purged before somebody who knew nothing of it wrote that; and
 * for what a guest writes at last with the stamp that it had for the owners, who may have told of something newer meanwhile.
 */
function* checkOrder(watch: WatchHistory, evidence: Evidence): Iterable<string> {
  let greatest = new Map<Key, Stamp>();
  let sinceConnected = new Map<Key, Stamp>();
  const seen = new Set<string>();
  let node = -1;
  for (const entry of watch.entries) {
    if (entry.type === "connected") {
      sinceConnected = new Map();
      node = entry.node;
    }
    if (entry.type === "reset") {
      greatest = new Map();
      sinceConnected = new Map();
      seen.clear();
    }
    if (entry.type !== "change") continue;
    const { key, mayBe, ...sighted } = placeOf(entry.change, evidence);
    const { stamp } = sighted;
    const isRepeat = seen.has(writeName(entry.change));
    const floor = (isRepeat ? sinceConnected : greatest).get(key);
    const look = { node, at: entry.at, writes: indexWrites(evidence).get(key) ?? [] };
    const isBelow = floor !== undefined && compareStamps(mayBe ?? stamp, floor) < 0;
    if (
      isBelow &&
      !isOfGuest(stamp, node, evidence) &&
      !isOutlived(floor, look, evidence) &&
      !mayStandBelow(sighted, { stamp: floor }, look.writes, evidence)
    ) {
      yield `${nameOf(watch)} at ${seconds(entry.at)} was told of ${showKey(key)} at ${showStamp(stamp)} after ${showStamp(floor)}`;
    }
    seen.add(writeName(entry.change));
    sinceConnected.set(key, greater(sinceConnected.get(key), stamp));
    greatest.set(key, greater(greatest.get(key), stamp));
  }
}

/** True for what the replica that is watched wrote of a keyspace that some keep. */
function isOfGuest({ origin }: Stamp, node: number, { placement }: Evidence): boolean {
  return placement !== undefined && replicaOf(origin as OriginId) === placement.numbers[node];
}

/** What was told. */
interface Told extends Sighted {
  readonly key: Key;
  /** Its stamp, should it be that of a value of which nobody knows under which it was written. */
  readonly mayBe?: Stamp;
}

/** What is stale when it comes is told of as deleted, by the version of the value. */
function placeOf(change: WatchedChange, evidence: Evidence): Told {
  if (change.type === "put") {
    const { key, version, author, dot } = change.read;
    return { key, stamp: stampOfVersion(version, false), author: author?.id, dot };
  }
  const { key, version } = change;
  const alive = stampOfVersion(version, false);
  const isOfValue = ({ isDelete, stamp }: PossibleWrite) =>
    !isDelete && stamp !== undefined && compareStamps(stamp, alive) === 0;
  const writes = indexWrites(evidence).get(key) ?? [];
  const isDead = change.type === "delete" && !writes.some(isOfValue);
  const stamp = { ...alive, isDead };
  const isInDoubt = isDead && writes.some(({ isDelete, stamp: known }) => !isDelete && known === undefined);
  return { key, stamp, ...(isInDoubt && { mayBe: alive }) };
}

function greater(a: Stamp | undefined, b: Stamp): Stamp {
  return a !== undefined && compareStamps(a, b) > 0 ? a : b;
}

function seconds(at: number): string {
  return `${(at / 1000).toFixed(3)}s`;
}

interface Index {
  readonly writes: WritesByKey;
  readonly writers: ReturnType<typeof indexWriters>;
}

function* checkInvented(watch: WatchHistory, { writes, writers }: Index, evidence: Evidence): Iterable<string> {
  for (const entry of watch.entries) {
    if (entry.type !== "change") continue;
    const { change } = entry;
    const { key } = change.type === "put" ? change.read : change;
    const reader = `${nameOf(watch)} at ${seconds(entry.at)}`;
    if (change.type === "put") {
      // What a resumed watch missed is told as it was, also of what has expired since: no event is late.
      yield* checkServed(change.read, -Infinity, reader, writers, evidence);
      if (change.read.author === undefined) continue;
      const { author, version } = change.read;
      const mayBe = ({ entry: { operation }, stamp }: PossibleWrite): boolean =>
        operation.id === author.id && isSameTime(stamp, version);
      if (writes.get(key)?.some(mayBe) !== true) {
        yield `${reader} was told that operation ${author.id} put ${showKey(key)} as ${version}, which it did not`;
      }
    } else if (!(writes.get(key) ?? []).some((write) => mayExplain(change, write, evidence))) {
      yield `${reader} was told of the ${change.type} of ${showKey(key)} at ${change.version}, which nothing explains`;
    }
  }
}

/** A replica whose disk was set back gives its own writes new dots; they keep their timestamps. */
function isSameTime(stamp: Stamp | undefined, version: Version): boolean {
  return stamp === undefined || stamp.timestamp === stampOfVersion(version, false).timestamp;
}

function mayExplain(
  change: Extract<WatchedChange, { readonly type: "delete" | "expire" }>,
  { entry, isDelete, stamp }: PossibleWrite,
  evidence: Evidence,
): boolean {
  if (entry.operation.type === "invalidate") return change.type === "delete" && isAfter(stamp, change.version);
  if (!isSameTime(stamp, change.version)) return false;
  if (change.type === "delete") return isDelete;
  const { ttlMs } = entry.operation;
  return ttlMs !== undefined && !isDelete && entry.invokedWallMs + ttlMs - evidence.clockSpreadMs <= change.wallMs;
}

/** What is stale dies by a stamp of its own, below that of the invalidation. */
function isAfter(stamp: Stamp | undefined, version: Version): boolean {
  return stamp === undefined || stamp.timestamp >= stampOfVersion(version, true).timestamp;
}

function lifeName({ node, life }: { readonly node: number; readonly life: number }): string {
  return `${node} ${life}`;
}

/** What was acknowledged by each life of each replica. */
function indexByLife({ history }: Evidence): ReadonlyMap<string, readonly Acknowledged[]> {
  const byLife = new Map<string, Acknowledged[]>();
  for (const acknowledged of acknowledgedParts(history)) {
    const name = lifeName(acknowledged.entry);
    const all = byLife.get(name);
    if (all === undefined) byLife.set(name, [acknowledged]);
    else all.push(acknowledged);
  }
  return byLife;
}

/** What its own replica wrote while it watched, up to the last of it that it heard of. */
function* checkMissed(watch: WatchHistory, chain: Chain, all: readonly Acknowledged[]): Iterable<string> {
  // What an invalidation makes stale is told of when it dies, if it was there.
  const own = all.filter(
    ({ entry, part }) =>
      entry.operation.type !== "invalidate" && entry.invokedAt > chain.from && part.key.startsWith(watch.plan.prefix),
  );
  const isHeard = ({ part }: (typeof own)[number]): boolean =>
    chain.writes.has(nameOfWrite(part.key, part.isDelete ? "delete" : "put", part.version));
  let until = chain.isCurrent ? Infinity : 0;
  for (const each of own) if (isHeard(each)) until = Math.max(until, each.entry.invokedAt);
  for (const each of own) {
    const { entry, part } = each;
    if ((entry.answeredAt ?? Infinity) >= until || isHeard(each)) continue;
    yield `${nameOf(watch)} at replica ${chain.node} was never told that operation ${entry.operation.id} wrote ${showKey(part.key)} at ${part.version} there (${seconds(entry.answeredAt ?? 0)}), and heard of later ones`;
  }
}

function* checkResets(watch: WatchHistory, evidence: Evidence): Iterable<string> {
  for (const { at } of unexplainedResets(watch, evidence)) {
    yield `${nameOf(watch)} at ${seconds(at)} was told to read everything anew, and nothing explains that`;
  }
}

/** The picture that the events paint is what is there at the end. */
function* checkPicture(watch: WatchHistory, evidence: Evidence): Iterable<string> {
  const place = watch.entries.findLast((entry) => entry.type === "connected");
  if (!watch.isCurrent || place?.type !== "connected") return;
  const node = evidence.nodes[place.node];
  if (node === undefined) return;
  const picture = paint(watch.entries);
  // What has expired is told of at the next sweep.
  const sweptMs = node.finalWallMs - 2 * evidence.sweepMs;
  for (const final of node.finals) {
    if (!final.key.startsWith(watch.plan.prefix)) continue;
    const known = picture.get(final.key);
    const shown = known?.isLive === true ? known.version : undefined;
    if (
      shown === final.version ||
      (final.version === undefined && (known?.expiresAt ?? 0) > sweptMs && known?.expiresAt !== Infinity)
    )
      continue;
    yield `${nameOf(watch)}, connected to replica ${place.node} at the end, takes ${showKey(final.key)} to be ${shown ?? "nothing"}, and it is ${final.version ?? "nothing"}`;
  }
}

function paint(entries: readonly WatchEntry[]): ReadonlyMap<Key, Known> {
  const picture = new Map<Key, Known>();
  for (const entry of entries) {
    if (entry.type === "read") {
      picture.clear();
      for (const { key, version, expiresAt = Infinity } of entry.parts) {
        if (version !== undefined) picture.set(key, { version, isLive: true, expiresAt });
      }
    } else if (entry.type === "change") {
      const { change } = entry;
      if (change.type === "put") {
        const { key, version, expiresAt = Infinity } = change.read;
        picture.set(key, { version, isLive: true, expiresAt });
      } else picture.set(change.key, { version: change.version, isLive: false, expiresAt: 0 });
    }
  }
  return picture;
}
