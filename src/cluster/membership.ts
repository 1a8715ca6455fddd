/**
 * Membership: what replicas tell each other of who there is, and what follows from it; the greater life wins
 * (`members.ts`). Two that link up tell each other of the two of them, before anything else that bears their lives. All
 * others are news that travels as rumours (`swim/`), and what was missed of it is found when rosters are compared
 * (`roster-exchange.ts`). Whoever comes with a life that is new here is told of everybody at once, as long as these are few:
 * where they are many, most of those that come know most of them, and rosters are compared instead.
 */

import { assertNever } from "../base/assert.ts";
import type { ReplicaId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import type { MemberFacts, MemberState, MessageOf, Rumour } from "../wire/message.ts";
import { Absence, type Presence } from "./absence.ts";
import { Deferral } from "./deferral.ts";
import { seesMajority } from "./displacement.ts";
import { isGivenUp, isPlaced, type Member, type Members } from "./members.ts";
import type { MembershipHost } from "./membership-host.ts";
import type { MembershipMessage } from "./membership-message.ts";
import { Neighbours } from "./neighbours.ts";
import { OwnLives } from "./own-lives.ts";
import { RosterDigests } from "./roster-digests.ts";
import { RosterExchange } from "./roster-exchange.ts";
import { isSucceeded, predecessorsOf } from "./succession.ts";
import type { SwimSettings } from "./swim/settings.ts";
import { atBirth } from "./swim/standing.ts";
import { Swim } from "./swim/swim.ts";

export interface MembershipLimits {
  /** A member away for longer is given up. */
  readonly retentionMs: number;
  /** A member that is dead for so long owns nothing any more until it is back. */
  readonly displaceMs: number;
  readonly swim: SwimSettings;
}

/** Longer than a link takes to be missed: whoever is linked when another has been away for so long has run since. */
const SUCCESSION_MS = 10_000;

type Introduction = Pick<MemberFacts, "id" | "life" | "region" | "address">;

export class Membership {
  readonly #members: Members;
  readonly #host: MembershipHost;
  readonly #limits: MembershipLimits;
  readonly #random: Random;
  readonly #absence = new Absence();
  readonly #digests: RosterDigests;
  readonly #rosters: RosterExchange;
  readonly #own: OwnLives;
  readonly #deferral: Deferral;
  readonly #neighbours: Neighbours;
  readonly swim: Swim;
  #sinceRosterMs = 0;
  /** The life of each peer that was told of everybody. */
  readonly #briefedLifeById = new Map<ReplicaId, number>();
  /** Somebody told all that it knows, or members are known from before this process: they are the cluster, or were. */
  isTold: boolean;

  constructor(members: Members, host: MembershipHost, limits: MembershipLimits, random: Random) {
    this.#members = members;
    this.#host = host;
    this.#limits = limits;
    this.#random = random;
    this.#own = new OwnLives(members, host);
    this.#deferral = new Deferral(members, host);
    const isDead = (id: ReplicaId): boolean => this.swim.stateOf(id) === "dead";
    this.#neighbours = new Neighbours({ members, isDead, isPartner: (id) => host.isPartner(id) }, limits.swim);
    this.#digests = new RosterDigests({ members, rumourOf: (id) => this.#rumourOf(id) });
    members.onChange = (id) => this.#digests.changed(id);
    this.swim = new Swim(this.#swimHost(), limits.swim, random);
    this.#rosters = new RosterExchange(this.#digests, {
      areMany: () => this.areMany,
      hear: (rumours, now) => this.#hearAll(rumours, now),
      told: () => {
        this.isTold = true;
      },
      send: (to, message) => this.#host.send(to, message),
    });
    for (const { id, life } of members.all()) if (id !== members.self) this.swim.lives(id, life);
    this.isTold = members.all().length > 1;
  }

  #swimHost(): ConstructorParameters<typeof Swim>[0] {
    const [members, host] = [this.#members, this.#host];
    return {
      self: members.self,
      get life() {
        return host.life;
      },
      isLinked: (id) => host.isLinked(id),
      links: () => host.links(),
      population: () => members.population,
      neighbours: () => this.#neighbours.ids(),
      hasLeft: (id) => members.get(id)?.left === true,
      rumourOf: (id) => (host.lifeDurable ? this.#rumourOf(id) : undefined),
      send: (to, message) => host.send(to, message),
      log: (level, event, fields) => host.log(level, event, fields),
      stood: (id) => this.#digests.changed(id),
      turned: () => {
        this.#neighbours.turned();
        host.replanned();
      },
    };
  }

  stateOf(id: ReplicaId): MemberState {
    return this.swim.stateOf(id);
  }

  /** Whom to keep a link to. */
  neighbours(): ReadonlySet<ReplicaId> {
    return this.#neighbours.ids();
  }

  /** So many that not everybody can be told of everybody, nor linked with everybody without need. */
  get areMany(): boolean {
    return this.#members.population > this.#limits.swim.linksAllMax;
  }

  /** Tells every linked peer of the life that this replica lives from now on. */
  announce(): void {
    for (const id of this.#host.links()) {
      this.#introduce(id);
      this.#rosters.begin(id);
    }
  }

  /** Tells a peer of this replica and of itself; of all others, too, where they are few and its life was not told of them. */
  #introduce(to: ReplicaId, life = this.#members.get(to)?.life ?? 0): void {
    const { self } = this.#members;
    const { lineage } = this.#host;
    const known = this.#members.get(to)?.lineage ?? [];
    const isAll = !this.areMany && this.#briefedLifeById.get(to) !== life;
    if (isAll && this.#host.lifeDurable) this.#briefedLifeById.set(to, life);
    const told = isAll ? this.#members.all().map(({ id }) => id) : [self, to];
    const members = told.flatMap((id) => this.#rumourOf(id) ?? []);
    this.#host.send(to, { type: "members", self, isAll, members, lineage, known });
  }

  #rumourOf(id: ReplicaId): Rumour | undefined {
    const member = this.#members.get(id);
    if (member === undefined) return undefined;
    const { incarnation, state, suspectedBy } = this.swim.standingOf(id) ?? atBirth(member.life);
    return { ...member, seenAgoMs: this.#seenAgoMs(id), incarnation, state, suspectedBy };
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
    if (known !== undefined && !this.#mayHaveBegunAnew(known, peer)) {
      this.#learn({ ...known, ...peer, left: false, epoch: 0, birth: 0, rootLife: 0, startedAt: 0 }, now);
      this.#supersede(peer);
    }
    this.#absence.seen(peer.id, 0);
    this.swim.linkUp(peer.id);
    const address = this.#members.get(this.#members.self)?.address;
    if (peer.address === address) this.#host.log("warn", "address-clash", { peer: peer.id, address });
    this.#introduce(peer.id, peer.life);
    if (this.#members.self < peer.id) this.#rosters.begin(peer.id);
  }

  /** Who left by itself, and is there with a later life, tells itself whether it holds nothing of before. */
  #mayHaveBegunAnew({ left, givenUpLife, ephemeral, life }: Member, peer: Introduction): boolean {
    return left && givenUpLife === 0 && !ephemeral && peer.life > life;
  }

  linkDown(peer: ReplicaId): void {
    this.#rosters.linkDown(peer);
    this.swim.linkDown(peer);
    // A successor may have come while the link that went had not yet been missed.
    for (const id of this.#members.hasEphemerals ? this.#host.links() : []) {
      const other = this.#members.get(id);
      if (other !== undefined) this.#supersede(other);
    }
  }

  /** What this replica owns is to be placed at others, though it is there. */
  giveUpPlace(): void {
    const { self } = this.#members;
    this.#members.displace(self);
    this.#toldOf(self);
  }

  /** This replica goes: what others then think of it does not concern it. Where it will be back it says that it is gone. */
  leave(forGood: boolean): void {
    this.#own.leave();
    this.swim.go();
    const rumour = this.#rumourOf(this.#members.self);
    if (forGood || rumour === undefined) return;
    for (const id of this.#host.links()) this.#host.send(id, { type: "gossip", rumours: [rumour] });
  }

  /** This replica began another life. */
  beginLife(): void {
    this.swim.beginLife();
  }

  /** Probes and gossips; to be called often. */
  tick(now: number): void {
    this.swim.tick(now);
  }

  /** Draws the consequences of absence, and compares all that is known with somebody from time to time. */
  keepHouse(now: number): void {
    const { stepMs, missed } = this.#absence.count(this.#members.all(), (member) => this.#presenceOf(member), now);
    this.#sinceRosterMs += stepMs;
    this.#judge(missed);
    if (this.#sinceRosterMs < Math.min(this.#limits.swim.rosterMs, this.#limits.retentionMs / 4)) return;
    this.#sinceRosterMs = 0;
    this.#compareWithSomebody();
  }

  #presenceOf({ id, left }: Member): Presence {
    if (id === this.#members.self || this.#host.isLinked(id)) return "linked";
    return this.swim.stateOf(id) === "alive" && !left ? "alive" : "missed";
  }

  /** Members, and for how many ms they have been missed. */
  #judge(missed: readonly (readonly [Member, number])[]): void {
    // To displace one changes nothing of it for the next.
    let isMajority: boolean | undefined;
    const mayDisplace = (): boolean => (isMajority ??= seesMajority(this.#members, (id) => this.stateOf(id)));
    for (const [member, awayMs] of missed) {
      const isLate = awayMs > this.#limits.displaceMs && isPlaced(member) && this.stateOf(member.id) === "dead";
      if (isLate && mayDisplace()) this.#displace(member, awayMs);
      if (awayMs > this.#limits.retentionMs) this.#lose(member, awayMs);
      else if (awayMs > SUCCESSION_MS && isSucceeded(member, this.#members, this.#host.links())) this.#left(member.id);
    }
  }

  #compareWithSomebody(): void {
    this.#rosters.expire();
    const links = [...this.#host.links()];
    const peer = links[this.#random.uint32() % Math.max(1, links.length)];
    if (peer !== undefined) this.#rosters.begin(peer);
    for (const id of links) this.#deferral.tell(id);
  }

  #displace({ id }: Member, awayMs: number): void {
    this.#members.displace(id);
    this.#toldOf(id);
    this.#host.log("warn", "member-displaced", { member: id, awayMs });
  }

  /** For good: should it return after all, it begins anew. False where it is unknown, this replica itself, or there. */
  remove(id: ReplicaId): boolean {
    const member = this.#members.get(id);
    if (member === undefined || id === this.#members.self || this.#host.isLinked(id)) return false;
    if (this.swim.stateOf(id) === "alive" && !isGivenUp(member)) return false;
    this.#deferral.giveUp(id, member.life);
    this.#left(id);
    this.#toldOf(id);
    return true;
  }

  /** A member has been away for longer than the retention: tombstones wait for it no more. */
  #lose(member: Member, awayMs: number): void {
    const { id, life } = member;
    // Whoever was removed may come back, and then begins anew.
    if (member.left && isGivenUp(member)) return;
    if (member.left) {
      this.#members.forget(id);
      this.#absence.forget(id);
      this.swim.forget(id);
      this.#briefedLifeById.delete(id);
      this.#host.livesAnew(id);
      this.#host.learnt();
    } else if (member.ephemeral) this.#left(id);
    else if (!isGivenUp(member)) {
      this.#deferral.giveUp(id, life);
      this.#host.learnt();
      this.#host.log("warn", "member-given-up", { member: id, awayMs });
    }
  }

  receive(peer: ReplicaId, message: MembershipMessage, now: number): void {
    switch (message.type) {
      case "members":
        return this.#receiveMembers(peer, message, now);
      case "quarantine":
        return this.#deferral.receive(peer, message, now);
      case "ping":
      case "ping-ack":
        this.#hearAll(message.rumours, now);
        return this.swim.receive(peer, message, now);
      case "ping-request":
      case "ping-nack":
        return this.swim.receive(peer, message, now);
      case "gossip":
        return this.#hearAll(message.rumours, now);
      case "roster":
        return this.#rosters.receiveRoster(peer, message);
      case "roster-buckets":
        return this.#rosters.receiveBuckets(peer, message);
      case "roster-rows":
        return this.#rosters.receiveRows(peer, message, now);
      default:
        return assertNever(message);
    }
  }

  #receiveMembers(peer: ReplicaId, message: MessageOf<"members">, now: number): void {
    this.#own.hearOfLineage(message.known, now);
    this.#hearAll(message.members, now);
    if (message.isAll) this.isTold = true;
    const own = message.members.find(({ id }) => id === peer);
    if (own !== undefined && this.#members.meet(peer, message.lineage, own.rootLife)) this.#host.learnt();
    const member = this.#members.get(peer);
    if (member === undefined) return;
    this.#supersede(member);
    this.#deferral.tell(peer);
  }

  #hearAll(rumours: readonly Rumour[], now: number): void {
    for (const rumour of rumours) this.#hear(rumour, now);
  }

  #hear({ incarnation, state, suspectedBy, ...facts }: Rumour, now: number): void {
    const { id, life, seenAgoMs } = facts;
    const standing = { incarnation, state, suspectedBy };
    if (id === this.#members.self) {
      this.#own.hear(facts, now);
      if (this.#members.hearOfOwnPlace(facts.displaced)) this.#toldOf(id);
      if (life === this.#host.life) this.swim.hearOfOneself(standing);
      return;
    }
    this.#learn(facts, now);
    if (seenAgoMs !== undefined && this.#members.get(id) !== undefined) this.#absence.seen(id, seenAgoMs);
    this.swim.hear(id, { life, ...standing });
  }

  /** There is news of a member. */
  #toldOf(id: ReplicaId): void {
    this.swim.tell(id);
    this.#host.learnt();
  }

  receiveLeave(peer: ReplicaId, message: MessageOf<"leave">): void {
    this.#host.log("info", "member-leaves", { member: peer, forGood: message.forGood });
    if (message.forGood) this.#left(peer);
    else this.swim.goes(peer);
  }

  #learn(facts: MemberFacts, now: number): void {
    const before = this.#members.get(facts.id);
    const isNews = this.#members.learn(facts, now);
    const isRemoval = this.#hearOfRemoval(facts);
    if (!isNews && !isRemoval) return;
    const after = this.#members.get(facts.id);
    if (after !== undefined && after.life > (before?.life ?? 0)) {
      this.swim.lives(facts.id, after.life);
      this.#host.livesAnew(facts.id);
    }
    if (after?.left === true && before?.left !== true) this.swim.left(facts.id);
    this.swim.tell(facts.id);
    this.#host.learnt();
  }

  /** Somebody was removed elsewhere, and so it is here. True where that is news. */
  #hearOfRemoval({ id, left, givenUpLife }: MemberFacts): boolean {
    if (!left || givenUpLife <= (this.#members.get(id)?.givenUpLife ?? 0)) return false;
    this.#deferral.giveUp(id, givenUpLife);
    const member = this.#members.get(id);
    if (member !== undefined && isGivenUp(member)) this.#members.leave(id);
    return true;
  }

  #supersede(peer: Introduction): void {
    for (const id of predecessorsOf(peer, this.#members, (each) => this.#host.isLinked(each))) this.#left(id);
  }

  #left(id: ReplicaId): void {
    this.#members.leave(id);
    this.swim.left(id);
    this.#host.learnt();
    this.#host.log("info", "member-left", { member: id });
  }
}
