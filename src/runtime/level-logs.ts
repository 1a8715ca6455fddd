/**
 * Keeps the logs of a LevelDB until what is in them is surely in its tables. Where the system does not let it open or read
 * a log, be it for a moment (no file descriptor left, a read error), LevelDB goes on without it, says so in its diary only,
 * and deletes it: with it goes what was synced and acknowledged. A repair does the same, also where a full disk takes no
 * table. So each log gets a second name before either:
 *
 *  - `N.log.kept`: LevelDB is about to take the log over. It goes once the diary has nothing to say against that.
 *  - `N.log.owed`: LevelDB passed the log over, and its manifest says that it is done with it: only a repair takes it in.
 *    It goes once one has.
 *
 * Where the file system has no second names, logs are not kept, but what was passed over is found out all the same.
 */

import { link, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";

const LOG = /^\d+\.log$/;
const KEPT = ".kept";
const OWED = ".owed";
const DIARY = "LOG";

/** Tells diaries apart, of which LevelDB begins one each time; undefined: there is none. */
type Diary = string | undefined;

/** What LevelDB says of what the system would not let it have; of damage it says `Corruption`. */
const PASSED_OVER = [
  /Ignoring error IO error: .*/,
  /dropping \d+ bytes; IO error: .*/,
  /ignoring conversion error: IO error: .*/,
  /saved to Table #\d+ IO error: .*/,
];

/** To be called before LevelDB opens `location`; returns what `passedOver` compares with. */
export async function keepLogs(location: string): Promise<Diary> {
  for (const name of await logsIn(location)) await nameAlso(join(location, name), join(location, name + KEPT));
  return diaryOf(location);
}

/**
 * Why LevelDB, which has just opened or repaired `location`, may have gone on without a log, in its own words; undefined
 * where it has not.
 */
export async function passedOver(location: string, diaryBefore: Diary): Promise<string | undefined> {
  const diaryNow = await diaryOf(location);
  // Without a diary of its own nobody knows.
  if (diaryNow === undefined || diaryNow === diaryBefore) return "IO error: it could not keep its diary";
  const diary = await readFile(join(location, DIARY), "latin1");
  for (const pattern of PASSED_OVER) {
    const found = pattern.exec(diary);
    if (found !== null) return found[0];
  }
  return undefined;
}

/** LevelDB has taken over all that was kept, or has not touched it. */
export async function forgetKept(location: string): Promise<void> {
  for (const name of await namesIn(location, KEPT)) await rm(join(location, name), { force: true });
}

/** LevelDB has passed over some of what was kept: all of it is owed. */
export async function oweKept(location: string): Promise<void> {
  for (const name of await namesIn(location, KEPT)) {
    await rename(join(location, name), join(location, name.slice(0, -KEPT.length) + OWED));
  }
}

/**
 * A process that ended while LevelDB opened the database left the logs that were kept. Those that LevelDB had passed over
 * by then become owed.
 */
export async function settleKept(location: string): Promise<void> {
  if ((await namesIn(location, KEPT)).length === 0) return;
  if ((await passedOver(location, undefined)) === undefined) await forgetKept(location);
  else await oweKept(location);
}

export async function owesLogs(location: string): Promise<boolean> {
  return (await namesIn(location, OWED)).length > 0;
}

/**
 * Has `repair` take in all logs, those that are owed as well. Throws where the system did not let it: then they are owed.
 */
export async function repairWithLogs(location: string, repair: () => Promise<void>): Promise<void> {
  for (const name of await logsIn(location)) await nameAlso(join(location, name), join(location, name + OWED));
  const owed = await namesIn(location, OWED);
  for (const name of owed) await nameAlso(join(location, name), join(location, name.slice(0, -OWED.length)));
  const diaryBefore = await diaryOf(location);
  await repair();
  const reason = await passedOver(location, diaryBefore);
  if (reason !== undefined) throw new Error(reason);
  for (const name of owed) await rm(join(location, name), { force: true });
}

async function logsIn(location: string): Promise<string[]> {
  return (await readdir(location)).filter((name) => LOG.test(name));
}

async function namesIn(location: string, suffix: string): Promise<string[]> {
  return (await readdir(location)).filter((name) => name.endsWith(suffix) && LOG.test(name.slice(0, -suffix.length)));
}

async function nameAlso(path: string, other: string): Promise<void> {
  try {
    await link(path, other);
  } catch {
    // It has that name already, or the file system has no second names, or no room for one.
  }
}

async function diaryOf(location: string): Promise<Diary> {
  const facts = await stat(join(location, DIARY)).catch(() => undefined);
  return facts === undefined ? undefined : `${facts.ino}/${facts.ctimeMs}/${facts.size}`;
}
