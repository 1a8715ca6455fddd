/**
 * The lives of this replica. Each start is a new one (R4), and while it runs another begins where the present one is spent in a
 * shard, or where its dots are not to be believed. A life is told of once it is on disk (I1 of `replica.ts`).
 */

import type { OriginId, ShardId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import { withBirth } from "../cluster/lineage.ts";
import type { Members } from "../cluster/members.ts";
import type { Membership } from "../cluster/membership.ts";
import { leap, lifeOf, originOf, replicaOf } from "../core/origin.ts";
import type { Shards } from "../core/shard/shards.ts";
import type { Birth } from "../wire/message.ts";
import type { Confirmations } from "./confirmations.ts";
import type { Outbox } from "./outbox.ts";
import type { Persistence } from "./persistence.ts";
import type { ReplicaStart } from "./replica-start.ts";

export interface LivesHost {
  readonly number: number;
  readonly shards: Shards;
  readonly members: Pick<Members, "beginLife">;
  readonly membership: Pick<Membership, "announce">;
  readonly persistence: Pick<Persistence, "epoch"> & { metaDirty: boolean };
  readonly coverage: { readonly confirmations: Confirmations };
  readonly outbox: Outbox;
}

export class Lives {
  /** The number of the present one. */
  present: number;
  /** The present one is on disk: its dots may leave. */
  isDurable: boolean;
  /** The life since which what is held has been held: the first, or that of the last quarantine. */
  root: number;
  /** The latest ones, the present one included once it has begun. */
  lineage: readonly Birth[];
  /** What the disk had taken when the present one began. */
  startEpoch: number;
  /** Drawn when this process began: tells two processes apart that were given the same life. */
  readonly birth: number;
  readonly #host: LivesHost;
  readonly #isEphemeral: boolean;
  readonly #random: Random;

  constructor(host: LivesHost, start: ReplicaStart, random: Random) {
    this.#host = host;
    this.#isEphemeral = start.ephemeral;
    this.#random = random;
    this.present = start.life;
    this.isDurable = start.ephemeral;
    this.root = start.rootLife ?? 0;
    this.lineage = start.lineage;
    this.startEpoch = start.epoch;
    this.birth = Math.max(1, random.uint32());
  }

  /** Of what is written in the present one. */
  get origin(): OriginId {
    return originOf(this.#host.number, this.present);
  }

  /** The first one of this process, later than all of which there is anything here. */
  begin(): void {
    for (const shard of this.#host.shards) {
      for (const origin of [...shard.origins(), ...[...shard.vector.entries()].map(([each]) => each)]) {
        if (replicaOf(origin) === this.#host.number) this.present = Math.max(this.present, lifeOf(origin) + 1);
      }
    }
    if (this.root === 0) this.root = this.present;
    this.#note();
    for (const shard of this.#host.shards) shard.beginLife(this.origin);
  }

  /** The present one is spent in a shard: another one begins, which claims what this one claimed (R4). */
  goOn(spentIn: ShardId): void {
    const { persistence, outbox, coverage, shards } = this.#host;
    this.present += 1 + leap(this.#random, this.present);
    // What the disk has taken so far belongs to the lives before: that others know of it is no news.
    this.startEpoch = persistence.epoch;
    outbox.log("info", "life-begun", { life: this.present, shard: spentIn });
    this.#note();
    coverage.confirmations.clear();
    for (const each of shards) each.beginLife(this.origin);
    this.tell();
  }

  /** Begins one that is later than any that somebody knows of, and that holds nothing from before. It is not told of yet. */
  beginAnew(knownLife: number): void {
    const latest = Math.max(this.present, knownLife);
    this.present = latest + 1 + leap(this.#random, latest);
    this.root = this.present;
    this.#note();
  }

  /** Tells of the present one: at once where nothing is kept, else once it is on disk. */
  tell(): void {
    this.isDurable = this.#isEphemeral;
    if (this.isDurable) this.#host.membership.announce();
  }

  /** The disk has a batch of this life. True: from now on the present one is told of. */
  persisted(life: number): boolean {
    if (this.isDurable || life !== this.present) return false;
    this.isDurable = true;
    this.#host.membership.announce();
    return true;
  }

  /** The present one is what others are to hear of. */
  #note(): void {
    this.#host.members.beginLife(this.present, this.root);
    this.lineage = withBirth(this.lineage, { life: this.present, birth: this.birth });
    this.#host.persistence.metaDirty = true;
  }
}
