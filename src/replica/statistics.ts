/** The replica's counters and gauges, read from its parts when they are asked for. */

import type { Shard } from "../core/shard/shard.ts";
import type { Statistic } from "../stats.ts";
import { holdingsOf } from "./holdings.ts";
import type { Replica } from "./replica.ts";
import type { RequestService } from "./request-service.ts";
import type { Router } from "./router.ts";
import { memoryBytes } from "./status.ts";

export function replicaStatistics(replica: Replica): Statistic[] {
  const sum = (of: (shard: Shard) => number) => replica.shards.all.reduce((all, shard) => all + of(shard), 0);
  const early = replica.shards.all.filter((shard) => !shard.isWhole()).length;
  const { swim } = replica.membership;
  const { owned, ready, strays } = replica.movement.progress();
  return [
    gauge(
      "registers",
      "Live registers held.",
      sum((shard) => shard.standing),
    ),
    gauge(
      "tombstones",
      "Deleted or expired registers that are not purged yet.",
      sum((shard) => shard.tombstones),
    ),
    gauge("memory_bytes", "Memory of the register tables and their arena.", memoryBytes(replica)),
    gauge("arena_used_bytes", "Bytes of the arena that records take up.", replica.arena.usedBytes),
    ...valueStatistics(replica),
    ...evictionStatistics(replica),
    gauge("members", "Members known, this replica included.", replica.members.all().filter(({ left }) => !left).length),
    gauge("members_suspect", "Members that did not answer, and may still.", swim.countOf("suspect")),
    gauge("members_dead", "Members that are gone, for now or longer.", swim.countOf("dead")),
    gauge("local_health", "0: well; the greater, the more time this replica gives others.", swim.health.score),
    counter("probes_total", "Members probed.", swim.detector.probes),
    counter("probes_failed_total", "Probes that nobody answered.", swim.detector.failures),
    counter("suspicions_total", "Members that this replica found silent.", swim.suspicions),
    counter("deaths_declared_total", "Suspects that this replica declared dead.", swim.deaths),
    counter("refutations_total", "Times this replica refuted what was said of it.", swim.refutations),
    counter("rumours_refused_total", "Rumours that nobody can honestly have told.", swim.nonsense),
    gauge("shards_with_gaps", "Shards in which something is known to be missing.", early),
    gauge(
      "shards_unconfirmed",
      "Shards that wait for a peer to confirm what they hold.",
      replica.shards.all.filter((shard) => shard.unconfirmed > 0).length,
    ),
    gauge(
      "vector_entries",
      "Entries of all version vectors.",
      sum((shard) => shard.vector.size),
    ),
    gauge("pulls_outstanding", "Shards being fetched, or about to be.", replica.pulls.outstanding),
    gauge(
      "watchers",
      "Watches open.",
      [...replica.audience.changes].reduce((all, { watchers }) => all + watchers, 0),
    ),
    gauge("life", "Life number of this replica.", replica.life),
    counter("pushes_sent_total", "Push frames encoded.", replica.replication.frames),
    counter(
      "pushes_relayed_total",
      "Pushes of other regions that were passed on in this one.",
      replica.replication.relayed,
    ),
    counter("push_records_received_total", "Records received in pushes.", replica.replication.received),
    counter(
      "push_records_refused_total",
      "Pushed records of ended lives, left to deltas.",
      replica.replication.refusedDead,
    ),
    counter("delta_sessions_total", "Deltas asked for.", replica.pulls.sessions),
    counter("delta_records_received_total", "Records received in deltas.", replica.pulls.registers),
    counter("delta_bytes_received_total", "Bytes of records received in deltas.", replica.pulls.bytes),
    counter("anti_entropy_rounds_total", "Comparisons begun.", replica.antiEntropy.rounds),
    counter("anti_entropy_equal_total", "Comparisons that found nothing to do.", replica.antiEntropy.equalRounds),
    counter("audits_total", "Audits begun.", replica.audit.begun),
    counter("divergence_repaired_total", "Registers that an audit restored or forgot.", replica.audit.repaired),
    conflictStatistic(replica),
    gauge(
      "tagged_values",
      "Values held that carry tags.",
      sum((shard) => shard.accounts.tagged),
    ),
    counter(
      "stale_deleted_total",
      "Stale values that this replica deleted, of all that carried a tag.",
      replica.staleSweep.swept,
    ),
    counter("expired_total", "Registers that expired here.", replica.chores.expiry.expired),
    counter("purged_total", "Tombstones purged.", replica.chores.purged),
    counter("quarantines_total", "Times this replica was quarantined.", replica.quarantines),
    counter(
      "salvaged_total",
      "Registers too old to be merged after a quarantine, kept aside.",
      replica.recovery.salvaged,
    ),
    counter("bad_frames_total", "Frames from peers that were refused.", replica.peers.badFrames),
    counter("stamps_beyond_bound_total", "Stamps that the clock did not follow.", replica.clock.beyondBound),
    gauge(
      "clock_offset_ms",
      "By how much a majority of wall clocks is ahead of ours; 0: or none is heard.",
      replica.time.guard.offsetMs ?? 0,
    ),
    gauge(
      "clock_correction_ms",
      "What is added to the wall clock, because it is too far off.",
      replica.time.guard.correctionMs,
    ),
    gauge("placed_shards_owned", "Shards owned, of keyspaces that some members keep.", owned),
    gauge("placed_shards_ready", "Those of them that are held whole.", ready),
    gauge("placed_shards_to_hand_over", "Shards held that are not owned.", strays),
    counter("shards_taken_total", "Shards that were taken over.", replica.movement.taken),
    counter("shards_handed_over_total", "Shards that were handed over.", replica.movement.handedOver),
    gauge("disk_epoch", "Batches that the disk has taken.", replica.persistence.epoch),
    ...holdingsOf(replica).map(({ name, help, value }) => gauge(name, help, value)),
  ];
}

