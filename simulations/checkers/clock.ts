/**
 * The clock guard. A replica that has heard a majority, three with itself at least, goes by a time within the bound of the
 * middle of the wall clocks that it heard, beyond what round trips leave in doubt: where most of them are right, of true
 * time. And each write is stamped by the time that its replica goes by: not below it, and above it by the bound at most, or
 * up to where some clock had come before. What is passed on, to be written on a condition, an owner stamps.
 *
 * Nothing is promised while less than a majority is heard, nor of clocks that changed since they were heard.
 */

import type { Timestamp } from "../../src/base/ids.ts";
import type { ClockSample } from "../../src/cluster/clock-guard.ts";
import { msOfTimestamp } from "../../src/core/clock.ts";
import { CLOCK_SLACK_MS } from "../plan.ts";
import type { ClockVotes } from "../sampling/clock-votes.ts";
import type { NodeSample, Sample } from "../sampling/sample.ts";
import { EPOCH_MS } from "../simulator/clock.ts";
import type { OffsetRange } from "../simulator/clock-course.ts";
import { type Acknowledged, acknowledgedParts, type HistoryEntry } from "../workload/history.ts";
import { isConditional } from "./condition.ts";
import { type Evidence, showKey, type Violation, violations } from "./evidence.ts";
import { stampOfVersion } from "./stamp.ts";

const VOTES_MIN = 3;
/** By then a replica has acted on what it heard, unless its process stood still. */
const REACTION_MS = 1000;
/** A drift beyond the bound is seen at the next tick. */
const TICK_SLACK_MS = 20;

export function checkClock(evidence: Evidence): Violation[] {
  const stamps = stampsInView(evidence).flatMap((acknowledged) => [...checkStamp(acknowledged, evidence)]);
  const times = evidence.nodes.flatMap((_, node) => [...checkTime(node, evidence)]);
  return violations("clock", [...times, ...stamps]);
}

/** Writes at replicas of which it is known what time they went by. */
export function stampsInView({ history, nodes }: Evidence): Acknowledged[] {
  // What is evicted is stamped by what it removes.
  const isByTime = ({ node, isEviction }: HistoryEntry) => isEviction !== true && nodes[node]?.time.isKnown === true;
  return acknowledgedParts(history).filter(({ entry }) => isByTime(entry));
}

/** Looks at replicas that had heard a majority, three at least. */
export function timesInView({ samples, nodes }: Evidence): number {
  const knows = (sampled: NodeSample | undefined, node: number) =>
    isHeard(sampled) && nodes[node]?.clock.isKnown === true;
  return samples.reduce((sum, sample) => sum + sample.nodes.filter(knows).length, 0);
}

// --- Stamps ---------------------------------------------------------------------------------------------------------

function* checkStamp({ entry, part }: Acknowledged, { nodes, clockBoundMs }: Evidence): Iterable<string> {
  const { operation, node, invokedAt, answeredAt = invokedAt } = entry;
  const time = nodes[node]?.time;
  if (time === undefined) return;
  const stampedAt = msOfTimestamp(stampOfVersion(part.version, part.isDelete).timestamp as Timestamp) - EPOCH_MS;
  const what = `operation ${operation.id} (${operation.type} of ${showKey(part.key)} at replica ${node}, ${seconds(invokedAt)})`;
  const isOwners = entry.isAlone === false && isConditional(operation.type);
  const clocks = isOwners ? nodes.map((each) => each.time) : [time];
  const least = invokedAt + Math.min(...clocks.map((each) => each.offsetsIn(invokedAt, answeredAt).min));
  if (stampedAt < least - CLOCK_SLACK_MS)
    yield `${what} is stamped ${Math.round(least - stampedAt)} ms before the time that its replica goes by`;
  const most = Math.max(...nodes.map((each) => each.time.greatestUpTo(answeredAt))) + clockBoundMs;
  if (stampedAt > most + CLOCK_SLACK_MS)
    yield `${what} is stamped ${Math.round(stampedAt - most)} ms further ahead than the bound lets it be`;
}

// --- Times ----------------------------------------------------------------------------------------------------------

/** When a round was measured: after the first of two moments, up to the second. */
interface Measured {
  readonly round: ClockSample;
  readonly after: number;
  /** The round before it ended no earlier: it began after that. */
  readonly beganAfter: number;
}

/** A replica that is further from the middle than it may be, since when. */
interface Wrong {
  readonly life: number;
  readonly since: number;
}

