/** A peer that was given up, and is there, is told to begin anew; of two that gave each other up exactly one does. */

import type { ReplicaId } from "../base/ids.ts";
import type { MessageOf } from "../wire/message.ts";
import { defersTo, type Half, halfOf } from "./halves.ts";
import { isGivenUp, type Members } from "./members.ts";
import type { MembershipHost } from "./membership-host.ts";

export class Deferral {
  readonly #members: Members;
  readonly #host: MembershipHost;

  constructor(members: Members, host: MembershipHost) {
    this.#members = members;
    this.#host = host;
  }

  /** Tells a linked peer that was given up, as often as it takes. */
  tell(peer: ReplicaId): void {
    const member = this.#members.get(peer);
    if (member === undefined || !isGivenUp(member) || !this.#host.isLinked(peer)) return;
    const { givenUpLife } = member;
    const { rootLife } = this.#host;
    const { size, least } = this.#half();
    const givenUp = this.#members.all().flatMap(({ id, givenUpLife: life }) => (life === 0 ? [] : [{ id, life }]));
    this.#host.log("warn", "member-was-away-too-long", { member: peer });
    this.#host.send(peer, { type: "quarantine", givenUpLife, rootLife, size, least, givenUp });
  }

  /** True where this replica has to begin anew, as a peer says. */
  isDue(peer: ReplicaId, message: MessageOf<"quarantine">): boolean {
    const member = this.#members.get(peer);
    // Told twice, or told by several: once is enough.
    if (member === undefined || message.givenUpLife < this.#host.rootLife) return false;
    // It has deferred itself since, to somebody else.
    if (message.rootLife < member.rootLife) return false;
    // Who was given up and gave nobody up, asleep perhaps, has purged nothing: it is for that one to defer.
    const half = { of: peer, size: message.size, least: message.least };
    return !isGivenUp(member) || defersTo(this.#half(), half);
  }

  #half(): Half {
    const owners = this.#members.owners().map((owner) => owner.id);
    return halfOf(this.#members.self, owners);
  }
}
