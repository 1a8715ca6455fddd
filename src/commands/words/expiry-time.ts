/** Times to live and ends as clients give them, as instants. */

import { CommandError } from "./command-error.ts";
import { expectInteger } from "./number-text.ts";

const INT64_MAX = 2n ** 63n - 1n;
/** The latest end that a register holds. */
const END_MAX = 2 ** 48 - 1;

export interface ExpiryUnit {
  readonly unitMs: 1 | 1000;
  /** Counted from now, not an instant. */
  readonly isRelative: boolean;
}

export const SECONDS: ExpiryUnit = { unitMs: 1000, isRelative: true };
export const MILLISECONDS: ExpiryUnit = { unitMs: 1, isRelative: true };
export const AT_SECONDS: ExpiryUnit = { unitMs: 1000, isRelative: false };
export const AT_MILLISECONDS: ExpiryUnit = { unitMs: 1, isRelative: false };

/** Of `SET` and its kind, where it has to be above 0. Throws `CommandError`. */
export function positiveEnd(word: Uint8Array | undefined, unit: ExpiryUnit, now: number, command: string): number {
  const value = expectInteger(word);
  const end = endOf(value, unit, now);
  if (value <= 0 || end === undefined) throw new CommandError(`ERR invalid expire time in '${command}' command`);
  return end;
}

/** Of `EXPIRE` and its kind, where it may lie in the past. Throws `CommandError`. */
export function anyEnd(word: Uint8Array | undefined, unit: ExpiryUnit, now: number, command: string): number {
  const end = endOf(expectInteger(word), unit, now);
  if (end === undefined) throw new CommandError(`ERR invalid expire time in '${command}' command`);
  return end;
}

/** Undefined where 64 bits do not hold it. */
function endOf(value: number | bigint, { unitMs, isRelative }: ExpiryUnit, now: number): number | undefined {
  const units = BigInt(value);
  const unitsMax = INT64_MAX / BigInt(unitMs);
  if (unitMs !== 1 && (units > unitsMax || units < -unitsMax)) return undefined;
  const end = units * BigInt(unitMs) + (isRelative ? BigInt(Math.floor(now)) : 0n);
  return end > INT64_MAX ? undefined : Math.min(Number(end), END_MAX);
}
