/**
 * What a replica hears of itself, from which it finds out that it must begin anew, because others may have purged what it
 * still holds: they met another line of its lives (`lineage.ts`), know a later life of it, another process under its present
 * life, a later disk than the one it began with; or they take it for gone. What is done then is the replica's business
 * (`quarantine`).
 */

import type { Birth, MemberFacts } from "../wire/message.ts";
import { firstDoubtedLife, isContinued, livedTwice } from "./lineage.ts";
import { isGivenUp, type Members } from "./members.ts";
import type { MembershipHost } from "./membership-host.ts";

export class OwnLives {
  readonly #members: Members;
  readonly #host: MembershipHost;
  #isLeaving = false;

  constructor(members: Members, host: MembershipHost) {
    this.#members = members;
    this.#host = host;
  }

  /** This replica goes: what others then think of it does not concern it. */
  leave(): void {
    this.#isLeaving = true;
  }

  /** What a peer knows of the lives that led here. */
  hearOfLineage(known: readonly Birth[], now: number): void {
    const { lineage, rootLife, life } = this.#host;
    if (this.#isLeaving || isContinued(known, lineage, rootLife)) return;
    const knownLife = Math.max(life, known.at(-1)?.life ?? 0);
    // After a loss the present life may bear a number below all that are remembered: it is doubted all the same.
    const doubtedSince = Math.min(life, firstDoubtedLife(known, lineage));
    const twice = livedTwice(known, lineage);
    this.#host.quarantine({ reason: "other lineage", knownLife, doubtedSince, twice }, now);
  }

  /** What anybody says of this replica. */
  hear(facts: MemberFacts, now: number): void {
    const host = this.#host;
    if (facts.life < host.life || this.#isLeaving) return;
    this.#members.hearOfOwnEpoch(facts.epoch);
    const isOtherBirth = facts.birth !== 0 && facts.birth !== host.birth;
    const isLaterDisk = facts.epoch > host.startEpoch && host.quarantines === 0;
    const knownLife = facts.life;
    const doubtedSince = host.life;
    if (facts.life > host.life) host.quarantine({ reason: "stale life", knownLife, doubtedSince }, now);
    else if (isOtherBirth)
      host.quarantine({ reason: "repeated life", knownLife, doubtedSince, twice: [host.life] }, now);
    else if (isLaterDisk) host.quarantine({ reason: "stale disk", knownLife, doubtedSince }, now);
    else if (facts.left) {
      // One without a disk may have been taken for its successor's predecessor while it ran.
      const isRemoved = !facts.ephemeral || isGivenUp({ givenUpLife: facts.givenUpLife, rootLife: host.rootLife });
      host.quarantine({ reason: isRemoved ? "removed" : "taken for gone", knownLife }, now);
    }
    // It has begun anew since: that others were told of more is no news to the next start either.
    if (host.quarantines > 0) host.countOnFrom(facts.epoch);
  }
}
