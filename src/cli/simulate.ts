/** `atoll simulate [SCENARIO]`: deterministic simulations; the work is in `simulations/`. */

import { Command } from "commander";
import { parseDurationMs } from "../base/duration.ts";
import { CommandFailure } from "./command-failure.ts";
import { ProgressLine } from "./progress-line.ts";
import { listenForStop } from "./stop-request.ts";
import { print, say } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

interface SimulateOptions {
  readonly seed?: string;
  readonly runs?: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
  readonly report?: string;
  readonly list?: boolean;
  readonly shrink?: boolean;
  readonly shrinkTime?: string;
}

export function simulateCommand(): Command {
  return new Command("simulate")
    .description("run deterministic simulations of cuts, crashes, bad clocks and bad disks")
    .argument("[SCENARIO]", "one of --list, all of them, or a scenario file (.json); swarm unless told")
    .option("--seed <N>", "the first seed: the same one replays a run exactly")
    .option("--runs <N>", "how many seeds, one after the other, over all cores")
    .option("--json", "one line of JSON a run")
    .option("--verbose", "a line for each run, however many")
    .option("--report <FILE>", "an HTML page that draws the first run with a violation, or the last")
    .option("--shrink", "make the first run with a violation small, and save it as a scenario file")
    .option("--shrink-time <TIME>", "how long that may take", "2m")
    .option("--list", "name the scenarios")
    .action(simulate);
}

async function simulate(scenario: string | undefined, options: SimulateOptions): Promise<void> {
  const seed = wholeNumber("--seed", options.seed, 0, Number.MAX_SAFE_INTEGER);
  const runs = wholeNumber("--runs", options.runs, 1, 1_000_000_000);
  const shrinkTimeMs = duration("--shrink-time", options.shrinkTime);
  const { runSimulations, UnusableInput } = await import("../../simulations/cli.ts");
  const line = new ProgressLine();
  let written = Promise.resolve();
  const { json, verbose, report, list, shrink } = options;
  const chosen = {
    ...(scenario !== undefined && { scenario }),
    ...(seed !== undefined && { seed }),
    ...(runs !== undefined && { runs }),
    ...(json !== undefined && { json }),
    ...(verbose !== undefined && { verbose }),
    ...(report !== undefined && { report }),
    ...(list !== undefined && { list }),
    ...(shrink !== undefined && { shrink }),
    ...(shrinkTimeMs !== undefined && { shrinkTimeMs }),
  };
  const output = {
    print(text: string) {
      line.clear();
      written = print(text);
    },
    progress: (text: string) => line.show(text),
    stop: stopSignal(() => line.clear()),
  };
  const code = await runSimulations(chosen, output).catch((error: unknown) => {
    throw error instanceof UnusableInput ? new UsageError(error.message) : error;
  });
  line.clear();
  await written;
  if (code !== 0) throw new CommandFailure("", code);
}

/** Aborted by ctrl-C; a second one ends the process at once. */
function stopSignal(clear: () => void): AbortSignal {
  const controller = new AbortController();
  listenForStop({
    first: (reason) => {
      clear();
      say(`stopping (${reason}) ...`);
      controller.abort();
    },
    again: () => process.exit(130),
  });
  return controller.signal;
}

function duration(flag: string, text: string | undefined): number | undefined {
  const ms = text === undefined ? undefined : parseDurationMs(text);
  if (text === undefined || ms !== undefined) return ms;
  throw new UsageError(`${flag} must be a time such as 90s or 5m, not ${JSON.stringify(text)}`);
}

function wholeNumber(flag: string, text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) return undefined;
  const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw new UsageError(`${flag} must be a whole number from ${min} to ${max}, not ${JSON.stringify(text)}`);
}
