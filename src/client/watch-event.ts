/** A server-sent event as a change: text stands for its UTF-8 bytes, or base64 where the message says so. */

import { latin1FromBytes } from "../base/bytes.ts";
import type { Key } from "../base/ids.ts";
import type { WatchEvent } from "../store.ts";
import { EventStreamParser, type StreamEvent } from "./event-stream.ts";

/** The change; `undefined` for events of a kind that this client does not know. Throws for one that is malformed. */
export function parseWatchEvent(event: StreamEvent): WatchEvent | undefined {
  const message: unknown = JSON.parse(event.data);
  if (typeof message !== "object" || message === null) throw new Error("an event is no object");
  const fields = message as Readonly<Record<string, unknown>>;
  const resume = typeof fields.resume === "string" ? fields.resume : (event.id ?? "");
  if (event.type === "reset") return { type: "reset", resume };
  if (event.type !== "put" && event.type !== "delete" && event.type !== "expire" && event.type !== "document")
    return undefined;
  const encoding = fields.encoding === "base64" ? "base64" : "utf8";
  const key = latin1FromBytes(Buffer.from(String(fields.key), encoding)) as Key;
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
