/**
 * The values of a replica that goes, for good or to come back with nothing, given to those who may have ghosts of them
 * (`ghosts.ts`): what others claim says nothing of that. Of each shard that everybody keeps it asks the *heir*, who will be its
 * keeper: first, once for all shards, whether it has any ghosts at all; and only if so goes through them, and asks for each
 * value. An heir fetches what it lacks, and says yes when it is asked again; what it still refuses the other owners are asked
 * for, in turn.
 *
 *  B1. A shard is given when somebody who stays said yes to every value that there was when it was begun with; or when one of
 *      them has no ghosts, or has a disk, and claims all that the shard claimed then. What is written later reaches others as a
 *      push or a delta does.
 *  B2. Who goes says yes to nobody, and says that it goes: what it has is nothing to rely on any more. It is nobody's heir.
 *  B3. What somebody said counts for as long as it is there, and what an heir said for as long as it is the heir. After that the
 *      shard is begun with anew.
 *      Where nobody is linked who may take it, whoever is alive is waited for: links break for a moment.
 *  B4. A value for which nobody has room, as all said one after the other, goes as one that is evicted would: it is counted, and
 *      waited for no longer.
 */

import { isDue } from "../base/deadline.ts";
import type { ReplicaId } from "../base/ids.ts";
import { isForEverybody, SYSTEM_SPACE, spaceOf } from "../base/shard-id.ts";
import { heirsOf } from "../cluster/keeper.ts";
import type { Surroundings } from "../cluster/surroundings.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { VersionVector } from "../core/version-vector.ts";
import type { MemberState, MessageOf } from "../wire/message.ts";
import { isVersionIn, KEEP_MAX, type VersionFacts, versionFactsIn } from "../wire/version-facts.ts";
import type { Ghosts } from "./ghosts.ts";

const ANSWER_MS = 3000;
/** After a value was refused: whoever lacks it fetches it meanwhile. */
const PAUSE_MS = 100;
const QUESTION_BYTES_MAX = 128 * 1024;
/** Slots looked at in one step. */
const LOOKS_MAX = 16_384;
/** Values refused and not yet given: no further ones are begun with. */
const REFUSED_MAX = 4 * KEEP_MAX;

export interface BequestHost extends Surroundings {
  readonly isEphemeral: boolean;
  stateOf(id: ReplicaId): MemberState;
  /** Whoever numbers what is asked with `keep`. */
  readonly ghosts: Pick<Ghosts, "nextQuestion">;
}

/** How far a shard has been gone through. */
interface Progress {
  readonly shard: Shard;
  readonly heir: ReplicaId;
  slot: number;
  /** Of the slots, when it was begun with; and what was claimed then. */
  readonly end: number;
  readonly vector: VersionVector;
  /** Values behind `slot` that nobody has said yes to. */
  left: number;
  /** Those who said yes to any. */
  readonly takers: Set<ReplicaId>;
  /** Values that nobody had room for (B4). */
  lost: number;
}

/** A value that somebody is to say yes to. */
interface Item {
  readonly progress: Progress;
  readonly slot: number;
  readonly version: VersionFacts;
  /** How often it was refused; and how often in succession for want of room. */
  tries: number;
  fulls: number;
  dueAt: number;
}

/** With one peer: nobody waits for another's answer. */
interface Talk {
  /** No items: the question is whether the peer has any ghosts. */
  asked: { readonly question: number; readonly items: readonly Item[]; readonly dueAt: number } | undefined;
  /** Whether it had no ghosts when it was asked; undefined: it was not yet. */
  isWhole: boolean | undefined;
}

export class Bequest {
  readonly #host: BequestHost;
  readonly #progress = new Map<Shard, Progress>();
  readonly #talks = new Map<ReplicaId, Talk>();
  /** Those who said that they are about to go, too (B2). */
  readonly #going = new Set<ReplicaId>();
  #refused: Item[] = [];
  #now = 0;
  /** It has begun: B2 holds. */
  isUnderWay = false;

  constructor(host: BequestHost) {
    this.#host = host;
  }

  /** Shards that are not given yet. */
  get left(): number {
    let count = 0;
    for (const shard of this.#host.shards.all) if (this.#isOpen(shard)) count++;
    return count;
  }

  /** Values that nobody had room for (B4). */
  get lost(): number {
    let count = 0;
    for (const { lost } of this.#progress.values()) count += lost;
    return count;
  }

  #isOpen(shard: Shard): boolean {
    if (!hasAnythingToGive(shard)) return false;
    const heirs = this.#heirsOf(shard);
    return heirs.length === 0 ? this.#mayAnyoneCome(shard) : !this.#isGiven(shard, heirs);
  }

  /** Who is still to be asked, or waited for, of a shard; undefined: nobody at the moment. */
  #openHeirOf(shard: Shard): ReplicaId | undefined {
    if (!hasAnythingToGive(shard)) return undefined;
    const heirs = this.#heirsOf(shard);
    return this.#isGiven(shard, heirs) ? undefined : heirs[0];
  }

