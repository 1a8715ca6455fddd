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

export function companyOf(replica: Replica): Company {
  const others = replica.members.all().filter(({ id, left }) => id !== replica.id && !left);
  return {
    id: replica.id,
    others: new Map(
      others.map((member) => [member.id, isGivenUp(member) ? "given-up" : replica.membership.stateOf(member.id)]),
    ),
  };
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
