/**
 * What restores may have written: each value of a chunk that a replica was told, while it was at it, under a stamp that nobody
 * was told. It names whom its value names, the operation that wrote it first.
 */

import type { CopiedValue } from "../backups/backup-file.ts";
import type { RestoreStep } from "../backups/backup-history.ts";
import type { HistoryEntry } from "../workload/history.ts";
import type { Evidence } from "./evidence.ts";

export function* restoredWrites({ backups }: Evidence): Iterable<HistoryEntry> {
  for (const { restores } of backups?.all ?? []) {
    for (const { file, steps } of restores) {
      for (const step of steps) for (const value of file.chunks[step.chunk]?.values ?? []) yield entryOf(step, value);
    }
  }
}

function entryOf(step: RestoreStep, { key, author, expiresAt }: CopiedValue): HistoryEntry {
  const { node, life, at, wallMs, answeredAt } = step;
  const ttlMs = expiresAt === Infinity ? undefined : expiresAt - wallMs;
  return {
    operation: {
      ...{ id: author?.id ?? -1, at, node, type: "put", key, ack: "disk", valueBytes: 0 },
      ...(ttlMs !== undefined && { ttlMs }),
    },
    ...{ node, life, invokedAt: at, invokedWallMs: wallMs, answeredAt },
    answeredWallMs: undefined,
    answer: undefined,
  };
}
