/** What each write's replica had seen of its key when it took it: two writes that had not seen each other are in conflict. */

import type { Key } from "../../src/base/ids.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import type { Replica } from "../../src/replica/replica.ts";
import { compareStamps, type Stamp, stampOfVersion } from "../checkers/stamp.ts";
import { type Acknowledged, acknowledgedParts, type History, type HistoryEntry } from "../workload/history.ts";
import { partsOf } from "../workload/operation.ts";
import { stampAt } from "./contents.ts";
import type { Conflict } from "./timeline.ts";

export class Sightings {
  /** By operation: for each of its keys the stamp of what was there. */
  readonly #seen = new Map<number, readonly (Stamp | undefined)[]>();
  /** By key: the greatest write that was answered so far. */
  readonly #answered = new Map<Key, Acknowledged>();

  /** A replica is about to carry an operation out. */
  invoked({ operation }: HistoryEntry, replica: Replica): void {
    if (operation.type === "get") return;
    this.#seen.set(
      operation.id,
      partsOf(operation).map(({ key }) => this.#stampSeen(replica, key)),
    );
  }

  answered(entry: HistoryEntry): void {
    for (const acknowledged of acknowledgedParts([entry])) {
      const { key } = acknowledged.part;
      const greatest = this.#answered.get(key);
      if (greatest === undefined || compareStamps(stampOf(acknowledged), stampOf(greatest)) > 0) {
        this.#answered.set(key, acknowledged);
      }
    }
  }

  /**
   * Each acknowledged write that the next greater one of its key had not seen. Only the next counts: who overwrites what
   * he has seen takes the place of all that it had replaced.
   */
  conflicts(history: History): Conflict[] {
    const byKey = new Map<Key, Acknowledged[]>();
    for (const acknowledged of acknowledgedParts(history)) {
      const { key } = acknowledged.part;
      const writes = byKey.get(key);
      if (writes === undefined) byKey.set(key, [acknowledged]);
      else writes.push(acknowledged);
    }
    return [...byKey].flatMap(([key, writes]) => this.#conflictsOf(key, writes));
  }

  #conflictsOf(key: Key, writes: readonly Acknowledged[]): Conflict[] {
    const sorted = [...writes].sort((a, b) => compareStamps(stampOf(a), stampOf(b)));
    return sorted.slice(1).flatMap((winner, i) => {
      const loser = sorted[i] as Acknowledged;
      const seen = this.#seen.get(winner.entry.operation.id)?.[winner.index];
      if (seen !== undefined && compareStamps(seen, stampOf(loser)) >= 0) return [];
      return [{ key, loser: loser.entry.operation.id, winner: winner.entry.operation.id }];
    });
  }

  #stampSeen(replica: Replica, key: Key): Stamp | undefined {
    const shard = replica.shardOfKey(key);
    const slot = shard.find(KIND_PLAIN, key);
    if (slot !== 0) return stampAt(shard.table.viewOf(slot), shard.table.offsetOf(slot));
    // A tombstone that was purged has been seen all the same: its dot is covered.
    const greatest = this.#answered.get(key);
    if (greatest === undefined) return undefined;
    const { origin, sequence } = greatest.part.dot;
    return shard.vector.covers(origin, sequence) ? stampOf(greatest) : undefined;
  }
}

function stampOf({ part }: Acknowledged): Stamp {
  return stampOfVersion(part.version, part.isDelete);
}
