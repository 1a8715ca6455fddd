/**
 * A replica gives up its place for good, and loses nothing by that.
 *
 *  G1. It is displaced by its own word, so that its shards are placed at others. It goes on serving meanwhile.
 *  G2. It has handed over when it owns nothing and holds no strays (M2), and the disk of another member has all that it held,
 *      of what everybody keeps, when it began. Writes may still come: now is the time to shut the doors to them.
 *  G3. It may go when such a disk has all that it holds. Those who are about to go themselves do not count.
 *      Nor before those who may have ghosts of its values have the values themselves (`bequest.ts`), at either moment.
 *  G4. That it went is on its own disk before others hear of it: should it begin again on that, it begins with nothing.
 *
 * A process that ends before it has gone leaves nothing behind of its intention: the next takes its place back.
 */

import { AtollError } from "../base/errors.ts";
import type { ReplicaId, ShardId } from "../base/ids.ts";
import { spaceOf } from "../base/shard-id.ts";
import type { Keyspaces } from "../cluster/keyspaces.ts";
import { isDisplaced, isPlaced } from "../cluster/members.ts";
import type { Membership } from "../cluster/membership.ts";
import type { Movement } from "../cluster/movement.ts";
import type { Surroundings } from "../cluster/surroundings.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { VersionVector } from "../core/version-vector.ts";
import type { MemberState } from "../wire/message.ts";
import type { Bequest } from "./bequest.ts";
import { keptByNobodyElse } from "./sole-keeper.ts";

export interface DepartureHost extends Surroundings {
  readonly movement: Pick<Movement, "progress">;
  readonly keyspaces: Keyspaces;
  readonly isEphemeral: boolean;
  readonly bequest: Pick<Bequest, "left" | "tick">;
  stateOf(id: ReplicaId): MemberState;
  readonly membership: Pick<Membership, "giveUpPlace">;
  log(level: "info", event: string, fields: Readonly<Record<string, unknown>>): void;
}

export class Departure {
  readonly #host: DepartureHost;
  /** What was held when it began, of shards that everybody keeps and that no other disk was yet seen to have. */
  #wanted: Map<ShardId, VersionVector> | undefined;
  #hasHandedOver = false;

  constructor(host: DepartureHost) {
    this.#host = host;
  }

  get isUnderWay(): boolean {
    return this.#wanted !== undefined;
  }

  /** G2, from now on: what comes later does not change it. */
  get hasHandedOver(): boolean {
    return this.#hasHandedOver;
  }

  /** Others that are there and stay: those who can take over. */
  heirs(): readonly ReplicaId[] {
    const { members, isEphemeral } = this.#host;
    const heirs = members.owners().filter((member) => isPlaced(member) && this.#host.stateOf(member.id) === "alive");
    // What was on a disk is to be on a disk, where there is one.
    const lasting = isEphemeral ? heirs : heirs.filter(({ ephemeral }) => !ephemeral);
    return (lasting.length > 0 ? lasting : heirs).map(({ id }) => id);
  }

  /** Throws `LAST_MEMBER`, or `MEMBER_LAST_OWNER` where no other member may keep what is here: it would wait for ever. */
  checkMayBegin(): void {
    if (this.#wanted !== undefined) return;
    if (this.heirs().length === 0) {
      throw new AtollError("LAST_MEMBER", "no other member is there to take over what this replica holds");
    }
    const kept = keptByNobodyElse(this.#host);
    if (kept.length > 0) throw new AtollError("MEMBER_LAST_OWNER", `${soleKeeper(kept)}: let others first`);
  }

  begin(): void {
    if (this.#wanted !== undefined) return;
    const held = this.#everywhere().filter((shard) => shard.vector.size > 0);
    this.#wanted = new Map(held.map((shard) => [shard.id, shard.vector.snapshot()]));
    const { owned, strays } = this.#host.movement.progress();
    this.#host.log("info", "leaving", { shards: owned + strays + held.length });
    this.#host.membership.giveUpPlace();
  }

  /** Looks how far it is; to be called now and then. */
  tick(now: number): void {
    if (this.#wanted === undefined) return;
    this.#host.bequest.tick(now);
    if (this.#hasHandedOver) return;
    const self = this.#host.members.get(this.#host.members.self);
    if (self !== undefined && !isDisplaced(self)) this.#host.membership.giveUpPlace();
    const heirs = this.heirs();
    for (const [id, vector] of this.#wanted) if (this.#isAtSome(heirs, id, vector)) this.#wanted.delete(id);
    if (this.#toHandOver() > 0) return;
    this.#hasHandedOver = true;
    this.#host.log("info", "handed-over", {});
  }

  #toHandOver(): number {
    const { owned, strays } = this.#host.movement.progress();
    const unsettled = this.#everywhere().filter((shard) => !shard.isSettled && this.#wanted?.has(shard.id) !== true);
    return owned + strays + (this.#wanted?.size ?? 0) + unsettled.length + this.#host.bequest.left;
  }

  /** G3. */
  mayGo(): boolean {
    const heirs = this.heirs();
    const { owned, strays } = this.#host.movement.progress();
    const isLeft = (shard: Shard) => shard.isSettled && this.#isAtSome(heirs, shard.id, shard.vector);
    if (this.#host.bequest.left > 0) return false;
    return owned + strays === 0 && this.#everywhere().every(isLeft);
  }

  /** In words, for people; empty while it stays. */
  reasons(): readonly string[] {
    if (this.#wanted === undefined) return [];
    if (this.heirs().length === 0) return ["leaving: no other member is there to hand over to"];
    if (this.#hasHandedOver) return ["leaving: all is handed over"];
    const kept = keptByNobodyElse(this.#host);
    return [`leaving: ${this.#toHandOver()} shards to hand over`, ...(kept.length > 0 ? [soleKeeper(kept)] : [])];
  }

  #everywhere(): readonly Shard[] {
    const { ownership, shards } = this.#host;
    return shards.all.filter((shard) => ownership.isEverywhere(spaceOf(shard.id)));
  }

  #isAtSome(heirs: readonly ReplicaId[], shard: ShardId, vector: VersionVector): boolean {
    if (vector.size === 0) return true;
    return heirs.some((id) => this.#host.reports.of(shard, id)?.durable.dominates(vector) === true);
  }
}

function soleKeeper(keyspaces: readonly string[]): string {
  return `no other member may keep keyspace ${keyspaces.join(", ")}, as it is set to`;
}
