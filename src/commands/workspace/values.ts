/** Strings as answers. */

import type { Key } from "../../base/ids.ts";
import { bulkReply, NOTHING, type Reply } from "../../command-reply.ts";
import type { Workspace } from "./workspace.ts";

/** The string under a key. Throws as `Workspace.stringAt`, and where there is no room for a copy yet. */
export function valueReply(workspace: Workspace, key: Key): Reply {
  const value = workspace.stringAt(key);
  return value === undefined ? NOTHING : bulkReply(workspace.copyOf(value));
}
