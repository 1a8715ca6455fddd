import type { Reply } from "../../src/command-reply.ts";

/** What a reply says, as values that are easy to compare; errors, and what else there is, as they are. */
export function textOf(reply: Reply): unknown {
  if (reply.type === "bulk") return Buffer.from(reply.value).toString("latin1");
  if (reply.type === "array" || reply.type === "map" || reply.type === "set" || reply.type === "pairs")
    return reply.items.map(textOf);
  if (reply.type === "nothing") return undefined;
  if (reply.type === "status" && reply.text !== "OK") return reply.text;
  return reply.type === "integer" ? reply.value : reply;
}
