/**
 * The tags of a value: what it was made of, in the words of whoever put it. They are part of the value's record, so that the
 * two never merge apart, and stay in memory where the value is away. A tag is a byte string, as a latin1 text; a list of them
 * has each once, in the order of their bytes. As bytes: for each, u8 length and the tag.
 */

import { ByteWriter, latin1FromBytes } from "../../base/bytes.ts";
import { AtollError } from "../../base/errors.ts";

export const TAGS_MAX = 16;
export const TAG_BYTES_MAX = 128;
// biome-ignore lint/suspicious/noControlCharactersInRegex: every byte is one character.
const BYTES = /^[\x00-\xff]*$/;
/** Of the tags of one value, with their lengths. */
export const TAGS_BYTES_MAX = TAGS_MAX * (1 + TAG_BYTES_MAX);

/** Throws `BAD_TAG`. */
export function checkTag(tag: string): string {
  if (tag.length === 0) throw new AtollError("BAD_TAG", "a tag has at least one byte");
  if (tag.length > TAG_BYTES_MAX) {
    throw new AtollError("BAD_TAG", `a tag has at most ${TAG_BYTES_MAX} bytes, this one ${tag.length}`);
  }
  if (!BYTES.test(tag))
    throw new AtollError("BAD_TAG", "a tag is bytes as latin1 text: keyFromText makes them of any other");
  return tag;
}

/** Each once, in order; undefined for none. Throws `BAD_TAG`, `TOO_MANY_TAGS`. */
export function tagsOf(tags: readonly string[] | undefined): readonly string[] | undefined {
  if (tags === undefined || tags.length === 0) return undefined;
  const own = [...new Set(tags.map(checkTag))].sort();
  if (own.length > TAGS_MAX) {
    throw new AtollError("TOO_MANY_TAGS", `a value has at most ${TAGS_MAX} tags, not ${own.length}`);
  }
  return own;
}

/** A copy. */
export function encodeTags(tags: readonly string[]): Uint8Array {
  const writer = new ByteWriter();
  for (const tag of tags) {
    writer.u8(tag.length);
    for (let i = 0; i < tag.length; i++) writer.u8(tag.charCodeAt(i));
  }
  return writer.copy();
}

/** Of bytes that have been checked. */
export function decodeTags(bytes: Uint8Array, start: number, end: number): readonly string[] {
  const tags: string[] = [];
  for (let at = start; at < end; ) {
    const next = at + 1 + (bytes[at] as number);
    tags.push(latin1FromBytes(bytes, at + 1, next));
    at = next;
  }
  return tags;
}

/** True for what `encodeTags` makes of a list that is in order. */
export function areTags(bytes: Uint8Array, start: number, end: number): boolean {
  let before = "";
  let count = 0;
  for (let at = start; at < end; count++) {
    const length = bytes[at] as number;
    const next = at + 1 + length;
    if (length === 0 || length > TAG_BYTES_MAX || next > end) return false;
    const tag = latin1FromBytes(bytes, at + 1, next);
    if (tag <= before) return false;
    before = tag;
    at = next;
  }
  return count > 0 && count <= TAGS_MAX;
}
