/** What a store offers for backups: copies of whole keyspaces that go out and come back. */

import type { ReplicaId } from "./base/ids.ts";
import type { KeyspaceSettings } from "./store.ts";

/** What a backup is of, and what a later restore has to know of where it was made. */
export interface BackupFacts {
  readonly cluster: string;
  readonly replica: ReplicaId;
  readonly shards: number;
  /** Names the lives of the members that are known, each drawn at random when it began. */
  readonly births: readonly string[];
  /** Without settings: one that has to be there already. */
  readonly keyspaces: readonly { readonly name: string; readonly settings?: KeyspaceSettings }[];
}

/** Some registers of a keyspace, those of one key one behind the other. */
export interface BackupPart {
  readonly keyspace: string;
  /** Records back to back: a copy. */
  readonly records: Uint8Array;
  readonly count: number;
  /** Those of the last key go on in the next part. */
  readonly continues: boolean;
}

export interface Backup {
  readonly facts: BackupFacts;
  /** To be gone through once. Throws `OWNERS_UNREACHABLE`, `SHUTTING_DOWN`. */
  readonly parts: AsyncIterable<BackupPart>;
  /** Values left out so far, as a read would be told that there is none: whoever has them has been away for long. */
  readonly absent?: number;
}

export interface RestoreOptions {
  /** Where the backup was made. */
  readonly source: Pick<BackupFacts, "shards" | "births">;
  /** Absent: registers keep their stamps, and newer ones stay. Else all are written as of this stamp (`stampRestore`). */
  readonly stamp?: number;
}

/** Registers by what became of them. */
export interface RestoreCounts {
  readonly restored: number;
  /** Something as new is here. */
  readonly kept: number;
  /** Deleted, or replaced, since the backup, and forgotten here by now. */
  readonly forgotten: number;
  readonly expired: number;
}

/** One restore, to be told of what a backup holds in its order. */
export interface Restore {
  /**
   * Resolves once it is on the disk of whoever owns it. Told again, nothing changes. Throws `BACKUP_DAMAGED` with nothing
   * changed, `UNKNOWN_KEYSPACE`, `OWNERS_UNREACHABLE`, `MEMORY_FULL`, `DISK_FAILED`.
   */
  apply(keyspace: string, records: Uint8Array): Promise<RestoreCounts>;
}

/** Copies of whole keyspaces, whoever keeps them. */
export interface BackupStore {
  /**
   * Each register as it was at an instant between the beginning and the end, with everything that was acknowledged by any
   * replica in reach before it began; absent: all keyspaces. Throws `NOT_READY`, `UNKNOWN_KEYSPACE`, `TOO_MANY_REQUESTS`.
   */
  backup(keyspaces?: readonly string[]): Promise<Backup>;
  /** As `BackupFacts` has them: two answers that share one are of one cluster. */
  births(): readonly string[];
  /** A stamp above all that was written here so far, for `RestoreOptions`. Throws `NOT_READY`. */
  stampRestore(): number;
  /** Throws `NOT_READY`, `BAD_REQUEST` for a stamp that is still to come. */
  restore(options: RestoreOptions): Restore;
}
