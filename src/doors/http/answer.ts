/** What a route answers, and the parts that many answers share. */

import { STATUS_CODES } from "node:http";
import { type AtollError, errorRow } from "../../base/errors.ts";
import type { Dot } from "../../store.ts";

export interface Answer {
  readonly status: number;
  /** Names and values in turn; whoever sends the answer may add to them. */
  readonly headers: string[];
  readonly body?: string | Uint8Array;
  /** Nobody needs the body any more once it is sent. */
  readonly isBodySpent?: true;
  /** Sent as it comes, in place of a body; where it fails the connection is cut. */
  readonly stream?: AsyncIterable<Uint8Array>;
  /** What the session has seen with this answer, newest first. */
  readonly dots?: readonly Dot[];
}

export function jsonAnswer(status: number, content: unknown, dots?: readonly Dot[]): Answer {
  const body = Buffer.from(JSON.stringify(content), "utf8");
  const headers = ["Content-Type", "application/json", "Content-Length", String(body.length)];
  return dots === undefined ? { status, headers, body } : { status, headers, body, dots };
}

/** An error as `application/problem+json` (RFC 9457). Of our own failures it says no more than that there was one. */
export function problemAnswer(error: AtollError, extra: Readonly<Record<string, unknown>> = {}): Answer {
  const row = errorRow(error.code);
  const content = {
    title: STATUS_CODES[row.http] ?? "Error",
    status: row.http,
    code: error.code,
    detail: error.code === "INTERNAL" ? "an internal error; the log has it" : error.message,
    retry: row.retry,
    ...extra,
  };
  const body = Buffer.from(JSON.stringify(content), "utf8");
  const headers = ["Content-Type", "application/problem+json", "Content-Length", String(body.length)];
  if (error.code === "UNAUTHORIZED") headers.push("WWW-Authenticate", "Bearer");
  if (error.code === "UPGRADE_REQUIRED") headers.push("Upgrade", "websocket", "Connection", "Upgrade");
  if (row.retry) headers.push("Retry-After", "1");
  return { status: row.http, headers, body };
}
