/** `atoll watch [PREFIX]`: changes as they happen, until ctrl-C; it survives the loss of the replica it listens to. */

import type { Command } from "commander";
import { encodePercent, keyToText } from "../client/percent.ts";
import type { CollectionEvent, WatchEvent } from "../store.ts";
import { type ClientOptions, clientCommand, createClient, parsePrefix } from "./client-options.ts";
import { print, printable, say } from "./terminal.ts";

interface WatchOptions extends ClientOptions {
  readonly encoded?: boolean;
  readonly json?: boolean;
  readonly resume?: string;
}

const SHOWN_CHARACTERS_MAX = 200;

export function watchCommand(): Command {
  return clientCommand("watch")
    .description("print changes as they happen")
    .argument("[PREFIX]")
    .option("--json", "one JSON object a line, values in base64")
    .option("--resume <TOKEN>", "go on behind the event that had this resume token")
    .option("--encoded", "PREFIX is percent-encoded bytes")
    .action(watch);
}

async function watch(text: string | undefined, options: WatchOptions): Promise<void> {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  const prefix = parsePrefix(text, options.encoded);
  const client = await createClient(options);
  const events = client.watch({
    prefix,
    signal: stop.signal,
    onReconnect: (reason) => say(`atoll: connection lost (${reason}); going on from the last event`),
    ...(options.resume !== undefined && { resume: options.resume }),
  });
  for await (const event of events) await print(options.json === true ? asJson(event) : asLine(event));
}

function asJson(event: WatchEvent): string {
  if (event.type === "reset") return JSON.stringify(event);
  const { type, resume } = event;
  const key = encodePercent(event.key);
  if (event.type === "collection") return JSON.stringify({ ...event, key });
  if (event.type !== "put") return JSON.stringify({ type, key, version: event.version, resume });
  const { value, ...rest } = event.entry;
  return JSON.stringify({ type, key, value: Buffer.from(value).toString("base64"), ...rest, resume });
}

function asLine(event: WatchEvent): string {
  if (event.type === "reset") return "reset    changes were missed: read the keys again";
  const start = `${event.type.padEnd(8)} ${keyToText(event.key)}`;
  if (event.type === "collection") return lineOfCollection(event);
  return event.type === "put" ? `${start} = ${shown(event.entry.value)}` : start;
}

function lineOfCollection({ key, collection, of, change, isEmpty }: CollectionEvent): string {
  const what = of === "whole" ? "the whole" : "a member";
  return `${change.padEnd(8)} ${keyToText(key)}: ${what} of a ${collection}${isEmpty ? ", which is empty" : ""}`;
}

/** Text in one line where it is text, its size otherwise. */
function shown(value: Uint8Array): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(value);
    return text.length <= SHOWN_CHARACTERS_MAX
      ? printable(text)
      : `${printable(text.slice(0, SHOWN_CHARACTERS_MAX))}...`;
  } catch {
    return `(${value.length} bytes)`;
  }
}
