/** What replicas of the model send each other. */

import type { Facts } from "./facts.ts";
import type { Early, Register } from "./shard.ts";
import type { Vector } from "./vector.ts";

/** What a member last said of itself; others pass it on. */
export interface Report {
  readonly of: number;
  readonly life: number;
  /** Grows within a life. */
  readonly turn: number;
  readonly digest: string;
  readonly lives: string;
  /** Every later stamp of its is greater. */
  readonly clock: number;
  /** Of its disk. */
  readonly ready: boolean;
  readonly durable: Vector;
  /** In memory or on disk. */
  readonly mayBeReady: boolean;
  readonly holds: boolean;
  readonly vector: Vector;
  readonly early: ReadonlyMap<number, Early>;
}

export type Message =
  | { readonly type: "report"; readonly facts: Facts; readonly reports: readonly Report[] }
  | { readonly type: "push"; readonly facts: Facts; readonly register: Register }
  | { readonly type: "pull"; readonly facts: Facts | undefined; readonly session: number; readonly vector: Vector }
  | {
      readonly type: "chunk";
      readonly facts: Facts;
      readonly session: number;
      readonly at: number;
      readonly register: Register;
    }
  | {
      readonly type: "claim";
      readonly facts: Facts;
      readonly session: number;
      readonly at: number;
      readonly vector: Vector;
      readonly marks: readonly number[];
      readonly ready: boolean;
    };

export interface Envelope {
  readonly from: number;
  /** The sender's life, and the life since which it has held what it holds. */
  readonly life: number;
  readonly to: number;
  readonly message: Message;
}
