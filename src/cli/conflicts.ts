/** `atoll conflicts [PREFIX]`: the latest writes that lost to a concurrent one, as one replica knows them. */

import Table from "cli-table3";
import type { Command } from "commander";
import { encodePercent, keyToText } from "../client/percent.ts";
import type { ConflictPage, ConflictReceipt, WriteFacts } from "../store.ts";
import { type ClientOptions, clientCommand, createClient, parseCount, parsePrefix } from "./client-options.ts";
import { print, printable } from "./terminal.ts";

interface ConflictsOptions extends ClientOptions {
  readonly encoded?: boolean;
  readonly limit?: string;
  readonly json?: boolean;
}

const SHOWN = 20;
const SHOWN_MAX = 10_000;

export function conflictsCommand(): Command {
  return clientCommand("conflicts")
    .description("show the latest writes that lost to a concurrent one, as this replica knows them")
    .argument("[PREFIX]")
    .option("--limit <N>", `at most so many (default: ${SHOWN})`)
    .option("--json", "everything, as JSON; keys percent-encoded")
    .option("--encoded", "PREFIX and the keys shown are percent-encoded bytes")
    .action(conflicts);
}

async function conflicts(text: string | undefined, options: ConflictsOptions): Promise<void> {
  const prefix = parsePrefix(text, options.encoded);
  const limit = parseCount(options.limit, "--limit", SHOWN_MAX) ?? SHOWN;
  const client = await createClient(options);
  const page = await client.conflicts(prefix, limit);
  if (options.json === true) {
    const encoded = page.conflicts.map((receipt) => ({ ...receipt, key: encodePercent(receipt.key) }));
    await print(JSON.stringify({ ...page, conflicts: encoded }, null, 2));
  } else await print(formatConflicts(page, options.encoded === true ? encodePercent : keyToText));
}

export function formatConflicts(
  { conflicts, counts }: ConflictPage,
  show: (key: ConflictReceipt["key"]) => string,
): string {
  const lines: string[] = [];
  if (conflicts.length > 0) {
    const table = new Table({
      head: ["key", "lost", "by", "written", "to a", "by", "written", "noted"],
      style: { head: [], border: [], compact: true },
    });
    for (const { key, loser, winner, notedAt } of conflicts) {
      table.push([printable(show(key)), ...writeCells(loser), ...writeCells(winner), timeOf(notedAt)]);
    }
    lines.push(table.toString());
  }
  if (counts !== undefined) {
    const all = counts.here + counts.elsewhere;
    lines.push(
      `${all} since this replica started: ${counts.here} lost here, ${counts.elsewhere} elsewhere to one that won here`,
    );
  } else if (conflicts.length === 0) lines.push("none under this prefix");
  return lines.join("\n");
}

function writeCells({ type, replica, stampedAt }: WriteFacts): readonly string[] {
  return [type, printable(replica ?? "-"), timeOf(stampedAt)];
}

function timeOf(unixMs: number): string {
  const date = new Date(unixMs);
  return Number.isNaN(date.getTime()) ? "-" : date.toISOString();
}
