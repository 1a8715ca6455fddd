/** Commands that wait until there is something to take. Nothing is written before. */

import { latin1FromBytes } from "../../base/bytes.ts";
import type { Key } from "../../base/ids.ts";
import type { Reply } from "../../command-reply.ts";
import type { CollectionType } from "../../store.ts";
import { CommandError } from "../words/command-error.ts";
import { floatOf } from "../words/number-text.ts";
import type { Workspace } from "../workspace/workspace.ts";

/** What is waited for. The words of a command do not outlive it: whatever is needed of them stands here. */
export interface Awaited {
  readonly type: CollectionType;
  readonly keys: readonly Key[];
  /** `Infinity`: for ever. */
  readonly timeoutMs: number;
  /** Takes what has come. Undefined: there is nothing of the type under any of the keys. */
  readonly take: (workspace: Workspace) => Reply | undefined;
  /** The answer when the time is over. */
  readonly over: Reply;
  /** The answer to who may not wait, as in a transaction. */
  readonly instead: Reply;
}

/** Thrown by a command that finds nothing, for whoever carries it out to wait (C1 of `workspace.ts`). */
export class Blocking {
  readonly awaited: Awaited;

  constructor(awaited: Awaited) {
    this.awaited = awaited;
  }
}

/** Of what counts milliseconds in 64 bits: beyond that Redis takes it for negative. */
const TIMEOUT_MS_MAX = 2 ** 63;

/** Of seconds, which may have a fraction; 0 is for ever. Throws `CommandError`. */
export function timeoutOf(word: Uint8Array): number {
  const seconds = floatOf(latin1FromBytes(word));
  if (seconds === undefined) throw new CommandError("ERR timeout is not a float or out of range");
  const ms = Math.ceil(seconds * 1000);
  if (ms < 0 || ms >= TIMEOUT_MS_MAX) throw new CommandError("ERR timeout is negative");
  return ms === 0 ? Infinity : ms;
}
