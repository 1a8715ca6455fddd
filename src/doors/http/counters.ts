/** Numbers that are added to. To Redis clients a counter is a string that holds a number, to `/v1/kv` its text. */

import { latin1FromBytes } from "../../base/bytes.ts";
import { AtollError, toAtollError } from "../../base/errors.ts";
import type { Reply } from "../../command-reply.ts";
import type { Dot } from "../../store.ts";
import { isObject, parseJsonBytes } from "../json.ts";
import { type Answer, jsonAnswer, problemAnswer } from "./answer.ts";
import type { Call, DoorFacts } from "./call.ts";
import { type Carried, carryOut } from "./command-call.ts";
import { parseTtl } from "./values.ts";

const NUMBER = /^-?\d+(?:\.\d+)?$/;

/** For so long what was added just now is waited for where another replica gives the key its end, ms. */
const OWN_WRITE_MS = 250;

/** 200 with what it comes to now. */
export async function postCounter(call: Call, facts: DoorFacts): Promise<Answer> {
  const asked = call.query.get("ttl");
  const ttlMs = asked === undefined ? undefined : parseTtl(asked);
  const { reply, dots } = await added(call, facts, amountIn(call.body));
  const ended = ttlMs === undefined ? [] : await end(call, facts, dots, ttlMs);
  return jsonAnswer(200, { value: numberIn(reply) }, [...ended, ...dots]);
}

/**
 * Gives the whole its end, as `PEXPIRE` behind `INCRBY` would. Not together with that: where nothing could be added, what is there
 * must not end. Who is told of a failure here has added.
 */
async function end(call: Call, facts: DoorFacts, added: readonly Dot[], ttlMs: number): Promise<readonly Dot[]> {
  const { dots = [], waitMs = OWN_WRITE_MS } = call.session ?? {};
  const after: Call = { ...call, session: { dots: [...added, ...dots], waitMs } };
  return (await carryOut(after, facts, "pexpire", call.key, String(ttlMs))).dots;
}

/** 200 with what it comes to, 404. */
export async function getCounter(call: Call, facts: DoorFacts): Promise<Answer> {
  const { reply, dots } = await carryOut(call, facts, "get", call.key);
  if (reply.type === "nothing") return { ...problemAnswer(new AtollError("NOT_FOUND", "no such counter")), dots };
  return jsonAnswer(200, { value: numberIn(reply) }, dots);
}

function amountIn(body: Buffer): number {
  const message = parseJsonBytes(body);
  const by = isObject(message) && Object.keys(message).length === 1 ? message.by : undefined;
  const isExact =
    typeof by === "number" && (Number.isSafeInteger(by) || (Number.isFinite(by) && !Number.isInteger(by)));
  if (!isExact)
    throw new AtollError("BAD_REQUEST", 'an addition is { "by": 5 }: a number, and if it is whole one below 2^53');
  return by;
}

/** Whole numbers are added to whole numbers in 64 bits, anything else as a fraction. */
async function added(call: Call, facts: DoorFacts, by: number): Promise<Carried> {
  if (!Number.isInteger(by)) return carryOutAddition(call, facts, "incrbyfloat", by);
  try {
    return await carryOutAddition(call, facts, "incrby", by);
  } catch (error) {
    if (toAtollError(error).code !== "NOT_A_NUMBER") throw error;
    return carryOutAddition(call, facts, "incrbyfloat", by);
  }
}

/** Throws `NOT_A_NUMBER`, `NUMBER_OVERFLOW` and what else ends the command, with nothing changed. */
async function carryOutAddition(call: Call, facts: DoorFacts, name: string, by: number): Promise<Carried> {
  try {
    return await carryOut(call, facts, name, call.key, String(by));
  } catch (error) {
    const { code, message } = toAtollError(error);
    if (code !== "BAD_REQUEST") throw error;
    if (message.startsWith("value is not")) throw new AtollError("NOT_A_NUMBER", "what is under the key is no number");
    if (message.startsWith("increment")) throw new AtollError("NUMBER_OVERFLOW", "the sum would be too great");
    throw error;
  }
}

/** As a number where that is exact, else as its text. */
function numberIn(reply: Reply): number | string {
  if (reply.type === "integer")
    return Number.isSafeInteger(Number(reply.value)) ? Number(reply.value) : String(reply.value);
  const text = reply.type === "bulk" ? latin1FromBytes(reply.value) : "";
  if (!NUMBER.test(text)) throw new AtollError("NOT_A_NUMBER", "what is under the key is no number");
  return String(Number(text)) === text ? Number(text) : text;
}
