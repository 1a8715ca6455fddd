/**
 * Digests are equal exactly when what they sum up is equal: those of the standing registers, and those of the version
 * vectors, of every two replicas at every moment that was looked at. A replica that takes itself for equal sends nothing.
 */

import type { NodeSample } from "../sampling/sample.ts";
import { type Evidence, type Violation, violations } from "./evidence.ts";

export function checkDigest(evidence: Evidence): Violation[] {
  const messages: string[] = [];
  for (const { at, nodes } of evidence.samples) {
    for (const [i, one] of nodes.entries()) {
      for (const [k, other] of nodes.entries()) {
        if (k <= i || one === undefined || other === undefined) continue;
        for (const problem of compare(one, other)) {
          messages.push(`at ${(at / 1000).toFixed(3)}s replicas ${i} and ${k} ${problem}`);
        }
      }
    }
  }
  return violations("digest", messages);
}

function* compare(one: NodeSample, other: NodeSample): Iterable<string> {
  const hasSameContent = isSameContent(one, other);
  if (hasSameContent !== (one.contentDigest === other.contentDigest)) {
    yield `hold ${hasSameContent ? "the same" : "different"} registers, under ${hasSameContent ? "different digests" : `one digest, ${one.contentDigest}`}`;
  }
  const hasSameVectors = isSameVectors(one, other);
  if (hasSameVectors !== (one.vectorDigest === other.vectorDigest)) {
    yield `claim ${hasSameVectors ? "the same" : "different"} dots, under ${hasSameVectors ? "different digests" : `one digest, ${one.vectorDigest}`}`;
  }
}

function isSameContent(one: NodeSample, other: NodeSample): boolean {
  let left = 0;
  for (const register of other.registers.values()) if (register.isStanding) left++;
  for (const [identity, register] of one.registers) {
    if (!register.isStanding) continue;
    const twin = other.registers.get(identity);
    if (twin?.isStanding !== true || twin.content !== register.content) return false;
    left--;
  }
  return left === 0;
}

function isSameVectors(one: NodeSample, other: NodeSample): boolean {
  return one.vectors.every((vector, shard) => {
    const twin = other.vectors[shard];
    return twin !== undefined && vector.size === twin.size && vector.dominates(twin) && twin.dominates(vector);
  });
}
