/** What a register is a part of: one byte of its record. */

export const KIND_PLAIN = 0;
/** Containers: what lies under their keys is many registers (`containers.ts`), increments of their members among them. */
export const KIND_DOCUMENT = 1;
export const KIND_HASH = 2;
export const KIND_SET = 3;
export const KIND_SORTED_SET = 4;
export const KIND_LIST = 5;

export function isContainerKind(kind: number): boolean {
  const base = baseKindOf(kind);
  return base >= KIND_DOCUMENT && base <= KIND_LIST;
}

/** True of containers whose members are registers of their own, written over and removed one by one. */
export function isCollectionKind(kind: number): boolean {
  const base = baseKindOf(kind);
  return base > KIND_DOCUMENT && base <= KIND_LIST;
}

/** Added to the kind of a register: increments of that register by one origin (`increments.ts`). */
const INCREMENTS = 0x40;

export function isIncrementsKind(kind: number): boolean {
  return (kind & INCREMENTS) !== 0;
}

export function incrementsOf(kind: number): number {
  return kind | INCREMENTS;
}

/** Of the register that increments are of. */
export function baseKindOf(kind: number): number {
  return kind & ~INCREMENTS;
}

/** True of increments of a value, which are no part of anything greater. */
export function isValueIncrementsKind(kind: number): boolean {
  return kind === (KIND_PLAIN | INCREMENTS);
}

/** True of increments of a member of a collection (`counted-members.ts`). */
export function isMemberIncrementsKind(kind: number): boolean {
  return isIncrementsKind(kind) && !isValueIncrementsKind(kind);
}

/** True of registers whose value may be a number that is added to. */
export function isCountedKind(kind: number): boolean {
  return kind === KIND_PLAIN || isCountedMemberKind(kind);
}

/** True of collections whose members may be numbers that are added to. */
export function isCountedMemberKind(kind: number): boolean {
  return kind === KIND_HASH || kind === KIND_SORTED_SET;
}
