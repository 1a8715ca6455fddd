/** Backups as bodies: whole keyspaces go out as a file, and come back. */

import { type ArchiveItem, readArchive } from "../../archive/archive-reader.ts";
import { writeArchive } from "../../archive/archive-writer.ts";
import type { ArchiveHeader } from "../../archive/description.ts";
import type { BackupStore, Restore, RestoreCounts } from "../../backup-store.ts";
import { AtollError } from "../../base/errors.ts";
import { keyspaceSettingsOf } from "../keyspace-settings.ts";
import { type Answer, jsonAnswer } from "./answer.ts";
import type { Call, DoorFacts } from "./call.ts";

/** What is under way is in memory: as many at once as that is bounded for. */
const RESTORES_MAX = 4;

export async function postBackup({ query }: Call, facts: DoorFacts): Promise<Answer> {
  const names = query.get("keyspaces")?.split(",");
  const backup = await backupsOf(facts).backup(names);
  return {
    status: 200,
    headers: ["Content-Type", "application/octet-stream", "Cache-Control", "no-store"],
    stream: writeArchive(backup, Date.now()),
  };
}

/** 200 once all of it is restored, and on the disks of those who own it. */
export async function postRestore(call: Call, facts: DoorFacts): Promise<Answer> {
  const overwrite = call.query.get("overwrite") ?? "false";
  if (overwrite !== "true" && overwrite !== "false") throw new AtollError("BAD_REQUEST", "overwrite is true or false");
  const asked = call.query.get("stamp");
  if (asked !== undefined && (overwrite === "false" || !/^\d{1,16}$/.test(asked))) {
    throw new AtollError("BAD_REQUEST", "stamp is what a restore with overwrite=true was answered with");
  }
  const backups = backupsOf(facts);
  const { metrics } = facts;
  if (metrics.restores >= RESTORES_MAX) {
    throw new AtollError("TOO_MANY_REQUESTS", `there are already ${RESTORES_MAX} restores under way`);
  }
  metrics.restores++;
  try {
    const stamp = overwrite === "false" ? undefined : asked === undefined ? backups.stampRestore() : Number(asked);
    const restoring = new Restoring(backups, facts, stamp);
    for await (const item of readArchive(call.upload ?? nothing())) await restoring.take(item);
    return jsonAnswer(200, {
      ...restoring.counts,
      ...(stamp !== undefined && { stamp }),
      // Of who only begins, and wants to know which cluster this is.
      ...(restoring.chunks === 0 && { births: backups.births() }),
    });
  } finally {
    metrics.restores--;
  }
}

class Restoring {
  readonly #backups: BackupStore;
  readonly #facts: DoorFacts;
  readonly #stamp: number | undefined;
  #restore: Restore | undefined;
  chunks = 0;
  counts: RestoreCounts = { restored: 0, kept: 0, forgotten: 0, expired: 0 };

  constructor(backups: BackupStore, facts: DoorFacts, stamp: number | undefined) {
    this.#backups = backups;
    this.#facts = facts;
    this.#stamp = stamp;
  }

  /** Of a file, in its order. */
  async take(item: ArchiveItem): Promise<void> {
    if (item.type === "header") return this.#begin(item.header);
    if (item.type === "end") return;
    this.chunks++;
    const counts = await this.#restore?.apply(item.keyspace, item.records);
    if (counts === undefined) return;
    const { restored, kept, forgotten, expired } = this.counts;
    this.counts = {
      restored: restored + counts.restored,
      kept: kept + counts.kept,
      forgotten: forgotten + counts.forgotten,
      expired: expired + counts.expired,
    };
  }

  /** Keyspaces that are missing are created as they were. */
  async #begin(header: ArchiveHeader): Promise<void> {
    const { shards, births } = header;
    this.#restore = this.#backups.restore({
      source: { shards, births },
      ...(this.#stamp !== undefined && { stamp: this.#stamp }),
    });
    const { keyspaces } = this.#facts;
    const known = new Set(keyspaces?.keyspaces().map(({ name }) => name) ?? []);
    for (const { name, settings } of header.keyspaces) {
      if (known.has(name) || settings === undefined || keyspaces === undefined) continue;
      await keyspaces.defineKeyspace(name, keyspaceSettingsOf({ ...settings }));
    }
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function backupsOf({ backups }: DoorFacts): BackupStore {
  if (backups === undefined) throw new AtollError("UNKNOWN_OPERATION", "nothing is backed up here");
  return backups;
}
