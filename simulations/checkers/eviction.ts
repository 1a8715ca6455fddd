/**
 * A value is removed for want of room only where there is no room; and when all is healed there is some: what a disk takes
 * up is below its bound, as long as there is anything to remove. That a removal removes nothing newer than what was there,
 * everywhere, the others check, who take it for a deletion.
 */

import { type Evidence, showKey, type Violation, violations } from "./evidence.ts";

/** Of the bound: a small disk takes up to half as much again as what is held on it. */
const LEAST_SHARE = 0.5;

export function checkEviction({ nodes, dataBytesMax }: Evidence): Violation[] {
  const messages: string[] = [];
  for (const [node, { evictions, diskBytes, dump }] of nodes.entries()) {
    for (const { at, key, diskBytes: onDisk, heldBytes } of evictions) {
      const taken = Math.max(onDisk, heldBytes);
      if (taken >= LEAST_SHARE * dataBytesMax) continue;
      messages.push(
        `replica ${node} removed ${showKey(key)} at ${(at / 1000).toFixed(3)}s for want of room, with ${taken} bytes for a disk that may take ${dataBytesMax}`,
      );
    }
    if (dump !== undefined && diskBytes > dataBytesMax)
      messages.push(`replica ${node} has ${diskBytes} bytes on a disk that may take ${dataBytesMax}`);
  }
  return violations("eviction", messages);
}
