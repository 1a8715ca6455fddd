/** Where a workload is carried out: the simulator's world, or one of real processes. */

import type { Key } from "../../src/base/ids.ts";
import type { Store, Version } from "../../src/store.ts";
import type { Trace } from "../simulator/trace.ts";

export interface Stage {
  readonly now: number;
  at(time: number, act: () => void): void;
  node(index: number): StageNode;
  readonly nodes: readonly StageNode[];
  readonly trace: Pick<Trace, "record">;
  /** To be called when a process has ended: its clients see their connections break. */
  onLifeEnd: ((node: number, life: number) => void) | undefined;
  /** Of a keyspace that some keep: of these keys those that all who keep them have, in the same version. */
  keptByAll?(keys: readonly Key[]): ReadonlyMap<Key, Version>;
  /** A replica failed in a way that only a bug explains. */
  fail(node: number, error: unknown): void;
}

export interface StageNode {
  readonly index: number;
  /** Undefined: nobody there takes operations. */
  readonly replica: Store | undefined;
  readonly life: { readonly number: number; readonly ended: boolean; readonly pausedUntil: number } | undefined;
  /** Unix ms that it goes by. */
  readonly clockTime: number;
  /** Of a keyspace that some keep: has it all there is of a key, so that it answers by itself? */
  answersAlone?(key: Key): boolean;
}

/** True when a node takes operations at this moment. */
export function isThere({ replica, life }: StageNode, now: number): boolean {
  return replica !== undefined && life !== undefined && life.pausedUntil <= now;
}
