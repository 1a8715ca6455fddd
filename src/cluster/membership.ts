/**
 * Membership: what replicas tell each other of who there is, and what follows from it. Every member tells whom it knows
 * at each new link and at news; the greater life wins (`members.ts`).
 *
 * It also finds out when this replica must begin anew, because others may have purged what it still holds: they met
 * another line of its lives (`lineage.ts`), know a later life of it, another process under its present life, a later disk
 * than the one it began with; they take it for gone; or they gave it up while it was away. What is done then is the
 * replica's business (`quarantine`).
 */

import type { ReplicaId } from "../base/ids.ts";
import type { Birth, MemberFacts, Message, MessageOf } from "../wire/message.ts";
import { firstDoubtedLife, isContinued } from "./lineage.ts";
import { isGivenUp, type Member, type Members } from "./members.ts";

export type QuarantineReason =
  | "other lineage"
  | "stale life"
  | "repeated life"
  | "stale disk"
  | "taken for gone"
  | "away";

export interface Quarantine {
  readonly reason: QuarantineReason;
  /** The greatest life of this replica that anybody knows. */
  readonly knownLife: number;
  /** Dots of this life of ours and later ones may belong to other writes as well; absent: none may. */
  readonly doubtedSince?: number;
}

export interface MembershipHost {
  /** This replica's present life, the process that lives it, and the life since which it has held what it holds. */
  readonly life: number;
  readonly birth: number;
  readonly rootLife: number;
  /** Its latest lives, the present one included. */
  readonly lineage: readonly Birth[];
  /** What its disk had taken when this life began: a peer that was told of more saw a later disk. */
  readonly startEpoch: number;
  readonly quarantines: number;
  isLinked(id: ReplicaId): boolean;
  links(): Iterable<ReplicaId>;
  send(to: ReplicaId, message: Message): void;
  log(level: "info" | "warn", event: string, fields: Readonly<Record<string, unknown>>): void;
  /** Something was learnt: the disk has to have it, and there may be somebody new to dial. */
  learnt(): void;
  /** A member began a new life: what it reported before counts no more. */
  livesAnew(id: ReplicaId): void;
  quarantine(cause: Quarantine, now: number): void;
}

export interface MembershipLimits {
  /** A member away for longer is given up. */
  readonly retentionMs: number;
}

type Introduction = Pick<MemberFacts, "id" | "life" | "region" | "address">;

export class Membership {
  readonly #members: Members;
  readonly #host: MembershipHost;
  readonly #limits: MembershipLimits;
  #isLeaving = false;

  constructor(members: Members, host: MembershipHost, limits: MembershipLimits) {
    this.#members = members;
    this.#host = host;
    this.#limits = limits;
  }

  /** Tells every linked peer. */
  announce(): void {
    for (const id of this.#host.links()) this.#introduce(id);
  }

  /** Tells a peer whom this replica knows, itself included. */
  #introduce(to: ReplicaId): void {
    const { lineage } = this.#host;
    const known = this.#members.get(to)?.lineage ?? [];
    this.#host.send(to, { type: "members", self: this.#members.self, members: this.#members.all(), lineage, known });
  }

  linkUp(peer: Introduction, now: number): void {
    this.#members.seen(peer.id, now);
    // A stranger becomes a member with its own first message, which says whether it keeps anything on disk; whom it
    // succeeds is an owner until then, so that tombstones always wait for one of the two.
    const known = this.#members.get(peer.id);
    if (known !== undefined) {
      this.#learn({ ...known, ...peer, left: false, epoch: 0, birth: 0, rootLife: 0, startedAt: 0 }, now);
      this.#supersede(peer);
    }
    this.#introduce(peer.id);
  }

  linkDown(): void {
    // A successor may have come while the link that went had not yet been missed.
    for (const id of this.#host.links()) {
      const other = this.#members.get(id);
      if (other !== undefined) this.#supersede(other);
    }
  }

  /** This replica goes: what others then think of it does not concern it. */
  leave(): void {
    this.#isLeaving = true;
  }

