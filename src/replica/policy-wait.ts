/**
 * A keyspace that was heard of just now, and whose policy does not count here yet: who keeps its keys is not known, so that
 * nothing can be said of any of them, nor anything be written where it belongs. It counts once it is on this replica's disk, which takes
 * a moment.
 */

import { AtollError } from "../base/errors.ts";
import type { SpaceId } from "../base/ids.ts";
import type { KeyspaceHost } from "./local-keyspace.ts";

/** Between two looks, ms, and so many of them. */
const PAUSE_MS = 25;
const PAUSES_MAX = 40;

type PolicyWaitHost = Pick<KeyspaceHost, "replica" | "pause">;

/** Undefined: it counts, nobody has to wait. Rejects with `NOT_READY` where it does not within a second, and `SHUTTING_DOWN`. */
export function untilInView(host: PolicyWaitHost, space: SpaceId): Promise<void> | undefined {
  return host.replica().ownership.isInView(space) ? undefined : look(host, space);
}

async function look(host: PolicyWaitHost, space: SpaceId): Promise<void> {
  for (let pauses = 0; pauses < PAUSES_MAX; pauses++) {
    await host.pause(PAUSE_MS);
    if (host.replica().ownership.isInView(space)) return;
  }
  throw new AtollError("NOT_READY", "who keeps this keyspace is not on this replica's disk yet");
}
