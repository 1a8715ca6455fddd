/**
 * Backups of all keyspaces to a folder, one each so often, of which the latest few are kept. When the next is due follows from
 * the files that are there, so that a restart changes nothing. A failed one is tried again soon; it costs none of the others.
 */

import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeArchive } from "../archive/archive-writer.ts";
import type { BackupStore } from "../backup-store.ts";
import { AtollError, toAtollError } from "../base/errors.ts";
import type { Cancel, Clock, Log, Scheduler } from "../replica/ports.ts";
import { PARTIAL, writeWholeFile } from "../runtime/whole-file.ts";
import type { Statistic, StatisticsSource } from "../stats.ts";
import type { BackupConfig } from "./node-config.ts";

/** After a failure; also the longest that a timer runs, since the clock may jump. */
const RETRY_MS = 60_000;
/** Until what was started just now is most likely ready. */
const FIRST_MS = 1_000;

export interface BackupScheduleOptions extends BackupConfig {
  readonly store: BackupStore;
  /** What the names of the files begin with; others in the folder are left alone. */
  readonly name: () => string;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly log: Log;
}

export class BackupSchedule implements StatisticsSource {
  readonly #options: BackupScheduleOptions;
  #cancel: Cancel = () => {};
  #writing: Promise<unknown> | undefined;
  #isStopped = false;
  #stopped: () => void = () => {};
  readonly #untilStopped = new Promise<void>((resolve) => {
    this.#stopped = resolve;
  });
  #done = 0;
  #failed = 0;
  #lastAt = 0;
  #lastBytes = 0;

  constructor(options: BackupScheduleOptions) {
    this.#options = options;
  }

  start(): void {
    this.#in(FIRST_MS);
  }

  /** Gives up what is under way, whomever it waits for; what is left of it is taken away. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#stopped();
    this.#cancel();
    await this.#writing?.catch(() => {});
  }

  statistics(): readonly Statistic[] {
    const outcomes = [
      { labels: { outcome: "done" }, value: this.#done },
      { labels: { outcome: "failed" }, value: this.#failed },
    ];
    const gauge = (name: string, help: string, value: number): Statistic => ({
      ...{ name, help, type: "gauge", samples: [{ labels: {}, value }] },
    });
    return [
      { name: "backups_total", help: "Scheduled backups, by what came of them.", type: "counter", samples: outcomes },
      gauge("backup_last_time_seconds", "Unix time of the latest scheduled backup, 0: none yet.", this.#lastAt / 1000),
      gauge("backup_last_bytes", "Length of the latest scheduled backup.", this.#lastBytes),
    ];
  }

  #in(delayMs: number): void {
    if (this.#isStopped) return;
    this.#cancel = this.#options.scheduler.after(Math.min(RETRY_MS, delayMs), () => {
      void this.#look().then((nextMs) => this.#in(nextMs));
    });
  }

  /** Makes a backup if one is due; returns in how many ms to look again. */
  async #look(): Promise<number> {
    const { everyMs, log } = this.#options;
    try {
      const dueInMs = (await this.#latestAt()) + everyMs - this.#options.clock.now();
      // A file from the future: the clock was put back.
      if (dueInMs > 0 && dueInMs <= everyMs) return dueInMs;
      await this.#make();
      return everyMs;
    } catch (thrown) {
      if (this.#isStopped) return RETRY_MS;
      this.#failed++;
      const { code, message } = toAtollError(thrown);
      log("error", "backup-failed", { folder: this.#options.folder, code, reason: message });
      return Math.min(RETRY_MS, everyMs);
    }
  }

  async #make(): Promise<void> {
    const { folder, store, clock, log } = this.#options;
    const at = clock.now();
    const file = join(folder, `${this.#options.name()}-${timeInName(at)}.backup`);
    const backup = await store.backup();
    const pieces = writeArchive(backup, at);
    if (this.#isStopped) throw stopping();
    const writing = writeWholeFile(file, this.#whileRunning(pieces));
    this.#writing = writing;
    this.#lastBytes = await writing;
    this.#lastAt = at;
    this.#done++;
    const { absent = 0 } = backup;
    log("info", "backup-done", { file, bytes: this.#lastBytes, absent, tookMs: clock.now() - at });
    await this.#rotate();
  }

  /** The next piece may be long in coming where owners are looked for. */
  async *#whileRunning(pieces: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const coming = pieces.next();
        coming.catch(() => {});
        const next = await Promise.race([coming, this.#untilStopped]);
        if (next === undefined || this.#isStopped) throw stopping();
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      // Not awaited: it ends once what it waits for has come.
      pieces.return(undefined).catch(() => {});
    }
  }

  /** Unix ms of the latest there is; 0 where there is none. */
  async #latestAt(): Promise<number> {
    const latest = (await this.#files()).at(-1);
    if (latest === undefined) return 0;
    this.#lastAt = Math.max(this.#lastAt, latest.at);
    return latest.at;
  }

  /** The oldest go, and what processes left that were killed in the middle. */
  async #rotate(): Promise<void> {
    const { folder, keep } = this.#options;
    const files = await this.#files();
    const left = (await readdir(folder)).filter(
      (name) => PARTIAL.test(name) && name.startsWith(`.${this.#options.name()}-`),
    );
    for (const name of [...files.slice(0, -keep).map((file) => file.name), ...left])
      await rm(join(folder, name), { force: true });
  }

  /** From the oldest on. */
  async #files(): Promise<readonly { readonly name: string; readonly at: number }[]> {
    const { folder } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const prefix = `${this.#options.name()}-`;
    const files = (await readdir(folder)).flatMap((name) => {
      const at = name.startsWith(prefix) ? timeOf(name.slice(prefix.length)) : undefined;
      return at === undefined ? [] : [{ name, at }];
    });
    return files.sort((a, b) => a.at - b.at);
  }
}

function stopping(): AtollError {
  return new AtollError("SHUTTING_DOWN", "the replica is stopping");
}

/** `20261126T170000.123Z`: sorts by time, and is a name on every system. */
function timeInName(at: number): string {
  return new Date(at).toISOString().replaceAll(/[-:]/g, "");
}

function timeOf(rest: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d\.\d{3}Z)\.backup$/.exec(rest);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}`);
  return Number.isNaN(at) ? undefined : at;
}
