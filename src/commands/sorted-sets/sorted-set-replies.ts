/** Members of sorted sets as answers. */

import { arrayReply, NOTHING, type Reply } from "../../command-reply.ts";
import { expectItems, nameReply } from "../members/member-replies.ts";
import type { ScoredMember } from "../workspace/sorted-set-access.ts";
import type { Workspace } from "../workspace/workspace.ts";

export function scoreReply(score: number | undefined): Reply {
  return score === undefined ? NOTHING : { type: "double", value: score };
}

export function membersReply(workspace: Workspace, members: readonly ScoredMember[], hasScores: boolean): Reply {
  if (hasScores) return { type: "pairs", items: pairs(workspace, members) };
  expectItems(workspace, members.length);
  const items: Reply[] = [];
  for (const { name } of members) items.push(nameReply(workspace, name));
  return arrayReply(items);
}

/** Names and scores in turn. */
export function pairs(workspace: Workspace, members: readonly ScoredMember[]): readonly Reply[] {
  expectItems(workspace, 2 * members.length);
  const items: Reply[] = [];
  for (const { name, score } of members) items.push(nameReply(workspace, name), scoreReply(score));
  return items;
}
