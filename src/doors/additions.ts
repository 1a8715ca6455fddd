/** Additions to numbers, the same at every door that takes them. To Redis clients a counter is a string that holds a number. */

import { latin1FromBytes } from "../base/bytes.ts";
import { AtollError, toAtollError } from "../base/errors.ts";
import type { Key } from "../base/ids.ts";
import type { Reply } from "../command-reply.ts";
import { type Carried, type CommandCaller, carryOutCommand } from "./door-command.ts";

const NUMBER = /^-?\d+(?:\.\d+)?$/;

export interface Addition {
  readonly key: Key;
  readonly by: number;
  /** The whole has it from now on; undefined: it ends as before. */
  readonly ttlMs: number | undefined;
}

/** Throws `BAD_REQUEST`. */
export function checkAmount(by: unknown): number {
  const isExact =
    typeof by === "number" && (Number.isSafeInteger(by) || (Number.isFinite(by) && !Number.isInteger(by)));
  if (!isExact)
    throw new AtollError("BAD_REQUEST", 'an addition is { "by": 5 }: a number, and if it is whole one below 2^53');
  return by;
}

/** With nothing changed throws `NOT_A_NUMBER`, `NUMBER_OVERFLOW`, and what else ends the command. */
export async function add(caller: CommandCaller, { key, by, ttlMs = 0 }: Addition): Promise<Carried> {
  try {
    return await carryOutCommand(caller, "counter.add", key, String(by), String(ttlMs));
  } catch (error) {
    const { code, message } = toAtollError(error);
    if (code !== "BAD_REQUEST") throw error;
    if (message.startsWith("value is not")) throw notANumber();
    if (message.startsWith("increment")) throw new AtollError("NUMBER_OVERFLOW", "the sum would be too great");
    throw error;
  }
}

/** What a counter comes to: a number where that is exact, else its text. Throws `NOT_A_NUMBER`. */
export function numberIn(reply: Reply): number | string {
  if (reply.type === "integer")
    return Number.isSafeInteger(Number(reply.value)) ? Number(reply.value) : String(reply.value);
  const text = reply.type === "bulk" ? latin1FromBytes(reply.value) : "";
  if (!NUMBER.test(text)) throw notANumber();
  return String(Number(text)) === text ? Number(text) : text;
}

function notANumber(): AtollError {
  return new AtollError("NOT_A_NUMBER", "what is under the key is no number");
}
