/**
 * Yjs documents against `@y/websocket-server`, side by side: one process each, clients and attackers in others, the same
 * bytes for both. What each measure means is told where it is taken.
 */

import { attackRows } from "./document-attack.ts";
import { loadRows, memoryRows } from "./document-memory.ts";
import { relayRows } from "./document-relay.ts";
import { splitRows } from "./document-split.ts";
import type { BenchmarkReport, BenchmarkRow } from "./report.ts";

const measures = [relayRows, splitRows, attackRows, loadRows, memoryRows];

export async function run(): Promise<BenchmarkReport> {
  const rows: BenchmarkRow[] = [];
  for (const measure of measures) rows.push(...(await measure()));
  return { name: "documents, against @y/websocket-server", rows };
}
