/** Backups made by hand. */

import { writeArchive } from "../../src/archive/archive-writer.ts";
import type { BackupFacts, BackupPart } from "../../src/backup-store.ts";
import type { Key, ReplicaId } from "../../src/base/ids.ts";
import { RecordWriter } from "../../src/core/record/record.ts";

interface MadePart {
  readonly keyspace: string;
  readonly records: readonly Uint8Array[];
  readonly continues?: boolean;
}

/** A register with a value. */
export function recordOf(key: string, value: string, timestamp = 4096): Uint8Array {
  const writer = new RecordWriter();
  const bytes = new TextEncoder().encode(value);
  const fields = { flags: 0, kind: 0, key: key as Key, value: bytes, timestamp, origin: 2 ** 21 + 1, sequence: 1 };
  const length = writer.write(fields);
  return writer.bytes.slice(0, length);
}

export function partOf({ keyspace, records, continues = false }: MadePart): BackupPart {
  return { keyspace, records: joined(records), count: records.length, continues };
}

/** A whole file, of the keyspaces `default` and `other` unless told. */
export async function archiveOf(
  parts: readonly MadePart[],
  facts: Partial<BackupFacts> = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const settings = { replication: "all" } as const;
  const whole: BackupFacts = {
    ...{ cluster: "atoll", replica: "replica-a" as ReplicaId, shards: 4, births: ["1.1.1"] },
    keyspaces: [
      { name: "default", settings },
      { name: "other", settings },
    ],
    ...facts,
  };
  const coming = (async function* () {
    yield* parts.map(partOf);
  })();
  const pieces: Uint8Array[] = [];
  for await (const piece of writeArchive({ facts: whole, parts: coming }, 1_800_000_000_000)) pieces.push(piece);
  return joined(pieces);
}

export function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
