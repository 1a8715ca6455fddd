/** What an error that `ws` finds in what it reads is counted as. */

/** What `ws` says of a message that is too long, and of one whose length is no number any more. */
const LENGTH_ERRORS: ReadonlySet<unknown> = new Set([
  "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH",
  "WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH",
]);

export function codeOfSocketError(error: Error): "BODY_TOO_LARGE" | "BAD_MESSAGE" {
  const code: unknown = Reflect.get(error, "code");
  return LENGTH_ERRORS.has(code) ? "BODY_TOO_LARGE" : "BAD_MESSAGE";
}
