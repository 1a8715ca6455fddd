/** What membership needs of the replica that it is part of, and what it has it do. */

import type { ReplicaId } from "../base/ids.ts";
import type { Birth, Message } from "../wire/message.ts";

export type QuarantineReason =
  | "other lineage"
  | "stale life"
  | "repeated life"
  | "stale disk"
  | "taken for gone"
  | "closed life"
  | "away"
  | "removed"
  | "has left";

export interface Quarantine {
  readonly reason: QuarantineReason;
  /** The greatest life of this replica that anybody knows. */
  readonly knownLife: number;
  /** Of this life of ours and later ones others may have closed what they never saw, as they know another line; absent: of none. */
  readonly doubtedSince?: number;
  /** Lives of ours that another process lived as well: dots of them belong to other writes, too. Absent: none. */
  readonly twice?: readonly number[];
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
  /** Its present life may be told of: until then it speaks of nobody. */
  readonly lifeDurable: boolean;
  isLinked(id: ReplicaId): boolean;
  links(): Iterable<ReplicaId>;
  /** What is held here is held by that member, too: the two need a link. */
  isPartner(id: ReplicaId): boolean;
  send(to: ReplicaId, message: Message): void;
  log(level: "info" | "warn", event: string, fields: Readonly<Record<string, unknown>>): void;
  /** Something was learnt: the disk has to have it, and there may be somebody new to dial. */
  learnt(): void;
  /** Others are to be linked with. */
  replanned(): void;
  /** A member began a new life: what it reported before counts no more. */
  livesAnew(id: ReplicaId): void;
  /** A member was given up: nothing is asked of it any more, nor sent to it. */
  gaveUp(id: ReplicaId): void;
  quarantine(cause: Quarantine, now: number): void;
  /** Batches that the disk takes are counted on from here, unless there were more. */
  countOnFrom(epoch: number): void;
}
