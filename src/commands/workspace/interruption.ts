/** What ends a command that has to wait for something, and what has come of the waiting when it begins again. */

import type { Key } from "../../base/ids.ts";
import type { ValueAway, ValueLong } from "../../replica/operations.ts";

/** What has been seen to so far for a command that begins again, or goes on. */
export interface SeenTo {
  /** What has been made room for, beside what is short ... */
  readonly roomBytes: number;
  /** ... and what of that turns before have taken. */
  readonly takenBytes: number;
  /** Keys whose values nobody has. */
  readonly lost: ReadonlySet<Key> | undefined;
}

export const NOTHING_SEEN_TO: SeenTo = { roomBytes: 0, takenBytes: 0, lost: undefined };

export interface KeyAway {
  readonly key: Key;
  readonly value: ValueAway;
}

/** What a command has to wait for before it begins again: values that are to be brought back, room, or the end of another. */
export class Interruption {
  readonly cause: readonly KeyAway[] | ValueLong | Promise<void>;

  constructor(cause: Interruption["cause"]) {
    this.cause = cause;
  }
}

/**
 * A command reads before it writes, and what the commands of a transaction read was brought back before it began. Only a script may
 * have written, or sent a message, when it comes to something that has to be waited for: it came to a key that it had not named.
 */
export const NOT_NAMED =
  "ERR a script had written or published before it came to a key that is not among its KEYS, and that has to be waited for";
