/** Members of collections as answers. There may be a million of them: room is taken for all of it. */

import { bulkReply, type Reply, textReply } from "../../command-reply.ts";
import type { Workspace } from "../workspace/workspace.ts";

/** Of what an answer holds for an item, beside its bytes. */
const ITEM_BYTES = 96;

/** What so many items take of room. */
export function itemsBytes(count: number): number {
  return count * ITEM_BYTES;
}

/** Before so many items are gathered: most of the room is found at once, and not little by little. */
export function expectItems(workspace: Workspace, count: number): void {
  workspace.takeRoom(itemsBytes(count));
}

/** As `expectItems`, of members that are all gone through. Throws `CommandError` where that is too much for commands that run as one. */
export function expectMembers(workspace: Workspace, count: number): void {
  workspace.lookAt(count);
  expectItems(workspace, count);
}

/** As `expectMembers`, of members that are about to be taken; one alone is none of many. */
export function expectTaken(workspace: Workspace, count: number): void {
  if (count > 1) workspace.lookAt(count);
  expectItems(workspace, count);
}

/** Of the bytes that a name is. */
export function nameReply(workspace: Workspace, name: string): Reply {
  workspace.takeRoom(name.length);
  return textReply(name);
}

/** A copy. */
export function memberReply(workspace: Workspace, value: Uint8Array): Reply {
  return bulkReply(workspace.copyOf(value));
}
