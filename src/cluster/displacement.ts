/**
 * What a member owns is placed elsewhere once it has been dead for longer than a grace, until it is back. Not by who sees a
 * minority: then it is that one which is away.
 */

import type { ReplicaId } from "../base/ids.ts";
import type { MemberState } from "../wire/message.ts";
import { isPlaced, type Members } from "./members.ts";

/** True where most of those that own what falls to them are alive, as this replica sees them: it may displace others. */
export function seesMajority(members: Members, stateOf: (id: ReplicaId) => MemberState): boolean {
  const placed = members.all().filter(isPlaced);
  const present = placed.filter(({ id }) => id === members.self || stateOf(id) === "alive");
  return present.length * 2 > placed.length;
}
