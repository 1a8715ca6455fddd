/** Files of backups: what was written comes back, and nothing else is taken for one. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ArchiveItem, readArchive } from "../../src/archive/archive-reader.ts";
import { encodeEnd, encodeHeader } from "../../src/archive/archive-writer.ts";
import { compress, decompress } from "../../src/archive/compression.ts";
import { CHUNK_BYTES_MAX, encodeFrame, FRAME_CHUNK, FrameReader, HEAD_BYTES, MAGIC } from "../../src/archive/frame.ts";
import { Tally } from "../../src/archive/tally.ts";
import { crc32c } from "../../src/base/crc32c.ts";
import type { AtollError } from "../../src/base/errors.ts";
import type { ReplicaId } from "../../src/base/ids.ts";
import { archiveOf, joined, recordOf } from "../support/archives.ts";

async function* pieces(bytes: Uint8Array, size = bytes.length): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(bytes: Uint8Array, size?: number): Promise<ArchiveItem[]> {
  const items: ArchiveItem[] = [];
  for await (const item of readArchive(pieces(bytes, size))) items.push(item);
  return items;
}

async function refusal(bytes: Uint8Array, size?: number): Promise<string | undefined> {
  try {
    await read(bytes, size);
    return undefined;
  } catch (error) {
    return (error as AtollError).code;
  }
}

const small = await archiveOf([
  { keyspace: "default", records: [recordOf("a", "v"), recordOf("b", "w")] },
  { keyspace: "other", records: [recordOf("c", "long ".repeat(200))], continues: true },
  { keyspace: "other", records: [recordOf("c", "rest")] },
]);

/** Where the frames of a file begin, and where it ends. */
function places(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: number[] = [];
  for (let at = MAGIC.length; at < bytes.length; at += HEAD_BYTES + view.getUint32(at + 20, true)) found.push(at);
  return [...found, bytes.length];
}

/** The file with some of its frames only, in another order, or twice. */
function rearranged(order: readonly number[]): Uint8Array {
  const at = places(small);
  return joined([MAGIC, ...order.map((place) => small.subarray(at[place], at[place + 1]))]);
}

describe("a backup", () => {
  it("comes back as it was written, whatever the pieces it is read in", async () => {
    for (const size of [1, 7, 23, 24, 25, 1000, small.length]) {
      const items = await read(small, size);
      expect(items.map(({ type }) => type)).toEqual(["header", "chunk", "chunk", "chunk", "end"]);
      const [header, ...rest] = items;
      expect(header).toMatchObject({
        header: { cluster: "atoll", shards: 4, births: ["1.1.1"], at: 1_800_000_000_000 },
      });
      const chunks = rest.flatMap((item) => (item.type === "chunk" ? [item] : []));
      expect(chunks.map(({ keyspace, continues }) => [keyspace, continues])).toEqual([
        ["default", false],
        ["other", true],
        ["other", false],
      ]);
      expect(chunks[0]?.records).toEqual(joined([recordOf("a", "v"), recordOf("b", "w")]));
      expect(rest.at(-1)).toMatchObject({ end: { chunks: 3, records: 4 } });
    }
  });

  it("is smaller than what it holds, where that can be", async () => {
    const many = Array.from({ length: 2000 }, (_, i) => recordOf(`user:${i}`, '{"name":"somebody","visits":1}'));
    const bytes = await archiveOf([{ keyspace: "default", records: many }]);
    expect(bytes.length).toBeLessThan(joined(many).length / 2);
  });

  it("of nothing is one", async () => {
    expect((await read(await archiveOf([]))).map(({ type }) => type)).toEqual(["header", "end"]);
  });
});

