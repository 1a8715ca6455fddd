/** Backups of what a test says, restored into a list. */

import type {
  Backup,
  BackupPart,
  BackupStore,
  Restore,
  RestoreCounts,
  RestoreOptions,
} from "../../src/backup-store.ts";
import { AtollError } from "../../src/base/errors.ts";
import type { ReplicaId } from "../../src/base/ids.ts";
import { partOf, recordOf } from "./archives.ts";

export class FakeBackups implements BackupStore {
  parts: BackupPart[] = [partOf({ keyspace: "default", records: [recordOf("a", "v"), recordOf("b", "w")] })];
  /** Thrown behind the last part. */
  failure: Error | undefined;
  /** Values that are left out. */
  absent = 0;
  readonly restored: { readonly keyspace: string; readonly records: Uint8Array; readonly options: RestoreOptions }[] =
    [];
  /** Thrown by the restore of a part, once. */
  failNext: Error | undefined;
  stamps = 0;

  async backup(keyspaces?: readonly string[]): Promise<Backup> {
    const unknown = keyspaces?.find((name) => name !== "default");
    if (unknown !== undefined) throw new AtollError("UNKNOWN_KEYSPACE", `there is no keyspace ${unknown}`);
    const settings = { replication: "all" } as const;
    const facts = { cluster: "atoll", replica: "replica-a" as ReplicaId, shards: 4, births: this.births() };
    return {
      facts: { ...facts, keyspaces: [{ name: "default", settings }] },
      parts: this.#parts(),
      absent: this.absent,
    };
  }

  async *#parts(): AsyncGenerator<BackupPart> {
    yield* this.parts;
    if (this.failure !== undefined) throw this.failure;
  }

  births(): readonly string[] {
    return ["1.1.1"];
  }

  stampRestore(): number {
    return ++this.stamps;
  }

  restore(options: RestoreOptions): Restore {
    return {
      apply: async (keyspace: string, records: Uint8Array): Promise<RestoreCounts> => {
        const failure = this.failNext;
        this.failNext = undefined;
        if (failure !== undefined) throw failure;
        this.restored.push({ keyspace, records, options });
        return { restored: 1, kept: 0, forgotten: 0, expired: 0 };
      },
    };
  }
}
