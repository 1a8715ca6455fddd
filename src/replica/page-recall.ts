/** A page of records that could not be begun: the values of its first registers are on disk only. */

import type { Shard } from "../core/shard.ts";
import type { KeyspaceHost } from "./local-keyspace.ts";

export interface PageAway {
  readonly type: "away";
  readonly shard: Shard;
  readonly slots: readonly number[];
}

export function isPageAway(page: { readonly type: string }): page is PageAway {
  return page.type === "away";
}

/** Resolves once it is time to try again, also where the disk could not be read. */
export function recallPage(host: Pick<KeyspaceHost, "replica" | "step">, { shard, slots }: PageAway): Promise<void> {
  const replica = host.replica();
  return new Promise((resolve) => {
    host.step(() => replica.recall(shard, slots, () => replica.outbox.answers.push(resolve)));
  });
}
