/** When nothing was disturbed, and nothing had been for so long that every trace of it was gone. */

import type { Plan } from "../plan.ts";
import type { Judgement, LifeEnd } from "../simulator/node.ts";
import type { Fault } from "./fault.ts";

/** Virtual ms: up to `to`, which is no part of it. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface NodeSpan extends Span {
  readonly node: number;
}

/** What happened to a node whatever was planned: an armed crash waits for its moment. */
export interface NodeEvents {
  readonly ends: readonly LifeEnd[];
  readonly judgements: readonly Judgement[];
}

/** From the start of the last node until all have found each other, in peace. */
const WARM_UP_MS = 3000;

/**
 * The calm of a run up to its healing, in order: each span begins so long after the last disturbance. None where paths
 * are narrow: what is on its way disturbs what comes after it.
 */
export function calmOf(plan: Plan, nodes: readonly NodeEvents[], afterMs = plan.settleMs): Span[] {
  if (plan.water.bytesPerMs !== undefined) return [];
  const calm: Span[] = [];
  let from = Math.max(...plan.nodes.map(({ startAt }) => startAt)) + WARM_UP_MS;
  // Whoever comes, and every other policy, has shards move.
  const arrivals = plan.keyspace === undefined ? [] : plan.nodes.map(({ startAt }) => startAt);
  const changes = [...arrivals, ...(plan.keyspace ?? []).map(({ at }) => at)].map((at) => ({ from: at, to: at }));
  const disturbances = [...changes, ...plan.faults.map((fault) => spanOf(fault, plan)), ...eventsOf(plan, nodes)];
  for (const disturbance of disturbances.sort((a, b) => a.from - b.from)) {
    if (disturbance.from > from) calm.push({ from, to: disturbance.from });
    from = Math.max(from, disturbance.to + afterMs);
  }
  if (plan.healAt > from) calm.push({ from, to: plan.healAt });
  return calm;
}

/** When a node was stopped in order, until it was to start again, and nothing else had happened for `settleMs` nor did meanwhile. */
export function peacefulStopsOf(plan: Plan, nodes: readonly NodeEvents[]): NodeSpan[] {
  const isArmed = plan.faults.some((fault) => fault.type === "crash" && fault.aim !== "now");
  if (plan.water.bytesPerMs !== undefined || plan.water.loss > 0 || isArmed) return [];
  const metAt = Math.max(...plan.nodes.map(({ startAt }) => startAt)) + WARM_UP_MS;
  const others = (fault: Fault): Span[] => [
    ...plan.faults.filter((each) => each !== fault).map((each) => spanOf(each, plan)),
    ...nodes.flatMap(({ judgements }) => judgements.map(({ at }) => ({ from: at, to: at + 1 }))),
  ];
  return plan.faults.flatMap((fault): NodeSpan[] => {
    const isDisturbed = ({ from, to }: Span): boolean =>
      from <= fault.at + lengthOf(fault) && to >= fault.at - plan.settleMs;
    if (fault.type !== "stop" || fault.at < metAt || others(fault).some(isDisturbed)) return [];
    return [{ node: fault.node, from: fault.at, to: fault.at + fault.downMs }];
  });
}

function spanOf(fault: Fault, plan: Plan): Span {
  // What a clock was put to stays until the healing.
  if (fault.type.startsWith("clock-")) return { from: fault.at, to: plan.healAt };
  return { from: fault.at, to: fault.at + lengthOf(fault) };
}

function lengthOf(fault: Fault): number {
  if ("forMs" in fault) return fault.forMs;
  if ("downMs" in fault) return fault.downMs;
  return "lateMs" in fault ? fault.lateMs : 0;
}

function eventsOf(plan: Plan, nodes: readonly NodeEvents[]): Span[] {
  const downMs = Math.max(0, ...plan.faults.map(lengthOf));
  return nodes.flatMap(({ ends, judgements }) => [
    ...ends.map(({ at }) => ({ from: at, to: at + downMs })),
    ...judgements.map(({ at }) => ({ from: at, to: at })),
  ]);
}
