/** What another replica answered to commands that were passed on to it. */

import { AtollError, toAtollError } from "../../base/errors.ts";
import { bytesOfReply, NO_ARRAY, type Reply } from "../../command-reply.ts";
import type { CommandClient } from "../../command-store.ts";
import type { CommandAnswer } from "../../replica/command-router.ts";
import { SHORT_VALUE_BYTES_MAX } from "../../store.ts";

/** Throws what the other replica answered with. */
export function repliedIn({ answer }: CommandAnswer): Extract<CommandAnswer["answer"], { type: "replied" }> {
  if (answer.type === "error") throw new AtollError(answer.code, answer.message);
  return answer;
}

/** Throws `INTERNAL`. */
export function answersIn(reply: Reply): readonly Reply[] {
  if (reply.type === "array" && reply.items.length > 0) return reply.items;
  throw new AtollError("INTERNAL", "a replica that was passed commands on answered none of them");
}

/** For an answer that has come. What a write took away is nowhere else any more, so it is answered also where there is no room for it. */
export async function takeRoom(
  { room }: Pick<CommandClient, "room">,
  reply: Reply,
  isReadonly: boolean,
): Promise<void> {
  const bytes = bytesOfReply(reply);
  if (bytes <= SHORT_VALUE_BYTES_MAX) return;
  try {
    await room?.(bytes);
  } catch (error) {
    if (isReadonly || toAtollError(error).code !== "MEMORY_FULL") throw error;
  }
}

/** Who alone could tell whether watched keys have changed cannot be asked: as if they had. */
export function noneIfUnreachable(error: unknown): Reply {
  if (toAtollError(error).code === "OWNERS_UNREACHABLE") return NO_ARRAY;
  throw error;
}
