/**
 * How this replica comes to stand by what it holds again, after it was in doubt: because the replica had to begin anew, or those on
 * whose word it held it had to, or the disk lost something. What becomes of each register is for `doubt.ts` to say.
 */

import { spaceOf } from "../base/shard-id.ts";
import type { Membership } from "../cluster/membership.ts";
import type { Quarantine } from "../cluster/membership-host.ts";
import type { Pulls } from "../cluster/pulls.ts";
import type { Serving } from "../cluster/serving.ts";
import type { Agenda } from "../core/shard/agenda.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { Coverage } from "./coverage.ts";
import { Doubt, type DoubtHost } from "./doubt.ts";
import type { Lives } from "./lives.ts";
import type { Outbox } from "./outbox.ts";
import type { Persistence } from "./persistence.ts";
import type { ReadinessCheck } from "./readiness.ts";
import type { Recalls } from "./recalls.ts";
import type { Sender } from "./sender.ts";
import type { Tidings } from "./tidings.ts";
import { Vouchers } from "./vouchers.ts";

/** Values of what is in doubt that are taken back from disk before more are. */
const RECALLS_AT_ONCE = 256;

export interface RecoveryHost extends DoubtHost {
  readonly isEphemeral: boolean;
  readonly agenda: Agenda;
  readonly lives: Lives;
  readonly membership: Pick<Membership, "beginLife">;
  readonly coverage: Pick<Coverage, "confirmations" | "coveredByAny" | "coveredByAll">;
  readonly readiness: Pick<ReadinessCheck, "beginAnew">;
  readonly persistence: Persistence;
  readonly pulls: Pick<Pulls, "abandon">;
  readonly serving: Pick<Serving, "restart">;
  readonly recalls: Recalls;
  readonly sender: Pick<Sender, "forget">;
  readonly tidings: Pick<Tidings, "changedUntold">;
  readonly outbox: Outbox;
  /** Compares with every peer. */
  compareWithAll(now: number): void;
}

export class Recovery {
  /** How often this replica began anew since it started. */
  quarantines = 0;
  readonly #host: RecoveryHost;
  readonly #doubt: Doubt;
  readonly #vouchers: Vouchers;

  constructor(host: RecoveryHost, limits: { readonly retentionMs: number }) {
    this.#host = host;
    this.#doubt = new Doubt(host, limits);
    this.#vouchers = new Vouchers(host);
  }

  /** Registers that were put aside for an operator. */
  get salvaged(): number {
    return this.#doubt.salvaged;
  }

  tick(now: number): void {
    if (this.#vouchers.isBroken(now)) this.#doubtAgain(now);
    const { unsettled } = this.#host.agenda;
    for (const shard of [...unsettled].sort((a, b) => a.id - b.id)) {
      this.reconcile(shard, now);
      if (shard.isSettled) unsettled.delete(shard);
    }
  }

  /**
   * Begins a new life that claims nothing: what is held waits, unserved, until what the peers have is here too
   * (`reconcile`). Where dots of the life so far may belong to other writes as well, what was written under it keeps its
   * stamps and gets new dots; unless it is so old that it may have been deleted meanwhile.
   */
  quarantine(cause: Quarantine, now: number): void {
    const { shards, lives, persistence, pulls } = this.#host;
    this.quarantines++;
    const toRedot = new Map(shards.all.map((shard) => [shard, this.#doubt.ownWritesToRedot(shard, cause)]));
    lives.beginAnew(cause.knownLife);
    this.#host.outbox.log("error", "quarantine", { reason: cause.reason, life: lives.present });
    this.#forgetTold();
    this.#doubt.beginAll();
    this.#vouchers.begin(now);
    for (const shard of shards) {
      pulls.abandon(shard.id);
      if (this.#host.isEphemeral) shard.values.discard();
      this.#doubt.begin(shard, toRedot.get(shard) ?? [], now);
      persistence.distrusted(shard);
    }
    persistence.putAllInOneBatch();
    this.#host.membership.beginLife();
    // It speaks of what is doubted now.
    this.#host.sender.forget();
    lives.tell();
    this.#host.compareWithAll(now);
  }

  /** What others told, and were told, of what was held does not count any more. */
  #forgetTold(): void {
    const { members, reports, coverage, readiness, tidings, serving } = this.#host;
    members.forgive();
    reports.clear();
    coverage.confirmations.clear();
    readiness.beginAnew();
    tidings.changedUntold();
    serving.restart();
  }

  /**
   * Claims nothing any more of what everybody keeps, and goes on serving it: all has to be fetched once more. Shards that
   * move are left to those who hand them over: what they let go of is by what others claim.
   */
  #doubtAgain(now: number): void {
    const { outbox, shards, ownership, pulls, persistence } = this.#host;
    outbox.log("warn", "data-doubted", { reason: "a member began anew on whose word this replica holds it" });
    for (const shard of shards) {
      if (!ownership.isEverywhere(spaceOf(shard.id))) continue;
      pulls.abandon(shard.id);
      shard.quarantine.distrust({ serve: !shard.quarantined, isWhole: true });
      persistence.distrusted(shard);
    }
    persistence.putAllInOneBatch();
    this.#host.compareWithAll(now);
  }

  /** The disk has lost what the shard claims: it claims nothing any more, and peers bring it back. */
  lost(shard: Shard, slot: number, now: number): void {
    this.#host.outbox.log("error", "data-damaged", { shards: 1, entries: 1, registers: shard.table.count });
    shard.discard(slot);
    shard.quarantine.distrust({ serve: !shard.quarantined });
    this.#host.pulls.abandon(shard.id);
    this.#host.persistence.distrusted(shard);
    this.#host.tidings.changedUntold(shard);
    this.#host.compareWithAll(now);
  }

  /** Ends the doubt about a shard, if that can be. */
  reconcile(shard: Shard, now: number): void {
    if (shard.unconfirmed === 0 && !shard.quarantined) return;
    if (this.#recallsWhatIsInDoubt(shard)) return;
    const outcome = this.#doubt.reconcile(shard, now);
    if (outcome === "waits") return;
    this.#host.tidings.changedUntold(shard);
    this.#host.outbox.log("info", "shard-reconciled", { shard: shard.id, registers: shard.table.count, outcome });
    if (outcome === "done") return;
    // What is under way was asked for by somebody who held more.
    this.#host.pulls.abandon(shard.id);
    this.#host.persistence.distrusted(shard);
    this.#host.compareWithAll(now);
  }

  /**
   * True where values of it are away: they are taken back first. What is with nobody is dropped: nothing is claimed of it, and
   * it would stay in doubt for ever, as nobody sends it again.
   */
  #recallsWhatIsInDoubt(shard: Shard): boolean {
    const { recalls } = this.#host;
    if (shard.accounts.away === 0) return false;
    if (recalls.waiting > 0) return true;
    const slots = shard.values.unconfirmed(RECALLS_AT_ONCE);
    for (const slot of slots) {
      recalls.want(shard, slot, (recalled) => {
        const isGone = recalled === "gone" && shard.values.mayBeLent(slot) && shard.isAway(slot);
        if (isGone && shard.isUnconfirmed(slot)) shard.discard(slot);
      });
    }
    return slots.length > 0;
  }
}
