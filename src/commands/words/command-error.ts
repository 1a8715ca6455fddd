/** Ends a command with an error for the client. */

import { AtollError, errorTable, toAtollError } from "../../base/errors.ts";
import { errorReply, type Reply } from "../../command-reply.ts";

/** The message is what the client is told, its code included. */
export class CommandError extends Error {}

export const WRONG_TYPE = "WRONGTYPE Operation against a key holding the wrong kind of value";
export const SYNTAX_ERROR = "ERR syntax error";
export const NOT_AN_INTEGER = "ERR value is not an integer or out of range";
export const NOT_POSITIVE = "ERR value is out of range, must be positive";
export const NOT_A_FLOAT = "ERR value is not a valid float";
export const NO_SUCH_KEY = "ERR no such key";

/** What a client is told of whatever ended its command. */
export function replyOfError(error: unknown): Reply {
  if (error instanceof CommandError) return errorReply(error.message);
  const { code, message } = error instanceof AtollError ? error : toAtollError(error);
  return { type: "error", text: `${errorTable[code].redis} ${message}`, code };
}
