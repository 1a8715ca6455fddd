/** Keys from what people write. */

import { latin1FromBytes } from "./bytes.ts";
import type { Key } from "./ids.ts";

/** Text as a key: its UTF-8 bytes. Their number, 1 to 1,024, is checked where the key is used. */
export function keyFromText(text: string): Key {
  return latin1FromBytes(new TextEncoder().encode(text)) as Key;
}

/** Any bytes as a key. */
export function keyFromBytes(bytes: Uint8Array): Key {
  return latin1FromBytes(bytes) as Key;
}
