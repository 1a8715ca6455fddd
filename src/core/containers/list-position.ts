/**
 * Places of the elements of a list, as bytes that sort as the elements do. A place is a path: a number and who chose it, and
 * as many such steps again as it takes to lie behind an element and before the next one. What lies behind an element by a step
 * of its own is a list in itself, so every place has room on both of its sides, for ever.
 *
 * In each of these lists numbers grow towards the tail and fall towards the head, by the clock wherever that is further out
 * than what is there: what two replicas push without knowing of each other stands in the order in which it was pushed, each
 * side's in its own. A thousand insertions at one element are numbers of one list and not a path of a thousand steps. Only
 * insertions that go on dividing the same gap make paths longer, a step for about twenty of them, until what lies there is
 * moved to shorter ones (`types/list-room.ts`).
 *
 *  L1. Places compare as their bytes do: by numbers, then by who chose them, a path before all that goes on from it.
 *  L2. No place ends in the least number, so there is room before each.
 */

import { assert } from "../../base/assert.ts";
import type { OriginId } from "../../base/ids.ts";

/** A step: the number in seven bytes, the origin in seven. */
export const STEP_BYTES = 14;
/** Bytes of a place at most: the limit of fields leaves room for the mark. */
export const POSITION_BYTES_MAX = 36 * STEP_BYTES;

const NUMBER_MAX = 2 ** 53 - 1;
const NUMBER_MIN = -NUMBER_MAX;
const TWO_32 = 2 ** 32;
/** Makes numbers of either sign sort as bytes. */
const HIGH_OFFSET = 2 ** 23;
/** Between neighbours in a list behind an element, so that a gap can be divided twenty times before it takes another step. */
const INNER_STRIDE = 2 ** 20;

interface Step {
  readonly number: number;
  readonly origin: number;
}

export interface Chooser {
  readonly origin: OriginId;
  /** A timestamp: now. */
  readonly stamp: number;
}

/**
 * A place behind `left` and before `right`, of which `undefined` is the end of the list; nobody else chooses it. Undefined:
 * there is none that is short enough. Places are latin1 text.
 */
export function positionBetween(
  left: string | undefined,
  right: string | undefined,
  chooser: Chooser,
): string | undefined {
  let path = "";
  /** What the place must lie behind, and before: the next steps of these. */
  let [isBehind, isBefore] = [left !== undefined, right !== undefined];
  while (path.length + STEP_BYTES <= POSITION_BYTES_MAX) {
    const low = isBehind ? stepAt(left as string, path.length) : undefined;
    const high = isBefore ? stepAt(right as string, path.length) : undefined;
    const number = numberBetween(low?.number, high?.number, path === "" ? 1 : INNER_STRIDE, chooser.stamp);
    if (number !== undefined) return path + textOfStep({ number, origin: chooser.origin });
    const next = low ?? high;
    assert(next !== undefined, "there is a number where nothing bounds it");
    if (low === undefined && next.number > NUMBER_MIN) {
      // What lies behind the least number lies before everything else here, and nothing does yet.
      path += textOfStep({ number: NUMBER_MIN, origin: chooser.origin });
      [isBehind, isBefore] = [false, false];
    } else {
      path += textOfStep(next);
      isBefore &&= low === undefined || (high !== undefined && isSame(low, high));
    }
  }
  return undefined;
}

/**
 * Places in the list behind `place`, where nothing has ever been: so many, in order, as far from each other as can be. It is
 * shorter than a place may be by a step at least.
 */
export function placesBehind(place: string, count: number, { origin }: Chooser): readonly string[] {
  const stride = 2 * Math.floor(NUMBER_MAX / (count + 1));
  return Array.from({ length: count }, (_, i) => place + textOfStep({ number: NUMBER_MIN + (i + 1) * stride, origin }));
}

/** Undefined: there is none. */
function numberBetween(
  low: number | undefined,
  high: number | undefined,
  stride: number,
  stamp: number,
): number | undefined {
  if (low === undefined && high === undefined) return stamp;
  if (low === undefined) {
    const number = Math.min(-stamp, (high as number) - stride);
    return number > NUMBER_MIN ? number : undefined;
  }
  if (high === undefined) {
    const number = Math.max(stamp, low + stride);
    return number <= NUMBER_MAX ? number : undefined;
  }
  const middle = low + Math.floor((high - low) / 2);
  return middle > low ? middle : undefined;
}

function isSame(a: Step, b: Step): boolean {
  return a.number === b.number && a.origin === b.origin;
}

/** The step of a place that begins at a byte of it; undefined: it has none there. */
function stepAt(position: string, at: number): Step | undefined {
  if (at >= position.length) return undefined;
  return { number: numberAt(position, at), origin: uint56At(position, at + STEP_BYTES / 2) };
}

function numberAt(position: string, at: number): number {
  return (uintAt(position, at, 3) - HIGH_OFFSET) * TWO_32 + uintAt(position, at + 3, 4);
}

function uint56At(position: string, at: number): number {
  return uintAt(position, at, 3) * TWO_32 + uintAt(position, at + 3, 4);
}

/** Big-endian. */
function uintAt(position: string, at: number, bytes: number): number {
  let value = 0;
  for (let i = 0; i < bytes; i++) value = value * 256 + position.charCodeAt(at + i);
  return value;
}

function textOfStep({ number, origin }: Step): string {
  const high = Math.floor(number / TWO_32);
  return textOf(high + HIGH_OFFSET, number - high * TWO_32) + textOf(Math.floor(origin / TWO_32), origin % TWO_32);
}

/** Big-endian: 24 bits, and 32. */
function textOf(high: number, low: number): string {
  return String.fromCharCode(
    (high >>> 16) & 255,
    (high >>> 8) & 255,
    high & 255,
    low >>> 24,
    (low >>> 16) & 255,
    (low >>> 8) & 255,
    low & 255,
  );
}

/** True of bytes that are a place (L2): for those that come from outside. */
export function isPosition(text: string): boolean {
  const { length } = text;
  if (length === 0 || length > POSITION_BYTES_MAX || length % STEP_BYTES !== 0) return false;
  for (let at = 0; at < length; at += STEP_BYTES) {
    const number = numberAt(text, at);
    if (number < NUMBER_MIN || number > NUMBER_MAX) return false;
    if (number === NUMBER_MIN && at + STEP_BYTES === length) return false;
  }
  return true;
}
