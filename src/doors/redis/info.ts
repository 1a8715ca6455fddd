/** The text of `INFO`, of the facts that clients read there, section by section. */

import type { ServerFacts } from "../../command-store.ts";
import { REDIS_VERSION } from "./redis-version.ts";

export interface InfoFacts {
  readonly server: ServerFacts;
  readonly version: string;
  readonly port: number;
  readonly clients: number;
  /** Connections since it was started. */
  readonly connected: number;
  readonly carriedOut: number;
}

type Lines = readonly (readonly [string, string | number])[];

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
    ["connected_clients", clients],
    ["blocked_clients", 0],
  ],
  Memory: ({ server }) => [
    ["used_memory", Math.round(server.usedBytes)],
    ["maxmemory", Number.isFinite(server.memoryBytesMax) ? Math.round(server.memoryBytesMax) : 0],
    ["maxmemory_policy", memoryPolicyOf(server)],
  ],
  Persistence: ({ server }) => [
    ["loading", 0],
    ["async_loading", 0],
    ["rdb_bgsave_in_progress", 0],
    ["aof_enabled", server.isPersistent ? 1 : 0],
  ],
  Stats: ({ connected, carriedOut }) => [
    ["total_connections_received", connected],
    ["total_commands_processed", carriedOut],
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

/** Of values that are on disk none goes for good as long as the disk has room. */
export function memoryPolicyOf({ isPersistent }: ServerFacts): string {
  return isPersistent ? "noeviction" : "allkeys-lru";
}
