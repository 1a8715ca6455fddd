/** The members of a collection as the registers of a replica have them. */

import { latin1FromBytes } from "../../src/base/bytes.ts";
import type { Key } from "../../src/base/ids.ts";
import { KIND_HASH, KIND_LIST, KIND_SET, KIND_SORTED_SET } from "../../src/core/record/kind.ts";
import { timestampAt } from "../../src/core/record/record.ts";
import type { Shard } from "../../src/core/shard/shard.ts";
import { versionAt } from "../../src/replica/register-view.ts";
import { memberName, memberValue } from "../../src/types/collection.ts";
import { liveMembers } from "../../src/types/container.ts";
import type { HeldMember, Members } from "./command-history.ts";
import type { CollectionType } from "./command-operation.ts";

const KINDS: Readonly<Record<CollectionType, number>> = {
  hash: KIND_HASH,
  set: KIND_SET,
  zset: KIND_SORTED_SET,
  list: KIND_LIST,
};

export function membersIn(shard: Shard, of: CollectionType, key: Key, nowMs: number): Members {
  const members = new Map<string, HeldMember>();
  for (const slot of liveMembers(shard, KINDS[of], key, nowMs)) {
    const [view, at] = [shard.table.viewOf(slot), shard.table.offsetOf(slot)];
    const value = latin1FromBytes(memberValue(shard, slot));
    const held = { version: versionAt(view, at), timestamp: timestampAt(view, at) };
    // An element of a list is known by what it is, wherever it lies.
    if (of === "list") members.set(value, { ...held, value: "" });
    else members.set(memberName(shard, slot), { ...held, value: of === "hash" ? value : "" });
  }
  return members;
}
