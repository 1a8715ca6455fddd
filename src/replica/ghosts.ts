/**
 * Values that a replica without a disk lets go of, as another has them: what stays here is a *ghost*, a register whose value is
 * away (`core/shard/residency.ts`), not on a disk but at a peer. So the replica with the least memory does not decide what all keep.
 *
 *  G1. A value goes only after a peer said that it has that very version, value included: in memory, or on its disk, where a
 *      crash does not take it. A ghost is no copy.
 *  G2. Who has asked that and has no answer says no to whoever asks the same of it. So when several let go of one value, one after
 *      the other or at once, one is left that has it: who said yes may itself let go later only with the yes of somebody who
 *      has it then, and that is never one of those who have been told yes and may let go.
 *  G3. Asked is the keeper of the shard (`cluster/keeper.ts`), which itself asks nobody. Nothing goes that changed meanwhile.
 *  G4. No ghost leaves: what is sent, or read, is fetched first (`fetches.ts`), and where nobody gives it is left out, and what
 *      would claim it is not claimed.
 *  G5. Nobody notes who has ghosts. What becomes of a register, they hear like everybody: its deletion ends the ghost.
 *  G6. Who begins anew (quarantine) drops its ghosts with its claims: whoever has the values sends them again.
 *
 * Only of the keyspace that every member keeps for ever: of others shards move, and who lets go of a whole shard goes by what
 * others claim, which says nothing of ghosts. A value of which all copies were in memory is lost with these, as ever.
 */

import { isDue } from "../base/deadline.ts";
import type { ReplicaId } from "../base/ids.ts";
import { isForEverybody, SYSTEM_SPACE, spaceOf } from "../base/shard-id.ts";
import { keeperOf } from "../cluster/keeper.ts";
import type { SendingSurroundings } from "../cluster/surroundings.ts";
import { valueLengthAt } from "../core/record/record.ts";
import type { Lender, Residency } from "../core/shard/residency.ts";
import type { Shard } from "../core/shard/shard.ts";
import { FREE_TO_GO } from "../core/table/s3-fifo.ts";
import type { MessageOf } from "../wire/message.ts";
import { isVersionIn, KEEP_MAX, type VersionFacts, versionFactsIn } from "../wire/version-facts.ts";
import type { DiskStanding } from "./disk-standing.ts";
import type { Recalls } from "./recalls.ts";

const ANSWER_MS = 5000;
/** A keeper that said no to all it was asked is left alone for so long. */
const PAUSE_MS = 1000;
/** Of keys in one question. */
const QUESTION_BYTES_MAX = 128 * 1024;
export const OFFERS_MAX = 2 * KEEP_MAX;
/** Values fetched of those who are about to go, under way: clients' own have their turn beside them. */
const TAKEN_BACK_AT_ONCE = 512;

export interface GhostsHost extends SendingSurroundings {
  readonly residency: Residency | undefined;
  readonly recalls: Pick<Recalls, "want" | "waiting">;
  readonly isEphemeral: boolean;
  /** It is about to leave for good. */
  readonly isDeparting: boolean;
  readonly standing: Pick<DiskStanding, "isOnDisk">;
}

interface Offer {
  readonly shard: Shard;
  readonly slot: number;
  readonly version: VersionFacts;
  readonly bytes: number;
}

/** What one keeper is asked, or is to be asked next. */
interface Talk {
  readonly gathered: Offer[];
  asked: { readonly question: number; readonly offers: readonly Offer[]; readonly dueAt: number } | undefined;
}

export class Ghosts implements Lender {
  readonly #host: GhostsHost;
  readonly #talks = new Map<ReplicaId, Talk>();
  readonly #pausedUntil = new Map<ReplicaId, number>();
  readonly #slotsByShard = new Map<Shard, Set<number>>();
  /** As of this step. */
  readonly #keepers = new Map<Shard, ReplicaId | undefined>();
  #next = 1;
  #now = 0;
  /** Values under way that are fetched of those who are about to go, by shard and slot. */
  readonly #takenBack = new Set<string>();
  #takenBackBytes = 0;
  /** Offers that are not settled. */
  offers = 0;
  /** Of what was offered: how much nobody had. */
  refused = 0;
  /** Whoever wants to know of what slot the value has gone. */
  listener: ((shard: Shard, slot: number) => void) | undefined;

