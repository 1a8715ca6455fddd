/**
 * Membership: what replicas tell each other of who there is, and what follows from it. Every member tells whom it knows
 * at each new link, and what it learns to all it is linked with; the greater life wins (`members.ts`).
 *
 * It also finds out when this replica must begin anew, because others may have purged what it still holds: they met
 * another line of its lives (`lineage.ts`), know a later life of it, another process under its present life, a later disk
 * than the one it began with; they take it for gone; or they gave it up while it was away. What is done then is the
 * replica's business (`quarantine`).
 */

import type { ReplicaId } from "../base/ids.ts";
import type { Birth, MemberFacts, Message, MessageOf } from "../wire/message.ts";
import { Absence } from "./absence.ts";
import { defersTo, type Half, halfOf } from "./halves.ts";
import { firstDoubtedLife, isContinued } from "./lineage.ts";
import { isGivenUp, type Member, type Members } from "./members.ts";

export type QuarantineReason =
  | "other lineage"
  | "stale life"
  | "repeated life"
  | "stale disk"
  | "taken for gone"
  | "closed life"
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
  /** A member was given up: nothing is asked of it any more, nor sent to it. */
  gaveUp(id: ReplicaId): void;
  quarantine(cause: Quarantine, now: number): void;
}

export interface MembershipLimits {
  /** A member away for longer is given up. */
  readonly retentionMs: number;
}

/** Everybody is told so often, without news, who was seen when. */
const ANNOUNCE_MS = 60_000;

/** Longer than a link takes to be missed: whoever is linked when another has been away for so long has run since. */
const SUCCESSION_MS = 10_000;

type Introduction = Pick<MemberFacts, "id" | "life" | "region" | "address">;

export class Membership {
  readonly #members: Members;
  readonly #host: MembershipHost;
  readonly #limits: MembershipLimits;
  readonly #absence = new Absence();
  #sinceAnnouncedMs = 0;
  /** What peers told last. Whom a peer gave up that this replica defers to counts as given up here too. */
  readonly #toldByPeer = new Map<ReplicaId, ReadonlyMap<ReplicaId, MemberFacts>>();
  #isLeaving = false;

  constructor(members: Members, host: MembershipHost, limits: MembershipLimits) {
    this.#members = members;
    this.#host = host;
    this.#limits = limits;
  }

