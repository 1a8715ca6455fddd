/**
 * `HSCAN` and its kind: members page by page. A cursor is the place in the order of `core/containers/field-order.ts` where the next page
 * begins: nothing is kept for it, and it is good at every replica.
 */

import { arrayReply, type Reply, textReply } from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import type { CollectionType } from "../../store.ts";
import { matches, scanOptionsOf } from "../words/scan-options.ts";
import { keyOf, wordOf } from "../words/words.ts";
import type { Member } from "../workspace/collections.ts";
import { parseCursor } from "../workspace/scan-cursor.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { expectItems } from "./member-replies.ts";

/** `shown`: what the page has of a member. */
export function scanMembers(
  workspace: Workspace,
  words: CommandWords,
  type: CollectionType,
  shown: (member: Member) => readonly Reply[],
): Reply {
  const place = Number(parseCursor(wordOf(words, 2)));
  const key = keyOf(words, 1);
  if (workspace.collections.count(key, type) === 0) return pageReply(undefined, []);
  const options = scanOptionsOf(words, 3, false);
  const page = workspace.collections.scan(key, type, place, options.count);
  const members = page.members.filter(({ name }) => matches(options, name));
  // Each with what belongs to it.
  expectItems(workspace, 2 * members.length);
  return pageReply(page.next, members.flatMap(shown));
}

function pageReply(next: number | undefined, items: readonly Reply[]): Reply {
  return arrayReply([textReply(String(next ?? 0)), arrayReply(items)]);
}