  /** Gives up members that have been away for longer than the retention: tombstones wait for them no more. */
  giveUpLost(now: number): void {
    for (const member of this.#members.owners()) {
      if (this.#host.isLinked(member.id)) continue;
      const awayMs = now - (this.#members.lastSeenAt(member.id) ?? now);
      if (awayMs <= this.#limits.retentionMs) continue;
      this.#members.giveUp(member.id);
      this.#host.learnt();
      this.#host.log("warn", "member-given-up", { member: member.id, awayMs });
    }
  }

  receiveMembers(peer: ReplicaId, message: MessageOf<"members">, now: number): void {
    let isNews = false;
    this.#hearOfOwnLineage(message.known, now);
    for (const facts of message.members) {
      if (facts.id === this.#members.self) this.#hearOfOneself(facts, now);
      else if (this.#learn(facts, now)) isNews = true;
      if (facts.id === peer && this.#members.meet(peer, message.lineage, facts.rootLife)) this.#host.learnt();
    }
    const member = this.#members.get(peer);
    if (member !== undefined) {
      this.#supersede(member);
      if (isGivenUp(member)) this.#sendQuarantine(member);
    }
    if (isNews) this.announce();
  }

  receiveQuarantine(peer: ReplicaId, message: MessageOf<"quarantine">, now: number): void {
    const member = this.#members.get(peer);
    // Told twice, or told by several: once is enough.
    if (member === undefined || message.givenUpLife < this.#host.rootLife) return;
    if (isGivenUp(member)) {
      // Both halves gave each other up: the smaller one defers, and of equal ones that without the least id of all.
      const half = [this.#members.self, ...this.#members.owners().map((owner) => owner.id)];
      const isLeastHere = this.#members.all().every((each) => each.left || half.some((id) => id <= each.id));
      if (message.group < half.length || (message.group === half.length && isLeastHere)) return;
    }
    this.#host.quarantine({ reason: "away", knownLife: this.#host.life }, now);
  }

  receiveLeave(peer: ReplicaId, message: MessageOf<"leave">): void {
    this.#host.log("info", "member-leaves", { member: peer, forGood: message.forGood });
    if (message.forGood) this.#left(peer);
  }

  #learn(facts: MemberFacts, now: number): boolean {
    const before = this.#members.get(facts.id)?.life ?? 0;
    if (!this.#members.learn(facts, now)) return false;
    if ((this.#members.get(facts.id)?.life ?? 0) > before) this.#host.livesAnew(facts.id);
    this.#host.learnt();
    return true;
  }

  /**
   * Another replica answers where one was that keeps nothing on disk: that one is gone for good. Unless it is the other
   * way round, and this link to an earlier process has not yet been missed.
   */
  #supersede(peer: Introduction): void {
    const startedAt = this.#members.get(peer.id)?.startedAt ?? 0;
    for (const member of this.#members.all()) {
      const wasThere = member.ephemeral && member.id !== peer.id && member.address === peer.address;
      const isEarlier = wasThere && member.startedAt < startedAt;
      if (isEarlier && !member.left && !this.#host.isLinked(member.id)) this.#left(member.id);
    }
  }

  #left(id: ReplicaId): void {
    this.#members.leave(id);
    this.#host.learnt();
    this.#host.log("info", "member-left", { member: id });
    this.announce();
  }

  #hearOfOwnLineage(known: readonly Birth[], now: number): void {
    const { lineage, rootLife, life } = this.#host;
    if (this.#isLeaving || isContinued(known, lineage, rootLife)) return;
    const knownLife = Math.max(life, known.at(-1)?.life ?? 0);
    this.#host.quarantine({ reason: "other lineage", knownLife, doubtedSince: firstDoubtedLife(known, lineage) }, now);
  }

  #hearOfOneself(facts: MemberFacts, now: number): void {
    const host = this.#host;
    if (facts.life < host.life || this.#isLeaving) return;
    const isOtherBirth = facts.birth !== 0 && facts.birth !== host.birth;
    const isLaterDisk = facts.epoch > host.startEpoch && host.quarantines === 0;
    const knownLife = facts.life;
    const doubtedSince = host.life;
    if (facts.life > host.life) host.quarantine({ reason: "stale life", knownLife, doubtedSince }, now);
    else if (isOtherBirth) host.quarantine({ reason: "repeated life", knownLife, doubtedSince }, now);
    else if (isLaterDisk) host.quarantine({ reason: "stale disk", knownLife }, now);
    else if (facts.left) host.quarantine({ reason: "taken for gone", knownLife }, now);
  }

  #sendQuarantine({ id, givenUpLife }: Member): void {
    this.#host.log("warn", "member-was-away-too-long", { member: id });
    this.#host.send(id, { type: "quarantine", givenUpLife, group: this.#members.owners().length + 1 });
  }
}
