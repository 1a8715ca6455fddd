/** What `--shrink` does with a failed run: makes it small, saves it, and says what is left of it. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Plan } from "../plan.ts";
import { encodePlan } from "../scenario-file/scenario-file.ts";
import type { Lane } from "../workers/lane.ts";
import { createSearch } from "./search.ts";
import { shrinkPlan } from "./shrink.ts";
import { scheduleInWords } from "./words.ts";

export interface ShrinkOptions {
  readonly lanes: readonly Lane[];
  /** Real ms after which the smallest plan so far is taken. */
  readonly timeMs: number;
  /** Where the file goes. */
  readonly folder: string;
  readonly progress?: (line: string) => void;
  readonly stop?: AbortSignal;
}

export const SHRINK_TIME_MS = 120_000;
/** Files that are there already are somebody's. */
const NAMES_MAX = 1000;

/** Returns the lines to print. `checker`: the one that goes on complaining. */
export async function shrinkFailure(plan: Plan, checker: string, options: ShrinkOptions): Promise<string[]> {
  const { lanes, timeMs, folder, progress, stop } = options;
  const endsAt = performance.now() + timeMs;
  let isCut = false;
  const isOver = (): boolean => {
    isCut ||= stop?.aborted === true || performance.now() >= endsAt;
    return isCut;
  };
  const tried = (runs: number): void => progress?.(`shrinking ${plan.scenario} seed ${plan.seed}: ${runs} runs tried`);
  const smallest = await shrinkPlan(plan, createSearch({ lanes, checker, isOver, tried }));
  const file = await saveNew(folder, `${plan.scenario}-${plan.seed}`, encodePlan(smallest));
  const replay = `npx atoll simulate ${file}`;
  const [lane] = lanes;
  const outcome =
    stop?.aborted === true ? undefined : await lane?.run({ run: { plan: smallest }, json: false, replay });
  return [
    `shrunk from ${sizeOf(plan)} to ${sizeOf(smallest)}${isCut ? "; more time (--shrink-time) may make it smaller" : ""}:`,
    ...scheduleInWords(smallest).map((line) => `  ${line}`),
    ...(outcome?.violations ?? []).map((violation) => `  ${violation.checker}: ${violation.message}`),
    `saved as ${file}`,
    `replay: ${replay}`,
  ];
}

export function sizeOf({ nodes, operations, faults, healAt }: Plan): string {
  return `${nodes.length} nodes, ${operations.length} operations, ${faults.length} faults, ${(healAt / 1000).toFixed(1)} s`;
}

async function saveNew(folder: string, name: string, text: string): Promise<string> {
  for (let number = 1; ; number++) {
    const file = join(folder, `${name.replaceAll(/[^\w.-]/g, "-")}${number === 1 ? "" : `.${number}`}.json`);
    try {
      await writeFile(file, text, { flag: "wx" });
      return file;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || number === NAMES_MAX) throw error;
    }
  }
}
