/**
 * Checks a table of LevelDB (an `.ldb` file) block by block, and makes a whole one of the blocks that are sound.
 *
 * LevelDB has a checksum on every block and, as it comes to us, looks at none when it compacts or repairs: a damaged
 * block becomes part of new tables with right checksums, and where its keys come out of order an assertion ends the
 * process. So every table is looked at before LevelDB is.
 *
 * The format (leveldb, doc/table_format.md): blocks, each behind it a byte for its compression and a masked CRC-32C; the
 * last is the index, which has the place of every data block; one before it, the metaindex, has those of filters. The
 * footer has the places of these two.
 */

import { BadBytes, ByteReader, ByteWriter } from "../base/bytes.ts";
import { maskedCrc32c } from "../base/crc32c.ts";
import { decompressSnappy } from "./snappy.ts";

const FOOTER_BYTES = 48;
const MAGIC_LOW = 0x8b80fb57;
const MAGIC_HIGH = 0xdb477524;
/** Behind a block: compression and checksum. */
const TRAILER_BYTES = 5;
const UNCOMPRESSED = 0;
const SNAPPY = 1;
const INDEX_BYTES_MAX = 256 << 20;

/** Where a block lies, without its trailer. */
interface BlockHandle {
  readonly offset: number;
  readonly size: number;
}

interface IndexEntry {
  readonly key: Uint8Array;
  readonly handle: BlockHandle;
}

export type TableCheck =
  | { readonly type: "sound" }
  | {
      readonly type: "damaged";
      readonly detail: string;
      /** A table of the sound blocks; absent where there are none, or none can be found. */
      readonly salvaged?: Uint8Array;
    };

/** `file` is the whole file. Any bytes get an answer. */
export function checkTable(file: Uint8Array): TableCheck {
  let index: readonly IndexEntry[];
  let metaindex: BlockHandle;
  try {
    const footer = readFooter(file);
    metaindex = footer.metaindex;
    index = readEntries(readBlock(file, footer.index));
  } catch (error) {
    if (!(error instanceof BadBytes)) throw error;
    return { type: "damaged", detail: `no index: ${error.message}` };
  }
  const sound = index.filter(({ handle }) => isSound(file, handle));
  if (sound.length === index.length && hasSoundFilters(file, metaindex)) return { type: "sound" };
  const detail = `${index.length - sound.length} of ${index.length} blocks have a wrong checksum`;
  return sound.length === 0 ? { type: "damaged", detail } : { type: "damaged", detail, salvaged: salvage(file, sound) };
}

function readFooter(file: Uint8Array): { readonly metaindex: BlockHandle; readonly index: BlockHandle } {
  if (file.length < FOOTER_BYTES) throw new BadBytes("truncated");
  const reader = new ByteReader(file, file.length - FOOTER_BYTES);
  const handles = { metaindex: readHandle(reader), index: readHandle(reader) };
  const magic = new ByteReader(file, file.length - 8);
  if (magic.u32() !== MAGIC_LOW || magic.u32() !== MAGIC_HIGH) throw new BadBytes("no footer");
  return handles;
}

function readHandle(reader: ByteReader): BlockHandle {
  return { offset: reader.varint(), size: reader.varint() };
}

function isSound(file: Uint8Array, { offset, size }: BlockHandle): boolean {
  const end = offset + size;
  if (end + TRAILER_BYTES > file.length - FOOTER_BYTES) return false;
  // Over the block and its compression byte.
  return maskedCrc32c(file, offset, end + 1) === new ByteReader(file, end + 1).u32();
}

function readBlock(file: Uint8Array, handle: BlockHandle): Uint8Array {
  if (!isSound(file, handle)) throw new BadBytes("wrong checksum");
  const end = handle.offset + handle.size;
  const block = file.subarray(handle.offset, end);
  const compression = file[end];
  if (compression === UNCOMPRESSED) return block;
  if (compression === SNAPPY) return decompressSnappy(block, INDEX_BYTES_MAX);
  throw new BadBytes(`compression ${compression}`);
}

/** The entries of a block whose values are handles. A key says how much it shares with the one before. */
function readEntries(block: Uint8Array): IndexEntry[] {
  if (block.length < 4) throw new BadBytes("truncated");
  const restarts = new ByteReader(block, block.length - 4).u32();
  const end = block.length - 4 - 4 * restarts;
  if (end < 0) throw new BadBytes("truncated");
  const reader = new ByteReader(block, 0, end);
  const entries: IndexEntry[] = [];
  let key: Uint8Array = new Uint8Array(0);
  while (reader.remaining > 0) {
    const shared = reader.varint(key.length);
    const unsharedBytes = reader.varint();
    const valueBytes = reader.varint();
    const unshared = reader.raw(unsharedBytes);
    const next = new Uint8Array(shared + unsharedBytes);
    next.set(key.subarray(0, shared));
    next.set(unshared, shared);
    key = next;
    const value = reader.raw(valueBytes);
    entries.push({ key, handle: readHandle(new ByteReader(value)) });
  }
  return entries;
}

function hasSoundFilters(file: Uint8Array, metaindex: BlockHandle): boolean {
  try {
    return readEntries(readBlock(file, metaindex)).every(({ handle }) => isSound(file, handle));
  } catch (error) {
    if (error instanceof BadBytes) return false;
    throw error;
  }
}

/** The same blocks in the same places, with an index that knows the sound ones only, and no filters. */
function salvage(file: Uint8Array, sound: readonly IndexEntry[]): Uint8Array {
  const blocksEnd = sound.reduce((end, { handle }) => Math.max(end, handle.offset + handle.size + TRAILER_BYTES), 0);
  const table = new ByteWriter(blocksEnd + 4096);
  table.raw(file.subarray(0, blocksEnd));
  const metaindex = appendBlock(table, []);
  const index = appendBlock(table, sound);
  const footer = table.reserve(FOOTER_BYTES);
  table.length = footer;
  for (const { offset, size } of [metaindex, index]) {
    table.varint(offset);
    table.varint(size);
  }
  table.raw(new Uint8Array(footer + FOOTER_BYTES - 8 - table.length));
  table.u32(MAGIC_LOW);
  table.u32(MAGIC_HIGH);
  return table.copy();
}

function appendBlock(table: ByteWriter, entries: readonly IndexEntry[]): BlockHandle {
  const offset = table.length;
  const restarts: number[] = [];
  for (const { key, handle } of entries) {
    restarts.push(table.length - offset);
    const value = new ByteWriter(16);
    value.varint(handle.offset);
    value.varint(handle.size);
    table.varint(0);
    table.varint(key.length);
    table.varint(value.length);
    table.raw(key);
    table.raw(value.view());
  }
  // A block has one at least.
  if (restarts.length === 0) restarts.push(0);
  for (const restart of restarts) table.u32(restart);
  table.u32(restarts.length);
  const size = table.length - offset;
  table.u8(UNCOMPRESSED);
  table.u32(maskedCrc32c(table.bytes, offset, table.length));
  return { offset, size };
}
