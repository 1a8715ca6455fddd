/** What is told of a register that an audit put right: enough to say when it came to differ, and which write it is of. */

import { msOfTimestamp } from "../core/clock.ts";
import { expiresAt, kindAt, timestampAt } from "../core/record/record.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { Outbox } from "./outbox.ts";
import { versionAt } from "./register-view.ts";

export function logRepair(outbox: Outbox, shard: Shard, view: DataView, at: number, how: string): void {
  outbox.log("warn", "divergence-repaired", {
    shard: shard.id,
    how,
    stampedAt: msOfTimestamp(timestampAt(view, at)),
    kind: kindAt(view, at),
    version: versionAt(view, at),
    isLasting: expiresAt(view, at) === Infinity,
  });
}
