/**
 * How far a restore has come, in a file beside the backup, so that the same command goes on after an interruption. It is good
 * for the same file, restored in the same way into the same cluster: one that knows a life that was known to it before. What
 * came of it is gone where the cluster was set up anew.
 */

import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { z } from "zod";
import type { RestoreCounts } from "../backup-store.ts";

const count = z.number().int().min(0);

const progressShape = z.object({
  file: z.string(),
  cluster: z.string(),
  births: z.array(z.string()),
  overwrite: z.boolean(),
  keyspaces: z.array(z.string()),
  stamp: count.optional(),
  /** Number of the first chunk that is not restored yet. */
  next: count,
  counts: z.object({ restored: count, kept: count, forgotten: count, expired: count }),
});

export type RestoreState = z.output<typeof progressShape>;

/** What has to be the same for a restore to go on. */
export type RestoreAim = Pick<RestoreState, "file" | "cluster" | "births" | "overwrite" | "keyspaces">;

export const NONE_YET: RestoreCounts = { restored: 0, kept: 0, forgotten: 0, expired: 0 };

export class RestoreProgress {
  readonly #path: string;

  constructor(backupPath: string) {
    this.#path = `${backupPath}.restore-progress`;
  }

  /** How far this restore came before; undefined: it is to begin. */
  async read(aim: RestoreAim): Promise<RestoreState | undefined> {
    const text = await readFile(this.#path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    const state = text === undefined ? undefined : parse(text);
    return state !== undefined && isSame(state, aim) ? state : undefined;
  }

  async write(state: RestoreState): Promise<void> {
    await writeFile(`${this.#path}.new`, JSON.stringify(state), { mode: 0o600 });
    await rename(`${this.#path}.new`, this.#path);
  }

  async remove(): Promise<void> {
    await rm(this.#path, { force: true });
  }
}

function parse(text: string): RestoreState | undefined {
  try {
    return progressShape.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function isSame(state: RestoreState, aim: RestoreAim): boolean {
  return (
    state.file === aim.file &&
    state.cluster === aim.cluster &&
    state.overwrite === aim.overwrite &&
    state.keyspaces.join() === aim.keyspaces.join() &&
    aim.births.some((birth) => state.births.includes(birth))
  );
}
