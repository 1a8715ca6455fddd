/**
 * Nothing that a replica holds beside its registers grows beyond its bound, however bad things are; and when all is healed
 * and equal, what was held for something under way is gone.
 */

import type { Holding } from "../../src/replica/holdings.ts";
import { type Evidence, type Violation, violations } from "./evidence.ts";

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
  for (const [node, sampled] of (evidence.samples.at(-1)?.nodes ?? []).entries()) {
    for (const holding of sampled?.holdings ?? []) {
      if (isLeft(holding))
        messages.push(
          `replica ${node}, with nothing under way any more, still has ${holding.value} of ${holding.name}`,
        );
    }
  }
  return violations("bounds", messages);
}

/** Something is still held for what is under way. */
export function isLeft({ isNoneAtRest, value }: Holding): boolean {
  return isNoneAtRest && value > 0;
}
