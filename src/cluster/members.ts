/**
 * Who is in the cluster, as far as this replica knows: every replica it ever met or was told of, with its present life.
 * A life ends when a greater one of the same replica is known, or when the replica has left for good.
 *
 * A member that cannot be reached stays an owner until it has been away longer than the retention; it is then *given
 * up*: tombstones no longer wait for it, and it must be quarantined when it returns, also in a later life, with what it
 * held then.
 */

import { mix32 } from "../base/hash.ts";
import type { OriginId, ReplicaId } from "../base/ids.ts";
import { lifeOf, replicaNumber, replicaOf } from "../core/origin.ts";
import type { Birth, MemberFacts } from "../wire/message.ts";
import { isContinued, LINEAGE_KNOWN_MAX } from "./lineage.ts";

/** More members than this are not taken from gossip. */
export const MEMBERS_MAX = 4096;

export interface Member extends MemberFacts {
  readonly number: number;
  /** The greatest disk epoch it reported in its present life; `epoch` is that of the lives before. */
  readonly epochNow: number;
  /** Its latest lives, as it told itself when it was last met. */
  readonly lineage: readonly Birth[];
}

const UNMET = { epochNow: 0, lineage: [] } satisfies Partial<Member>;

export class Members {
  readonly self: ReplicaId;
  /**
   * How often anybody has left: what this replica saw itself or heard of, whichever is more. It tells the members before
   * somebody came from those after it left, for whoever has never heard of that one, too.
   */
  departures = 0;
  /** Grows whenever somebody comes or goes, or is elsewhere. */
  moves = 0;
  /** Told of each member of which something was learnt, or that was forgotten. */
  onChange: (id: ReplicaId) => void = () => {};
  readonly #membersById = new Map<ReplicaId, Member>();
  readonly #idsByNumber = new Map<number, ReplicaId>();
  readonly #lastSeenAtById = new Map<ReplicaId, number>();
  /** Those that keep nothing on disk and have not left, by where they are, or were. */
  readonly #ephemeralsByAddress = new Map<string, Set<ReplicaId>>();
  // Worked out when asked for, until something changes: of one member at each comparison with a peer, epochs most of all.
  #all: readonly Member[] | undefined;
  #owners: readonly Member[] | undefined;
  /** Until somebody comes or goes, which is rare. */
  #others: readonly ReplicaId[] | undefined;
  #livesDigest = 0;
  #population = 1;

  constructor(self: MemberFacts) {
    this.self = self.id;
    this.#set({ ...self, number: replicaNumber(self.id), ...UNMET });
  }

  get(id: ReplicaId): Member | undefined {
    return this.#membersById.get(id);
  }

  /** The same list until something changes. */
  all(): readonly Member[] {
    this.#all ??= [...this.#membersById.values()];
    return this.#all;
  }

  /** Members other than this replica for which tombstones wait and whose votes count. The same list until something changes. */
  owners(): readonly Member[] {
    this.#owners ??= this.all().filter((member) => member.id !== this.self && !member.left && !isGivenUp(member));
    return this.#owners;
  }

  /** Members other than this replica that have not left. The same list until somebody comes or goes. */
  others(): readonly ReplicaId[] {
    this.#others ??= this.all().flatMap(({ id, left }) => (left || id === this.self ? [] : [id]));
    return this.#others;
  }

  /** This replica and all others that have not left. */
  get population(): number {
    return this.#population;
  }

  /** True where one of them keeps nothing on disk. */
  get hasEphemerals(): boolean {
    return this.#ephemeralsByAddress.size > 0;
  }

