/** What a table is asked for a key that is there as bytes: a record of that identity, with neither stamp, value nor checksum. */

import { copyBytes } from "../base/copy.ts";
import { RECORD_HEADER_BYTES } from "./record.ts";

let probe = new DataView(new ArrayBuffer(1024));

/** Of the key from `start` to `end`, without a field; the probe begins at 0, and is valid until the next one is made. */
export function probeOf(kind: number, bytes: DataView, start: number, end: number): DataView {
  const length = end - start;
  if (RECORD_HEADER_BYTES + length > probe.byteLength)
    probe = new DataView(new ArrayBuffer(RECORD_HEADER_BYTES + 2 * length));
  probe.setUint8(5, kind);
  probe.setUint16(6, length, true);
  copyBytes(bytes, start, length, probe, RECORD_HEADER_BYTES);
  return probe;
}
