/** PUT, GET and DELETE of members of a set, GET and DELETE of the whole. */

import { AtollError } from "../../base/errors.ts";
import { type Answer, jsonAnswer, problemAnswer } from "./answer.ts";
import type { Call, DoorFacts } from "./call.ts";
import { carryOut, writtenAnswer } from "./command-call.ts";
import { endHeaders, isNew, shownIn } from "./member.ts";
import { isNothing, pageAnswer, pageOf, textsOf } from "./member-page.ts";
import { namedIn } from "./named.ts";
import { ttlOf } from "./values.ts";

/** 201 new, 204 where it was a member. It ends by itself where a time to live is asked for, and else with the set. */
export async function addMember(call: Call, facts: DoorFacts): Promise<Answer> {
  const ttlMs = String(ttlOf(call.query) ?? 0);
  const carried = await carryOut(call, facts, "set.put", call.key, namedIn(call, "member"), ttlMs);
  return writtenAnswer(isNew(carried) ? 201 : 204, carried);
}

/** 200 where it is a member, 404. */
export async function hasMember(call: Call, facts: DoorFacts): Promise<Answer> {
  const { reply, dots } = await carryOut(call, facts, "set.show", call.key, namedIn(call, "member"));
  const { value, endsAt } = shownIn(reply);
  if (value === undefined) return { ...problemAnswer(new AtollError("NOT_FOUND", "no such member")), dots };
  const answer = jsonAnswer(200, { isMember: true }, dots);
  answer.headers.push(...endHeaders(endsAt));
  return answer;
}

/** 204 whether it was a member or not. */
export async function removeMember(call: Call, facts: DoorFacts): Promise<Answer> {
  return writtenAnswer(204, await carryOut(call, facts, "srem", call.key, namedIn(call, "member")));
}

/** 200 with a page of members, 404. */
export async function getSet(call: Call, facts: DoorFacts): Promise<Answer> {
  const page = await pageOf(call, facts, "sscan");
  if (isNothing(call, page)) return { ...problemAnswer(new AtollError("NOT_FOUND", "no such set")), dots: page.dots };
  const { texts, encoding } = textsOf(page, call.query.get("encoding"));
  return pageAnswer(call, page, { members: texts, ...encoding });
}

/** 204 whether it was there or not. */
export async function deleteSet(call: Call, facts: DoorFacts): Promise<Answer> {
  return writtenAnswer(204, await carryOut(call, facts, "set.delete", call.key));
}
