/**
 * Reads a backup, or a part of one, as its bytes come: header, chunks, end. What it gives has been checked, each chunk by
 * itself; that all of them were there is known at the end only. Throws `BACKUP_DAMAGED`, `BACKUP_UNKNOWN_FORMAT`.
 */

import { decompress } from "./compression.ts";
import { type ArchiveEnd, type ArchiveHeader, decodeEnd, decodeHeader } from "./description.ts";
import { damaged, FLAG_CONTINUES, FRAME_CHUNK, FRAME_END, FRAME_HEADER, type Frame, FrameReader } from "./frame.ts";
import { Tally } from "./tally.ts";

export type ArchiveItem =
  | { readonly type: "header"; readonly header: ArchiveHeader }
  | {
      readonly type: "chunk";
      readonly keyspace: string;
      /** As it stands in the file. */
      readonly frame: Frame;
      /** More of its last key is in the next chunk. */
      readonly continues: boolean;
      readonly records: Uint8Array;
    }
  | { readonly type: "end"; readonly end: ArchiveEnd };

export async function* readArchive(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ArchiveItem> {
  const reader = new FrameReader();
  const sequence = new FrameSequence();
  for await (const piece of bytes) {
    for (const frame of reader.push(piece)) yield await sequence.take(frame);
  }
  reader.finish();
  sequence.finish();
}

/** Frames in the order in which a file has them. */
class FrameSequence {
  #header: ArchiveHeader | undefined;
  readonly #tally = new Tally();
  /** Of the next frame; a part of a file begins anywhere. */
  #next: number | undefined;
  #continues: number | undefined;
  #hasEnded = false;

  async take(frame: Frame): Promise<ArchiveItem> {
    if (this.#hasEnded) throw damaged("more behind its end");
    const isPlain = frame.flags === 0 && frame.keyspace === 0 && frame.records === 0;
    if (frame.type !== FRAME_CHUNK && !isPlain) throw damaged("a frame out of form");
    if (frame.type === FRAME_HEADER) return this.#begin(frame);
    if (this.#header === undefined) throw damaged("no header");
    if (frame.type === FRAME_END) return this.#end(frame);
    return await this.#chunk(frame, this.#header);
  }

  finish(): void {
    if (!this.#hasEnded) throw damaged("its end is missing");
  }

  #begin(frame: Frame): ArchiveItem {
    if (this.#header !== undefined || frame.number !== 0) throw damaged("a second header");
    this.#header = decodeHeader(frame.content);
    this.#tally.begin(frame);
    return { type: "header", header: this.#header };
  }

  async #chunk(frame: Frame, { keyspaces }: ArchiveHeader): Promise<ArchiveItem> {
    this.#expect(frame);
    if (frame.type !== FRAME_CHUNK || frame.flags > FLAG_CONTINUES) throw damaged("a chunk out of form");
    if (this.#continues !== undefined && frame.keyspace !== this.#continues) throw damaged("a key that does not go on");
    this.#continues = (frame.flags & FLAG_CONTINUES) === 0 ? undefined : frame.keyspace;
    const keyspace = keyspaces[frame.keyspace]?.name;
    if (keyspace === undefined) throw damaged("a chunk of no keyspace");
    this.#tally.chunk(frame);
    const records = await decompress(frame.content, frame.rawLength);
    return { type: "chunk", keyspace, frame, continues: this.#continues !== undefined, records };
  }

  #end(frame: Frame): ArchiveItem {
    this.#expect(frame);
    if (this.#continues !== undefined) throw damaged("a key that does not go on");
    const end = decodeEnd(frame.content);
    const seen = this.#tally.end();
    const isWhole =
      end.chunks === seen.chunks &&
      end.records === seen.records &&
      end.bytes === seen.bytes &&
      end.checksum === seen.checksum;
    if (!isWhole) throw damaged("its end tells of other contents");
    this.#hasEnded = true;
    return { type: "end", end };
  }

  #expect({ number }: Frame): void {
    if (number < 1 || (this.#next !== undefined && number !== this.#next))
      throw damaged("chunks are missing, or moved");
    this.#next = number + 1;
  }
}
