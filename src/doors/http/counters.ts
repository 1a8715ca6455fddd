/** Numbers that are added to. To Redis clients a counter is a string that holds a number, to `/v1/kv` its text. */

import { AtollError } from "../../base/errors.ts";
import { add, checkAmount, numberIn } from "../additions.ts";
import { isObject, parseJsonBytes } from "../json.ts";
import { type Answer, jsonAnswer, problemAnswer } from "./answer.ts";
import type { Call, DoorFacts } from "./call.ts";
import { acksHeaders, callerOf, carryOut, statusOf } from "./command-call.ts";
import { ttlOf } from "./values.ts";

/** 200 with what it comes to now; 202 with that where it did not get in time as far as was asked. */
export async function postCounter(call: Call, facts: DoorFacts): Promise<Answer> {
  const addition = { key: call.key, by: amountIn(call.body), ttlMs: ttlOf(call.query) };
  const { reply, dots, acks } = await add(callerOf(call, facts), addition);
  const answer = jsonAnswer(statusOf(200, acks), { value: numberIn(reply) }, dots);
  answer.headers.push(...acksHeaders(acks));
  return answer;
}

/** 200 with what it comes to, 404. */
export async function getCounter(call: Call, facts: DoorFacts): Promise<Answer> {
  const { reply, dots } = await carryOut(call, facts, "get", call.key);
  if (reply.type === "nothing") return { ...problemAnswer(new AtollError("NOT_FOUND", "no such counter")), dots };
  return jsonAnswer(200, { value: numberIn(reply) }, dots);
}

function amountIn(body: Buffer): number {
  const message = parseJsonBytes(body);
  return checkAmount(isObject(message) && Object.keys(message).length === 1 ? message.by : undefined);
}
