/** The text of `INFO`, of the facts that clients read there, section by section. */

import { totalmem } from "node:os";
import type { ServerFacts } from "../../command-store.ts";
import { REDIS_VERSION } from "./redis-version.ts";

export interface InfoFacts {
  readonly server: ServerFacts;
  readonly version: string;
  readonly port: number;
  readonly clients: ClientFacts;
  /** Commands since it was started, and a second of late. */
  readonly carriedOut: number;
  readonly perSecond: number;
  /** Of the process. */
  readonly rssBytes: number;
  /** Of what is added to the door. */
  readonly stats: Readonly<Record<string, number>>;
}

export interface ClientFacts {
  readonly now: number;
  readonly max: number;
  /** Those that wait for something to come. */
  readonly blocked: number;
  /** Connections since it was started, and those that were refused. */
  readonly ever: number;
  readonly refused: number;
}

type Lines = readonly (readonly [string, string | number])[];

const UNITS = "KMGTP";
const SECONDS_PER_DAY = 86_400;
const ALL = new Set(["all", "default", "everything"]);

export function infoText(wanted: readonly string[], facts: InfoFacts): string {
  const isAll = wanted.length === 0 || wanted.some((name) => ALL.has(name));
  return Object.entries(sections)
    .filter(([name]) => isAll || wanted.includes(name.toLowerCase()))
    .map(([name, lines]) => [`# ${name}`, ...lines(facts).map(([key, value]) => `${key}:${value}`), ""].join("\r\n"))
    .join("\r\n");
}

const sections: Readonly<Record<string, (facts: InfoFacts) => Lines>> = {
  Server: ({ server, version, port }) => {
    const uptime = Math.max(0, Math.floor((server.now - server.startedAt) / 1000));
    return [
      ["redis_version", REDIS_VERSION],
      ["redis_mode", "standalone"],
      ["atoll_version", version],
      ["atoll_replica", server.replica],
      ["atoll_region", server.region],
      ["os", `${process.platform} ${process.arch}`],
      ["arch_bits", 64],
      ["process_id", process.pid],
      ["run_id", server.replica],
      ["tcp_port", port],
      ["server_time_usec", Math.floor(server.now * 1000)],
      ["uptime_in_seconds", uptime],
      ["uptime_in_days", Math.floor(uptime / SECONDS_PER_DAY)],
    ];
  },
  Clients: ({ clients }) => [
    ["connected_clients", clients.now],
    ["maxclients", clients.max],
    ["blocked_clients", clients.blocked],
  ],
  Memory: ({ server, rssBytes }) => {
    const max = Number.isFinite(server.memoryBytesMax) ? Math.round(server.memoryBytesMax) : 0;
    const used = Math.round(server.usedBytes);
    return [
      ["used_memory", used],
      ["used_memory_human", humanBytes(used)],
      ["used_memory_rss", rssBytes],
      ["used_memory_rss_human", humanBytes(rssBytes)],
      ["total_system_memory", totalmem()],
      ["total_system_memory_human", humanBytes(totalmem())],
      ["maxmemory", max],
      ["maxmemory_human", humanBytes(max)],
      ["maxmemory_policy", memoryPolicyOf(server)],
      ["mem_fragmentation_ratio", (used === 0 ? 0 : rssBytes / used).toFixed(2)],
      ["mem_fragmentation_bytes", rssBytes - used],
    ];
  },
  Persistence: ({ server }) => [
    ["loading", 0],
    ["async_loading", 0],
    ["rdb_bgsave_in_progress", 0],
    ["aof_enabled", server.isPersistent ? 1 : 0],
    ["aof_rewrite_in_progress", 0],
    ["aof_rewrite_scheduled", 0],
    ["aof_last_write_status", server.isDiskFull ? "err" : "ok"],
  ],
  Stats: ({ server, clients, carriedOut, perSecond, stats }) => [
    ["total_connections_received", clients.ever],
    ["total_commands_processed", carriedOut],
    ["instantaneous_ops_per_sec", perSecond],
    ["rejected_connections", clients.refused],
    ["expired_keys", server.expired],
    ["evicted_keys", server.evicted],
    ["keyspace_hits", server.lookups.hits],
    ["keyspace_misses", server.lookups.misses],
    ...Object.entries(stats),
  ],
  Replication: ({ server }) => [
    ["role", "master"],
    ["connected_slaves", 0],
    ["atoll_peers", server.peers],
  ],
  CPU: () => {
    const { user, system } = process.cpuUsage();
    return [
      ["used_cpu_sys", (system / 1e6).toFixed(6)],
      ["used_cpu_user", (user / 1e6).toFixed(6)],
    ];
  },
  Modules: () => [],
  Cluster: () => [["cluster_enabled", 0]],
  Keyspace: ({ server }) =>
    server.keyspaces.flatMap(({ name, keys, expiring }) => {
      const number = name === "default" ? "0" : name;
      return keys > 0 && /^\d+$/.test(number)
        ? [[`db${number}`, `keys=${keys},expires=${expiring},avg_ttl=0`] as const]
        : [];
    }),
};

/** As Redis writes it. */
function humanBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes}B`;
  let [left, unit] = [bytes / 1024, 0];
  for (; left >= 1024 && unit < UNITS.length - 1; unit++) left /= 1024;
  return `${left.toFixed(2)}${UNITS[unit]}`;
}

/** Of values that are on disk none goes for good as long as the disk has room. */
export function memoryPolicyOf({ isPersistent }: ServerFacts): string {
  return isPersistent ? "noeviction" : "allkeys-lru";
}