  /** Those at an address that keep nothing on disk and have not left. */
  ephemeralsAt(address: string): Member[] {
    const ids = this.#ephemeralsByAddress.get(address) ?? [];
    return [...ids].flatMap((id) => this.#membersById.get(id) ?? []);
  }

  /** The id that already has this id's number, where another one does. */
  clashOf(id: ReplicaId): ReplicaId | undefined {
    const holder = this.#idsByNumber.get(replicaNumber(id));
    return holder === undefined || holder === id ? undefined : holder;
  }

  /**
   * Merges what somebody says of a member; the greater life wins. Whoever is heard of for the first time counts as given
   * up if the teller gave it up. True when something new was learnt.
   */
  learn(facts: MemberFacts, nowMs: number): boolean {
    const known = this.#membersById.get(facts.id);
    if (known === undefined) {
      // Whoever has left by itself is told of until all have forgotten it.
      if (
        (facts.left && facts.givenUpLife === 0) ||
        this.#membersById.size >= MEMBERS_MAX ||
        this.clashOf(facts.id) !== undefined
      )
        return false;
      this.#set({ ...facts, number: replicaNumber(facts.id), ...UNMET });
      this.#lastSeenAtById.set(facts.id, nowMs);
      return true;
    }
    if (facts.life < known.life) return false;
    const ephemeral = known.ephemeral || facts.ephemeral;
    const rootLife = Math.max(known.rootLife, facts.rootLife);
    const startedAt = Math.max(known.startedAt, facts.startedAt);
    const displaced = Math.max(known.displaced, facts.displaced);
    if (facts.life > known.life) {
      const epoch = Math.max(known.epoch, known.epochNow, facts.epoch);
      const { givenUpLife } = known;
      // Whoever left or was removed, and has a disk, is back once it has begun anew, and not before.
      const left = facts.left || (known.left && !ephemeral && rootLife <= known.life);
      const kept = { givenUpLife, ephemeral, rootLife, startedAt, displaced, epoch, epochNow: 0, left };
      this.#set({ ...known, ...facts, ...kept });
      return true;
    }
    const epoch = Math.max(known.epoch, facts.epoch);
    // The first birth told of a life stays: another process that claims the same life is to hear of it.
    const birth = known.birth === 0 ? facts.birth : known.birth;
    const isLater = rootLife > known.rootLife || startedAt > known.startedAt || displaced > known.displaced;
    const isNews = (facts.left && !known.left) || birth !== known.birth || isLater;
    if (isNews || epoch > known.epoch || ephemeral !== known.ephemeral) {
      this.#set({ ...known, epoch, ephemeral, birth, rootLife, startedAt, displaced, left: known.left || facts.left });
    }
    return isNews;
  }

  /** Notes the disk epoch that a member itself reported in its present life. True when it is greater than before. */
  observeEpoch(id: ReplicaId, epoch: number): boolean {
    const known = this.#membersById.get(id);
    if (known === undefined || epoch <= known.epochNow) return false;
    this.#set({ ...known, epochNow: epoch });
    return true;
  }

  /** Notes what others know of this replica's own disk, so that all tell the same of it. */
  hearOfOwnEpoch(epoch: number): void {
    const known = this.#membersById.get(this.self);
    if (known !== undefined && epoch > known.epoch) this.#set({ ...known, epoch });
  }

  /**
   * Notes what a member itself told of its lives. One that does not continue what was known, without having begun anew,
   * changes nothing: it is to hear of the other line as often as it takes. True when there was something new.
   */
  meet(id: ReplicaId, lineage: readonly Birth[], rootLife: number): boolean {
    const known = this.#membersById.get(id);
    if (known === undefined || !isContinued(known.lineage, lineage, rootLife)) return false;
    const latest = lineage.slice(-LINEAGE_KNOWN_MAX);
    const isNews = latest.at(-1)?.life !== known.lineage.at(-1)?.life;
    this.#set({ ...known, lineage: latest });
    return isNews;
  }

  /** This replica defers to others: nobody is given up any more. */
  forgive(): void {
    for (const member of this.all()) this.#set({ ...member, givenUpLife: 0 });
  }

  seen(id: ReplicaId, nowMs: number): void {
    this.#lastSeenAtById.set(id, nowMs);
  }

  lastSeenAt(id: ReplicaId): number | undefined {
    return this.#lastSeenAtById.get(id);
  }

  /** Gives a member up, or takes over that somebody did, with what it held in this life. */
  giveUp(id: ReplicaId, life: number): void {
    const known = this.#membersById.get(id);
    if (known !== undefined && life > known.givenUpLife) this.#set({ ...known, givenUpLife: life });
  }

  /** True while somebody was given up who may come back. */
  hasGivenUp(): boolean {
    return this.all().some((member) => !member.left && isGivenUp(member));
  }

  /** What it owned is placed elsewhere. */
  displace(id: ReplicaId): void {
    const known = this.#membersById.get(id);
    if (known !== undefined && !isDisplaced(known)) this.#set({ ...known, displaced: known.displaced + 1 });
  }

  /** Somebody says that this replica was displaced: it is there, and owns again what falls to it. True where that is news. */
  hearOfOwnPlace(displaced: number): boolean {
    const known = this.#membersById.get(this.self);
    if (known === undefined || displaced <= known.displaced) return false;
    this.#set({ ...known, displaced: placeTakenBack(displaced) });
    return true;
  }

  /** Forgets a member that has left. */
  forget(id: ReplicaId): void {
    const known = this.#membersById.get(id);
    if (known === undefined) return;
    this.#change(known, undefined);
    this.#membersById.delete(id);
    this.#lastSeenAtById.delete(id);
    this.#idsByNumber.delete(known.number);
    this.onChange(id);
  }

  /** True where that is more than was known. */
  hearOfDepartures(departures: number): boolean {
    if (departures <= this.departures) return false;
    this.departures = departures;
    return true;
  }

  leave(id: ReplicaId): void {
    const known = this.#membersById.get(id);
    if (known !== undefined) this.#set({ ...known, left: true });
  }

  /** Takes back a member from disk. */
  load(member: Member, nowMs: number): void {
    if (member.id === this.self) return;
    this.#set(member);
    this.#lastSeenAtById.set(member.id, nowMs);
  }

  /** This replica begins a later life, which it lives on what it held since its life `rootLife`. */
  beginLife(life: number, rootLife: number): void {
    const known = this.#membersById.get(this.self);
    if (known !== undefined) this.#set({ ...known, life, rootLife });
  }

  idOfNumber(number: number): ReplicaId | undefined {
    return this.#idsByNumber.get(number);
  }

  /**
   * The present life by replica number, 0 for one that is not known. Of one that has left or was given up it is the next
   * one: should it come back, it lives that or a later one.
   */
  lifeOfNumber(number: number): number {
    const id = this.#idsByNumber.get(number);
    const member = id === undefined ? undefined : this.#membersById.get(id);
    return member === undefined ? 0 : lifeToCome(member);
  }

  hasEnded(origin: OriginId): boolean {
    return lifeOf(origin) < this.lifeOfNumber(replicaOf(origin));
  }

  /**
   * True of a life of a member that has not left, of which may come what nobody has seen: it was given up, or the member has begun
   * anew since, and gives what it wrote before other dots.
   */
  mayReturn(origin: OriginId): boolean {
    const id = this.#idsByNumber.get(replicaOf(origin));
    const member = id === undefined ? undefined : this.#membersById.get(id);
    if (member === undefined || member.left) return false;
    return lifeOf(origin) <= member.givenUpLife || lifeOf(origin) < member.rootLife;
  }

  /** Equal on replicas that know of the same lives, and which of them have ended. */
  livesDigest(): number {
    return this.#livesDigest;
  }

  #set(member: Member): void {
    const known = this.#membersById.get(member.id);
    if (member.left && known !== undefined && !known.left) this.departures++;
    this.#change(known, member);
    this.#membersById.set(member.id, member);
    this.#idsByNumber.set(member.number, member.id);
    this.onChange(member.id);
  }

