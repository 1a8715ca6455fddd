/** Damage to frames on a path, as it slips past the checksums of the layers below: a bit, an end, or bytes in disorder. */

import type { Random } from "../../src/replica/ports.ts";
import { unit } from "./draws.ts";

export interface Corruption {
  readonly from: number;
  readonly to: number;
  /** That a frame is damaged. */
  readonly probability: number;
}

/** Damages a frame in place; returns it, or the part of it that is left. It is never what it was. */
export function damageFrame(random: Random, frame: Uint8Array): Uint8Array {
  const at = below(random, frame.length);
  const other = below(random, frame.length);
  switch (below(random, 3)) {
    case 0:
      return frame.subarray(0, at);
    case 1:
      if (swap(frame, at, other)) return frame;
      break;
  }
  frame[at] = (frame[at] as number) ^ (1 << below(random, 8));
  return frame;
}

/** False when the two bytes are equal. */
function swap(frame: Uint8Array, one: number, other: number): boolean {
  const [a, b] = [frame[one] as number, frame[other] as number];
  frame[one] = b;
  frame[other] = a;
  return a !== b;
}

function below(random: Random, count: number): number {
  return Math.floor(unit(random) * count);
}
