/**
 * Members see who is there. Once all is healed everybody sees everybody else alive; in calm nobody that runs is declared dead;
 * whoever has been gone for long is not taken to be there by those who were there all the time; and who said that it goes
 * is suspected of nothing.
 *
 * Elsewhere false alarms are no violations, but the price of quick ones: they are counted.
 */

import type { ReplicaId } from "../../src/base/ids.ts";
import type { MemberVerdict } from "../sampling/company.ts";
import type { Sample } from "../sampling/sample.ts";
import { type Evidence, type Violation, violations } from "./evidence.ts";

/**
 * The bound on how long a death goes unnoticed, virtual ms: a link that is half open, a probe by a member in the worst of
 * health, and a suspicion with a single witness.
 */
const UNNOTICED_MS_MAX = 60_000;

export function checkMembership(evidence: Evidence): Violation[] {
  const all = [...checkEnd(evidence), ...checkCalm(evidence), ...checkAbsent(evidence), ...checkGoing(evidence)];
  return violations("membership", all);
}

/** Everybody that runs is alive to everybody else at the end. */
function* checkEnd({ nodes, endedAt, healedAt }: Evidence): Iterable<string> {
  for (const [node, { company }] of nodes.entries()) {
    for (const [other, { company: theirs }] of nodes.entries()) {
      if (company === undefined || theirs === undefined || other === node) continue;
      const state = company.others.get(theirs.id) ?? "unknown";
      if (state !== "alive")
        yield `replica ${other} is ${state} to replica ${node}, ${((endedAt - healedAt) / 1000).toFixed(1)}s after the healing`;
    }
  }
}

function* checkCalm({ memberVerdicts, calm }: Evidence): Iterable<string> {
  for (const { at, node, of, state, isWrong } of memberVerdicts) {
    if (state !== "dead" || !isWrong || !calm.some(({ from, to }) => from <= at && at < to)) continue;
    yield `${of}, which ran, was dead to replica ${node} at ${(at / 1000).toFixed(3)}s, and nothing was disturbed`;
  }
}

/** Looks at each stretch of samples in which a node was not there. */
function* checkAbsent({ samples, nodes }: Evidence): Iterable<string> {
  for (const gone of nodes.keys()) {
    let last: Sample | undefined;
    for (const sample of samples) {
      if (sample.nodes[gone] !== undefined) last = sample;
      else if (last !== undefined && sample.at - last.at > UNNOTICED_MS_MAX)
        yield* whoTakesForAlive(gone, last, sample, nodes);
    }
  }
}

function* whoTakesForAlive(gone: number, last: Sample, now: Sample, nodes: Evidence["nodes"]): Iterable<string> {
  const id = last.nodes[gone]?.company.id as ReplicaId;
  for (const [node, sampled] of now.nodes.entries()) {
    if (sampled === undefined || last.nodes[node]?.life !== sampled.life) continue;
    if (nodes[node]?.pauses.some(({ from, to }) => from < now.at && to > last.at) === true) continue;
    const state = sampled.company.others.get(id);
    if (state !== "alive" && state !== "suspect") continue;
    const [since, at] = [last.at, now.at].map((ms) => (ms / 1000).toFixed(3));
    yield `replica ${gone} has not been there since ${since}s, and is ${state} to replica ${node} at ${at}s`;
  }
}

/** Who said in peace that it goes needs no suspicion. */
function* checkGoing({ peacefulStops, memberVerdicts, samples }: Evidence): Iterable<string> {
  for (const { node: gone, from, to } of peacefulStops) {
    const id = samples.findLast(({ at, nodes }) => at <= from && nodes[gone] !== undefined)?.nodes[gone]?.company.id;
    for (const { at, node, of, state } of memberVerdicts) {
      if (of !== id || state !== "suspect" || at < from || at >= to) continue;
      yield `replica ${gone} said at ${(from / 1000).toFixed(3)}s that it goes, and was suspected by replica ${node} at ${(at / 1000).toFixed(3)}s`;
    }
  }
}

export interface FalseAlarms {
  /** Members that ran and were suspected, or declared dead, each counted once for everybody to whom it was. */
  readonly suspicions: number;
  readonly deaths: number;
}

export function falseAlarms(memberVerdicts: readonly MemberVerdict[]): FalseAlarms {
  const count = (wanted: MemberVerdict["state"]): number =>
    memberVerdicts.filter(({ state, isWrong }) => isWrong && state === wanted).length;
  return { suspicions: count("suspect"), deaths: count("dead") };
}
