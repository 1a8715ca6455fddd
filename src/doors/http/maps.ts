/** PUT, GET and DELETE of fields of a map, GET and DELETE of the whole. To Redis clients a map is a hash. */

import { AtollError } from "../../base/errors.ts";
import { type Answer, problemAnswer } from "./answer.ts";
import type { Call, DoorFacts } from "./call.ts";
import { carryOut, writtenAnswer } from "./command-call.ts";
import { endHeaders, isNew, shownIn } from "./member.ts";
import { isNothing, pageAnswer, pageOf, textsOf } from "./member-page.ts";
import { namedIn } from "./named.ts";
import { ttlOf } from "./values.ts";

const VALUE_TYPE = "application/octet-stream";

/** 201 new, 204 replaced. The field ends by itself where a time to live is asked for, and else with the map. */
export async function putField(call: Call, facts: DoorFacts): Promise<Answer> {
  const ttlMs = String(ttlOf(call.query) ?? 0);
  const carried = await carryOut(call, facts, "hash.put", call.key, namedIn(call, "field"), call.body, ttlMs);
  return writtenAnswer(isNew(carried) ? 201 : 204, carried);
}

/** 200 with the value, 404. */
export async function getField(call: Call, facts: DoorFacts): Promise<Answer> {
  const { reply, dots } = await carryOut(call, facts, "hash.show", call.key, namedIn(call, "field"));
  const { value, endsAt } = shownIn(reply);
  if (value === undefined) return { ...problemAnswer(new AtollError("NOT_FOUND", "no such field")), dots };
  const headers = ["Content-Type", VALUE_TYPE, "Content-Length", String(value.length), ...endHeaders(endsAt)];
  return { status: 200, headers, body: value, isBodySpent: true, dots };
}

/** 204 whether it was there or not. */
export async function deleteField(call: Call, facts: DoorFacts): Promise<Answer> {
  return writtenAnswer(204, await carryOut(call, facts, "hdel", call.key, namedIn(call, "field")));
}

/** 200 with a page of fields and their values, 404. */
export async function getMap(call: Call, facts: DoorFacts): Promise<Answer> {
  const page = await pageOf(call, facts, "hscan");
  if (isNothing(call, page)) return { ...problemAnswer(new AtollError("NOT_FOUND", "no such map")), dots: page.dots };
  const { texts, encoding } = textsOf(page, call.query.get("encoding"));
  const fields = texts.flatMap((text, i) => (i % 2 === 0 ? [[text, texts[i + 1]] as const] : []));
  return pageAnswer(call, page, { fields: Object.fromEntries(fields), ...encoding });
}

/** 204 whether it was there or not. */
export async function deleteMap(call: Call, facts: DoorFacts): Promise<Answer> {
  return writtenAnswer(204, await carryOut(call, facts, "hash.delete", call.key));
}
