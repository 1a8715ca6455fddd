/** What a shard knows of a register besides what that says: marks, one byte a slot in the table. */

/** The disk has not been handed it as it is. */
export const DIRTY = 1;
/** It fell, and waits to be purged. */
export const IN_GRAVES = 2;
/** Held from before a quarantine or out of a damaged database: nobody has confirmed it yet. */
export const UNCONFIRMED = 4;
/** Unconfirmed, and in the way of a register that came meanwhile. */
export const IN_THE_WAY = 8;
/** The four bits above: the part of the listing's order that its key lies in. */
export const PART_SHIFT = 4;
