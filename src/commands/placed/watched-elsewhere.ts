/** Keys that a client watches and others keep: whoever tells their versions alone can tell whether they have changed. */

import { bytesFromLatin1, latin1FromBytes } from "../../base/bytes.ts";
import type { Key, ReplicaId, SpaceId } from "../../base/ids.ts";
import type { Reply } from "../../command-reply.ts";
import type { CommandWords, WatchedKey } from "../../command-store.ts";
import type { Shard } from "../../core/shard/shard.ts";
import { FROM_CLIENT } from "../../replica/circumstances.ts";
import type { CommandRouter } from "../../replica/command-router.ts";
import type { SpaceCommands } from "../here/space-commands.ts";
import { repliedIn } from "./carried-answer.ts";

export interface WatchSurroundings {
  readonly router: CommandRouter;
  readonly space: SpaceId;
  readonly local: SpaceCommands;
}

/** `only`: who told the versions of those that are watched already. */
export async function watchElsewhere(
  { router, space, local }: WatchSurroundings,
  keys: readonly Key[],
  shards: readonly Shard[],
  only: ReplicaId | undefined,
): Promise<readonly WatchedKey[]> {
  const body = {
    ...({ type: "commands", isTransaction: false, watched: [], shards: [] } as const),
    commands: [watchWords(keys)],
  };
  const carried = await router.carry(space, { body, shards, isReadonly: true, only }, FROM_CLIENT);
  if (carried === undefined) return local.watch(keys);
  const { reply } = repliedIn(carried);
  const versions = reply.type === "array" ? reply.items : [];
  return keys.map((key, i) => ({ key, version: textOf(versions[i]), at: carried.from }));
}

function watchWords(keys: readonly Key[]): CommandWords {
  return ["watch", ...keys].map(bytesFromLatin1);
}

function textOf(reply: Reply | undefined): string {
  return reply?.type === "bulk" ? latin1FromBytes(reply.value) : "";
}
