import { CHECKSUM_BYTES, sealMessage } from "../../src/wire/message-checksum.ts";

/** A message of these fields, type first, and these records, with the checksum that its sender would have given it. */
export function sealed(fields: ArrayLike<number>, records: ArrayLike<number> = []): Uint8Array {
  const headEnd = CHECKSUM_BYTES + fields.length;
  const message = new Uint8Array(headEnd + records.length);
  message.set(fields, CHECKSUM_BYTES);
  message.set(records, headEnd);
  sealMessage(message, headEnd);
  return message;
}
