/**
 * Reading from a LevelDB that was repaired. A repair puts all tables into the first level, where LevelDB looks a key up in
 * the table with the greatest number first and believes it; but a compaction gives older values greater numbers. So `get`
 * may answer an older value. Iterators go by sequence numbers, and so do later compactions: until these have emptied the first level,
 * keys are looked up by an iterator, which takes not quite twice as long.
 */

import { open, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Level } from "level";
import { syncFolder } from "./whole-file.ts";

type Database = Level<Uint8Array, Uint8Array>;

/** `level` exports classic-level's class and declares less of it than there is. */
interface WithProperties {
  getProperty(property: string): string;
}

/** A file in the database's folder: it was repaired, and its first level has not been empty since. */
const MARK = "unordered";
const FIRST_LEVEL = "leveldb.num-files-at-level0";

const unordered = new WeakSet<Database>();

/** To be called before a repair. */
export async function markUnordered(location: string): Promise<void> {
  const handle = await open(join(location, MARK), "w", 0o600);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
  await syncFolder(location);
}

/** To be called once it is open, before it is read. */
export async function noteOrder(database: Database, location: string): Promise<void> {
  const path = join(location, MARK);
  if ((await stat(path).catch(() => undefined)) === undefined) return;
  if ((database as unknown as WithProperties).getProperty(FIRST_LEVEL) === "0") await rm(path, { force: true });
  else unordered.add(database);
}

/** The latest value under a key, as a copy. */
export async function readLatest(database: Database, key: Uint8Array): Promise<Uint8Array | undefined> {
  if (!unordered.has(database)) return database.get(key, { fillCache: false });
  const iterator = database.iterator({ gte: key, lte: key, limit: 1, fillCache: false });
  try {
    return (await iterator.next())?.[1];
  } finally {
    await iterator.close();
  }
}
