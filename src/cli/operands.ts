/** Words behind a command that takes none: most are a subcommand that somebody hoped for. */

import type { Command } from "commander";
import { UsageError } from "./usage-error.ts";

/** For a command that does something by itself and has subcommands. Throws `UsageError`, which names these. */
export function refuseOperands(command: Command): void {
  const [first] = command.args;
  if (first === undefined) return;
  const known = command.commands.map((subcommand) => subcommand.name()).join(", ");
  throw new UsageError(
    `${command.name()} knows no ${JSON.stringify(first)}: there is ${known}, and without a word it lists them`,
  );
}
