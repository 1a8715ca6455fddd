/** PUT, GET and DELETE of members of a set, GET and DELETE of the whole. */

import { AtollError } from "../../base/errors.ts";
import { type Answer, jsonAnswer, problemAnswer } from "./answer.ts";
import type { Call, DoorFacts } from "./call.ts";
import { carryOut, remove } from "./command-call.ts";
import { isNothing, pageAnswer, pageOf, textsOf } from "./member-page.ts";
import { namedIn } from "./named.ts";

/** 201 new, 204 where it was a member. */
export async function addMember(call: Call, facts: DoorFacts): Promise<Answer> {
  const { reply, dots } = await carryOut(call, facts, "sadd", call.key, namedIn(call, "member"));
  const isNew = reply.type === "integer" && reply.value === 1;
  return isNew ? { status: 201, headers: ["Content-Length", "0"], dots } : { status: 204, headers: [], dots };
}

/** 200 where it is a member, 404. */
export async function hasMember(call: Call, facts: DoorFacts): Promise<Answer> {
  const { reply, dots } = await carryOut(call, facts, "sismember", call.key, namedIn(call, "member"));
  const isMember = reply.type === "integer" && reply.value === 1;
  if (!isMember) return { ...problemAnswer(new AtollError("NOT_FOUND", "no such member")), dots };
  return jsonAnswer(200, { isMember }, dots);
}

/** 204 whether it was a member or not. */
export async function removeMember(call: Call, facts: DoorFacts): Promise<Answer> {
  const { dots } = await carryOut(call, facts, "srem", call.key, namedIn(call, "member"));
  return { status: 204, headers: [], dots };
}

/** 200 with a page of members, 404. */
export async function getSet(call: Call, facts: DoorFacts): Promise<Answer> {
  const page = await pageOf(call, facts, "sscan");
  if (isNothing(call, page)) return problemAnswer(new AtollError("NOT_FOUND", "no such set"));
  const { texts, encoding } = textsOf(page, call.query.get("encoding"));
  return pageAnswer(call, page, { members: texts, ...encoding });
}

/** 204 whether it was there or not. */
export async function deleteSet(call: Call, facts: DoorFacts): Promise<Answer> {
  return { status: 204, headers: [], dots: await remove(call, facts, "set") };
}
