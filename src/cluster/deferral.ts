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

  /** Of a member that is gone for too long, or turns out to belong to a half that is. */
  giveUp(id: ReplicaId, life: number): void {
    this.#members.giveUp(id, life);
    const member = this.#members.get(id);
    if (member === undefined || !isGivenUp(member)) return;
    this.#host.gaveUp(id);
    this.tell(id);
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

  /** A peer says that this replica, or a half that it belongs to, was given up. */
  receive(peer: ReplicaId, message: MessageOf<"quarantine">, now: number): void {
    const member = this.#members.get(peer);
    // Told twice, or told by several: once is enough.
    if (member === undefined || message.givenUpLife < this.#host.rootLife) return;
    // It has deferred itself since, to somebody else.
    if (message.rootLife < member.rootLife) return;
    if (this.#defersTo(peer, message)) {
      this.#host.quarantine({ reason: "away", knownLife: this.#host.life }, now);
      for (const { id, life } of message.givenUp) if (id !== this.#members.self) this.giveUp(id, life);
    } else if (!isGivenUp(member)) this.giveUp(peer, member.life);
  }

  /** Who was given up and gave nobody there up, asleep perhaps, has purged nothing: it is for that one to defer. */
  #defersTo(peer: ReplicaId, { half, rootLife }: MessageOf<"quarantine">): boolean {
    const isMutual = this.#hasGivenUp({ id: peer, rootLife }) || half.some((each) => this.#hasGivenUp(each));
    const ids = half.map(({ id }) => id);
    return !isMutual || defersTo(this.#half(), halfOf(peer, ids));
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
