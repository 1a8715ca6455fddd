/** What a route of the HTTP door is: its path, and what may be done there. */

import type { Answer } from "./answer.ts";
import type { Call, DoorFacts } from "./call.ts";
import type { ShapeName } from "./shapes.ts";

export type Method = "GET" | "HEAD" | "PUT" | "POST" | "DELETE";

/** What an operation takes as its body, and so which limit holds for it; `stream`: as it comes, of any length. */
export type BodyKind = "none" | "value" | "document" | "batch" | "small" | "stream";

/**
 * `open` needs no token, even where there are tokens; `any` needs a good one, whatever its scopes. `batch` is judged
 * operation by operation; `read-write` needs both scopes: what it answers tells what was there.
 */
export type Access = "open" | "any" | "read" | "write" | "read-write" | "batch" | "observe" | "admin";

export type RequestHeader = "If-Match" | "If-None-Match" | "Atoll-Tags" | "Last-Event-ID" | "Sec-WebSocket-Protocol";

export type ResponseHeader =
  | "ETag"
  | "Atoll-Acks"
  | "Atoll-Expires-At"
  | "Atoll-Tags"
  | "X-Content-Type-Options"
  | "Content-Security-Policy"
  | "Cache-Control"
  | "X-Accel-Buffering"
  | "Retry-After"
  | "Sec-WebSocket-Protocol";

/** An answer that is no mere problem. */
export interface Outcome {
  /** Headers that it may have, beyond those that every answer has. */
  readonly headers?: readonly ResponseHeader[];
  readonly body?: ShapeName | readonly ShapeName[];
}

export interface Operation {
  readonly summary: string;
  readonly access: Access;
  readonly body: BodyKind;
  readonly bodyShape?: ShapeName;
  /**
   * Names of query parameters, beyond `wait` and (where the path has a key) `key`; any other is refused. `undefined`
   * where nobody looks at them: probes and scrapers add what they like.
   */
  readonly query: readonly string[] | undefined;
  /** Headers that it heeds, beyond the token and the session. */
  readonly headers?: readonly RequestHeader[];
  /** By status. */
  readonly outcomes: Readonly<Record<number, Outcome>>;
  /** Statuses of problems of its own, beyond those of tokens, sessions and malformed requests. */
  readonly problems?: readonly number[];
  /** `watch` is not answered once but kept open; the door does that itself. */
  readonly run: ((call: Call, facts: DoorFacts) => Promise<Answer>) | "watch" | "openapi";
}

export interface Route {
  readonly path: string;
  /** About the replica, whatever the keyspace: described once only. */
  readonly ofReplica?: boolean;
  readonly operations: Readonly<Partial<Record<Method, Operation>>>;
}

/** What a token needs for the keys that it is about; none where it is about no keys, or names them in its body. */
export function scopesOf({ access }: Operation): readonly ("read" | "write")[] {
  if (access === "read-write") return ["read", "write"];
  return access === "read" || access === "write" ? [access] : [];
}

/** Sessions are about keys: what watches over a replica or manages it must not wait for one, nor fail with it. */
export function obeysSession(operation: Operation): boolean {
  return operation.access === "batch" || scopesOf(operation).length > 0;
}
