/** `atoll invalidate TAG`: makes every older value that carries the tag stale, as if it were not there. */

import type { Command } from "commander";
import { type ClientOptions, checkAcks, clientCommand, createClient, parseAck, parseTag } from "./client-options.ts";
import { print } from "./terminal.ts";

interface InvalidateOptions extends ClientOptions {
  readonly encoded?: boolean;
  readonly ack?: string;
}

export function invalidateCommand(): Command {
  return clientCommand("invalidate")
    .description("make all older values that carry a tag stale, everywhere")
    .argument("<TAG>")
    .option("--ack <LEVEL>", "wait until it is this safe: memory, disk, region, quorum, all")
    .option("--encoded", "TAG is percent-encoded bytes")
    .action(invalidate);
}

async function invalidate(text: string, options: InvalidateOptions): Promise<void> {
  const tag = parseTag(text, options.encoded);
  const ack = parseAck(options.ack);
  const answer = await (await createClient(options)).invalidate(tag, ack === undefined ? {} : { ack });
  checkAcks(answer);
  if (process.stdout.isTTY) await print(answer.acks === undefined ? "invalidated" : `invalidated, acks ${answer.acks}`);
}
