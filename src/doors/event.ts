/** A change as a message, the same at every door that takes watches. */

import { assertNever } from "../base/assert.ts";
import type { WatchEvent } from "../store.ts";
import { formatEntry } from "./batch.ts";
import type { Message } from "./fields.ts";
import type { Encoding, Notation } from "./notation.ts";

export function formatEvent(notation: Notation, event: WatchEvent, encoding: Encoding | undefined): Message {
  switch (event.type) {
    case "put": {
      const bytes = notation.carry({ key: event.key, value: event.entry.value, tags: event.entry.tags }, encoding);
      return { type: "put", ...bytes, ...formatEntry(event.entry), resume: event.resume };
    }
    case "collection": {
      const { collection, of, change, isEmpty, version, resume } = event;
      const bytes = notation.carry({ key: event.key }, encoding);
      return { type: "collection", ...bytes, collection, of, change, isEmpty, version, resume };
    }
    case "document":
    case "delete":
    case "expire": {
      const bytes = notation.carry({ key: event.key }, encoding);
      return { type: event.type, ...bytes, version: event.version, resume: event.resume };
    }
    case "reset":
      return { type: "reset", resume: event.resume };
    default:
      return assertNever(event);
  }
}
