/**
 * Nothing that a replica holds beside its registers grows beyond its bound, however bad things are; and when all is healed
 * and equal, what was held for something under way is gone, and so is every tombstone that nobody is missing for.
 */

import { incrementsOf, KIND_HASH, KIND_PLAIN, KIND_SORTED_SET } from "../../src/core/record/kind.ts";
import type { Holding } from "../../src/replica/holdings.ts";
import { type Evidence, type NodeEvidence, showKey, type Violation, violations } from "./evidence.ts";

/** What the identities of increments begin with. */
const INCREMENTS = [KIND_PLAIN, KIND_HASH, KIND_SORTED_SET].map((kind) => `${incrementsOf(kind)}.`);

export function checkBounds(evidence: Evidence): Violation[] {
  const messages: string[] = [];
  for (const { at, nodes } of evidence.samples) {
    for (const [node, sampled] of nodes.entries()) {
      for (const { name, value, max } of sampled?.holdings ?? []) {
        if (value > max)
          messages.push(`replica ${node} at ${(at / 1000).toFixed(3)}s: ${name} is ${value}, above ${max}`);
      }
    }
  }
  // A watcher that was told to read anew goes on with that.
  const isReading = evidence.watches.some(({ isCurrent }) => !isCurrent);
  for (const [node, sampled] of (evidence.samples.at(-1)?.nodes ?? []).entries()) {
    for (const holding of sampled?.holdings ?? []) {
      if (isLeft(holding) && !(isReading && holding.name.startsWith("requests_")))
        messages.push(
          `replica ${node}, with nothing under way any more, still has ${holding.value} of ${holding.name}`,
        );
    }
  }
  messages.push(...checkGraves(evidence.nodes));
  return violations("bounds", messages);
}

function* checkGraves(nodes: readonly NodeEvidence[]): Iterable<string> {
  if (mayKeepGraves(nodes)) return;
  for (const [node, { dump }] of nodes.entries()) {
    const registers = dump?.registers ?? [];
    // What was deleted says for a while how much of what was added to it that took away.
    const isIncrements = (identity: string) => INCREMENTS.some((start) => identity.startsWith(start));
    const counted = new Set(registers.flatMap(({ identity, key }) => (isIncrements(identity) ? [key] : [])));
    const graves = registers.filter(({ isDead, isGone, key }) => (isDead || isGone) && !counted.has(key));
    const [first] = graves;
    if (first === undefined) continue;
    yield `replica ${node}, with everybody there, still keeps ${graves.length} tombstones, that of ${showKey(first.key)} among them`;
  }
}

/** True where tombstones wait by right: for one that was given up, or for a member that will never be there again. */
export function mayKeepGraves(nodes: readonly Pick<NodeEvidence, "durable" | "ends" | "givenUpAt">[]): boolean {
  return nodes.some(({ durable, ends, givenUpAt }) => givenUpAt.length > 0 || (!durable && ends.length > 0));
}

/** Something is still held for what is under way. */
export function isLeft({ isNoneAtRest, value }: Holding): boolean {
  return isNoneAtRest && value > 0;
}
