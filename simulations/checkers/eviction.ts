/**
 * A value is removed for want of room only where there is no room; and when all is healed there is some: what a disk takes
 * up is below its bound, as long as there is anything to remove, and there is room for what comes. A removal is stamped one tick after what somebody wrote, so that it
 * removes nothing newer; what that means for whoever reads, the others check, who take it for a deletion.
 *
 * A replica without a disk lets go of a value only when another has it at that moment, or had when it was last asked.
 *
 * Where there is no room for anything, what is added to collections and counters is refused (E4 of `core/shard/residency.ts`).
 */

import type { CommandType } from "../commands/command-operation.ts";
import type { Evicted, Going } from "../simulator/node.ts";
import { type Evidence, showKey, type Violation, violations } from "./evidence.ts";
import { stampOfVersion } from "./stamp.ts";
import { indexWrites } from "./writes-by-key.ts";

/** Of the bound: a small disk takes up to half as much again as what is held on it, and memory holds more than records. */
const LEAST_SHARE = { disk: 0.5, memory: 0.2 };
/** What takes room. To remove something, or to look at it, needs none. */
const TAKES_ROOM: ReadonlySet<CommandType> = new Set(["add", "increase", "reset"]);
/** Of the bound, what is left of values however much waits to be purged. */
const STANDING_SHARE = 0.08;

export function checkEviction(evidence: Evidence): Violation[] {
  const { nodes, dataBytesMax } = evidence;
  const messages: string[] = [];
  for (const [node, { durable, evictions, diskBytes, dump, isFull, lent, memoryBytesMax, wholes }] of nodes.entries()) {
    if (isFull) messages.push(`replica ${node} takes nothing any more, long after everybody has come to rest`);
    const bytesMax = durable ? dataBytesMax : memoryBytesMax;
    const least = bytesMax * (durable ? LEAST_SHARE.disk : LEAST_SHARE.memory);
    const noteRoom = ({ at, key, diskBytes: onDisk, heldBytes, standingBytes }: Going): void => {
      const taken = Math.max(onDisk, heldBytes, standingBytes);
      if (taken >= least && standingBytes >= STANDING_SHARE * bytesMax) return;
      messages.push(
        `replica ${node} removed ${showKey(key)} at ${(at / 1000).toFixed(3)}s for want of room, with ${standingBytes} of ${taken} bytes in use of ${bytesMax}`,
      );
    };
    for (const { at, key, isElsewhere } of lent) {
      if (isElsewhere) continue;
      messages.push(`replica ${node} let go of ${showKey(key)} at ${(at / 1000).toFixed(3)}s, and nobody else had it`);
    }
    for (const evicted of evictions) {
      const { at, key } = evicted;
      if (!isOneTickAfter(evicted, evidence))
        messages.push(
          `replica ${node} removed ${showKey(key)} at ${(at / 1000).toFixed(3)}s, as of a moment that is not that after any write`,
        );
      if (evicted.isOrphan) {
        if (!hasAnybodyGone(at, evidence))
          messages.push(
            `replica ${node} removed ${showKey(key)} at ${(at / 1000).toFixed(3)}s as nobody had its value, and nobody had gone who may have had it`,
          );
        continue;
      }
      noteRoom(evicted);
    }
    for (const whole of wholes) noteRoom(whole);
    if (durable && dump !== undefined && diskBytes > dataBytesMax)
      messages.push(`replica ${node} has ${diskBytes} bytes on a disk that may take ${dataBytesMax}`);
  }
  for (const { operation, node, invokedAt, wasFull, answer } of evidence.commands) {
    if (wasFull !== true || answer?.type !== "done" || !TAKES_ROOM.has(operation.type)) continue;
    messages.push(
      `replica ${node} took command ${operation.id} (${operation.type} of ${showKey(operation.key)}) at ${(invokedAt / 1000).toFixed(3)}s, and had no room for anything`,
    );
  }
  return violations("eviction", messages);
}

/** With what it had in memory. */
function hasAnybodyGone(until: number, { nodes }: Evidence): boolean {
  return nodes.some(({ durable, ends }) => !durable && ends.some(({ at }) => at <= until));
}

/** It may be that of a write whose stamp nobody was told. */
function isOneTickAfter({ key, version }: Evicted, evidence: Evidence): boolean {
  const { timestamp } = stampOfVersion(version, true);
  const writes = indexWrites(evidence).get(key) ?? [];
  return writes.some(({ stamp, isDelete }) => !isDelete && (stamp === undefined || stamp.timestamp === timestamp - 1));
}
