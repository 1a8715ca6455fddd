/**
 * What is gone stays gone. Once every replica covers an acknowledged deletion (or a write that has expired) and shows
 * nothing older, no replica that remembers that moment ever shows anything older again, during the run and at its end; nor
 * does any at all in the end, as long as one remembers (kv679, scenarios 4 and 5; Cassandra's gc_grace). But for what may
 * stand below it by right (`removal.ts`).
 *
 * Of a keyspace that some keep, every replica is each owner, as it sees itself, and whoever else holds anything of the shard;
 * and what is shown may come from any of them, so that all have to remember.
 */

import type { Key, ShardId } from "../../src/base/ids.ts";
import type { Dot } from "../../src/store.ts";
import type { NodeSample, Sample } from "../sampling/sample.ts";
import { type Acknowledged, acknowledgedParts, type HistoryEntry } from "../workload/history.ts";
import { mayHaveLetGo } from "./doubt.ts";
import { type Evidence, showKey, type Violation, violations } from "./evidence.ts";
import { mayStandBelow, type Sighted } from "./removal.ts";
import { compareStamps, type Stamp, showStamp, stampOfVersion } from "./stamp.ts";
import { mayHaveForgotten, type Receipt } from "./survival.ts";
import { indexWrites } from "./writes-by-key.ts";

/** Everything of a key below a stamp was gone everywhere at a moment. */
interface Burial {
  readonly below: Stamp;
  readonly at: number;
  readonly by: Acknowledged;
}

/** Of one key. */
interface Burials {
  readonly all: readonly Burial[];
  readonly highest: Stamp;
}

type BurialsByKey = ReadonlyMap<Key, Burials>;

interface Value extends Sighted {
  readonly key: Key;
}

/** A value that a replica showed. */
interface Sighting extends Value {
  readonly node: number;
  readonly at: number;
  readonly by: string;
}

export function checkResurrection(evidence: Evidence): Violation[] {
  const burials = indexBurials(evidence);
  // Of a replica that keeps its promises hardly anything is ever looked up there.
  let times: WriteTimes | undefined;
  const writtenAt = (): WriteTimes => {
    times ??= indexTimes(evidence);
    return times;
  };
  const isAllowed = ({ key, stamp, author }: Value, { below, at }: Burial): boolean => {
    const sighted = { stamp, author, dot: dotOf(key, stamp, evidence) };
    return mayStandBelow(sighted, { stamp: below, since: at }, indexWrites(evidence).get(key) ?? [], evidence);
  };
  const messages: string[] = [];
  for (const sighting of sightings(evidence, burials)) {
    const risen = burials
      .get(sighting.key)
      ?.all.find(
        (burial) =>
          burial.at < sighting.at &&
          compareStamps(sighting.stamp, burial.below) < 0 &&
          isOlder(sighting, burial, writtenAt) &&
          isRemembered(burial, sighting, evidence) &&
          !isAllowed(sighting, burial),
      );
    if (risen !== undefined) messages.push(describe(sighting, risen));
  }
  for (const [node, { finals, finalWallMs: _ }] of evidence.nodes.entries()) {
    for (const { key, version, author } of finals) {
      if (version === undefined) continue;
      const stamp = stampOfVersion(version, false);
      const value = { key, stamp, author: author?.id };
      const risen = (burials.get(key)?.all ?? []).find(
        (burial) =>
          compareStamps(stamp, burial.below) < 0 &&
          isOlder(value, burial, writtenAt) &&
          isRemembered(burial, undefined, evidence) &&
          !isAllowed(value, burial),
      );
      if (risen === undefined) continue;
      messages.push(describe({ ...value, node, at: Infinity, by: "at the end" }, risen));
    }
  }
  return violations("resurrection", messages);
}

/** Whoever showed something still has to know of the burial; at the end: somebody. */
function isRemembered(burial: Burial, sighting: Sighting | undefined, evidence: Evidence): boolean {
  const { placement, nodes } = evidence;
  const receipt = receiptOf(burial);
  const until = sighting?.at ?? Infinity;
  const who = sighting === undefined || placement !== undefined ? nodes : nodes.slice(sighting.node, sighting.node + 1);
  const forgetful = who.filter((node) => mayHaveForgotten(node, receipt, until));
  return forgetful.length < (placement === undefined ? who.length : 1);
}

/** At that moment every replica had it. */
function receiptOf({ at, by: { part } }: Burial): Receipt {
  return { key: part.key, shard: part.dot.shard, from: at, by: at };
}

/** When writes were asked for: of an operation by its number, of what was acknowledged also by its timestamp and key. */
type WriteTimes = ReadonlyMap<string | number, number>;

function indexTimes({ history, placement }: Evidence): WriteTimes {
  // What is passed on may be carried out at any time before it is answered.
  const timeOf = ({ invokedAt, answeredAt = Infinity }: HistoryEntry): number =>
    placement === undefined ? invokedAt : answeredAt;
  const times = new Map<string | number, number>(history.map((entry) => [entry.operation.id, timeOf(entry)]));
  for (const { entry, part } of acknowledgedParts(history)) {
    const name = writeName(part.key, stampOfVersion(part.version, part.isDelete));
    // Two replicas may give out one timestamp: the later of the two is not older than it is.
    times.set(name, Math.max(times.get(name) ?? 0, timeOf(entry)));
  }
  return times;
}

/** The dot that a write was acknowledged with. */
function dotOf(key: Key, stamp: Stamp, { history }: Evidence): Dot | undefined {
  const name = writeName(key, stamp);
  for (const { part } of acknowledgedParts(history)) {
    if (writeName(part.key, stampOfVersion(part.version, part.isDelete)) === name) return part.dot;
  }
  return undefined;
}

