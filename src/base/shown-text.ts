/** Words of clients in messages to them: what a zero byte ends, as in C, and not without end. */

import { latin1FromBytes } from "./bytes.ts";

const ZERO = 0;

export function shownText(word: Uint8Array | undefined, bytesMax = 128): string {
  if (word === undefined) return "";
  const end = word.indexOf(ZERO);
  return latin1FromBytes(word.subarray(0, end < 0 ? bytesMax : Math.min(end, bytesMax)));
}
