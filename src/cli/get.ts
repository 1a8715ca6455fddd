/** `atoll get KEY`: the value's bytes, as they are. */

import type { Command } from "commander";
import { type ClientOptions, clientCommand, createClient, parseKey } from "./client-options.ts";
import { CommandFailure } from "./command-failure.ts";
import { write } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

interface GetOptions extends ClientOptions {
  readonly encoded?: boolean;
  readonly consistency?: string;
}

export function getCommand(): Command {
  return clientCommand("get")
    .description("print a value")
    .argument("<KEY>")
    .option("--consistency <LEVEL>", "local, or quorum: the newest of a majority")
    .option("--encoded", "KEY is percent-encoded bytes")
    .action(get);
}

async function get(text: string, options: GetOptions): Promise<void> {
  const { consistency } = options;
  if (consistency !== undefined && consistency !== "local" && consistency !== "quorum") {
    throw new UsageError("--consistency must be local or quorum");
  }
  const key = parseKey(text, options.encoded);
  const entry = await (await createClient(options)).get(key, consistency === undefined ? {} : { consistency });
  if (entry === undefined) throw new CommandFailure("not found");
  await write(entry.value);
  // A file or a pipe gets the bytes and nothing else.
  if (process.stdout.isTTY) await write("\n");
}