/** Whoever begins anew gives its writes other dots: they keep their timestamps. */
function writeName(key: Key, { timestamp }: Stamp): string {
  return `${timestamp} ${key}`;
}

/** A value that was written later is new, wherever a clock that was behind has stamped it. */
function isOlder({ key, stamp, author }: Value, burial: Burial, writtenAt: () => WriteTimes): boolean {
  return (writtenAt().get(author ?? writeName(key, stamp)) ?? Infinity) < burial.at;
}

function indexBurials(evidence: Evidence): BurialsByKey {
  const byKey = new Map<Key, { all: Burial[]; highest: Stamp }>();
  const writes = indexWrites(evidence);
  for (const by of acknowledgedParts(evidence.history)) {
    const { part, entry } = by;
    if (!part.isDelete && part.ttlMs === undefined) continue;
    const ofKey = writes.get(part.key) ?? [];
    if (evidence.nodes.some((node) => mayHaveLetGo(node, by, ofKey, evidence))) continue;
    const below = stampOfVersion(part.version, part.isDelete);
    const sample = firstAfter(evidence.samples, entry.answeredAt ?? 0, ({ nodes }) =>
      nodes.every((node) => isGoneAt(node, by, below)),
    );
    if (sample === undefined) continue;
    const burials = byKey.get(part.key);
    const burial = { below, at: sample.at, by };
    if (burials === undefined) byKey.set(part.key, { all: [burial], highest: below });
    else {
      burials.all.push(burial);
      if (compareStamps(below, burials.highest) > 0) burials.highest = below;
    }
  }
  return byKey;
}

/** The first sample later than a moment for which `holds`. Samples are in order of time. */
function firstAfter(
  samples: readonly Sample[],
  moment: number,
  holds: (sample: Sample) => boolean,
): Sample | undefined {
  let [low, high] = [0, samples.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((samples[middle] as Sample).at > moment) high = middle;
    else low = middle + 1;
  }
  for (let i = low; i < samples.length; i++) if (holds(samples[i] as Sample)) return samples[i];
  return undefined;
}

/** It covers the write, and shows neither that nor anything older; or it holds nothing of the shard, and does not own it. */
function isGoneAt(node: NodeSample | undefined, { part }: Acknowledged, below: Stamp): boolean {
  if (node === undefined) return false;
  const register = node.registers.get(plainIdentity(part.key));
  // What was asked of others for one key is held and claims nothing.
  if (register === undefined && holdsNothing(node, part.dot.shard)) return true;
  if (node.vectors.get(part.dot.shard)?.covers(part.dot.origin, part.dot.sequence) !== true) return false;
  return register === undefined || !register.isLive || compareStamps(register.stamp, below) > 0;
}

function holdsNothing({ company, placed, vectors }: NodeSample, shard: ShardId): boolean {
  const owners = placed?.ownersByShard.get(shard);
  return owners?.includes(company.id) === false && (vectors.get(shard)?.size ?? 0) === 0;
}

/** Values are of kind 0 and have no field. */
function plainIdentity(key: Key): string {
  return `0:${key}`;
}

/** Of what stands below something that was buried. */
function* sightings({ history, watches, samples }: Evidence, burials: BurialsByKey): Iterable<Sighting> {
  for (const { operation, node, invokedAt, answer } of history) {
    if (answer?.type !== "read" || answer.read.version === undefined) continue;
    const { key, version, author } = answer.read;
    const stamp = stampOfVersion(version, false);
    if (!isBelow(burials.get(key), stamp)) continue;
    yield { key, stamp, node, at: invokedAt, by: `by operation ${operation.id}`, author: author?.id };
  }
  for (const sample of samples) yield* sightingsIn(sample, burials);
  for (const { plan, entries } of watches) {
    for (const entry of entries) {
      if (entry.type !== "read") continue;
      const node = entries.findLast((each) => each.type === "connected" && each.at <= entry.at);
      if (node?.type !== "connected") continue;
      for (const { key, version, author } of entry.parts) {
        if (version === undefined) continue;
        const stamp = stampOfVersion(version, false);
        if (!isBelow(burials.get(key), stamp)) continue;
        yield {
          key,
          stamp,
          node: node.node,
          at: entry.since ?? entry.at,
          by: `by watch ${plan.id}`,
          author: author?.id,
        };
      }
    }
  }
}

function* sightingsIn({ at, nodes }: Sample, burials: BurialsByKey): Iterable<Sighting> {
  for (const [node, sampled] of nodes.entries()) {
    for (const [identity, { key, stamp, isLive }] of sampled?.registers ?? []) {
      if (isLive && identity === plainIdentity(key) && isBelow(burials.get(key), stamp))
        yield { key, stamp, node, at, by: "by a look inside" };
    }
  }
}

function isBelow(burials: Burials | undefined, stamp: Stamp): boolean {
  return burials !== undefined && compareStamps(stamp, burials.highest) < 0;
}

function describe({ key, stamp, node, at, by }: Sighting, { below, at: since, by: write }: Burial): string {
  const when = at === Infinity ? "" : ` at ${(at / 1000).toFixed(3)}s`;
  const what = write.part.isDelete ? "deleted" : "superseded by a value that expired";
  return `replica ${node} was seen (${by}${when}) to have ${showKey(key)} at ${showStamp(stamp)}, ${what} by operation ${write.entry.operation.id} at ${showStamp(below)}, which was so at every replica at ${(since / 1000).toFixed(3)}s`;
}
