/**
 * What a member owns is placed elsewhere once it has been dead for longer than a grace, until it is back. Not by who sees a
 * minority: then it is that one which is away.
 */

import type { ReplicaId } from "../base/ids.ts";
import type { MemberState } from "../wire/message.ts";
import { isPlaced, type Member, type Members } from "./members.ts";

/** True where a member that has been away for long is to be displaced, as this replica sees the others. */
export function isToBeDisplaced(member: Member, members: Members, stateOf: (id: ReplicaId) => MemberState): boolean {
  if (!isPlaced(member) || stateOf(member.id) !== "dead") return false;
  const placed = members.all().filter(isPlaced);
  const present = placed.filter(({ id }) => id === members.self || stateOf(id) === "alive");
  return present.length * 2 > placed.length;
}
