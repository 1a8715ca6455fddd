/**
 * Commands that wait for what is kept by others. Nobody there waits for a client of this replica, whom a link may lose: it is asked
 * again and again, and takes what it finds. Of several that wait in this way whoever asks first is answered first.
 */

import { NO_ARRAY, type Reply } from "../command-reply.ts";
import type { CommandClient, CommandFacts, QueuedCommand } from "../command-store.ts";
import { tooManyKeys, WAIT_KEYS_MAX } from "../replica/key-waits.ts";
import type { KeyspaceHost } from "../replica/local-keyspace.ts";
import { timeoutOf } from "./blocking.ts";
import { keysOf } from "./words.ts";

/** From one question to the next. */
export const ASK_AGAIN_MS = 200;

/** What it may wait for has not come where it is answered so. */
export function isNothing({ type }: Reply): boolean {
  return type === "nothing" || type === "no-array";
}

export function mayWait({ flags }: CommandFacts, { waits }: CommandClient): boolean {
  return waits !== undefined && flags.has("blocking");
}

/** A command whose client has waited since it began. */
export interface WaitingCommand extends QueuedCommand {
  readonly began: number;
}

/** Rejects as `again`, and with `TOO_MANY_REQUESTS`. */
export async function waitElsewhere(
  host: KeyspaceHost,
  { waits }: CommandClient,
  { words, facts, began }: WaitingCommand,
  again: () => Promise<Reply>,
): Promise<Reply> {
  if (keysOf(words, facts).length > WAIT_KEYS_MAX) throw tooManyKeys();
  // Of those that count their keys it stands before them.
  const timeoutAt = facts.keys.counted > 0 ? facts.keys.counted - 1 : words.length - 1;
  const dueAt = began + timeoutOf(words[timeoutAt] as Uint8Array);
  let ended: Reply | undefined;
  waits?.begin({
    end: (reply = NO_ARRAY) => {
      ended ??= reply;
    },
  });
  for (;;) {
    await host.pause(Math.max(0, Math.min(ASK_AGAIN_MS, dueAt - host.now())));
    if (ended !== undefined) return ended;
    if (host.now() >= dueAt) return NO_ARRAY;
    const reply = await again();
    if (!isNothing(reply)) return reply;
  }
}
