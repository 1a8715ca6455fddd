/** One field of a map, or member of a set, as commands of doors answer about it. */

import type { Reply } from "../../command-reply.ts";
import type { Carried } from "../door-command.ts";

export function isNew({ reply }: Carried): boolean {
  return reply.type === "integer" && reply.value === 1;
}

/** Without a value there is none; `endsAt`, unix ms, where it ends by itself. */
export function shownIn(reply: Reply): { readonly value?: Uint8Array; readonly endsAt?: number } {
  const [value, end] = reply.type === "array" ? reply.items : [];
  return {
    ...(value?.type === "bulk" && { value: value.value }),
    ...(end?.type === "integer" && { endsAt: Number(end.value) }),
  };
}

export function endHeaders(endsAt: number | undefined): readonly string[] {
  return endsAt === undefined ? [] : ["Atoll-Expires-At", new Date(endsAt).toISOString()];
}
