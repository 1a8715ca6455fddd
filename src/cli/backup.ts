/** `atoll backup FILE`: whole keyspaces, from whoever keeps them, into one file. */

import { resolve } from "node:path";
import type { Command } from "commander";
import { readArchive } from "../archive/archive-reader.ts";
import type { ArchiveEnd, ArchiveHeader } from "../archive/description.ts";
import { AtollError } from "../base/errors.ts";
import { failureReason } from "../client/failure.ts";
import type { HttpClient } from "../client/http-client.ts";
import { writeWholeFile } from "../runtime/whole-file.ts";
import { grouped, readableBytes, registersIn } from "./amounts.ts";
import { type ClientOptions, clientCommand, createClient } from "./client-options.ts";
import { CommandFailure } from "./command-failure.ts";
import { systemReason } from "./private-file.ts";
import { progressBar } from "./progress-bar.ts";
import { ProgressLine } from "./progress-line.ts";
import { listenForStop } from "./stop-request.ts";
import { print, say } from "./terminal.ts";

export function backupCommand(): Command {
  return clientCommand("backup", "keyspaces to copy, comma-separated (default: all)")
    .description("copy whole keyspaces to one file")
    .argument("<FILE>", "replaced once the backup is whole")
    .action(backup);
}

/** Names of keyspaces, one or several; absent: all. */
export function keyspacesAsked(options: ClientOptions): readonly string[] | undefined {
  return options.keyspace
    ?.split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

async function backup(file: string, { keyspace, ...options }: ClientOptions): Promise<void> {
  const names = keyspacesAsked({ ...options, ...(keyspace !== undefined && { keyspace }) });
  const client = await createClient({ ...options, keyspace: "default" });
  const checked = new CheckedBackup(await registersThere(client));
  const line = new ProgressLine();
  const stop = new AbortController();
  listenForStop({
    first: () => stop.abort(new CommandFailure("stopped: there is no backup", 130)),
    again: () => process.exit(130),
  });
  try {
    const coming = await client.backup(names, stop.signal);
    const length = await writeWholeFile(
      resolve(file),
      checked.pass(coming, (text) => line.show(text)),
    );
    line.clear();
    const { records, absent } = checked.end();
    const all = checked.header()?.keyspaces.map(({ name }) => name) ?? [];
    await print(`backed up ${registersIn(records)} of ${all.join(", ")}: ${readableBytes(length)}`);
    if (absent !== undefined) say(`atoll: ${leftOut(absent)}`);
  } catch (error) {
    line.clear();
    throw stop.signal.aborted ? stop.signal.reason : told(error, file);
  }
}

function leftOut(absent: number): string {
  const values = absent === 1 ? "1 value was" : `${grouped(absent)} values were`;
  return `${values} left out: only a replica that is away has ${absent === 1 ? "it" : "them"}`;
}

/** About how many registers will come. */
async function registersThere(client: HttpClient): Promise<number> {
  const { registers, tombstones } = await client.status();
  return Math.max(1, registers - tombstones);
}

/** What goes by, held against what a backup has to be: it is whole, or this throws. */
class CheckedBackup {
  readonly #expected: number;
  #end: ArchiveEnd | undefined;
  #header: ArchiveHeader | undefined;

  constructor(expected: number) {
    this.#expected = expected;
  }

  async *pass(bytes: AsyncIterable<Uint8Array>, show: (line: string) => void): AsyncGenerator<Uint8Array> {
    const pieces: Uint8Array[] = [];
    let [records, length] = [0, 0];
    const noted = (async function* () {
      for await (const piece of bytes) {
        pieces.push(piece);
        length += piece.length;
        yield piece;
      }
    })();
    for await (const item of readArchive(noted)) {
      yield* pieces.splice(0);
      if (item.type === "header") this.#header = item.header;
      if (item.type === "end") this.#end = item.end;
      if (item.type !== "chunk") continue;
      records += item.frame.records;
      // Others may hold more, and what is written meanwhile counts as well.
      const share = Math.min(0.99, records / this.#expected);
      show(`${progressBar(share)} ${grouped(records)} registers, ${readableBytes(length)}`);
    }
    yield* pieces.splice(0);
  }

  header(): ArchiveHeader | undefined {
    return this.#header;
  }

  end(): ArchiveEnd {
    if (this.#end === undefined) throw new Error("BUG: a backup without an end passed for whole");
    return this.#end;
  }
}

/** A connection that is cut, or a disk that takes no more, in one line. */
function told(error: unknown, file: string): unknown {
  if (error instanceof AtollError && error.code === "BACKUP_DAMAGED") {
    return new CommandFailure(`the replica did not finish the backup; its log says why (${error.message})`);
  }
  if (error instanceof TypeError) {
    return new CommandFailure(`the replica did not finish the backup: ${failureReason(error)}; its log says why`);
  }
  const isSystems = error instanceof Error && "syscall" in error;
  return isSystems ? new CommandFailure(`cannot write ${file}: ${systemReason(error)}`) : error;
}