function* checkTime(node: number, evidence: Evidence): Iterable<string> {
  const measuredByPeer = new Map<number, Measured>();
  let wrong: Wrong | undefined;
  let before: Sample | undefined;
  for (const sample of evidence.samples) {
    const sampled = sample.nodes[node];
    noteRounds(measuredByPeer, node, sample, before);
    before = sample;
    const errorMs = sampled === undefined ? 0 : errorOf(node, sample.at, sampled.votes, measuredByPeer, evidence);
    if (sampled === undefined || errorMs === 0 || hasStood(node, wrong?.since ?? sample.at, sample.at, evidence)) {
      wrong = undefined;
      continue;
    }
    if (wrong?.life !== sampled.life) wrong = { life: sampled.life, since: sample.at };
    if (sample.at - wrong.since < REACTION_MS) continue;
    yield describe(node, sample.at, errorMs, sampled.votes);
    return;
  }
}

/** Takes down which rounds are new since the sample before. One during which the own clock went back says nothing. */
function noteRounds(measured: Map<number, Measured>, node: number, sample: Sample, before: Sample | undefined): void {
  const sampled = sample.nodes[node];
  const after = before?.at ?? 0;
  if (sampled?.life !== before?.nodes[node]?.life) measured.clear();
  for (const [peer, round] of sampled?.votes.rounds ?? []) {
    const known = measured.get(peer);
    if (known?.round === round || round.rttMs < 0) continue;
    measured.set(peer, { round, after, beganAfter: known?.after ?? 0 });
  }
}

/** By how much the correction is outside of what the clocks that were heard allow, ms; 0: it is not, or nobody knows. */
function errorOf(
  node: number,
  at: number,
  votes: ClockVotes,
  measuredByPeer: ReadonlyMap<number, Measured>,
  { nodes, clockBoundMs }: Evidence,
): number {
  if (!isMajority(votes) || nodes[node]?.clock.isKnown !== true) return 0;
  const offsets = [OWN];
  for (const peer of votes.rounds.keys()) offsets.push(offsetOf(node, peer, at, measuredByPeer.get(peer), nodes));
  const leeway = clockBoundMs + TICK_SLACK_MS;
  const least = medianOf(offsets.map(({ min }) => min)).low - leeway;
  const most = medianOf(offsets.map(({ max }) => max)).high + leeway;
  return votes.correctionMs > most ? votes.correctionMs - most : Math.min(0, votes.correctionMs - least);
}

const OWN: OffsetRange = { min: 0, max: 0 };
const UNKNOWN: OffsetRange = { min: -Infinity, max: Infinity };

/** What a replica may take a peer's clock to be ahead of its own one by, from its last round on. */
function offsetOf(
  node: number,
  peer: number,
  at: number,
  measured: Measured | undefined,
  nodes: Evidence["nodes"],
): OffsetRange {
  const own = nodes[node]?.clock;
  const other = nodes[peer]?.clock;
  // A clock that jumps or stops during a round says nothing of how long it took.
  if (own === undefined || other === undefined || measured === undefined || !own.isEven(measured.beganAfter, at))
    return UNKNOWN;
  const { rttMs } = measured.round;
  const from = Math.max(measured.beganAfter, measured.after - 2 * rttMs);
  const [mine, theirs] = [own.offsetsIn(from, at), other.offsetsIn(from, at)];
  // One of a lesser round trip counts in its place as long as the two can agree.
  const doubtMs = 2 * rttMs + CLOCK_SLACK_MS;
  return { min: theirs.min - mine.max - doubtMs, max: theirs.max - mine.min + doubtMs };
}

/** Of an even number either of the two in the middle counts. */
function medianOf(offsets: readonly number[]): { readonly low: number; readonly high: number } {
  const sorted = [...offsets].sort((a, b) => a - b);
  return { low: sorted[(sorted.length - 1) >> 1] ?? 0, high: sorted[sorted.length >> 1] ?? 0 };
}

function isHeard(sampled: NodeSample | undefined): boolean {
  return sampled !== undefined && isMajority(sampled.votes);
}

function isMajority({ rounds, members }: ClockVotes): boolean {
  const heard = rounds.size + 1;
  return heard >= VOTES_MIN && heard * 2 > members;
}

function hasStood(node: number, from: number, to: number, { nodes }: Evidence): boolean {
  return nodes[node]?.pauses.some((pause) => pause.from <= to && pause.to + REACTION_MS >= from) === true;
}

function describe(node: number, at: number, errorMs: number, { correctionMs, rounds }: ClockVotes): string {
  const where = `${Math.round(Math.abs(errorMs))} ms further ${errorMs > 0 ? "ahead" : "behind"} than the bound`;
  return `replica ${node}, which hears ${rounds.size} others and corrects its clock by ${correctionMs} ms, is ${where} of the middle of their clocks at ${seconds(at)}`;
}

function seconds(at: number): string {
  return `${(at / 1000).toFixed(3)}s`;
}
