/** A page of records that could not be begun: the values of its first registers are not in memory. */

import { AtollError } from "../base/errors.ts";
import type { Shard } from "../core/shard/shard.ts";
import { isVersionIn, type VersionFacts, versionFactsIn } from "../wire/version-facts.ts";
import type { KeyspaceHost } from "./local-keyspace.ts";

export interface PageAway {
  readonly type: "away";
  readonly shard: Shard;
  readonly slots: readonly number[];
}

export interface PageRecalled {
  /**
   * Slots whose values nobody has, or who has them has been away for long: a read is told that there is none. For whoever looks
   * at once: later there may be something else in them.
   */
  readonly absent: ReadonlySet<number>;
  /** Why one of them could not be had at the moment; it may be wanted again. */
  readonly error: AtollError | undefined;
}

const NOTHING: ReadonlySet<number> = new Set();
/** What could not be had at once is not asked for again at once. */
const RETRY_MS = 100;

export function isPageAway(page: { readonly type: string }): page is PageAway {
  return page.type === "away";
}

/** Resolves once it is time to look again, also where values could not be had. */
export async function recallPage(
  host: Pick<KeyspaceHost, "replica" | "step" | "pause">,
  { shard, slots }: PageAway,
): Promise<PageRecalled> {
  const { recalls, outbox } = host.replica();
  const versions = new Map<number, VersionFacts>();
  let error: AtollError | undefined;
  let left = slots.length;
  await new Promise<void>((resolve) => {
    host.step(() => {
      for (const slot of slots) {
        recalls.want(shard, slot, (recalled) => {
          if (recalled instanceof AtollError) error = recalled;
          else if (recalled === "gone") versions.set(slot, versionFactsIn(shard, slot));
          if (--left === 0) outbox.answers.push(resolve);
        });
      }
    });
  });
  // Meanwhile others were waited for.
  const isStill = ([slot, version]: [number, VersionFacts]) => isAwayAs(shard, slot, version);
  const absent = new Set([...versions].filter(isStill).map(([slot]) => slot));
  if (error === undefined) return { absent, error };
  await host.pause(RETRY_MS);
  return { absent: NOTHING, error };
}

function isAwayAs(shard: Shard, slot: number, version: VersionFacts): boolean {
  const { table } = shard;
  if (!table.isHeld(slot) || table.isSentinel(slot) || !shard.isAway(slot)) return false;
  return isVersionIn(shard, slot, version);
}