  /** Tells every linked peer whom this replica knows. */
  announce(): void {
    this.#sinceAnnouncedMs = 0;
    for (const id of this.#host.links()) this.#introduce(id);
  }

  /** Tells every linked peer what is new. All of it, from each to each at each piece, would grow with the cube of the cluster. */
  #spread(news: ReadonlySet<ReplicaId>): void {
    const members = this.#members.all().filter(({ id }) => news.has(id));
    for (const id of this.#host.links()) this.#introduce(id, members);
  }

  /** Tells a peer of these members; unless told, of all, itself included. */
  #introduce(to: ReplicaId, some: readonly Member[] = this.#members.all()): void {
    const { lineage } = this.#host;
    const known = this.#members.get(to)?.lineage ?? [];
    const members = some.map((member) => ({ ...member, seenAgoMs: this.#seenAgoMs(member.id) }));
    this.#host.send(to, { type: "members", self: this.#members.self, members, lineage, known });
  }

  #seenAgoMs(id: ReplicaId): number | undefined {
    if (id === this.#members.self || this.#host.isLinked(id)) return 0;
    const seenAgoMs = this.#absence.seenAgoMs(id);
    return seenAgoMs === undefined ? undefined : Math.ceil(seenAgoMs);
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
    this.#absence.seen(peer.id, 0);
    const address = this.#members.get(this.#members.self)?.address;
    if (peer.address === address) this.#host.log("warn", "address-clash", { peer: peer.id, address });
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

  /** Draws the consequences of absence, and tells from time to time who was seen when. */
  tick(now: number): void {
    const { self } = this.#members;
    const others = this.#members.all().filter(({ id }) => id !== self);
    const ids = others.map(({ id }) => id);
    this.#sinceAnnouncedMs += this.#absence.count(ids, (id) => this.#host.isLinked(id), now);
    for (const member of others) {
      const awayMs = this.#absence.awayMs(member.id);
      if (awayMs > this.#limits.retentionMs) this.#lose(member, awayMs);
      else if (awayMs > SUCCESSION_MS && this.#isSucceeded(member)) this.#left(member.id);
    }
    if (this.#sinceAnnouncedMs < Math.min(ANNOUNCE_MS, this.#limits.retentionMs / 4)) return;
    this.announce();
  }

  /** A member has been away for longer than the retention: tombstones wait for it no more. */
  #lose(member: Member, awayMs: number): void {
    const { id, life } = member;
    if (member.left) {
      this.#members.forget(id);
      this.#absence.forget(id);
      this.#toldByPeer.delete(id);
      this.#host.livesAnew(id);
      this.#host.learnt();
    } else if (member.ephemeral) this.#left(id);
    else if (!isGivenUp(member)) {
      this.#giveUp(id, life);
      this.#host.learnt();
      this.#host.log("warn", "member-given-up", { member: id, awayMs });
    }
  }

  #giveUp(id: ReplicaId, life: number): void {
    this.#members.giveUp(id, life);
    const member = this.#members.get(id);
    if (member !== undefined && isGivenUp(member)) this.#host.gaveUp(id);
  }

  receiveMembers(peer: ReplicaId, message: MessageOf<"members">, now: number): void {
    const news = new Set<ReplicaId>();
    this.#hearOfOwnLineage(message.known, now);
    this.#noteTold(peer, message.members);
    for (const facts of message.members) {
      if (facts.id === this.#members.self) this.#hearOfOneself(facts, now);
      else {
        if (this.#learn(facts, now)) news.add(facts.id);
        if (facts.seenAgoMs !== undefined) this.#absence.seen(facts.id, facts.seenAgoMs);
      }
      if (facts.id === peer && this.#members.meet(peer, message.lineage, facts.rootLife)) this.#host.learnt();
    }
    const member = this.#members.get(peer);
    if (member !== undefined) {
      this.#supersede(member);
      if (isGivenUp(member)) this.#sendQuarantine(member);
    }
    if (news.size > 0) this.#spread(news);
  }

  /** A list with its sender in it is all that the sender knows. */
  #noteTold(peer: ReplicaId, members: readonly MemberFacts[]): void {
    const isAll = members.some(({ id }) => id === peer);
    const before = isAll ? [] : (this.#toldByPeer.get(peer) ?? []);
    this.#toldByPeer.set(peer, new Map([...before, ...members.map((facts) => [facts.id, facts] as const)]));
  }

  receiveQuarantine(peer: ReplicaId, message: MessageOf<"quarantine">, now: number): void {
    const member = this.#members.get(peer);
    // Told twice, or told by several: once is enough.
    if (member === undefined || message.givenUpLife < this.#host.rootLife) return;
    // It has deferred itself since, to somebody else.
    if (message.rootLife < member.rootLife) return;
    // Who was given up and gave nobody up, asleep perhaps, has purged nothing: it is for that one to defer.
    const half = { of: peer, size: message.size, least: message.least };
    if (isGivenUp(member) && !defersTo(this.#half(), half)) return;
    this.#host.quarantine({ reason: "away", knownLife: this.#host.life }, now);
    for (const facts of this.#toldByPeer.get(peer)?.values() ?? []) {
      if (facts.id !== this.#members.self) this.#giveUp(facts.id, facts.givenUpLife);
    }
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
   * way round, and this link to an earlier process has not yet been missed: their clocks tell at once, unless one was put
   * back or began behind; time tells, too (`tick`).
   */
  #supersede(peer: Introduction): void {
    const startedAt = this.#members.get(peer.id)?.startedAt ?? 0;
    for (const member of this.#members.all()) {
      if (member.id === peer.id || member.id === this.#members.self) continue;
      const wasThere = member.ephemeral && member.address === peer.address;
      const isEarlier = wasThere && member.startedAt < startedAt;
      if (isEarlier && !member.left && !this.#host.isLinked(member.id)) this.#left(member.id);
    }
  }

  /** True when another replica has taken the place of one that keeps nothing on disk. */
  #isSucceeded({ address, ephemeral, left }: Member): boolean {
    if (!ephemeral || left) return false;
    for (const id of this.#host.links()) if (this.#members.get(id)?.address === address) return true;
    return false;
  }

  #left(id: ReplicaId): void {
    this.#members.leave(id);
    this.#host.learnt();
    this.#host.log("info", "member-left", { member: id });
    this.#spread(new Set([id]));
  }

  #hearOfOwnLineage(known: readonly Birth[], now: number): void {
    const { lineage, rootLife, life } = this.#host;
    if (this.#isLeaving || isContinued(known, lineage, rootLife)) return;
    const knownLife = Math.max(life, known.at(-1)?.life ?? 0);
    // After a loss the present life may bear a number below all that are remembered: it is doubted all the same.
    const doubtedSince = Math.min(life, firstDoubtedLife(known, lineage));
    this.#host.quarantine({ reason: "other lineage", knownLife, doubtedSince }, now);
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
    else if (isLaterDisk) host.quarantine({ reason: "stale disk", knownLife, doubtedSince }, now);
    else if (facts.left) host.quarantine({ reason: "taken for gone", knownLife }, now);
  }

  #sendQuarantine({ id, givenUpLife }: Member): void {
    const { size, least } = this.#half();
    this.#host.log("warn", "member-was-away-too-long", { member: id });
    this.#host.send(id, { type: "quarantine", givenUpLife, rootLife: this.#host.rootLife, size, least });
  }

  #half(): Half {
    const owners = this.#members.owners().map((owner) => owner.id);
    return halfOf(this.#members.self, owners);
  }
}
