/** Values that went with the memory of a replica without a disk, after others had let go of theirs because it had them. */

import { ANSWER_MS } from "../simulator/other-copies.ts";
import type { NodeEvidence } from "./evidence.ts";
import type { Stamp } from "./stamp.ts";

/**
 * True where a replica may find that the value of a write, or of a later one of that key, is nobody's any more, before the
 * register is deleted for it: it let go of it, and another that kept nothing on disk has ended since, or when it had just said that it has it.
 */
export function mayBeLostInMemory(
  stamp: Stamp,
  { node, key, at }: { readonly node: number; readonly key: string; readonly at: number },
  nodes: readonly NodeEvidence[],
): boolean {
  const lentAt =
    nodes[node]?.lent.find((lent) => lent.key === key && lent.timestamp >= stamp.timestamp)?.at ?? Infinity;
  return nodes.some(
    ({ durable, ends }, other) =>
      other !== node && !durable && ends.some((end) => end.at >= lentAt - ANSWER_MS && end.at <= at),
  );
}