  constructor(host: GhostsHost) {
    this.#host = host;
  }

  get isFull(): boolean {
    return this.offers >= OFFERS_MAX;
  }

  mayLend(shard: Shard): boolean {
    return this.#keeperOf(shard) !== undefined;
  }

  mayOffer(shard: Shard): boolean {
    const keeper = this.#keeperOf(shard);
    return keeper !== undefined && !this.#pausedUntil.has(keeper);
  }

  #keeperOf(shard: Shard): ReplicaId | undefined {
    if (this.#keepers.has(shard)) return this.#keepers.get(shard);
    const keeper = this.#lookForKeeper(shard);
    this.#keepers.set(shard, keeper);
    return keeper;
  }

  #lookForKeeper(shard: Shard): ReplicaId | undefined {
    const space = spaceOf(shard.id);
    if (!isForEverybody(space) || space === SYSTEM_SPACE || !shard.isSettled || shard.isLeaving) return undefined;
    const keeper = keeperOf(this.#host, shard.id);
    if (keeper === undefined || keeper === this.#host.ownership.self) return undefined;
    return this.#host.canSend(keeper) ? keeper : undefined;
  }

  isOffered(shard: Shard, slot: number): boolean {
    return this.#slotsByShard.get(shard)?.has(slot) === true;
  }

  offer(shard: Shard, slot: number): void {
    const keeper = this.#keepers.get(shard);
    if (keeper === undefined) return this.#host.residency?.stays(shard, slot);
    const bytes = valueLengthAt(shard.table.viewOf(slot), shard.table.offsetOf(slot));
    const offer = { shard, slot, version: versionFactsIn(shard, slot), bytes };
    this.#talkWith(keeper).gathered.push(offer);
    const slots = this.#slotsByShard.get(shard);
    if (slots === undefined) this.#slotsByShard.set(shard, new Set([slot]));
    else slots.add(slot);
    this.#count(offer, 1);
  }

  /** To be called before values are looked for that may go. */
  tick(now: number): void {
    this.#now = now;
    this.#keepers.clear();
    for (const [id, dueAt] of this.#pausedUntil) {
      if (isDue({ dueAt, waitMaxMs: PAUSE_MS }, now)) this.#pausedUntil.delete(id);
    }
    for (const [id, { asked }] of this.#talks) {
      if (asked !== undefined && isDue({ dueAt: asked.dueAt, waitMaxMs: ANSWER_MS }, now)) this.#end(id);
    }
  }

  /** Asks for what was offered. */
  flush(): void {
    for (const [keeper, talk] of this.#talks) this.#ask(keeper, talk);
  }

  #ask(keeper: ReplicaId, talk: Talk): void {
    if (talk.asked !== undefined || talk.gathered.length === 0) return;
    let [count, bytes] = [0, 0];
    for (const { version } of talk.gathered) {
      bytes += version.key.length;
      if (count === KEEP_MAX || bytes > QUESTION_BYTES_MAX) break;
      count++;
    }
    const offers = talk.gathered.splice(0, count);
    const question = this.nextQuestion();
    talk.asked = { question, offers, dueAt: this.#now + ANSWER_MS };
    this.#host.send(keeper, { type: "keep", question, isGoing: false, versions: offers.map(({ version }) => version) });
  }

  nextQuestion(): number {
    return this.#next++;
  }

  #talkWith(keeper: ReplicaId): Talk {
    let talk = this.#talks.get(keeper);
    if (talk === undefined) {
      talk = { gathered: [], asked: undefined };
      this.#talks.set(keeper, talk);
    }
    return talk;
  }

  receiveKeep(peer: ReplicaId, { question, isGoing, versions }: MessageOf<"keep">): void {
    const { isDeparting, shards } = this.#host;
    const [places, noRoom]: [number[], number[]] = [[], []];
    // B2 of `bequest.ts`.
    for (const [place, version] of isDeparting ? [] : versions.entries()) {
      if (this.#hasWhole(version)) places.push(place);
      else if (isGoing && !this.#takeBack(version)) noRoom.push(place);
    }
    const isWhole = shards.all.every(({ accounts }) => accounts.away === 0);
    this.#host.send(peer, { type: "kept", question, places, isWhole, noRoom, isGoing: isDeparting });
  }

  /** G1, G2. */
  #hasWhole(version: VersionFacts): boolean {
    const { shards, ownership, isEphemeral } = this.#host;
    const shard = shards.get(version.shard);
    if (shard === undefined || shard.isLeaving || shard.quarantined || !ownership.owns(shard.id)) return false;
    const slot = shard.find(version.kind, version.key);
    if (slot === 0 || shard.isUnconfirmed(slot)) return false;
    if (!isVersionIn(shard, slot, version)) return false;
    if (!isEphemeral) return this.#host.standing.isOnDisk(shard, slot);
    return !shard.isAway(slot) && !this.isOffered(shard, slot);
  }

  /** Fetches it before whoever has it goes. False: there is no room, it would have to go again. */
  #takeBack(version: VersionFacts): boolean {
    const { shards, residency, recalls } = this.#host;
    const shard = shards.get(version.shard);
    const slot = shard?.find(version.kind, version.key) ?? 0;
    if (shard === undefined || slot === 0 || !shard.isAway(slot)) return true;
    if (!isVersionIn(shard, slot, version)) return true;
    const bytes = valueLengthAt(shard.table.viewOf(slot), shard.table.offsetOf(slot));
    const name = `${shard.id} ${slot}`;
    if (this.#takenBack.has(name)) return true;
    if (residency?.wouldLend(this.#takenBackBytes + bytes) === true) return false;
    if (recalls.waiting >= TAKEN_BACK_AT_ONCE) return true;
    this.#takenBack.add(name);
    this.#takenBackBytes += bytes;
    recalls.want(shard, slot, () => {
      this.#takenBack.delete(name);
      this.#takenBackBytes -= bytes;
    });
    return true;
  }

  receiveKept(peer: ReplicaId, { question, places }: MessageOf<"kept">): void {
    const talk = this.#talks.get(peer);
    // What was given up for lost is not to be let go of any more: others may have been told yes since.
    if (talk?.asked?.question !== question) return;
    const { offers } = talk.asked;
    talk.asked = undefined;
    const has = new Set(places);
    for (const [place, offer] of offers.entries()) {
      this.#settle(offer);
      if (has.has(place) && this.#isAsItWas(offer)) this.#letGo(offer);
      else this.#stays(offer);
    }
    if (has.size === 0) this.#pausedUntil.set(peer, this.#now + PAUSE_MS);
    this.#ask(peer, talk);
  }

  #letGo({ shard, slot }: Offer): void {
    this.#host.residency?.lent(shard, slot);
    this.listener?.(shard, slot);
  }

  /** G3. */
  #isAsItWas({ shard, slot, version }: Offer): boolean {
    if (shard.values.holdOf(slot) !== FREE_TO_GO) return false;
    return isVersionIn(shard, slot, version);
  }

  #stays(offer: Offer): void {
    this.refused++;
    this.#host.residency?.stays(offer.shard, offer.slot);
  }

  #settle(offer: Offer): void {
    this.#slotsByShard.get(offer.shard)?.delete(offer.slot);
    this.#count(offer, -1);
  }

  #count({ bytes }: Offer, step: 1 | -1): void {
    this.offers += step;
    if (this.#host.residency !== undefined) this.#host.residency.offeredBytes += step * bytes;
  }

  /** Nothing that it may still say counts. */
  linkDown(peer: ReplicaId): void {
    this.#end(peer);
    this.#pausedUntil.delete(peer);
  }

  #end(keeper: ReplicaId): void {
    const talk = this.#talks.get(keeper);
    if (talk === undefined) return;
    this.#talks.delete(keeper);
    this.#pausedUntil.set(keeper, this.#now + PAUSE_MS);
    for (const offer of [...(talk.asked?.offers ?? []), ...talk.gathered]) {
      this.#settle(offer);
      this.#stays(offer);
    }
  }
}
