/** `atoll keyspaces` lists the keyspaces; `atoll keyspaces create NAME` creates one, or changes it as a whole. */

import Table from "cli-table3";
import type { Command } from "commander";
import { formatDuration } from "../base/duration.ts";
import type { KeyspaceSettings, KeyspaceStatus, Shortfall } from "../store.ts";
import { type ClientOptions, clientCommand, createClient, parseTtl } from "./client-options.ts";
import { refuseOperands } from "./operands.ts";
import { print, printable, say } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

interface ListOptions extends ClientOptions {
  readonly json?: boolean;
}

interface CreateOptions extends ClientOptions {
  readonly replication?: string;
  readonly regions?: string;
  readonly ttl?: string;
  readonly maxTtl?: string;
  readonly memory?: string;
}

const DEFAULTS = { "--ttl": "the maximum, where there is one", "--memory": "what the others leave" } as const;

export function keyspacesCommand(): Command {
  const create = clientCommand("create")
    .description("create a keyspace, or change what one is set to, as a whole")
    .argument("<NAME>", "1 to 64 of a-z, 0-9, _ and -")
    .option("--replication <COPIES>", "all, a number such as 2, or numbers by region such as eu=1,us=2", "all")
    .option("--regions <LIST>", "regions in which copies may be (default: everywhere)")
    .option("--ttl <TIME>", `time to live of a put without one (default: ${DEFAULTS["--ttl"]})`)
    .option("--max-ttl <TIME>", "refuse a longer time to live")
    .option(
      "--memory <PERCENT>",
      `share of a replica's memory that others do not take from it, such as 25% (default: ${DEFAULTS["--memory"]})`,
    )
    .action(createKeyspace);
  return clientCommand("keyspaces")
    .description("list keyspaces, or create one")
    .option("--json", "everything, as JSON")
    .allowExcessArguments()
    .action(listKeyspaces)
    .addCommand(create);
}

async function listKeyspaces(options: ListOptions, command: Command): Promise<void> {
  refuseOperands(command);
  const keyspaces = await (await createClient(options)).keyspaces();
  await print(options.json === true ? JSON.stringify(keyspaces, null, 2) : formatKeyspaces(keyspaces));
}

async function createKeyspace(name: string, options: CreateOptions, command: Command): Promise<void> {
  const settings = parseSettings(options);
  // What stands before `create` holds for it, too.
  const client = await createClient({ ...command.parent?.opts<ClientOptions>(), ...options });
  const { existed, keyspace } = await client.defineKeyspace(name, settings);
  await print(`${existed ? "changed" : "created"} ${printable(keyspace.name)}: ${describe(keyspace)}`);
  const empty = keyspace.emptyRegions ?? [];
  if (empty.length > 0) say(`atoll: no member is in ${printable(empty.join(", "))}`);
  for (const shortfall of keyspace.underReplicated) say(`atoll: under-replicated: ${shortage(shortfall)}`);
}

/** Throws `UsageError`. */
export function parseSettings(options: CreateOptions): KeyspaceSettings {
  const defaultTtlMs = parseTtl(options.ttl);
  const maxTtlMs = parseTtl(options.maxTtl, "--max-ttl");
  return {
    replication: parseReplication(options.replication ?? "all"),
    ...(options.regions !== undefined && { regions: options.regions.split(",").map((region) => region.trim()) }),
    ...(defaultTtlMs !== undefined && { defaultTtlMs }),
    ...(maxTtlMs !== undefined && { maxTtlMs }),
    ...(options.memory !== undefined && { memoryShare: parsePercent(options.memory) }),
  };
}

function parseReplication(text: string): KeyspaceSettings["replication"] {
  if (text === "all") return text;
  if (/^\d{1,3}$/.test(text)) return Number(text);
  const pairs = text.split(",").map((pair) => /^\s*([^=]+?)\s*=\s*(\d{1,3})\s*$/.exec(pair));
  const byRegion = new Map(pairs.map((pair) => [pair?.[1], Number(pair?.[2])]));
  if (pairs.includes(null) || byRegion.size !== pairs.length) {
    throw new UsageError("--replication must be all, a number such as 2, or numbers by region such as eu=1,us=2");
  }
  return Object.fromEntries(byRegion);
}

function parsePercent(text: string): number {
  const match = /^(\d{1,3}(?:\.\d{1,2})?)%$/.exec(text);
  const hundredths = Math.round(Number(match?.[1]) * 100);
  if (hundredths >= 1 && hundredths <= 10_000) return hundredths / 10_000;
  throw new UsageError("--memory must be a share such as 25% or 12.5%, at most 100%");
}

/** What an older or newer server leaves out shows as a hyphen. */
export function formatKeyspaces(keyspaces: readonly KeyspaceStatus[]): string {
  const table = new Table({
    head: ["keyspace", "replication", "regions", "ttl", "max ttl", "memory", "under-replicated"],
    style: { head: [], border: [], compact: true },
  });
  for (const keyspace of keyspaces) {
    const { name, replication, defaultTtlMs, maxTtlMs, memoryShare, underReplicated } = keyspace;
    const cells = [
      name,
      replicationText(replication),
      regionsText(keyspace),
      duration(defaultTtlMs ?? maxTtlMs),
      duration(maxTtlMs),
      memoryShare === undefined ? "-" : percent(memoryShare),
      (underReplicated ?? []).map(shortage).join("; ") || "-",
    ];
    table.push(cells.map((cell) => printable(cell)));
  }
  return table.toString();
}

function describe({ replication, regions, defaultTtlMs, maxTtlMs, memoryShare }: KeyspaceStatus): string {
  const parts = [`replication ${replicationText(replication)}`];
  if (regions !== undefined) parts.push(`in ${regions.join(", ")}`);
  if (defaultTtlMs !== undefined) parts.push(`ttl ${duration(defaultTtlMs)}`);
  if (maxTtlMs !== undefined) parts.push(`max ttl ${duration(maxTtlMs)}`);
  if (memoryShare !== undefined) parts.push(`memory ${percent(memoryShare)}`);
  return printable(parts.join(", "));
}

/** Where copies may be; a region without a member may be a name that was mistyped. */
function regionsText({ regions, replication, emptyRegions = [] }: KeyspaceStatus): string {
  const named = regions ?? (typeof replication === "object" ? Object.keys(replication) : undefined);
  if (named === undefined) return "any";
  return named.map((region) => (emptyRegions.includes(region) ? `${region} (no member)` : region)).join(", ");
}

function replicationText(replication: KeyspaceSettings["replication"]): string {
  if (typeof replication !== "object") return String(replication);
  return Object.entries(replication)
    .map(([region, copies]) => `${region}=${copies}`)
    .join(",");
}

function shortage({ region, wanted, has }: Shortfall): string {
  return printable(`${has} of ${wanted} copies${region === undefined ? "" : ` in ${region}`}`);
}

function duration(ms: number | undefined): string {
  return ms === undefined ? "-" : formatDuration(ms);
}

function percent(share: number): string {
  return `${Math.round(share * 10_000) / 100}%`;
}
