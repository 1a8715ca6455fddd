/**
 * Cuts a backup into parts that are backups themselves: each with the header, some chunks as they stand in the file, and an
 * end of its own. No key is cut, so that each part can be restored by itself, and again.
 */

import { encodeEnd, encodeHeader } from "./archive-writer.ts";
import type { ArchiveHeader } from "./description.ts";
import { FLAG_CONTINUES, type Frame, MAGIC } from "./frame.ts";
import { Tally } from "./tally.ts";

export interface Segment {
  /** A whole backup. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Number of the chunk behind it. */
  readonly next: number;
}

/** `chunks`: in the order of a file, some of which may be left out. */
export async function* segmentsOf(
  header: ArchiveHeader,
  chunks: AsyncIterable<Frame>,
  bytesMax: number,
): AsyncGenerator<Segment> {
  let gathered: Frame[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    const last = gathered.at(-1);
    // Within a part no number is left out.
    const isApart = last !== undefined && last.number + 1 !== chunk.number;
    const isFull = bytes + chunk.bytes.length > bytesMax && !isCut(last);
    if (last !== undefined && (isApart || isFull)) {
      yield segmentOf(header, gathered);
      gathered = [];
      bytes = 0;
    }
    gathered.push(chunk);
    bytes += chunk.bytes.length;
  }
  if (gathered.length > 0) yield segmentOf(header, gathered);
}

/** A backup of nothing: what begins a restore. */
export function emptySegment(header: ArchiveHeader): Uint8Array<ArrayBuffer> {
  return segmentOf(header, []).bytes;
}

/** More of its last key is in the next chunk. */
function isCut(chunk: Frame | undefined): boolean {
  return chunk !== undefined && (chunk.flags & FLAG_CONTINUES) !== 0;
}

function segmentOf(header: ArchiveHeader, chunks: readonly Frame[]): Segment {
  const tally = new Tally();
  const head = encodeHeader(header);
  tally.begin(head);
  for (const chunk of chunks) tally.chunk(chunk);
  const next = (chunks.at(-1)?.number ?? 0) + 1;
  const pieces = [MAGIC, head.bytes, ...chunks.map(({ bytes }) => bytes), encodeEnd(tally, next).bytes];
  const bytes = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return { bytes, next };
}