describe("a damaged backup is refused", () => {
  it("when it ends anywhere before its end, or goes on behind it", async () => {
    for (let length = 0; length < small.length; length++) {
      expect(await refusal(small.subarray(0, length)), `${length}`).toBe("BACKUP_DAMAGED");
    }
    expect(await refusal(joined([small, Uint8Array.of(0)]))).toBe("BACKUP_DAMAGED");
    expect(await refusal(joined([small, small.subarray(MAGIC.length)]))).toBe("BACKUP_DAMAGED");
  });

  it("when any bit of it is another", async () => {
    for (let at = 0; at < small.length; at++) {
      for (const bit of [0, 3, 7]) {
        const code = await refusal(small.with(at, (small[at] as number) ^ (1 << bit)));
        expect(code, `byte ${at}`).toBe(at < MAGIC.length ? "BACKUP_UNKNOWN_FORMAT" : "BACKUP_DAMAGED");
      }
    }
  });

  it("when a frame is missing, moved, or there twice", async () => {
    expect(await refusal(rearranged([0, 1, 2, 3, 4]))).toBeUndefined();
    for (const order of [
      [1, 2, 3, 4],
      [0, 2, 3, 4],
      [0, 1, 3, 4],
      [0, 1, 2, 4],
      [0, 1, 2, 3],
      [0, 2, 1, 3, 4],
      [0, 1, 1, 2, 3, 4],
      [0, 0, 1, 2, 3, 4],
      [0, 1, 2, 3, 4, 4],
      [0, 4],
      [4],
    ]) {
      expect(await refusal(rearranged(order)), String(order)).toBe("BACKUP_DAMAGED");
    }
  });

  it("whatever happened to it: random changes, cuts and insertions, with nothing else thrown", async () => {
    const change = fc.record({
      at: fc.nat({ max: small.length - 1 }),
      remove: fc.nat({ max: 40 }),
      insert: fc.uint8Array({ maxLength: 40 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 500 }),
        async (changes, size) => {
          let bytes: Uint8Array = small;
          for (const { at, remove, insert } of changes) {
            bytes = joined([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]);
          }
          const isSame = bytes.length === small.length && bytes.every((byte, at) => byte === small[at]);
          const code = await refusal(bytes, size);
          if (isSame) expect(code).toBeUndefined();
          else expect(["BACKUP_DAMAGED", "BACKUP_UNKNOWN_FORMAT"]).toContain(code);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("also where somebody sealed the damage: a head with any byte another and a checksum that is right", async () => {
    const at = places(small);
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: 4 }),
        fc.nat({ max: HEAD_BYTES - 5 }),
        fc.nat({ max: 255 }),
        async (frame, byte, value) => {
          const bytes = small.slice();
          const [from, to] = [at[frame] as number, at[frame + 1] as number];
          if (bytes[from + 4 + byte] === value) return;
          bytes[from + 4 + byte] = value;
          new DataView(bytes.buffer).setUint32(from, crc32c(bytes, from + 4, to), true);
          expect(await refusal(bytes)).toBe("BACKUP_DAMAGED");
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("on noise, behind the right beginning too", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (noise) => {
        expect(["BACKUP_DAMAGED", "BACKUP_UNKNOWN_FORMAT"]).toContain(await refusal(noise));
        expect(await refusal(joined([MAGIC, noise]))).toBe("BACKUP_DAMAGED");
      }),
    );
  });
});

describe("sizes are bounded before memory is spent", () => {
  const frame = (fields: Partial<Parameters<typeof encodeFrame>[0]>) =>
    encodeFrame({
      ...{ type: FRAME_CHUNK, flags: 0, keyspace: 0, number: 1, records: 1, rawLength: 0, content: new Uint8Array() },
      ...fields,
    });

  it("a frame that says to be longer than any is refused with its head", () => {
    for (const [at, length] of [
      [20, 2 ** 32 - 1],
      [20, CHUNK_BYTES_MAX + 2 ** 17],
      [16, CHUNK_BYTES_MAX + 1],
    ] as const) {
      const head = frame({}).bytes.slice();
      new DataView(head.buffer).setUint32(at, length, true);
      const reader = new FrameReader();
      reader.push(MAGIC);
      expect(() => reader.push(head)).toThrow("over all limits");
    }
  });

  it("a chunk that becomes more than it says is not made", async () => {
    const bomb = await compress(new Uint8Array(50_000_000));
    expect(bomb.length).toBeLessThan(500_000);
    await expect(decompress(bomb, 1000)).rejects.toMatchObject({ code: "BACKUP_DAMAGED" });
    await expect(decompress(bomb, 0)).rejects.toMatchObject({ code: "BACKUP_DAMAGED" });
    expect(await decompress(bomb, 50_000_000)).toHaveLength(50_000_000);
  });

  it("of another version it says so", async () => {
    const later = small.with(MAGIC.length - 1, "2".charCodeAt(0));
    expect(await refusal(later)).toBe("BACKUP_UNKNOWN_FORMAT");
  });
});

describe("a header is refused", () => {
  const facts = {
    cluster: "c",
    replica: "r" as ReplicaId,
    shards: 1,
    births: [],
    at: 1,
    keyspaces: [{ name: "default" }],
  };

  async function of(header: object): Promise<string | undefined> {
    const frame = encodeHeader(header as never);
    const tally = new Tally();
    tally.begin(frame);
    return refusal(joined([MAGIC, frame.bytes, encodeEnd(tally, 1).bytes]));
  }

  it.each([
    ["without keyspaces", { keyspaces: [] }],
    ["with a keyspace that is no object", { keyspaces: ["default"] }],
    ["with a keyspace without a name", { keyspaces: [{}] }],
    ["with settings that are none", { keyspaces: [{ name: "a", settings: 1 }] }],
    ["with too many keyspaces", { keyspaces: Array.from({ length: 1025 }, () => ({ name: "a" })) }],
    ["without a cluster", { cluster: undefined }],
    ["with shards that are no number", { shards: "1" }],
    ["with births that are no text", { births: [1] }],
    ["with a time before all time", { at: -1 }],
  ])("%s", async (_, change) => {
    expect(await of(facts)).toBeUndefined();
    expect(await of({ ...facts, ...change })).toBe("BACKUP_DAMAGED");
  });
});
