/** Which slots of a shard stand for the keys of some parts of the listing's order (`key-order.ts`). */

import { isContainerKind } from "../record/kind.ts";
import { kindAt } from "../record/record.ts";
import { PART_SHIFT } from "../table/slot-marks.ts";
import type { Shard } from "./shard.ts";

/**
 * Slots of registers whose keys lie in the parts from `from` to `to` - 1, behind `into`: of plain values all, of what is in
 * containers one for each, however many members it has (`Container.representative`).
 */
export function collectParts({ table, containers }: Shard, from: number, to: number, into: number[]): void {
  const hasContainers = containers.count > 0;
  for (let slot = 1; slot < table.slotEnd; slot++) {
    const part = table.getMark(slot) >>> PART_SHIFT;
    if (part < from || part >= to || !table.isHeld(slot) || table.isSentinel(slot)) continue;
    if (!hasContainers || !isContainerKind(kindAt(table.viewOf(slot), table.offsetOf(slot)))) into.push(slot);
  }
  if (!hasContainers) return;
  for (const { representative } of containers.all()) {
    const part = table.getMark(representative) >>> PART_SHIFT;
    if (representative !== 0 && part >= from && part < to) into.push(representative);
  }
}
