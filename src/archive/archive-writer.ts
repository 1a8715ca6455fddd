/** Makes the bytes of a backup of what a replica tells, chunk by chunk: no more is held than one part of it. */

import type { Backup } from "../backup-store.ts";
import { compress } from "./compression.ts";
import { encodeText } from "./description.ts";
import {
  encodeFrame,
  FLAG_CONTINUES,
  FRAME_CHUNK,
  FRAME_END,
  FRAME_HEADER,
  type Frame,
  type FrameFields,
  MAGIC,
} from "./frame.ts";
import { Tally } from "./tally.ts";

/** `at`: unix ms. Ends early, without an end, where the replica fails to tell all. */
export async function* writeArchive(backup: Backup, at: number): AsyncGenerator<Uint8Array> {
  const tally = new Tally();
  const header = encodeHeader({ ...backup.facts, at });
  tally.begin(header);
  yield MAGIC;
  yield header.bytes;
  const placeByName = new Map(backup.facts.keyspaces.map(({ name }, place) => [name, place]));
  let number = 1;
  for await (const { keyspace, records, count, continues } of backup.parts) {
    const chunk = encodeFrame({
      type: FRAME_CHUNK,
      flags: continues ? FLAG_CONTINUES : 0,
      keyspace: placeByName.get(keyspace) ?? 0,
      number: number++,
      records: count,
      rawLength: records.length,
      content: await compress(records),
    });
    tally.chunk(chunk);
    yield chunk.bytes;
  }
  yield encodeEnd(tally, number, backup.absent).bytes;
}

export function encodeHeader(header: Parameters<typeof encodeText>[0]): Frame {
  return encodeFrame(textFrame(FRAME_HEADER, 0, encodeText(header)));
}

/** `number`: behind that of the last chunk. */
export function encodeEnd(tally: Tally, number: number, absent = 0): Frame {
  return encodeFrame(textFrame(FRAME_END, number, encodeText({ ...tally.end(), ...(absent > 0 && { absent }) })));
}

function textFrame(type: number, number: number, content: Uint8Array): FrameFields {
  return { type, flags: 0, keyspace: 0, number, records: 0, rawLength: content.length, content };
}