  /** Keeps up what is derived of all members, without looking at all of them. */
  #change(before: Member | undefined, after: Member | undefined): void {
    this.#all = undefined;
    this.#owners = undefined;
    if (before?.left !== after?.left) this.#others = undefined;
    this.#population += this.#countOf(after) - this.#countOf(before);
    if (before?.left !== after?.left || before?.address !== after?.address) this.moves++;
    this.#livesDigest = (this.#livesDigest + livesTerm(after) - livesTerm(before)) >>> 0;
    if (before?.left === after?.left && before?.ephemeral === after?.ephemeral && before?.address === after?.address)
      return;
    if (before !== undefined) this.#unplace(before);
    if (after?.ephemeral === true && !after.left) this.#place(after);
  }

  #countOf(member: Member | undefined): 0 | 1 {
    return member === undefined || member.left || member.id === this.self ? 0 : 1;
  }

  #place({ id, address }: Member): void {
    const there = this.#ephemeralsByAddress.get(address);
    if (there === undefined) this.#ephemeralsByAddress.set(address, new Set([id]));
    else there.add(id);
  }

  #unplace({ id, address }: Member): void {
    const there = this.#ephemeralsByAddress.get(address);
    there?.delete(id);
    if (there?.size === 0) this.#ephemeralsByAddress.delete(address);
  }
}

function lifeToCome(member: Member): number {
  return member.left || isGivenUp(member) ? member.life + 1 : member.life;
}

/** What a member adds to the digest of lives. Not those that have left: some have forgotten them by now. */
function livesTerm(member: Member | undefined): number {
  if (member === undefined || member.left) return 0;
  return mix32(mix32(member.number) ^ lifeToCome(member));
}

/** True while others own what would fall to the member. */
export function isDisplaced({ displaced }: Pick<MemberFacts, "displaced">): boolean {
  return displaced % 2 === 1;
}

/** What a member tells of itself that is there, and owns what falls to it, where it had been displaced so often. */
export function placeTakenBack(displaced: number): number {
  return displaced + (displaced % 2);
}

/** True for a member that owns what falls to it. */
export function isPlaced(member: Member): boolean {
  return !member.left && !isGivenUp(member) && !isDisplaced(member);
}

/** True while what the member holds must not be taken: to begin a new life is not enough, it has to drop what it held. */
export function isGivenUp(member: Pick<MemberFacts, "givenUpLife" | "rootLife">): boolean {
  return member.givenUpLife !== 0 && member.rootLife <= member.givenUpLife;
}