  #heirsOf({ id }: Shard): readonly ReplicaId[] {
    return heirsOf(this.#host, id, (peer) => !this.#going.has(peer));
  }

  #mayAnyoneCome({ id }: Shard): boolean {
    const { ownership } = this.#host;
    const mayCome = (peer: ReplicaId) => !this.#going.has(peer) && this.#host.stateOf(peer) === "alive";
    return ownership.ownersOf(id).some((peer) => peer !== ownership.self && mayCome(peer));
  }

  /** B1, B3. */
  #isGiven(shard: Shard, heirs: readonly ReplicaId[]): boolean {
    const progress = this.#progress.get(shard);
    if (progress === undefined || progress.heir !== heirs[0]) return false;
    if (progress.slot >= progress.end && progress.left === 0) return true;
    const claimsAll = (heir: ReplicaId) =>
      this.#host.reports.of(shard.id, heir)?.durable.dominates(progress.vector) === true;
    return heirs.some((heir) => !this.#hasGhosts(heir) && claimsAll(heir));
  }

  #hasGhosts(heir: ReplicaId): boolean {
    return this.#host.members.get(heir)?.ephemeral === true && this.#talks.get(heir)?.isWhole !== true;
  }

  /** To be called again and again while the replica is about to go. */
  tick(now: number): void {
    this.#now = now;
    this.isUnderWay = true;
    for (const talk of this.#talks.values()) {
      if (talk.asked === undefined || !isDue({ dueAt: talk.asked.dueAt, waitMaxMs: ANSWER_MS }, now)) continue;
      this.#unanswered(talk);
    }
    this.#refused = this.#refused.filter((item) => this.#isToBeGiven(item));
    const open = this.#openByHeir();
    const peers = new Set([...open.keys(), ...this.#refused.map((item) => this.#askedFor(item))]);
    for (const peer of peers) if (peer !== undefined) this.#ask(peer, open.get(peer) ?? []);
  }

  linkDown(peer: ReplicaId): void {
    this.#going.delete(peer);
    const talk = this.#talks.get(peer);
    if (talk === undefined) return;
    this.#unanswered(talk);
    this.#talks.delete(peer);
    for (const [shard, { takers }] of this.#progress) if (takers.has(peer)) this.#progress.delete(shard);
  }

  #unanswered(talk: Talk): void {
    const items = talk.asked?.items ?? [];
    talk.asked = undefined;
    for (const item of items) this.#refuse(item, false);
  }

  #openByHeir(): Map<ReplicaId, Shard[]> {
    const open = new Map<ReplicaId, Shard[]>();
    for (const shard of this.#host.shards.all) {
      const heir = this.#openHeirOf(shard);
      if (heir === undefined) continue;
      const shards = open.get(heir);
      if (shards === undefined) open.set(heir, [shard]);
      else shards.push(shard);
    }
    return open;
  }

  #talkWith(peer: ReplicaId): Talk {
    let talk = this.#talks.get(peer);
    if (talk === undefined) {
      talk = { asked: undefined, isWhole: undefined };
      this.#talks.set(peer, talk);
    }
    return talk;
  }

  /** Whose turn it is to be asked for what was refused: the heir, and between the others one after the other. */
  #askedFor({ progress, tries }: Item): ReplicaId | undefined {
    const [heir, ...others] = this.#heirsOf(progress.shard);
    return tries % 2 === 0 || others.length === 0 ? heir : others[((tries - 1) / 2) % others.length];
  }

  #ask(peer: ReplicaId, shards: readonly Shard[]): void {
    const talk = this.#talkWith(peer);
    if (talk.asked !== undefined) return;
    for (const shard of shards) this.#progressOf(shard, peer, talk);
    const isEphemeral = this.#host.members.get(peer)?.ephemeral === true;
    if (isEphemeral && talk.isWhole === undefined) return this.#send(peer, talk, []);
    const items = [...this.#refusedFor(peer)];
    if (this.#hasGhosts(peer)) this.#collect(shards, items);
    if (items.length > 0) this.#send(peer, talk, items);
  }

  #progressOf(shard: Shard, heir: ReplicaId, talk: Talk): void {
    const known = this.#progress.get(shard);
    if (known?.heir === heir) return;
    // While another was the heir, this one may have let values go to that one.
    if (known !== undefined) talk.isWhole = undefined;
    const [end, vector] = [shard.table.slotEnd, shard.vector.snapshot()];
    this.#progress.set(shard, { shard, heir, slot: 1, end, vector, left: 0, takers: new Set(), lost: 0 });
  }

  #refusedFor(peer: ReplicaId): Item[] {
    const [due, rest]: [Item[], Item[]] = [[], []];
    for (const item of this.#refused) {
      const isDueNow = isDue({ dueAt: item.dueAt, waitMaxMs: PAUSE_MS }, this.#now);
      if (due.length < KEEP_MAX && isDueNow && this.#askedFor(item) === peer) due.push(item);
      else rest.push(item);
    }
    this.#refused = rest;
    return due;
  }

  /** Of values that are here, or on a disk; what is a ghost itself is not for this replica to give. */
  #collect(shards: readonly Shard[], items: Item[]): void {
    let [looks, bytes] = [LOOKS_MAX, 0];
    for (const shard of shards) {
      const progress = this.#progress.get(shard);
      if (progress === undefined) continue;
      for (; progress.slot < progress.end; progress.slot++) {
        const isFull = items.length >= KEEP_MAX || bytes >= QUESTION_BYTES_MAX || this.#refused.length >= REFUSED_MAX;
        if (isFull || looks-- <= 0) return;
        const { slot } = progress;
        if (!shard.values.mayBeLent(slot) || (this.#host.isEphemeral && shard.isAway(slot))) continue;
        const version = versionFactsIn(shard, slot);
        bytes += version.key.length;
        progress.left++;
        items.push({ progress, slot, version, tries: 0, fulls: 0, dueAt: 0 });
      }
    }
  }

  #send(peer: ReplicaId, talk: Talk, items: readonly Item[]): void {
    const question = this.#host.ghosts.nextQuestion();
    talk.asked = { question, items, dueAt: this.#now + ANSWER_MS };
    this.#host.send(peer, { type: "keep", question, isGoing: true, versions: items.map(({ version }) => version) });
  }

  receiveKept(peer: ReplicaId, { question, places, isWhole, noRoom, isGoing }: MessageOf<"kept">): void {
    const talk = this.#talks.get(peer);
    if (talk?.asked?.question !== question) return;
    const { items } = talk.asked;
    talk.asked = undefined;
    if (isGoing) this.#going.add(peer);
    else this.#going.delete(peer);
    if (items.length === 0) talk.isWhole = isWhole;
    const [has, isFull] = [new Set(places), new Set(noRoom)];
    for (const [place, item] of items.entries()) {
      if (has.has(place)) this.#given(peer, item);
      else this.#refuse(item, isFull.has(place));
    }
    this.#ask(peer, this.#openByHeir().get(peer) ?? []);
  }

  #given(peer: ReplicaId, { progress }: Item): void {
    progress.left--;
    progress.takers.add(peer);
  }

  #refuse(item: Item, isFull: boolean): void {
    item.tries++;
    item.fulls = isFull ? item.fulls + 1 : 0;
    item.dueAt = this.#now + PAUSE_MS;
    if (this.#isToBeGiven(item)) this.#refused.push(item);
  }

  /** Else it is waited for no longer. */
  #isToBeGiven(item: Item): boolean {
    const { progress } = item;
    // It was begun with anew.
    if (this.#progress.get(progress.shard) !== progress) return false;
    const isHere = this.#isHere(item);
    const isLost = isHere && this.#hasNobodyRoomFor(item);
    if (isHere && !isLost) return true;
    if (isLost) progress.lost++;
    progress.left--;
    return false;
  }

  /** With its value, and as it was. */
  #isHere({ progress: { shard }, slot, version }: Item): boolean {
    if (!shard.values.mayBeLent(slot) || (this.#host.isEphemeral && shard.isAway(slot))) return false;
    return isVersionIn(shard, slot, version);
  }

  /** B4: all have been asked since anybody said anything else. */
  #hasNobodyRoomFor({ progress, fulls }: Item): boolean {
    return fulls > 2 * this.#heirsOf(progress.shard).length;
  }
}

/** Of a keyspace that everybody keeps for ever: of others nobody has ghosts. */
function hasAnythingToGive({ id, accounts: { looseBytes, awayBytes } }: Shard): boolean {
  const space = spaceOf(id);
  return isForEverybody(space) && space !== SYSTEM_SPACE && looseBytes + awayBytes > 0;
}
