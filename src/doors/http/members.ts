/** Who belongs to the cluster, at an operator's word: members that are gone are removed, and this replica leaves. */

import { AtollError } from "../../base/errors.ts";
import { isReplicaId } from "../../base/ids.ts";
import { type Answer, jsonAnswer } from "./answer.ts";
import type { Call, DoorFacts } from "./call.ts";

/** 204, also where it was removed before. */
export async function removeMember(call: Call, { local }: DoorFacts): Promise<Answer> {
  const { id, query } = call;
  const force = query.get("force") ?? "false";
  if (force !== "true" && force !== "false") throw new AtollError("BAD_REQUEST", "force is true or false");
  if (!isReplicaId(id)) throw new AtollError("NOT_FOUND", "no member can have such an id");
  await local.removeMember(id, { force: force === "true" });
  return { status: 204, headers: [] };
}

/** 202: it goes on by itself. */
export async function postLeave(_call: Call, { local }: DoorFacts): Promise<Answer> {
  local.leaveCluster();
  return jsonAnswer(202, { leaving: true });
}
