/** What a command answers, in no protocol's bytes: whoever speaks to the client writes it in the one that it speaks. */

import { bytesFromLatin1 } from "./base/bytes.ts";
import type { ErrorCode } from "./base/errors.ts";
import type { PackedItems } from "./base/packed-items.ts";

export type Reply =
  /** One line of text, such as `OK`. */
  | { readonly type: "status"; readonly text: string }
  /** One line that begins with a code of Redis, such as `ERR` or `WRONGTYPE`, as latin1 text; and ours, where it is known. */
  | { readonly type: "error"; readonly text: string; readonly code?: ErrorCode }
  | { readonly type: "integer"; readonly value: number | bigint }
  /** Nobody changes the bytes any more. */
  | { readonly type: "bulk"; readonly value: Uint8Array }
  | { readonly type: "double"; readonly value: number }
  /** A fraction in more digits than a double has. */
  | { readonly type: "decimal"; readonly text: string }
  | { readonly type: "boolean"; readonly value: boolean }
  /** There is no such value ... */
  | { readonly type: "nothing" }
  /** ... or no such list of values. */
  | { readonly type: "no-array" }
  | { readonly type: "array"; readonly items: readonly Reply[] }
  | { readonly type: "set"; readonly items: readonly Reply[] }
  /** Keys and values in turn. */
  | { readonly type: "map"; readonly items: readonly Reply[] }
  /** Two that belong together in turn, such as members and scores: lists of two where the protocol tells fractions from text. */
  | { readonly type: "pairs"; readonly items: readonly Reply[] }
  /** A long list of the kind that `form` names, of bytes and doubles only; where they are `of` a key, the second of two, behind that. */
  | { readonly type: "packed"; readonly form: PackedForm; readonly packed: PackedItems; readonly of?: Uint8Array }
  /** Nobody asked for it. */
  | { readonly type: "push"; readonly items: readonly Reply[] }
  /** A whole number of any length, as its digits. */
  | { readonly type: "big-number"; readonly text: string }
  /** Text for people, of several lines; `format` has three letters, `txt` unless told. */
  | { readonly type: "verbatim"; readonly text: Uint8Array; readonly format?: string };

/** `twos`: two that belong together are a list of their own, whatever the protocol tells apart. */
export type PackedForm = "array" | "set" | "map" | "pairs" | "twos";

/** Of an answer, what it takes beside its bytes. */
const REPLY_OVERHEAD = 16;

export const OK: Reply = { type: "status", text: "OK" };
export const NOTHING: Reply = { type: "nothing" };
export const NO_ARRAY: Reply = { type: "no-array" };
export const ZERO: Reply = { type: "integer", value: 0 };
export const ONE: Reply = { type: "integer", value: 1 };
export const EMPTY: Reply = { type: "bulk", value: new Uint8Array(0) };

export function statusReply(text: string): Reply {
  return { type: "status", text };
}

/** A text as one line, as Redis makes one of it: ends of lines at its end are dropped, each other one is a space. */
export function asOneLine(text: string): string {
  let end = text.length;
  while (end > 0 && isLineEnd(text.charCodeAt(end - 1))) end--;
  return text.slice(0, end).replace(/[\r\n]/g, " ");
}

function isLineEnd(character: number): boolean {
  return character === 13 || character === 10;
}

/** `text` begins with a code. */
export function errorReply(text: string): Reply {
  return { type: "error", text };
}

export function integerReply(value: number | bigint): Reply {
  if (value === 0) return ZERO;
  return value === 1 ? ONE : { type: "integer", value };
}

export function bulkReply(value: Uint8Array): Reply {
  return { type: "bulk", value };
}

/** Of latin1 text. */
export function textReply(text: string): Reply {
  return { type: "bulk", value: bytesFromLatin1(text) };
}

export function arrayReply(items: readonly Reply[]): Extract<Reply, { type: "array" }> {
  return { type: "array", items };
}

export function setReply(items: readonly Reply[]): Reply {
  return { type: "set", items };
}

/** Keys and values in turn. */
export function mapReply(items: readonly Reply[]): Reply {
  return { type: "map", items };
}

/** The same, an object for each of its items. */
export function plainReply(reply: Reply): Exclude<Reply, { type: "packed" }> {
  if (reply.type !== "packed") return reply;
  const items: Reply[] = [];
  const reader = {
    bytes: (piece: Uint8Array, start: number, end: number) => void items.push(bulkReply(piece.subarray(start, end))),
    double: (value: number) => void items.push({ type: "double", value }),
  };
  for (const _ of reply.packed.read(reader));
  const { form, of } = reply;
  const list = form === "twos" ? arrayReply(inTwos(items)) : ({ type: form, items } as const);
  return of === undefined ? list : { type: "array", items: [bulkReply(of), list] };
}

function inTwos(items: readonly Reply[]): readonly Reply[] {
  return Array.from({ length: items.length / 2 }, (_, i) => arrayReply(items.slice(2 * i, 2 * i + 2)));
}

/** About so many, on their way. */
export function bytesOfReply(reply: Reply): number {
  switch (reply.type) {
    case "bulk":
      return reply.value.length + REPLY_OVERHEAD;
    case "verbatim":
    case "big-number":
    case "status":
    case "error":
      return reply.text.length + REPLY_OVERHEAD;
    case "array":
    case "set":
    case "map":
    case "pairs":
    case "push":
      return reply.items.reduce((sum, item) => sum + bytesOfReply(item), REPLY_OVERHEAD);
    case "packed":
      return reply.packed.bytes + REPLY_OVERHEAD;
    default:
      return REPLY_OVERHEAD;
  }
}
