/**
 * Reads what a data folder would have a replica answer, in this process and alone: a start like any other, on a folder
 * whose replica is not running. The folder is changed as by any start.
 */

import { keyFromText } from "../../src/base/key.ts";
import { replicaDefaults } from "../../src/replica/config.ts";
import { Driver } from "../../src/replica/driver.ts";
import type { Log, LogLevel, Transport } from "../../src/replica/ports.ts";
import { LevelStorage } from "../../src/runtime/level-storage.ts";
import { SystemRandom, systemClock, systemScheduler } from "../../src/runtime/system.ts";
import type { Answered } from "../end-to-end/history.ts";

export interface Fact {
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface FolderContents {
  readonly answers: ReadonlyMap<string, Answered>;
  readonly facts: readonly Fact[];
}

/** Nobody is there. */
const nobody: Transport = {
  queueBytesMax: Infinity,
  start: async () => {},
  connect: () => {},
  send: () => {},
  queuedBytes: () => 0,
  close: () => {},
  block: () => {},
  stop: async () => {},
};

/** Throws what a start throws. */
export async function readFolder(folder: string, keys: Iterable<string>): Promise<FolderContents> {
  const facts: Fact[] = [];
  const log: Log = (level, event, fields) => void facts.push({ level, event, fields });
  const driver = new Driver({
    config: { ...replicaDefaults, region: "here", cluster: "end-to-end" },
    clock: systemClock,
    scheduler: systemScheduler,
    random: new SystemRandom(),
    storage: new LevelStorage({ folder, log }),
    transport: nobody,
    log,
  });
  await driver.start("127.0.0.1:1");
  try {
    const answers = new Map<string, Answered>();
    for (const key of keys) {
      const { entry } = await driver.get(keyFromText(key));
      answers.set(key, entry && { version: entry.version, value: new TextDecoder().decode(entry.value) });
    }
    return { answers, facts };
  } finally {
    await driver.stop();
  }
}

/** What is said of a folder with which something is wrong: one of these at least. */
const COMPLAINTS =
  /^(storage-(damaged|repaired|set-aside|log-damaged)|data-damaged|data-unreadable|meta-damaged|quarantine)$/;

export function complaintsIn(facts: readonly Omit<Fact, "level">[]): readonly string[] {
  const complaints = facts.filter(({ event }) => COMPLAINTS.test(event));
  return complaints.map(({ event, fields }) => `${event} ${JSON.stringify(fields)}`);
}
