/** How a replica sees the others at one instant. */

import type { ReplicaId } from "../../src/base/ids.ts";
import { isGivenUp } from "../../src/cluster/members.ts";
import type { Replica } from "../../src/replica/replica.ts";
import type { MemberState } from "../../src/wire/message.ts";

export interface Company {
  /** The replica that looks. */
  readonly id: ReplicaId;
  /** Members other than itself that have not left. */
  readonly others: ReadonlyMap<ReplicaId, MemberState | "given-up">;
}

/** `last`, where nothing is different from then: of a thousand that see a thousand there is a million in each look. */
export function companyOf(replica: Replica, last?: Company): Company {
  const { id, members, membership } = replica;
  const others = new Map<ReplicaId, MemberState | "given-up">();
  for (const other of members.others()) {
    const member = members.get(other);
    if (member !== undefined) others.set(other, isGivenUp(member) ? "given-up" : membership.stateOf(other));
  }
  return last?.id === id && isSame(others, last.others) ? last : { id, others };
}

function isSame(one: Company["others"], other: Company["others"]): boolean {
  if (one.size !== other.size) return false;
  for (const [id, state] of one) if (other.get(id) !== state) return false;
  return true;
}

/** A member came to be suspect or dead in the eyes of a node, by itself or by hearsay. */
export interface MemberVerdict {
  readonly at: number;
  readonly node: number;
  readonly of: ReplicaId;
  readonly state: "suspect" | "dead";
  /** The member's process ran at that moment, and was not paused. */
  readonly isWrong: boolean;
}
