/** `atoll start`: runs a replica until SIGTERM or SIGINT. */

import { constants } from "node:os";
import { Command, Option } from "commander";
import { AtollError } from "../base/errors.ts";
import type { StartConfig } from "../node/node-config.ts";
import { CommandFailure } from "./command-failure.ts";
import { resolveStart, type StartInputs } from "./config.ts";
import { defaultSpelling, flagRow, flagSpelling, START_FLAGS } from "./start-flags.ts";
import { listenForStop, type StopRequest } from "./stop-request.ts";
import { print, say } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";
import { type Welcomed, welcome } from "./welcome.ts";

export function startCommand(): Command {
  const command = new Command("start").description("run a replica until SIGTERM or SIGINT");
  command.option("--config <FILE>", "JSON file with any of these settings");
  for (const name of START_FLAGS) {
    const row = flagRow(name);
    const fallback = defaultSpelling(name);
    const help = fallback === "" ? row.help : `${row.help} (default: ${fallback})`;
    // A switch may be switched off again: --insecure false beats a file that says true.
    const option = new Option(
      `${flagSpelling(name)} ${row.value === undefined ? "[BOOLEAN]" : `<${row.value}>`}`,
      help,
    );
    if (row.list === true) option.argParser((text: string, before?: string) => (before ? `${before},${text}` : text));
    command.addOption(option);
  }
  command.addHelpText(
    "after",
    "\nEach flag is also a variable (--redis-port: ATOLL_REDIS_PORT) and a key of the --config file;",
  );
  command.addHelpText("after", "a flag beats the variable, which beats the file.");
  return command.action(start);
}

async function start(options: Readonly<Record<string, string | true>>): Promise<void> {
  const flags = Object.fromEntries(Object.entries(options).map(([name, value]) => [name, String(value)]));
  const inputs: StartInputs = { flags, environment: process.env, folder: process.cwd() };
  const { config, given, warnings } = resolveStart(inputs);
  for (const warning of warnings) say(`atoll: ${warning}`);
  try {
    await runReplica(config, given, listenForSignals());
  } finally {
    // An open channel to `atoll cluster` would keep this process alive.
    if (process.connected) process.disconnect();
  }
}

async function runReplica(config: StartConfig, given: Welcomed["given"], stop: StopRequest): Promise<void> {
  // Loaded only here: a mistake in a flag is told sooner.
  const [{ createNode }, { createLogger }] = await Promise.all([
    import("../node/create-node.ts"),
    import("../runtime/logger.ts"),
  ]);
  const log = createLogger({ level: config.logLevel });
  const node = await atStart(createNode(config, { log }));
  await atStart(node.start());
  if (process.send !== undefined) process.send({ type: "ready", id: node.id });
  else if (!stop.isRequested()) await print(welcome({ address: node.address, config, given }));
  const outcome = await Promise.race([stop.requested, node.left]);
  await node.stop();
  if (outcome === false)
    throw new CommandFailure("what was written last is on no other disk: start it again, and ask again");
}

/** What a person can do something about ends in one line, without a stack. */
async function atStart<T>(step: Promise<T>): Promise<T> {
  try {
    return await step;
  } catch (error) {
    if (!(error instanceof AtollError) || error.code === "INTERNAL") throw error;
    if (error.code === "BAD_CONFIG") throw new UsageError(error.message);
    throw new CommandFailure(`${error.message} (${error.code})`);
  }
}

function listenForSignals(): StopRequest {
  return listenForStop({
    first: (reason) => {
      if (process.send === undefined) say(`atoll: ${reason}: stopping; a signal once more stops at once`);
    },
    again: (signal) => process.exit(128 + constants.signals[signal]),
  });
}
