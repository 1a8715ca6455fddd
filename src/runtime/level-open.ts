/**
 * Opening a LevelDB folder whatever state it is in: the lock, the permissions, damage. The order matters: LevelDB
 * takes the lock before it looks at anything, and it must never be asked to create a database where files of one
 * exist, for then it deletes them (a lost CURRENT would cost every table).
 *
 * LevelDB leaves out what it cannot read in its log and opens without an error; its diary says so, and so do we. It looks
 * at no checksum of a table, and damaged ones can end the process (`level-table.ts`): they are taken out before it sees
 * them. Not seen here: a log that ends early or is gone. The replica's own checksums, counts and sums find that.
 */

import { access, constants, mkdir, open, readdir, readFile, rename, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Level } from "level";
import { AtollError } from "../base/errors.ts";
import type { Log, StorageCondition } from "../replica/ports.ts";
import { type DamagedTable, findDamagedTables, setTablesAside } from "./damaged-tables.ts";
import { forgetKept, keepLogs, oweKept, owesLogs, passedOver, repairWithLogs, settleKept } from "./level-logs.ts";
import { markUnordered, noteOrder } from "./level-order.ts";

/** `level` exports classic-level's class and declares less of it than there is. */
export type Database = Level<Uint8Array, Uint8Array> & {
  compactRange(start: Uint8Array, end: Uint8Array): Promise<void>;
};

const repairDatabase = (Level as unknown as { repair(location: string): Promise<void> }).repair;

/** Of one folder, as long as LevelDB passes over some of its logs. */
const OPENS_MAX = 2;
/** LevelDB takes no smaller one. */
const BUFFER_BYTES_MIN = 64 * 1024;
/**
 * What LevelDB says beside `Corruption` of files that cannot be what it wrote: one that another names is not there, a
 * table is shorter than it should be, a folder stands in a file's place. Any other failure is the world's, not damage.
 */
const DAMAGE =
  /No such file|does not exist|Invalid argument|Is a directory|Not a directory|No such device|found no files/;
/** Damaged tables that are described one by one. */
const DETAILS_MAX = 5;
const LEVELDB_FILE = /^(MANIFEST-\d+|\d+\.(log|ldb|sst))$/;

export interface OpenedDatabase {
  readonly database: Database;
  readonly condition: StorageCondition;
}

/**
 * Opens the database in the data folder `folder`, creating, repairing or setting it aside as needed; what is set aside
 * stays in `folder` as `db.damaged-<UTC time>`. `suspect`: damage was met while reading it, repair it first.
 * Throws `DATA_LOCKED`, `DATA_UNREADABLE`, `DISK_FAILED`.
 */
export async function openOrRepair(
  folder: string,
  log: Log,
  { suspect, bufferBytes }: { readonly suspect: boolean; readonly bufferBytes: number },
): Promise<OpenedDatabase> {
  const location = databaseFolder(folder);
  await createFolders(folder, location);
  let detail: string;
  try {
    const tables = await findDamagedTables(location);
    if (tables.length === 0 && !suspect) {
      const database = await openExistingOrNew(location, bufferBytes);
      return { database, condition: await conditionOf(location, log) };
    }
    // Only now, and only if nobody writes them, are these tables surely damaged.
    await expectUnlocked(location);
    detail = tables.length === 0 ? "damage was met while reading" : await withoutDamage(tables, location);
  } catch (error) {
    if (!isDamage(error)) throw openError(folder, error);
    detail = reasonOf(error);
  }
  return repairOrSetAside({ folder, location, bufferBytes }, log, detail);
}

interface Place {
  readonly folder: string;
  readonly location: string;
  readonly bufferBytes: number;
}

