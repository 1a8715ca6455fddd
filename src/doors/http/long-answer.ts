/** Answers that turn out to be long once they are made, as a page of keys does, or a document. */

import { SHORT_VALUE_BYTES_MAX } from "../../store.ts";
import type { Answer } from "./answer.ts";
import type { Call } from "./call.ts";

/**
 * Has room for as long as the answer is being sent, whoever reads it how slowly: each connection may hold one. The body must be
 * nobody else's. Rejects as `call.room`.
 */
export async function withRoom(call: Call, answer: Answer): Promise<Answer> {
  const { body } = answer;
  if (!(body instanceof Uint8Array) || body.length <= SHORT_VALUE_BYTES_MAX) return answer;
  await call.room(body.length);
  return { ...answer, isBodySpent: true };
}
