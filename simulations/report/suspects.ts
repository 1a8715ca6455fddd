/** What a violation is about: the moment, the keys and the operations that its message names. */

import type { Key } from "../../src/base/ids.ts";
import { showKey, type Violation } from "../checkers/evidence.ts";
import type { RunResult } from "../run/run-result.ts";
import type { HistoryEntry } from "../workload/history.ts";
import { partsOf } from "../workload/operation.ts";

/** Operations of a key beyond this many are left out, those furthest from the moment first. */
const OPERATIONS_MAX = 30;

export interface Suspects {
  readonly violation: Violation;
  /** Virtual ms: of the last operation that is named, or of the look at the end. */
  readonly at: number;
  readonly keys: readonly Key[];
  /** Numbers of the operations that the message names, or whose versions it does. */
  readonly named: ReadonlySet<number>;
  /** What was done to the keys, in order of invocation. */
  readonly entries: readonly HistoryEntry[];
  readonly leftOut: number;
}

export function suspectsOf(violation: Violation, result: RunResult): Suspects {
  const named = namedIn(violation, result);
  const keys = keysOf(violation, result);
  const at = momentOf(violation, named, result);
  const all = result.history.filter(({ operation }) => partsOf(operation).some(({ key }) => keys.has(key)));
  const nearest = [...all]
    .sort((a, b) => rank(a, named, at) - rank(b, named, at))
    .slice(0, OPERATIONS_MAX)
    .sort((a, b) => a.invokedAt - b.invokedAt);
  return { violation, at, keys: [...keys], named, entries: nearest, leftOut: all.length - nearest.length };
}

function namedIn({ message }: Violation, { history }: RunResult): Set<number> {
  const numbers = [...message.matchAll(/\boperation (\d+)/g)].map((match) => Number(match[1]));
  const writers = history.filter(
    ({ answer }) => answer?.type === "written" && answer.parts.some(({ version }) => message.includes(version)),
  );
  return new Set([...numbers, ...writers.map(({ operation }) => operation.id)]);
}

function keysOf({ message }: Violation, { history }: RunResult): Set<Key> {
  const keys = new Set(history.flatMap(({ operation }) => partsOf(operation).map(({ key }) => key)));
  return new Set([...keys].filter((key) => message.includes(showKey(key))));
}

/** Breakdowns begin with their time; what is found at the end has none but the end's, unless it names operations. */
function momentOf({ message }: Violation, named: ReadonlySet<number>, result: RunResult): number {
  const told = /^at (\d+(?:\.\d+)?)s\b/.exec(message);
  if (told !== null) return Number(told[1]) * 1000;
  const times = [...result.history, ...result.documents]
    .filter(({ operation }) => named.has(operation.id))
    .map((entry) => entry.answeredAt ?? entry.invokedAt);
  return times.length === 0 ? (result.timeline?.endedAt ?? result.simulatedMs) : Math.max(...times);
}

function rank({ operation, invokedAt }: HistoryEntry, named: ReadonlySet<number>, at: number): number {
  return named.has(operation.id) ? -1 : Math.abs(invokedAt - at);
}
