/**
 * Pages of maps and sets, as `HSCAN` and `SSCAN` make them: the cursor keeps nothing, is good at every replica, and whoever
 * goes on to the end sees all that was there throughout. Texts of a page are UTF-8 where all of them can be and base64 was not
 * asked for, and base64 otherwise, all alike.
 */

import { isUtf8 } from "node:buffer";
import { latin1FromBytes } from "../../base/bytes.ts";
import { AtollError } from "../../base/errors.ts";
import type { Reply } from "../../command-reply.ts";
import type { Dot } from "../../store.ts";
import { TEXT_COPIES } from "../byte-account.ts";
import { checkLimit } from "../fields.ts";
import { type Answer, jsonAnswer } from "./answer.ts";
import type { Call, DoorFacts } from "./call.ts";
import { carryOut } from "./command-call.ts";
import { withRoom } from "./long-answer.ts";
import { wholeNumberOf } from "./query.ts";

const CURSOR = /^[1-9]\d{0,19}$/;
const BEGINNING = "0";

export interface Page {
  /** Names, or names and values in turn. */
  readonly parts: readonly Uint8Array[];
  /** Absent: there are no more. */
  readonly cursor: string | undefined;
  /** Of what it shows, as in `Carried`. */
  readonly dots: readonly Dot[];
}

/** Throws `BAD_REQUEST`, `BAD_CURSOR`, and what ends the command. */
export async function pageOf(call: Call, facts: DoorFacts, command: "hscan" | "sscan"): Promise<Page> {
  const limit = checkLimit(wholeNumberOf(call.query.get("limit")), facts.limits);
  const from = call.query.get("cursor");
  if (from !== undefined && !CURSOR.test(from))
    throw new AtollError("BAD_CURSOR", "the cursor is not one that was handed out here");
  const words = [call.key, from ?? BEGINNING, "count", String(limit)];
  const { reply, dots } = await carryOut(call, facts, command, ...words);
  const [next, members] = itemsOf(reply);
  const cursor = next?.type === "bulk" ? latin1FromBytes(next.value) : BEGINNING;
  const parts = itemsOf(members).flatMap((item) => (item.type === "bulk" ? [item.value] : []));
  // The text that is made of them, beside themselves.
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  await call.room(bytes * TEXT_COPIES);
  return { parts, cursor: cursor === BEGINNING ? undefined : cursor, dots };
}

function itemsOf(reply: Reply | undefined): readonly Reply[] {
  return reply !== undefined && "items" in reply ? reply.items : [];
}

/** True of a page that is all there is, and has nothing on it. */
export function isNothing({ query }: Call, { parts, cursor }: Page): boolean {
  return parts.length === 0 && cursor === undefined && query.get("cursor") === undefined;
}

/** Throws `BAD_REQUEST`. */
export function textsOf(
  { parts }: Page,
  asked: string | undefined,
): { readonly texts: readonly string[]; readonly encoding: { readonly encoding?: "base64" } } {
  if (asked !== undefined && asked !== "utf8" && asked !== "base64")
    throw new AtollError("BAD_REQUEST", "encoding is utf8 or base64");
  const isText = asked !== "base64" && parts.every((part) => isUtf8(part));
  const notation = isText ? "utf8" : "base64";
  const texts = parts.map(({ buffer, byteOffset, length }) =>
    Buffer.from(buffer, byteOffset, length).toString(notation),
  );
  return { texts, encoding: isText ? {} : { encoding: "base64" } };
}

export function pageAnswer(
  call: Call,
  { cursor, dots }: Page,
  content: Readonly<Record<string, unknown>>,
): Promise<Answer> {
  return withRoom(call, jsonAnswer(200, { ...content, cursor }, dots));
}
