/** `atoll simulate [SCENARIO]`: deterministic simulations; the work is in `simulations/`. */

import { Command } from "commander";
import { CommandFailure } from "./command-failure.ts";
import { print } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

interface SimulateOptions {
  readonly seed?: string;
  readonly runs?: string;
  readonly json?: boolean;
  readonly list?: boolean;
}

export function simulateCommand(): Command {
  return new Command("simulate")
    .description("run deterministic simulations of cuts, crashes and lossy links")
    .argument("[SCENARIO]", "one of --list; every one unless told")
    .option("--seed <N>", "the first seed: the same one replays a run exactly")
    .option("--runs <N>", "how many seeds, one after the other")
    .option("--json", "results as JSON")
    .option("--list", "name the scenarios")
    .action(simulate);
}

async function simulate(scenario: string | undefined, options: SimulateOptions): Promise<void> {
  const seed = wholeNumber("--seed", options.seed, 0, Number.MAX_SAFE_INTEGER);
  const runs = wholeNumber("--runs", options.runs, 1, 1_000_000_000);
  const [{ runSimulations }, { findScenario, SCENARIOS }] = await Promise.all([
    import("../../simulations/cli.ts"),
    import("../../simulations/scenarios/scenarios.ts"),
  ]);
  if (scenario !== undefined && findScenario(scenario) === undefined) {
    const names = SCENARIOS.map(({ name }) => name).join(", ");
    throw new UsageError(`no scenario ${JSON.stringify(scenario)}: there are ${names}`);
  }
  let written = Promise.resolve();
  const code = await runSimulations(
    {
      ...(scenario !== undefined && { scenario }),
      ...(seed !== undefined && { seed }),
      ...(runs !== undefined && { runs }),
      ...(options.json !== undefined && { json: options.json }),
      ...(options.list !== undefined && { list: options.list }),
    },
    (line) => {
      written = print(line);
    },
  );
  await written;
  if (code !== 0) throw new CommandFailure("", code);
}

function wholeNumber(flag: string, text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) return undefined;
  const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw new UsageError(`${flag} must be a whole number from ${min} to ${max}, not ${JSON.stringify(text)}`);
}
