/** The command line: composes the commands and turns what comes out of them into one line and an exit code. */

import { Command, CommanderError } from "commander";
import { AtollError } from "../base/errors.ts";
import { RemoteError } from "../client/answer.ts";
import { failureReason } from "../client/failure.ts";
import { version } from "../version.ts";
import { CommandFailure } from "./command-failure.ts";
import { say } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

/** In the order of `--help`. Loaded when asked for: what `start` needs takes longer to load than `get` to run. */
const commands: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ["start", async () => (await import("./start.ts")).startCommand()],
  ["get", async () => (await import("./get.ts")).getCommand()],
  ["put", async () => (await import("./put.ts")).putCommand()],
  ["delete", async () => (await import("./delete.ts")).deleteCommand()],
  ["invalidate", async () => (await import("./invalidate.ts")).invalidateCommand()],
  ["keys", async () => (await import("./keys.ts")).keysCommand()],
  ["watch", async () => (await import("./watch.ts")).watchCommand()],
  ["status", async () => (await import("./status.ts")).statusCommand()],
  ["conflicts", async () => (await import("./conflicts.ts")).conflictsCommand()],
  ["members", async () => (await import("./members.ts")).membersCommand()],
  ["keyspaces", async () => (await import("./keyspaces.ts")).keyspacesCommand()],
  ["backup", async () => (await import("./backup.ts")).backupCommand()],
  ["restore", async () => (await import("./restore.ts")).restoreCommand()],
  ["cluster", async () => (await import("./cluster.ts")).clusterCommand()],
  ["bench", async () => (await import("./bench.ts")).benchCommand()],
  ["simulate", async () => (await import("./simulate.ts")).simulateCommand()],
]);

const AUTHORITY_HINT = "trust its certificate authority with --tls-ca FILE";

/** What helps against a reason why a replica is not reached. */
const hints: ReadonlyMap<string, string> = new Map([
  ["ECONNREFUSED", "is a replica running there? npx atoll start"],
  ["SELF_SIGNED_CERT_IN_CHAIN", AUTHORITY_HINT],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", AUTHORITY_HINT],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", AUTHORITY_HINT],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", AUTHORITY_HINT],
]);

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/** Runs the command that `argv` (without node and script) asks for. Resolves to the exit code: 0, 1 failed, 2 usage. */
export async function main(argv: readonly string[]): Promise<number> {
  // `atoll keys | head`: whoever read has seen enough.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : EXIT_FAILED));
  try {
    const program = await createProgram(argv[0]);
    await program.parseAsync(argv, { from: "user" });
    return 0;
  } catch (error) {
    return report(error);
  }
}

/** With the one command that was named, or with all where help or a suggestion may be needed. */
async function createProgram(named: string | undefined): Promise<Command> {
  const program = new Command("atoll")
    .description("A multi-master cache for geo-distributed edge nodes.")
    .version(version, "--version");
  const one = commands.get(named ?? "");
  for (const load of one === undefined ? commands.values() : [one]) program.addCommand(await load());
  for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) {
    // The message comes back as an exception, and is written once, in one line.
    command.exitOverride().configureOutput({ outputError: () => {} });
  }
  return program;
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return reportUsage(error);
  if (error instanceof UsageError) {
    say(`atoll: ${error.message}`);
    return EXIT_USAGE;
  }
  if (error instanceof CommandFailure) {
    if (error.message !== "") say(`atoll: ${error.message}`);
    return error.exitCode;
  }
  if (error instanceof RemoteError || error instanceof AtollError) {
    const hint = error.code === "UNREACHABLE" ? hints.get(failureReason(error.cause)) : undefined;
    say(`atoll: ${error.message} (${error.code})${hint === undefined ? "" : `; ${hint}`}`);
    return EXIT_FAILED;
  }
  process.stderr.write(`atoll: ${error instanceof Error ? error.stack : String(error)}\n`);
  return EXIT_FAILED;
}

function reportUsage(error: CommanderError): number {
  // Help and version were asked for; help is also what somebody gets who named no command.
  if (error.exitCode === 0) return 0;
  if (error.code !== "commander.help") {
    say(`atoll: ${error.message.replace(/^error: /, "").replaceAll(/\s*\n\s*/g, " ")}`);
  }
  return EXIT_USAGE;
}
