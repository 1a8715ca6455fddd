/**
 * Close codes as y-websocket reads them: it comes again after any but 4400 to 4499, which say, like HTTP's 4xx, that it need
 * not try; 4500 to 4599 say later. What the table of errors has for other clients is moved to where its meaning is the same.
 */

import { type ErrorCode, errorRow } from "../../base/errors.ts";

/** Of all servers. */
const FAILED = 1011;
const TRY_AGAIN = 1013;
const CLIENT_FAILED = 4400;
const TRY_LATER = 4500;

export function closeCodeOf(code: ErrorCode): number {
  const { http, retry, close = retry ? TRY_AGAIN : FAILED } = errorRow(code);
  const isFinal = close >= CLIENT_FAILED && close < TRY_LATER;
  if (retry) return isFinal ? close + (TRY_LATER - CLIENT_FAILED) : close;
  return isFinal ? close : CLIENT_FAILED + (http % 100);
}