function valueStatistics({ shards, residency, recalls, isEphemeral, orphans, fetches }: Replica): Statistic[] {
  const lent = [
    counter("values_fetched_by_peers_total", "Values that peers without a disk were given from here.", fetches.served),
  ];
  if (residency === undefined) return lent;
  const away = shards.all.reduce((sum, shard) => sum + shard.accounts.away, 0);
  const own = isEphemeral
    ? [
        gauge("ghosts", "Registers whose values peers have, and this replica has not.", away),
        counter("values_fetched_total", "Values fetched from peers because somebody wanted them.", recalls.taken),
        counter("orphans_total", "Registers deleted because nobody had their values any more.", orphans.deleted),
      ]
    : [
        gauge("values_on_disk_only", "Values that are not in memory.", away),
        counter("values_read_total", "Values read from disk because somebody wanted them.", recalls.taken),
        counter("values_lost_total", "Values that the disk did not give back as they were written.", recalls.lost),
      ];
  return [
    gauge("memory_max_bytes", "What registers may take of memory.", residency.bytesMax),
    counter("values_let_go_total", "Values that left memory.", residency.letGone),
    ...own,
    ...lent,
  ];
}

function evictionStatistics({ eviction: { evicted, disk } }: Replica): Statistic[] {
  const evictions = counter(
    "evicted_total",
    "Values, and collections, that were removed for good, for want of room.",
    evicted,
  );
  if (disk === undefined) return [evictions];
  return [
    evictions,
    gauge("data_bytes", "What the database takes up.", disk.folderBytes),
    gauge("data_max_bytes", "What the database may take up.", disk.bytesMax),
  ];
}

/** Of keys that other replicas hold. */
export function requestStatistics({ forwarding, hedged, guestWrites }: Router, service: RequestService): Statistic[] {
  return [
    counter("requests_sent_total", "Requests to owners of keys that are not held here.", forwarding.sent),
    counter("requests_lost_total", "Those of them that nobody answered in time.", forwarding.lost),
    counter("requests_hedged_total", "Reads that were asked of a second owner, as the first was slow.", hedged),
    counter("guest_writes_total", "Writes taken here because no owner could be reached.", guestWrites),
    counter("requests_served_total", "Requests of other replicas.", service.served),
    counter("requests_passed_on_total", "Those of them that others were to carry out.", service.passedOn),
  ];
}

function conflictStatistic({ conflicts }: Replica): Statistic {
  return {
    name: "conflicts_total",
    help: "Writes that lost to a concurrent one: taken here, or taken elsewhere and lost to one that was taken here.",
    type: "counter",
    samples: conflicts.counts().flatMap(({ keyspace, here, elsewhere }) => [
      { labels: { keyspace, lost: "here" }, value: here },
      { labels: { keyspace, lost: "elsewhere" }, value: elsewhere },
    ]),
  };
}

function gauge(name: string, help: string, value: number): Statistic {
  return { name, help, type: "gauge", samples: [{ labels: {}, value }] };
}

function counter(name: string, help: string, value: number): Statistic {
  return { name, help, type: "counter", samples: [{ labels: {}, value }] };
}
