/** What a client is told of what went wrong. */

import { errorTable, toAtollError } from "../../base/errors.ts";
import { errorReply, type Reply } from "../../command-reply.ts";
import { RedisError } from "./extension.ts";

export function errorOf(error: unknown): Reply {
  if (error instanceof RedisError) return errorReply(error.message);
  const { code, message } = toAtollError(error);
  return errorReply(`${errorTable[code].redis} ${message}`);
}
