import { expect, it } from "vitest";
import { type ArchiveItem, readArchive } from "../../src/archive/archive-reader.ts";
import type { ArchiveHeader } from "../../src/archive/description.ts";
import type { Frame } from "../../src/archive/frame.ts";
import { emptySegment, segmentsOf } from "../../src/archive/segments.ts";
import { archiveOf, recordOf } from "../support/archives.ts";

async function read(bytes: Uint8Array): Promise<ArchiveItem[]> {
  const items: ArchiveItem[] = [];
  const whole = (async function* () {
    yield bytes;
  })();
  for await (const item of readArchive(whole)) items.push(item);
  return items;
}

const chunksOf = (items: readonly ArchiveItem[]) => items.flatMap((item) => (item.type === "chunk" ? [item] : []));

/** Ten chunks, of which the fifth to the seventh are of one key. */
const whole = await read(
  await archiveOf(
    Array.from({ length: 10 }, (_, i) => ({
      keyspace: i < 4 ? "default" : "other",
      records: [recordOf(i >= 4 && i < 7 ? "one" : `key ${i}`, `value ${i}`)],
      continues: i === 4 || i === 5,
    })),
  ),
);
const header = (whole[0] as Extract<ArchiveItem, { type: "header" }>).header satisfies ArchiveHeader;

async function cut(numbers: (number: number) => boolean, bytesMax: number) {
  const frames = (async function* (): AsyncGenerator<Frame> {
    for (const { frame } of chunksOf(whole)) if (numbers(frame.number)) yield frame;
  })();
  const segments: { readonly numbers: readonly number[]; readonly next: number }[] = [];
  for await (const { bytes, next } of segmentsOf(header, frames, bytesMax)) {
    const items = await read(bytes);
    expect(items[0]).toEqual({ type: "header", header });
    segments.push({ numbers: chunksOf(items).map(({ frame }) => frame.number), next });
  }
  return segments;
}

it("a part is a backup by itself, with the chunks as they stood, and no key is cut", async () => {
  expect(await cut(() => true, 1)).toEqual([
    ...[1, 2, 3, 4].map((number) => ({ numbers: [number], next: number + 1 })),
    { numbers: [5, 6, 7], next: 8 },
    ...[8, 9, 10].map((number) => ({ numbers: [number], next: number + 1 })),
  ]);
  expect(await cut(() => true, 1_000_000)).toEqual([{ numbers: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], next: 11 }]);
});

it("chunks that are left out part those before from those behind", async () => {
  expect(await cut((number) => number !== 3 && number < 9, 1_000_000)).toEqual([
    { numbers: [1, 2], next: 3 },
    { numbers: [4, 5, 6, 7, 8], next: 9 },
  ]);
});

it("a part of nothing is one, too", async () => {
  expect(await cut(() => false, 1)).toEqual([]);
  expect((await read(emptySegment(header))).map(({ type }) => type)).toEqual(["header", "end"]);
});
