/**
 * Counters: whatever is added counts, once, also where replicas could not see each other. Each addition adds a power of two of
 * its own, so that what a counter comes to tells which of them it has. Whoever writes over a counter, or deletes it, takes away
 * what he had seen; of several who did, the one with the greatest stamp says what counts:
 *
 *   counts   What was added with an acknowledgement that holds, and had been seen by nobody whose word may be the last one.
 *   gone     What everybody had seen whose word may be the last one.
 *
 * Of a field or a score, a deletion of the whole may have the last word whatever it is stamped with: it takes what it had seen away.
 * What a restore brings back is there by right. Merged, it takes nothing away, and nothing counts twice; written as new, it takes
 * away what was added until then.
 *
 * So may an eviction, which is one of all that a replica held, be it of a counter: what it had seen may be gone.
 */

import type { CommandEntry, CommandHistory, FinalCounter } from "../commands/command-history.ts";
import type { CommandType } from "../commands/command-operation.ts";
import { type Evidence, showKey, type Violation, violations } from "./evidence.ts";
import { isSurelyKnown } from "./knowledge.ts";
import { isForGood } from "./members.ts";

const TAKINGS: ReadonlySet<CommandType> = new Set(["reset", "clear", "drop"]);

export function checkCounters(evidence: Evidence): Violation[] {
  const messages: string[] = [];
  for (const [i, { counters }] of evidence.nodes.entries()) {
    for (const final of counters) {
      const history = evidence.commands.filter(({ operation }) => operation.key === final.key);
      messages.push(...checkFinal(final, history, `replica ${i}`, evidence));
    }
  }
  return violations("counters", messages);
}

function* checkFinal(
  { key, value = 0n }: FinalCounter,
  history: CommandHistory,
  name: string,
  evidence: Evidence,
): Iterable<string> {
  const additions = history.filter(({ operation, answer }) => operation.type === "increase" && answer?.type === "done");
  const takings = history.filter(isTaking);
  const stamped = mayBeLast(takings, evidence);
  const restored = restoresOf(key, evidence);
  const what = `${name} has ${showKey(key)} at ${value}`;
  for (const addition of additions) {
    const bit = bitOf(addition);
    const isCounted = (value & bit) !== 0n;
    const seers = takings.filter((taking) => hasSeen(taking, addition, evidence));
    const after = seers.filter((seer) => isForGood(seer, evidence));
    const wholes = takings.filter(
      (taking) =>
        isOfCollection(taking) &&
        (seers.includes(taking) || !after.some((seer) => isSurelyKnown(taking, seer, evidence))),
    );
    const last = [...stamped, ...wholes];
    const isTaken = last.some((each) => isForGood(each, evidence)) && last.every((each) => seers.includes(each));
    if (isCounted && isTaken && restored.length === 0)
      yield `${what}, with ${bit} of ${describe(addition)}, which ${last.map(describe).join(" and ")} took away`;
    const isOverwritten = restored.some(({ isOverwrite, until }) => isOverwrite && addition.invokedAt <= until);
    const isMissed = !isCounted && !isOverwritten && isForGood(addition, evidence);
    if (isMissed && !seers.some((each) => last.includes(each) || each.isEviction === true))
      yield `${what}, without ${bit} of ${describe(addition)}, which nobody took away`;
  }
  const known = additions.reduce((bits, addition) => bits | bitOf(addition), 0n);
  if ((value & ~known) !== 0n || value < 0n) yield `${what}, which is more than was ever added`;
}

/** Restores that told of a counter, and until when. */
function restoresOf(key: string, { backups }: Evidence): { readonly isOverwrite: boolean; readonly until: number }[] {
  const restores = backups?.all.flatMap((taken) => taken.restores) ?? [];
  return restores.flatMap(({ plan, file, steps }) =>
    steps
      .filter(({ chunk }) => file.chunks[chunk]?.sums.some((sum) => sum.key === key))
      .map(({ answeredAt = Infinity }) => ({ isOverwrite: plan.isOverwrite, until: answeredAt })),
  );
}

/** What was carried out of what writes over a counter, or deletes it. */
function isTaking({ operation, answer }: CommandEntry): boolean {
  return TAKINGS.has(operation.type) && answer?.type === "done" && answer.dot !== undefined;
}

/** Of those the one with the greatest stamp whose acknowledgement holds, and who may be above. */
function mayBeLast(takings: CommandHistory, evidence: Evidence): CommandEntry[] {
  const stamped = takings.filter((entry) => !isOfCollection(entry));
  const floor = Math.max(0, ...stamped.filter((entry) => isForGood(entry, evidence)).map(stampOf));
  return stamped.filter((entry) => stampOf(entry) >= floor);
}

/** A deletion of a whole collection: its stamp says nothing of what it takes. */
function isOfCollection({ operation }: CommandEntry): boolean {
  return operation.type === "drop" && operation.of !== "counter";
}

function hasSeen(taking: CommandEntry, addition: CommandEntry, evidence: Evidence): boolean {
  return (taking.added & bitOf(addition)) !== 0n || isSurelyKnown(addition, taking, evidence);
}

function stampOf({ answer }: CommandEntry): number {
  return (answer?.type === "done" ? answer.timestamp : undefined) ?? 0;
}

function bitOf({ operation }: CommandEntry): bigint {
  return 1n << BigInt(operation.bit ?? 0);
}

function describe({ operation, node, invokedAt, isEviction }: CommandEntry): string {
  const { id, type } = operation;
  return `${isEviction === true ? "an eviction" : `command ${id}`} (${type} at replica ${node}, ${(invokedAt / 1000).toFixed(3)}s)`;
}
