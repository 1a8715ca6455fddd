/** `atoll restore FILE`: what a backup holds, or what a quarantine put aside, into a cluster. */

import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import type { ArchiveHeader } from "../archive/description.ts";
import type { Frame } from "../archive/frame.ts";
import { emptySegment, segmentsOf } from "../archive/segments.ts";
import type { RestoreCounts } from "../backup-store.ts";
import type { HttpClient } from "../client/http-client.ts";
import type { RestoreAnswer } from "../client/requests.ts";
import { grouped, registersIn } from "./amounts.ts";
import { keyspacesAsked } from "./backup.ts";
import { type BackupFile, openBackupFile } from "./backup-file.ts";
import { type ClientOptions, clientCommand, createClient } from "./client-options.ts";
import { CommandFailure } from "./command-failure.ts";
import { systemReason } from "./private-file.ts";
import { progressBar } from "./progress-bar.ts";
import { ProgressLine } from "./progress-line.ts";
import { NONE_YET, RestoreProgress, type RestoreState } from "./restore-progress.ts";
import { print, printable, say } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";
import { untilDone } from "./wait.ts";

interface RestoreOptions extends ClientOptions {
  readonly overwrite?: boolean;
}

/** Of a part; each is on disk before the next is sent. */
const SEGMENT_BYTES = 2 * 1024 * 1024;
/** For so long a part is sent again that replicas cannot take just now. */
const RETRY_MS_MAX = 60_000;

export function restoreCommand(): Command {
  return clientCommand("restore", "keyspaces to restore, comma-separated (default: all that are in the file)")
    .description("bring back what a backup holds; interrupted, the same command goes on")
    .argument("<FILE>", "made by atoll backup, or a salvaged-ID.records of a data folder")
    .option("--overwrite", "write everything as new, over what was written before, in place of keeping what is newer")
    .action(restore);
}

async function restore(path: string, { keyspace, overwrite = false, ...options }: RestoreOptions): Promise<void> {
  const names = keyspacesAsked({ ...(keyspace !== undefined && { keyspace }) });
  const client = await createClient({ ...options, keyspace: "default" });
  const line = new ProgressLine();
  try {
    const file = await verified(path, names, line);
    const restoring = new Restoring(client, file, { path: resolve(path), overwrite, names });
    const counts = await restoring.run((text) => line.show(text));
    line.clear();
    await print(summary(counts, restoring.clusterName));
  } catch (error) {
    line.clear();
    const isSystems = error instanceof Error && "syscall" in error;
    throw isSystems ? new CommandFailure(`cannot read ${path}: ${systemReason(error)}`) : error;
  }
}

/** All of it, before anything is sent. */
async function verified(path: string, names: readonly string[] | undefined, line: ProgressLine): Promise<BackupFile> {
  const { size } = await stat(path);
  const file = await openBackupFile(resolve(path), names?.[0] ?? "default", (bytes) =>
    line.show(`checking ${progressBar(bytes / Math.max(1, size))}`),
  );
  const inFile = file.header.keyspaces.map(({ name }) => name);
  const missing = names?.find((name) => !inFile.includes(name));
  if (missing !== undefined) {
    throw new UsageError(
      `there is no keyspace ${printable(missing)} in ${path}: there is ${printable(inFile.join(", "))}`,
    );
  }
  return file;
}

function summary({ restored, kept, forgotten, expired }: RestoreCounts, cluster: string): string {
  const others = [
    [kept, "kept what is as new"],
    [forgotten, "were deleted since"],
    [expired, "have expired"],
  ] as const;
  const told = others.flatMap(([count, what]) => (count === 0 ? [] : [`${grouped(count)} ${what}`]));
  return [`restored ${registersIn(restored)} into ${printable(cluster)}`, ...told].join("; ");
}

interface Aim {
  readonly path: string;
  readonly overwrite: boolean;
  readonly names: readonly string[] | undefined;
}

class Restoring {
  readonly #client: HttpClient;
  readonly #file: BackupFile;
  readonly #aim: Aim;
  readonly #progress: RestoreProgress;
  clusterName = "";

  constructor(client: HttpClient, file: BackupFile, aim: Aim) {
    this.#client = client;
    this.#file = file;
    this.#aim = aim;
    this.#progress = new RestoreProgress(aim.path);
  }

  async run(show: (line: string) => void): Promise<RestoreCounts> {
    const header = this.#header();
    let state = await this.#begin(header);
    const all = [...this.#file.recordsByKeyspace].filter(([name]) => this.#isAsked(name));
    const records = all.reduce((sum, [, count]) => sum + count, 0);
    const chunks = this.#asked(this.#file.chunks(state.next));
    for await (const { bytes, next } of segmentsOf(header, chunks, SEGMENT_BYTES)) {
      const { overwrite, stamp } = state;
      const send = () => this.#client.restore(bytes, { overwrite, stamp });
      const answer = await untilDone(RETRY_MS_MAX, this.#client.url, send);
      state = { ...state, next, counts: sum(state.counts, answer) };
      await this.#progress.write(state);
      const done = total(state.counts);
      show(`${progressBar(done / Math.max(1, records))} ${grouped(done)} of ${grouped(records)} registers`);
    }
    await this.#progress.remove();
    return state.counts;
  }

  /** Goes on where the same restore ended before. Creates the keyspaces that are missing. */
  async #begin(header: ArchiveHeader): Promise<RestoreState> {
    const { overwrite, names = [] } = this.#aim;
    this.clusterName = (await this.#client.status()).cluster;
    const { stamp, births = [] } = await this.#client.restore(emptySegment(header), { overwrite });
    const cluster = { cluster: this.clusterName, births: [...births] };
    const aim = { file: this.#file.identity, ...cluster, overwrite, keyspaces: [...names] };
    const before = await this.#progress.read(aim);
    if (before === undefined) return { ...aim, ...(stamp !== undefined && { stamp }), next: 1, counts: NONE_YET };
    say(`atoll: goes on behind ${grouped(total(before.counts))} registers that were restored before`);
    return before;
  }

  /** Keyspaces that are not asked for are not created either. */
  #header(): ArchiveHeader {
    const { header } = this.#file;
    const keyspaces = header.keyspaces.map((each) => (this.#isAsked(each.name) ? each : { name: each.name }));
    return { ...header, keyspaces };
  }

  #isAsked(name: string): boolean {
    return this.#aim.names?.includes(name) !== false;
  }

  async *#asked(chunks: AsyncIterable<Frame>): AsyncGenerator<Frame> {
    const { keyspaces } = this.#file.header;
    for await (const chunk of chunks) if (this.#isAsked(keyspaces[chunk.keyspace]?.name ?? "")) yield chunk;
  }
}

function sum(a: RestoreCounts, b: RestoreAnswer): RestoreCounts {
  return {
    restored: a.restored + b.restored,
    kept: a.kept + b.kept,
    forgotten: a.forgotten + b.forgotten,
    expired: a.expired + b.expired,
  };
}

function total({ restored, kept, forgotten, expired }: RestoreCounts): number {
  return restored + kept + forgotten + expired;
}
