/**
 * Commands of one client of another replica that came together: carried out one after the other, each answered by itself. What
 * others ask for may be carried out in between.
 *
 *  S1. All answers go into one message. Whoever finds too little of it left has not been begun, and whoever asked asks again,
 *      so that nothing is refused for what was answered before it.
 *  S2. The first is always answered. What was done is always told, also by a replica that stops: whoever asked would ask for it once more.
 */

import { plainReply, type Reply } from "../../command-reply.ts";
import type { QueuedCommand } from "../../command-store.ts";
import type { KeyspaceHost } from "../../replica/local-keyspace.ts";
import { ListRoom } from "../../wire/reply-codec.ts";
import { DONE_AND_TOO_LONG, type PassedOnClient, TOO_LONG } from "./passed-on-client.ts";

/** Behind so much no other is begun: the message is on its way the sooner. */
export const ANSWERS_BYTES_MAX = 256 * 1024;
/** Of commands at a stretch. */
const TURN_MS_MAX = 5;

export interface PipelineSurroundings {
  readonly host: Pick<KeyspaceHost, "now" | "pause">;
  /** What a message holds. */
  readonly bytesMax: number;
  /** The keys are still for this replica. */
  isHere(): boolean;
  run(command: QueuedCommand): Reply | Promise<Reply>;
  /** Tells who asked that it takes time. */
  taken(): void;
}

/** What the first of them answer. */
export async function carriedOutInTurn(
  commands: readonly QueuedCommand[],
  client: PassedOnClient,
  { host, bytesMax, isHere, run, taken }: PipelineSurroundings,
): Promise<readonly Reply[]> {
  const room = new ListRoom(bytesMax);
  const bytesMin = Math.max(bytesMax - ANSWERS_BYTES_MAX, bytesMax / 2);
  const replies: Reply[] = [];
  let turnEndsAt = host.now() + TURN_MS_MAX;
  for (const command of commands) {
    const isFirst = replies.length === 0;
    if (!isFirst && (room.bytes < bytesMin || !isStill(isHere))) break;
    if (host.now() > turnEndsAt) {
      taken();
      await host.pause(0);
      turnEndsAt = host.now() + TURN_MS_MAX;
    }
    client.beginNext(room.bytes);
    const running = run(command);
    if (running instanceof Promise) taken();
    const reply = plainReply(running instanceof Promise ? await running : running);
    const fits = room.take(reply);
    const isNotForHere = client.lacksRoom || !fits || hasStopped(reply);
    if (isNotForHere && !isFirst && !client.hasActed) break;
    replies.push(fits ? reply : client.hasActed ? DONE_AND_TOO_LONG : TOO_LONG);
  }
  return replies;
}

/** It may throw where this replica stops. */
function isStill(isHere: () => boolean): boolean {
  try {
    return isHere();
  } catch {
    return false;
  }
}

function hasStopped(reply: Reply): boolean {
  return reply.type === "error" && reply.code === "SHUTTING_DOWN";
}
