/** A server-sent event as a change: text stands for its UTF-8 bytes, or base64 where the message says so. */

import { latin1FromBytes } from "../base/bytes.ts";
import type { Key } from "../base/ids.ts";
import type { CollectionEvent, WatchEvent } from "../store.ts";
import { EventStreamParser, type StreamEvent } from "./event-stream.ts";

const COLLECTIONS = ["hash", "set", "zset", "list"] as const;
const CHANGES = ["put", "remove", "expire"] as const;

/** The change; `undefined` for events of a kind that this client does not know. Throws for one that is malformed. */
export function parseWatchEvent(event: StreamEvent): WatchEvent | undefined {
  const message: unknown = JSON.parse(event.data);
  if (typeof message !== "object" || message === null) throw new Error("an event is no object");
  const fields = message as Readonly<Record<string, unknown>>;
  const resume = typeof fields.resume === "string" ? fields.resume : (event.id ?? "");
  if (event.type === "reset") return { type: "reset", resume };
  if (event.type === "collection") return collectionEvent(fields, resume);
  if (event.type !== "put" && event.type !== "delete" && event.type !== "expire" && event.type !== "document")
    return undefined;
  const encoding = encodingOf(fields);
  const key = keyOf(fields);
  const version = String(fields.version ?? "");
  if (event.type !== "put") return { type: event.type, key, version, resume };
  const entry = {
    value: new Uint8Array(Buffer.from(String(fields.value), encoding)),
    version,
    ...(typeof fields.contentType === "string" && { contentType: fields.contentType }),
    ...(Array.isArray(fields.tags) && {
      tags: fields.tags.map((tag) => latin1FromBytes(Buffer.from(String(tag), encoding))),
    }),
    ...(typeof fields.expiresAt === "number" && { expiresAt: fields.expiresAt }),
  };
  return { type: "put", key, entry, resume };
}

/** Undefined: it tells what this client does not know. */
function collectionEvent(fields: Readonly<Record<string, unknown>>, resume: string): CollectionEvent | undefined {
  const collection = COLLECTIONS.find((each) => each === fields.collection);
  const of = fields.of === "member" || fields.of === "whole" ? fields.of : undefined;
  const change = CHANGES.find((each) => each === fields.change);
  if (collection === undefined || of === undefined || change === undefined) return undefined;
  const version = String(fields.version ?? "");
  const isEmpty = fields.isEmpty === true;
  return { type: "collection", key: keyOf(fields), collection, of, change, isEmpty, version, resume };
}

function encodingOf({ encoding }: Readonly<Record<string, unknown>>): "base64" | "utf8" {
  return encoding === "base64" ? "base64" : "utf8";
}

function keyOf(fields: Readonly<Record<string, unknown>>): Key {
  return latin1FromBytes(Buffer.from(String(fields.key), encodingOf(fields))) as Key;
}

/** The events of a stream, without those that are none of a watch. */
export async function* decodeWatchEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<WatchEvent> {
  const parser = new EventStreamParser();
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    for (const event of parser.push(decoder.decode(chunk, { stream: true }))) {
      const parsed = parseWatchEvent(event);
      if (parsed !== undefined) yield parsed;
    }
  }
}
