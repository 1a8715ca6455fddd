/**
 * Commands that wait for what is kept by others. Nobody there waits for a client of this replica, whom a link may lose: it is asked
 * again and again, and takes what it finds. Of several that wait in this way whoever asks first is answered first.
 */

import { NO_ARRAY, type Reply } from "../command-reply.ts";
import type { CommandClient, QueuedCommand } from "../command-store.ts";
import type { KeyspaceHost } from "../replica/local-keyspace.ts";
import { timeoutOf } from "./blocking.ts";

/** From one question to the next. */
export const ASK_AGAIN_MS = 200;

/** True of a command that has found nothing where its client may not wait. */
export function waitsOn({ facts }: QueuedCommand, { waits }: CommandClient, reply: Reply): boolean {
  const isNothing = reply.type === "nothing" || reply.type === "no-array";
  return waits !== undefined && facts.flags.has("blocking") && isNothing;
}

/** Rejects as `again`. */
export async function waitElsewhere(
  host: KeyspaceHost,
  { waits }: CommandClient,
  { words, facts }: QueuedCommand,
  again: () => Promise<Reply>,
): Promise<Reply> {
  // Of those that count their keys it stands before them.
  const timeoutAt = facts.keys.counted > 0 ? facts.keys.counted - 1 : words.length - 1;
  const dueAt = host.now() + timeoutOf(words[timeoutAt] as Uint8Array);
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
    if (reply.type !== "nothing" && reply.type !== "no-array") return reply;
  }
}