async function repairOrSetAside(place: Place, log: Log, detail: string): Promise<OpenedDatabase> {
  const { folder, location, bufferBytes } = place;
  log("warn", "storage-damaged", { folder, detail });
  try {
    await repair(location);
    const database = await openDatabase(location, bufferBytes);
    log("warn", "storage-repaired", { folder, detail });
    return { database, condition: { type: "repaired", detail } };
  } catch (error) {
    if (!isDamage(error)) throw openError(folder, error);
    return setAside(place, log, `${detail}; repair: ${reasonOf(error)}`);
  }
}

async function repair(location: string): Promise<void> {
  await markUnordered(location);
  await repairWithLogs(location, () => repairDatabase(location));
}

/** Opens a database that was open before, as it is. Throws LevelDB's own error. */
export function reopenDatabase(folder: string, bufferBytes: number): Promise<Database> {
  return openDatabase(databaseFolder(folder), bufferBytes);
}

function isLocked(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ("code" in cause && cause.code === "LEVEL_LOCKED") return true;
  }
  return false;
}

/** True for an error by which LevelDB says that what it read cannot be what it wrote. */
export function isDamage(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ("code" in cause && cause.code === "LEVEL_CORRUPTION") return true;
    if (DAMAGE.test(cause.message)) return true;
  }
  return false;
}

/** The innermost message: what LevelDB or the system said. */
/** The file system, or what this user may have of it, has no room left: LevelDB passes the system's words on. */
export function isOutOfSpace(reason: string): boolean {
  return /no space left|quota exceeded/i.test(reason);
}

export function reasonOf(error: unknown): string {
  let reason = String(error);
  for (let cause = error; cause instanceof Error; cause = cause.cause) reason = cause.message;
  return reason;
}

export function databaseFolder(folder: string): string {
  return join(folder, "db");
}

/** Of a file that was met before: one whose size was the same twice is complete, and never changes. */
export interface MetFile {
  readonly size: number;
  readonly isComplete: boolean;
}

/** Of all files of a database, where those that go meanwhile count for nothing. `met`: tables, of which there may be thousands. */
export async function bytesIn(folder: string, met = new Map<string, MetFile>()): Promise<number> {
  const names = await readdir(folder);
  const there = new Set(names);
  for (const name of met.keys()) if (!there.has(name)) met.delete(name);
  let bytes = 0;
  for (const name of names) {
    const before = met.get(name);
    const size = before?.isComplete === true ? before.size : await sizeOf(join(folder, name));
    if (name.endsWith(".ldb")) met.set(name, { size, isComplete: size > 0 && size === before?.size });
    bytes += size;
  }
  return bytes;
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch {
    return 0;
  }
}

/** LevelDB's diary, which begins anew at each open, tells what was dropped from the log. */
async function conditionOf(location: string, log: Log): Promise<StorageCondition> {
  const diary = await readFile(join(location, "LOG"), "latin1").catch(() => "");
  const drops = [...diary.matchAll(/dropping (\d+) bytes; (.*)/g)];
  const first = drops[0];
  if (first === undefined) return { type: "clean" };
  const bytes = drops.reduce((sum, drop) => sum + Number(drop[1]), 0);
  const detail = `${bytes} bytes of the log were dropped: ${first[2]}`;
  log("warn", "storage-log-damaged", { folder: location, detail });
  return { type: "repaired", detail };
}

async function createFolders(folder: string, location: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    await mkdir(location, { recursive: true, mode: 0o700 });
    // LevelDB syncs what is in its folder; that the folder itself is there is for us to sync.
    await syncFolder(folder);
    await syncFolder(dirname(folder));
  } catch (error) {
    throw openError(folder, error);
  }
}

