/** PUT, GET and DELETE of fields of a map, GET and DELETE of the whole. To Redis clients a map is a hash. */

import { AtollError } from "../../base/errors.ts";
import { type Answer, problemAnswer } from "./answer.ts";
import type { Call, DoorFacts } from "./call.ts";
import { type Carried, carryOut, carryOutBoth, remove } from "./command-call.ts";
import { isNothing, pageAnswer, pageOf, textsOf } from "./member-page.ts";
import { namedIn } from "./named.ts";
import { parseTtl } from "./values.ts";

const VALUE_TYPE = "application/octet-stream";

/** 201 new, 204 replaced. */
export async function putField(call: Call, facts: DoorFacts): Promise<Answer> {
  const field = namedIn(call, "field");
  const { reply, dots } = await put(call, facts, ["hset", call.key, field, call.body], field);
  const isNew = reply.type === "integer" && reply.value === 1;
  return isNew ? { status: 201, headers: ["Content-Length", "0"], dots } : { status: 204, headers: [], dots };
}

/** The field ends by itself where a time to live is asked for, and else with the map. */
function put(call: Call, facts: DoorFacts, words: Parameters<typeof carryOutBoth>[2], field: string): Promise<Carried> {
  const ttl = call.query.get("ttl");
  if (ttl === undefined) return carryOut(call, facts, ...words);
  return carryOutBoth(call, facts, words, ["hpexpire", call.key, String(parseTtl(ttl)), "fields", "1", field]);
}

/** 200 with the value, 404. */
export async function getField(call: Call, facts: DoorFacts): Promise<Answer> {
  const { reply, dots } = await carryOut(call, facts, "hget", call.key, namedIn(call, "field"));
  if (reply.type !== "bulk") return { ...problemAnswer(new AtollError("NOT_FOUND", "no such field")), dots };
  const headers = ["Content-Type", VALUE_TYPE, "Content-Length", String(reply.value.length)];
  return { status: 200, headers, body: reply.value, isBodySpent: true, dots };
}

/** 204 whether it was there or not. */
export async function deleteField(call: Call, facts: DoorFacts): Promise<Answer> {
  const { dots } = await carryOut(call, facts, "hdel", call.key, namedIn(call, "field"));
  return { status: 204, headers: [], dots };
}

/** 200 with a page of fields and their values, 404. */
export async function getMap(call: Call, facts: DoorFacts): Promise<Answer> {
  const page = await pageOf(call, facts, "hscan");
  if (isNothing(call, page)) return problemAnswer(new AtollError("NOT_FOUND", "no such map"));
  const { texts, encoding } = textsOf(page, call.query.get("encoding"));
  const fields = texts.flatMap((text, i) => (i % 2 === 0 ? [[text, texts[i + 1]] as const] : []));
  return pageAnswer(call, page, { fields: Object.fromEntries(fields), ...encoding });
}

/** 204 whether it was there or not. */
export async function deleteMap(call: Call, facts: DoorFacts): Promise<Answer> {
  return { status: 204, headers: [], dots: await remove(call, facts, "hash") };
}
