/** What a client has seen, or written itself, has to be where its commands are carried out. */

import type { CommandClient } from "../../command-store.ts";
import type { Shard } from "../../core/shard/shard.ts";
import type { Seen } from "../../replica/circumstances.ts";

/** For so long what a client has written itself is waited for, ms; then what is there has to do, as after a failover. */
const OWN_WRITES_MS = 250;

/** Of these shards, by its session, or as far as it is known which writes were its own. */
export function seenBy({ lastWrite, written, session }: CommandClient, shards: readonly Shard[]): Seen | undefined {
  if (session !== undefined) {
    const dots = session.dots.filter(({ shard }) => shards.some(({ id }) => id === shard));
    return dots.length === 0 ? undefined : { dots, waitMs: session.waitMs, isRequired: true };
  }
  const last = lastWrite === undefined ? [] : [lastWrite];
  const known = written === undefined || written === "all" ? last : written;
  const dots = known.filter(({ shard }) => shards.some(({ id }) => id === shard));
  return dots.length === 0 ? undefined : { dots, waitMs: OWN_WRITES_MS };
}
