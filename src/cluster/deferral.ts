/** A peer that was given up, and is there, is told to begin anew; of two that gave each other up exactly one does. */

import type { ReplicaId } from "../base/ids.ts";
import type { MessageOf, Rooted } from "../wire/message.ts";
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
    const half = this.#members.owners().map(({ id, rootLife: since }) => ({ id, rootLife: since }));
    const givenUp = this.#members.all().flatMap(({ id, givenUpLife: life }) => (life === 0 ? [] : [{ id, life }]));
    this.#host.log("warn", "member-was-away-too-long", { member: peer });
    this.#host.send(peer, { type: "quarantine", givenUpLife, rootLife, half, givenUp });
  }

  /**
   * What this replica has to do, as a peer says that has given it up: begin anew; or, where it has given up the half that
   * the peer belongs to, and stays itself, give up the peer as well, which then begins anew.
   */
  answerTo(peer: ReplicaId, message: MessageOf<"quarantine">): "begin anew" | "give it up" | "nothing" {
    const member = this.#members.get(peer);
    // Told twice, or told by several: once is enough.
    if (member === undefined || message.givenUpLife < this.#host.rootLife) return "nothing";
    // It has deferred itself since, to somebody else.
    if (message.rootLife < member.rootLife) return "nothing";
    // Who was given up and gave nobody there up, asleep perhaps, has purged nothing: it is for that one to defer.
    const half = [{ id: peer, rootLife: message.rootLife }, ...message.half];
    if (!half.some((each) => this.#hasGivenUp(each))) return "begin anew";
    const ids = message.half.map(({ id }) => id);
    if (defersTo(this.#half(), halfOf(peer, ids))) return "begin anew";
    return isGivenUp(member) ? "nothing" : "give it up";
  }

  /** Also where it has begun anew since: of what the others of its half hold from it before that nothing is known here. */
  #hasGivenUp({ id, rootLife }: Rooted): boolean {
    return (this.#members.get(id)?.givenUpLife ?? 0) >= Math.max(1, rootLife);
  }

  #half(): Half {
    const owners = this.#members.owners().map((owner) => owner.id);
    return halfOf(this.#members.self, owners);
  }
}
