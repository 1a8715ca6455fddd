/** What a replica answers to a write. */

import type { Answer } from "./answer.ts";

export interface WriteAnswer {
  /** `kept`: it stays and will spread, but what `ack` asked for was not reached in time. */
  readonly outcome: "created" | "replaced" | "deleted" | "invalidated" | "kept";
  readonly version?: string;
  /** "reached/wanted", where an ack was asked for. */
  readonly acks?: string;
}

export function writeAnswer(answer: Answer, outcome: WriteAnswer["outcome"]): WriteAnswer {
  const version = versionOf(answer.headers);
  const acks = answer.headers.get("atoll-acks");
  return {
    outcome: answer.status === 202 ? "kept" : outcome,
    ...(version !== undefined && { version }),
    ...(acks !== null && { acks }),
  };
}

/** What an ETag names. */
export function versionOf(headers: Headers): string | undefined {
  return headers.get("etag")?.replace(/^"(.*)"$/, "$1");
}
