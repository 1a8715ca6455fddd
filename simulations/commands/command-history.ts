/** What clients asked of collections, and what came of it: the evidence of the checker of members. */

import type { VersionVector } from "../../src/core/version-vector.ts";
import type { Dot } from "../../src/store.ts";
import type { CommandOperation } from "./command-operation.ts";

/** A member as a replica holds it. */
export interface HeldMember {
  /** Of its register: timestamp and origin. */
  readonly version: string;
  readonly timestamp: number;
  /** As text; of a set empty. */
  readonly value: string;
}

/** What a counter comes to, and what of it somebody knows: sums of powers of two, each of which one operation added. */
export type Bits = bigint;

/** By name, whatever is shown of a collection. */
export type Members = ReadonlyMap<string, HeldMember>;

export type CommandAnswer =
  | {
      readonly type: "done";
      /** Of the last register that was written; undefined: nothing was. */
      readonly dot: Dot | undefined;
      /** Of the same. */
      readonly timestamp: number | undefined;
      readonly version: string | undefined;
      /** The member that it was about: asked for, or popped. */
      readonly member: string | undefined;
      /** Of a read: name and value, as the client was told them. */
      readonly shown?: ReadonlyMap<string, string>;
    }
  /** Certainly not carried out. */
  | { readonly type: "refused"; readonly text: string };

export interface CommandEntry {
  readonly operation: CommandOperation;
  readonly node: number;
  /** Which life of the node took it; 0 when none ran. */
  readonly life: number;
  readonly invokedAt: number;
  /** What the replica's shard of the key covered just before. */
  readonly knew: VersionVector | undefined;
  /** What it showed just before. */
  readonly held: Members;
  /** Of a counter: all that it held or knew to have been added. */
  readonly added: Bits;
  /** The replica removed it for want of room, as a deletion of all that it held. */
  readonly isEviction?: boolean;
  /** The replica had no room for anything, and answered at once. */
  wasFull?: boolean;
  answeredAt: number | undefined;
  /** Undefined: never answered, so nobody knows. */
  answer: CommandAnswer | undefined;
}

export type CommandHistory = readonly CommandEntry[];

/** A counter as a replica shows it at the end; undefined: there is none. */
export interface FinalCounter {
  readonly key: string;
  readonly value: Bits | undefined;
}

/** A collection as a replica shows it at the end. */
export interface FinalCollection {
  readonly key: string;
  readonly members: Members;
}
