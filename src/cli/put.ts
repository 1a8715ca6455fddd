/** `atoll put KEY VALUE`: writes a value, `-` for what comes on stdin. */

import { buffer } from "node:stream/consumers";
import type { Command } from "commander";
import {
  type ClientOptions,
  checkAcks,
  clientCommand,
  createClient,
  parseAck,
  parseKey,
  parseTags,
  parseTtl,
} from "./client-options.ts";
import { print } from "./terminal.ts";

interface PutOptions extends ClientOptions {
  readonly encoded?: boolean;
  readonly ttl?: string;
  readonly ack?: string;
  readonly type?: string;
  readonly tags?: string;
}

export function putCommand(): Command {
  return clientCommand("put")
    .description("write a value")
    .argument("<KEY>")
    .argument("<VALUE>", "the value, or - to read it from stdin")
    .option("--ttl <TIME>", "forget it after this long: 500ms, 60s, 10m, 24h, 7d")
    .option("--ack <LEVEL>", "wait until it is this safe: memory, disk, region, quorum, all")
    .option("--type <MIME>", "content type to keep with it")
    .option("--tags <TAGS>", "tags that it can be invalidated by, comma-separated")
    .option("--encoded", "KEY, and each of TAGS, is percent-encoded bytes")
    .action(put);
}

async function put(text: string, value: string, options: PutOptions): Promise<void> {
  const key = parseKey(text, options.encoded);
  const ttlMs = parseTtl(options.ttl);
  const ack = parseAck(options.ack);
  const tags = parseTags(options.tags, options.encoded);
  const client = await createClient(options);
  const content = value === "-" ? await buffer(process.stdin) : new TextEncoder().encode(value);
  const answer = await client.put(key, content, {
    ...(ttlMs !== undefined && { ttlMs }),
    ...(ack !== undefined && { ack }),
    ...(options.type !== undefined && { contentType: options.type }),
    ...(tags !== undefined && { tags }),
  });
  checkAcks(answer);
  if (process.stdout.isTTY)
    await print(answer.acks === undefined ? answer.outcome : `${answer.outcome}, acks ${answer.acks}`);
}