async function syncFolder(folder: string): Promise<void> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(folder, "r");
  } catch {
    return; // A parent that may be entered but not read is no reason to refuse.
  }
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function openExistingOrNew(location: string, bufferBytes: number): Promise<Database> {
  try {
    return await openDatabase(location, bufferBytes);
  } catch (error) {
    if (!/does not exist \(create_if_missing/.test(reasonOf(error))) throw error;
    if ((await readdir(location)).some((name) => LEVELDB_FILE.test(name))) throw error;
    return await openDatabase(location, bufferBytes, { createIfMissing: true });
  }
}

/** Throws LevelDB's error where another process has the database; looks at nothing and changes nothing. */
async function expectUnlocked(location: string): Promise<void> {
  try {
    await openOnce(location, BUFFER_BYTES_MIN, { errorIfExists: true });
  } catch (error) {
    // LevelDB takes the lock, and only then refuses what it finds.
    if (isLocked(error)) throw error;
  }
}

/** Leaves the sound blocks of these tables in the database and says what was lost. */
async function withoutDamage(tables: readonly DamagedTable[], location: string): Promise<string> {
  const aside = asideOf(location);
  await setTablesAside(tables, aside);
  const details = tables.map(({ path, detail }) => `${basename(path)}: ${detail}`);
  return `${details.slice(0, DETAILS_MAX).join("; ")}; ${tables.length} damaged tables kept in ${aside}`;
}

function asideOf(location: string): string {
  return `${location}.damaged-${new Date().toISOString().replaceAll(/[-:.]/g, "")}`;
}

/** With all its logs: where LevelDB goes on without one, once more. Throws what it had to say then. */
async function openDatabase(
  location: string,
  bufferBytes: number,
  options: { readonly createIfMissing?: boolean } = {},
): Promise<Database> {
  await settleKept(location);
  let reason: string | undefined;
  for (let attempt = 1; attempt <= OPENS_MAX; attempt++) {
    if (await owesLogs(location)) {
      await expectUnlocked(location);
      await repair(location);
    }
    const diaryBefore = await keepLogs(location);
    const database = await openOnce(location, bufferBytes, options);
    reason = await passedOver(location, diaryBefore);
    if (reason === undefined) {
      await forgetKept(location);
      await noteOrder(database, location);
      return database;
    }
    await database.close();
    await oweKept(location);
  }
  throw new Error(reason);
}

async function openOnce(
  location: string,
  bufferBytes: number,
  { createIfMissing = false, errorIfExists = false }: { createIfMissing?: boolean; errorIfExists?: boolean },
): Promise<Database> {
  const database = new Level<Uint8Array, Uint8Array>(location, {
    keyEncoding: "view",
    valueEncoding: "view",
    writeBufferSize: Math.max(BUFFER_BYTES_MIN, Math.floor(bufferBytes)),
  });
  try {
    await database.open({ createIfMissing, errorIfExists });
  } catch (error) {
    // It has taken nothing over.
    await forgetKept(location);
    throw error;
  }
  return database as Database;
}

async function setAside({ folder, location, bufferBytes }: Place, log: Log, detail: string): Promise<OpenedDatabase> {
  const movedTo = asideOf(location);
  try {
    await rename(location, movedTo);
    await createFolders(folder, location);
    const database = await openDatabase(location, bufferBytes, { createIfMissing: true });
    log("error", "storage-set-aside", { folder, detail, movedTo });
    return { database, condition: { type: "set-aside", detail, movedTo } };
  } catch (error) {
    throw openError(folder, error);
  }
}

/** What a failure to open is to the caller. Only what is surely not the disk's fault is called unreadable. */
function openError(folder: string, error: unknown): AtollError {
  if (error instanceof AtollError) return error;
  const reason = reasonOf(error);
  const options = { cause: error };
  if (isLocked(error)) {
    return new AtollError("DATA_LOCKED", `the data folder ${folder} is in use by another process`, options);
  }
  if (/No space left|quota exceeded|Input\/output error|ENOSPC|EDQUOT|EIO|Too many open files|EMFILE/i.test(reason)) {
    return new AtollError("DISK_FAILED", `cannot open the data folder ${folder}: ${reason}`, options);
  }
  return new AtollError("DATA_UNREADABLE", `cannot use the data folder ${folder}: ${reason}`, options);
}
