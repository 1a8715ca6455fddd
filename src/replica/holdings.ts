/** What a replica holds beside its registers, and for whom: everything that has a bound, or goes down to nothing at rest. */

import { WINDOW_BYTES_MAX } from "../cluster/pull-window.ts";
import { CHUNK_BYTES, SERVED_SESSIONS_MAX } from "../cluster/serving.ts";
import { PROBES_MAX } from "../cluster/swim/failure-detector.ts";
import { VOTES_MAX } from "../cluster/votes.ts";
import { recordBytesMax } from "../core/containers/record-check.ts";
import { CHANGES_BYTES_MAX, CHANGES_MAX } from "./changes.ts";
import { RECEIPTS_BYTES_MAX, RECEIPTS_MAX } from "./conflicts.ts";
import { OFFERS_MAX } from "./ghosts.ts";
import { SUSPECTS_MAX } from "./orphans.ts";
import type { Replica } from "./replica.ts";

export interface Holding {
  /** As a metric is named. */
  readonly name: string;
  readonly help: string;
  readonly value: number;
  /** Infinity: as many as there are clients that wait, or registers. */
  readonly max: number;
  /** Left when nothing is under way. */
  readonly isNoneAtRest: boolean;
}

export function holdingsOf(replica: Replica): Holding[] {
  const { acks, conflicts, quorumReads, audit, pulls, replication, shards } = replica;
  const changes = [...replica.audience.changes];
  const kept = changes.reduce((sum, each) => sum + each.kept, 0);
  const keptBytes = changes.reduce((sum, each) => sum + each.keptBytes, 0);
  const { swim } = replica.membership;
  const peers = replica.linked();
  const links = [...replica.links()];
  const unconfirmed = shards.all.reduce((sum, shard) => sum + shard.unconfirmed, 0);
  const queued = links.reduce((sum, peer) => sum + replica.queuedBytes(peer), 0);
  const dirty = replica.isEphemeral ? 0 : shards.all.filter((shard) => shard.unsaved.isAny).length;
  const serving = replica.serving.sessions;
  return [
    holding("changes_kept", "Changes kept for watchers that come back.", kept, CHANGES_MAX * changes.length, false),
    holding("changes_kept_bytes", "Bytes of those changes.", keptBytes, CHANGES_BYTES_MAX * changes.length, false),
    holding(
      "conflicts_kept",
      "Receipts of writes that lost to concurrent ones.",
      conflicts.kept,
      RECEIPTS_MAX * conflicts.keyspaces,
      false,
    ),
    holding(
      "conflicts_kept_bytes",
      "Bytes of those receipts.",
      conflicts.keptBytes,
      RECEIPTS_BYTES_MAX * conflicts.keyspaces,
      false,
    ),
    holding(
      "tags_invalidated",
      "Tags whose invalidation is remembered, as values older than it may still come.",
      replica.invalidations.size,
      // So many are taken here; others may come from another side of a cut.
      Infinity,
      false,
    ),
    holding("key_waits", "Clients that wait for something to come under a key.", replica.keyWaits.waiting),
    holding("ack_waits", "Writes that wait for others, or for the disk.", acks.waiting),
    holding("disk_waits", "Removals of members that wait for the disk.", replica.diskWaits.waiting),
    holding("values_awaited", "Values that are being read from disk, or fetched from peers.", replica.recalls.waiting),
    holding("values_offered", "Values that peers are asked whether they have them.", replica.ghosts.offers, OFFERS_MAX),
    holding(
      "orphans_suspected",
      "Registers whose values nobody seems to have.",
      replica.orphans.suspects,
      SUSPECTS_MAX,
      false,
    ),
    holding("quorum_reads_waiting", "Reads that wait for a majority.", quorumReads.waiting),
    holding("votes_open", "Votes on registers that an audit found with some only.", audit.votes.open, VOTES_MAX),
    holding("deltas_served", "Deltas being sent to peers.", serving, SERVED_SESSIONS_MAX * peers.length),
    holding(
      "pull_window_bytes",
      "The largest that peers may have on its way here.",
      pulls.windowBytes,
      WINDOW_BYTES_MAX,
      false,
    ),
    holding(
      "delta_bytes_overdrawn",
      "Bytes of deltas sent beyond what peers gave credit for.",
      replica.serving.overdrawnBytes,
      Math.max(CHUNK_BYTES, recordBytesMax(replica.limits)) * links.length,
      false,
    ),
    holding(
      "push_pending_bytes",
      "Bytes of writes that are about to be pushed.",
      replication.pendingBytes,
      replication.pushBytesMax * Math.max(1, replication.buffers),
    ),
    holding(
      "push_longest_bytes",
      "Bytes of the longest push so far.",
      replication.longest,
      replication.pushBytesMax,
      false,
    ),
    holding(
      "confirms_owed",
      "Confirmations that wait for a gap to be filled.",
      replication.owed,
      shards.all.length * peers.length,
    ),
    holding("registers_unconfirmed", "Registers that wait for a peer to confirm them.", unconfirmed),
    holding("link_queue_bytes", "Bytes that wait for links.", queued, replica.queueBytesMax * links.length),
    holding(
      "probes_under_way",
      "Probes of members, for itself and for others.",
      swim.detector.underWay,
      PROBES_MAX,
      false,
    ),
    holding(
      "rumours_waiting",
      "Members of which there is news to send.",
      swim.news,
      replica.members.all().length,
      false,
    ),
    holding("shards_dirty", "Shards of which the disk lacks something.", dirty, shards.all.length),
  ];
}

function holding(name: string, help: string, value: number, max = Infinity, isNoneAtRest = true): Holding {
  return { name, help, value, max, isNoneAtRest };
}
