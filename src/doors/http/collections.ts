/** GET of many keys and POST of many operations. */

import { AtollError } from "../../base/errors.ts";
import { authoriseBatch, carryOut, dotsOf, formatResult, readBatch } from "../batch.ts";
import { TEXT_COPIES } from "../byte-account.ts";
import { checkAck, checkCursor, checkFields, checkLimit, checkPrefix, FieldReader } from "../fields.ts";
import { isObject, parseJsonBytes } from "../json.ts";
import { jsonNotation } from "../notation.ts";
import { type Answer, jsonAnswer } from "./answer.ts";
import type { Call, DoorFacts } from "./call.ts";
import { encodePercent } from "./key-path.ts";
import { withRoom } from "./long-answer.ts";
import { wholeNumberOf } from "./query.ts";

const BATCH_FIELDS: ReadonlySet<string> = new Set(["operations", "ack"]);

/** One page of live keys under the prefix, percent-encoded. */
export async function listKeys(call: Call, facts: DoorFacts): Promise<Answer> {
  const prefix = checkPrefix(call.query.get("prefix") ?? "", facts.limits);
  const limit = checkLimit(wholeNumberOf(call.query.get("limit")), facts.limits);
  const cursor = call.query.get("cursor");
  const page = await call.store.keys({
    prefix,
    limit,
    ...(cursor === undefined ? {} : { cursor: checkCursor(cursor) }),
  });
  return withRoom(call, jsonAnswer(200, { keys: page.keys.map(encodePercent), cursor: page.cursor }));
}

/** `{ results }` in the order of the operations; each says for itself whether it went well. */
export async function runBatch(call: Call, facts: DoorFacts): Promise<Answer> {
  const message = parseJsonBytes(call.body);
  if (!isObject(message)) throw new AtollError("BAD_REQUEST", "a batch is { operations: [...] }");
  checkFields(message, BATCH_FIELDS);
  const reader = new FieldReader(jsonNotation, facts.limits);
  const batch = readBatch(reader, message);
  authoriseBatch(call.principal, batch);
  const asked = call.query.get("ack");
  const ack = asked === undefined ? reader.ack(message) : checkAck(asked);
  const readBytesMax = facts.limits.batchReadBytesMax;
  const results = await carryOut(call.store, batch, {
    ...(ack === undefined ? {} : { ack }),
    readBytesMax,
    // Beside the text that is made of them, what is read is in memory itself.
    room: (bytes) => call.room(bytes * (TEXT_COPIES + 1)),
  });
  const formatted = results.map((result, place) => formatResult(jsonNotation, result, batch.encodings[place]));
  return jsonAnswer(200, { results: formatted }, dotsOf(results));
}
