/** `atoll keys [PREFIX]`: live keys, one a line, in no order. */

import type { Command } from "commander";
import { encodePercent, keyToText } from "../client/percent.ts";
import { type ClientOptions, clientCommand, createClient, parsePrefix } from "./client-options.ts";
import { print } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

interface KeysOptions extends ClientOptions {
  readonly encoded?: boolean;
  readonly limit?: string;
}

export function keysCommand(): Command {
  return clientCommand("keys")
    .description("list keys, in no order")
    .argument("[PREFIX]")
    .option("--limit <N>", "stop after so many")
    .option("--encoded", "PREFIX and the keys printed are percent-encoded bytes")
    .action(keys);
}

async function keys(text: string | undefined, options: KeysOptions): Promise<void> {
  const prefix = parsePrefix(text, options.encoded);
  const limit = options.limit === undefined ? Number.POSITIVE_INFINITY : Number(options.limit);
  if (!(limit >= 1) || (options.limit !== undefined && !/^\d{1,9}$/.test(options.limit))) {
    throw new UsageError("--limit must be a whole number from 1");
  }
  let count = 0;
  const client = await createClient(options);
  for await (const key of client.keys(prefix, Math.min(limit, 1_000))) {
    await print(options.encoded === true ? encodePercent(key) : keyToText(key));
    count++;
    if (count >= limit) return;
  }
}
