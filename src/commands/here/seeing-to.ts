/** What a command has to wait for is seen to before it begins again. */

import type { CommandClient } from "../../command-store.ts";
import type { LocalKeyspace } from "../../replica/local-keyspace.ts";
import { ValueLong } from "../../replica/operations.ts";
import type { Interruption, SeenTo } from "../workspace/interruption.ts";

/** Rejects with what room, or a value that is to be brought back, is refused for. */
export async function seeTo(
  local: LocalKeyspace,
  client: CommandClient,
  { cause }: Interruption,
  seenTo: SeenTo,
): Promise<SeenTo> {
  if (cause instanceof Promise) {
    await cause;
    return seenTo;
  }
  if (cause instanceof ValueLong) {
    await client.room?.(cause.bytes - seenTo.roomBytes);
    return { ...seenTo, roomBytes: cause.bytes };
  }
  const areFound = await Promise.all(cause.map(({ key, value }) => local.bringBack(key, value)));
  if (areFound.every((isFound) => isFound)) return seenTo;
  const gone = cause.filter((_, i) => areFound[i] === false).map(({ key }) => key);
  return { ...seenTo, lost: new Set([...(seenTo.lost ?? []), ...gone]) };
}
