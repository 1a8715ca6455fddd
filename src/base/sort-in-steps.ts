/**
 * Sorting with pauses: runs of what one step sorts, which are merged two by two until one is left (merge sort from below, Knuth,
 * TAOCP 3, 5.2.4).
 */

/** A run, and what one step of merging moves: some 5 ms, with what it takes to compare two. */
const STEP_MAX = 4096;

/** Of numbers that stand for something; a pause behind each step. Two are never the same to `compare`. */
export function* sortInSteps(
  numbers: Uint32Array,
  compare: (a: number, b: number) => number,
): Generator<void, Uint32Array> {
  const { length } = numbers;
  for (let from = 0; from < length; from += STEP_MAX) {
    numbers.subarray(from, from + STEP_MAX).sort(compare);
    yield;
  }
  let [source, target]: [Uint32Array, Uint32Array] = [numbers, new Uint32Array(length > STEP_MAX ? length : 0)];
  for (let width = STEP_MAX; width < length; width *= 2) {
    for (let from = 0; from < length; from += 2 * width) {
      const [middle, end] = [Math.min(length, from + width), Math.min(length, from + 2 * width)];
      let [left, right] = [from, middle];
      for (let at = from; at < end; at++) {
        if (at % STEP_MAX === 0) yield;
        const isLeft = right >= end || (left < middle && compare(source[left] as number, source[right] as number) < 0);
        target[at] = source[isLeft ? left++ : right++] as number;
      }
    }
    [source, target] = [target, source];
  }
  return source;
}
