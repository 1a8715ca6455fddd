/** Updates that do harm to whoever believes them. */

import * as encoding from "lib0/encoding";

const ORPHAN_BYTES = 1024;

export function written(write: (encoder: encoding.Encoder) => void): Uint8Array {
  const encoder = encoding.createEncoder();
  write(encoder);
  return encoding.toUint8Array(encoder);
}

/** An update that claims 32 million structs and holds none. */
export function bomb(): Uint8Array {
  return written((encoder) => {
    for (const value of [1, 2 ** 25, 7, 0, 1, 1]) encoding.writeVarUint(encoder, value);
  });
}

/** A kilobyte of text right of what is not there. */
export function orphan(client: number): Uint8Array {
  return written((encoder) => {
    for (const value of [1, 1, client, 0]) encoding.writeVarUint(encoder, value);
    encoding.writeUint8(encoder, 4 | 128);
    for (const value of [999_999, 5]) encoding.writeVarUint(encoder, value);
    encoding.writeVarString(encoder, "x".repeat(ORPHAN_BYTES));
    encoding.writeVarUint(encoder, 0);
  });
}
