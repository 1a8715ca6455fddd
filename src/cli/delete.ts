/** `atoll delete KEY`: removes a value, whether it was there or not. */

import type { Command } from "commander";
import { type ClientOptions, checkAcks, clientCommand, createClient, parseAck, parseKey } from "./client-options.ts";
import { print } from "./terminal.ts";

interface DeleteOptions extends ClientOptions {
  readonly encoded?: boolean;
  readonly ack?: string;
}

export function deleteCommand(): Command {
  return clientCommand("delete")
    .description("remove a value")
    .argument("<KEY>")
    .option("--ack <LEVEL>", "wait until it is this safe: memory, disk, region, quorum, all")
    .option("--encoded", "KEY is percent-encoded bytes")
    .action(remove);
}

async function remove(text: string, options: DeleteOptions): Promise<void> {
  const key = parseKey(text, options.encoded);
  const ack = parseAck(options.ack);
  const answer = await (await createClient(options)).delete(key, ack === undefined ? {} : { ack });
  checkAcks(answer);
  if (process.stdout.isTTY) await print(answer.acks === undefined ? "deleted" : `deleted, acks ${answer.acks}`);
}
