/** What a client may send at once: little, before it has shown a token. */

import type { Principal } from "../auth.ts";
import type { DoorLimits } from "../limits.ts";

export interface RequestLimits {
  /** Bytes of one argument. */
  readonly argumentBytesMax: number;
  /** Arguments of one command, its name included. */
  readonly argumentsMax: number;
  /** Bytes of one command, with what it takes to remember its arguments. */
  readonly commandBytesMax: number;
}

/** What it takes to remember an argument. */
export const ARGUMENT_OVERHEAD = 96;

const STRANGER_LIMITS: RequestLimits = { argumentBytesMax: 4096, argumentsMax: 16, commandBytesMax: 8192 };
const ARGUMENTS_MAX = 1024 * 1024;

export function requestLimitsOf(principal: Principal | undefined, limits: DoorLimits): RequestLimits {
  if (principal === undefined) return STRANGER_LIMITS;
  return {
    argumentBytesMax: limits.valueBytesMax,
    argumentsMax: ARGUMENTS_MAX,
    commandBytesMax: commandBytesMax(limits),
  };
}

/** Of a command, and of its answer. */
export function commandBytesMax({ bodyBytesInFlightMax, valueBytesMax }: DoorLimits): number {
  return Math.max(bodyBytesInFlightMax, 2 * valueBytesMax);
}
