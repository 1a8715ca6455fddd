/**
 * The law of the `Storage` port, as a suite for any implementation: `storageLaw("LevelStorage", createFixture)`.
 * What an implementation cannot do (crash, fail on demand) its fixture leaves out, and those tests say so.
 */

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { latin1FromBytes } from "../../src/base/bytes.ts";
import type { Storage, StorageOperation } from "../../src/replica/ports.ts";

/** One disk, and storages on it one after the other. */
export interface StorageFixture {
  /** A storage on this disk, not yet open. Not called while another one is open. */
  createStorage(): Storage | Promise<Storage>;
  /** Ends the open storage without `close`, as a power cut would; `createStorage` may follow. */
  crash?(storage: Storage): void | Promise<void>;
  /** From now on writes fail, until `heal`. */
  fail?(): void | Promise<void>;
  heal?(): void | Promise<void>;
  /** Where time is simulated: lets it pass until `promise` settles. */
  settle?<T>(promise: Promise<T>): Promise<T>;
  dispose(): void | Promise<void>;
}

const FIRST = Uint8Array.of(0);
const LAST = new Uint8Array(40).fill(255);

export function storageLaw(name: string, createFixture: () => StorageFixture | Promise<StorageFixture>): void {
  describe(`${name} obeys the law of storage`, () => {
    let fixture: StorageFixture;
    let storage: Storage;

    const settle = <T>(promise: Promise<T>): Promise<T> => fixture.settle?.(promise) ?? promise;
    const write = (operations: readonly StorageOperation[]) => settle(storage.write(operations));
    const all = () => settle(contentsOf(storage));
    const reopen = async () => {
      storage = await fixture.createStorage();
      return settle(storage.open());
    };
    const cycle = async () => {
      await settle(storage.close());
      return reopen();
    };

    beforeEach(async () => {
      fixture = await createFixture();
      storage = await fixture.createStorage();
      await settle(storage.open());
    });

    afterEach(async () => {
      await settle(storage.close());
      await fixture.dispose();
    });

    it("begins clean and empty", async () => {
      await settle(storage.close());
      storage = await fixture.createStorage();
      expect(await settle(storage.open())).toEqual({ type: "clean" });
      expect(await all()).toEqual(new Map());
    });

    it("reads back what was put, in the order of the keys' bytes", async () => {
      await write([put([255], 1), put([1, 0], 2), put([1], 3), put([0xc3, 0x28], 4), put([128], 5), put([1, 255], 6)]);
      const keys: number[][] = [];
      const read = async () => {
        for await (const chunk of storage.entries({ from: FIRST, to: LAST })) {
          for (const { key } of chunk) keys.push([...key]);
        }
      };
      await settle(read());
      expect(keys).toEqual([[1], [1, 0], [1, 255], [128], [0xc3, 0x28], [255]]);
    });

    it("reads one value as it was written last, and nothing under a key that has none", async () => {
      await write([put([1], 1), put([2], 2)]);
      await write([put([2], 3), { type: "delete", key: Uint8Array.of(1) }]);
      const read = async (key: number) => settle(storage.read(Uint8Array.of(key)));
      expect([await read(1), await read(3)]).toEqual([undefined, undefined]);
      expect([...((await read(2)) ?? [])]).toEqual([...((put([2], 3).value as Uint8Array) ?? [])]);
      if (!storage.durable) return;
      await cycle();
      expect([...((await read(2)) ?? [])]).toEqual([...((put([2], 3).value as Uint8Array) ?? [])]);
    });

    it("takes values that are long beside those that are short, and deletions among them", async () => {
      const long = { type: "put", key: Uint8Array.of(1), value: new Uint8Array(100_000).fill(7) } as const;
      await write([put([2], 1), put([3], 1)]);
      await write([{ type: "delete", key: Uint8Array.of(2) }, long, put([3], 2)]);
      const check = async () => {
        const contents = await all();
        expect([...contents.keys()]).toEqual(["\x01", "\x03"]);
        expect(Buffer.compare((await settle(storage.read(long.key))) ?? new Uint8Array(0), long.value)).toBe(0);
      };
      await check();
      if (!storage.durable) return;
      await cycle();
      await check();
    });

    it("reads a value from before or after a write that is under way, whole", async () => {
      const [before, after] = [put([1], 1), put([1], 2)];
      await write([before]);
      const writing = storage.write([after]);
      const read = await settle(storage.read(Uint8Array.of(1)));
      expect([[...(before.value as Uint8Array)], [...(after.value as Uint8Array)]]).toContainEqual([...(read ?? [])]);
      await settle(writing);
    });

    it("gives the entries from `from` on and up to, without, `to`", async () => {
      await write([put([1], 1), put([2], 2), put([2, 0], 3), put([3], 4)]);
      const range = (from: number[], to: number[]) =>
        settle(contentsOf(storage, Uint8Array.from(from), Uint8Array.from(to)));
      expect([...(await range([2], [3])).keys()]).toEqual(["\x02", "\x02\0"]);
      expect([...(await range([2, 0], [4])).keys()]).toEqual(["\x02\0", "\x03"]);
      expect((await range([2], [2])).size).toBe(0);
      expect((await range([3], [1])).size).toBe(0);
    });

    it("applies the operations of a write in order", async () => {
      await write([put([1], 1), { type: "delete", key: Uint8Array.of(1) }, put([2], 1), put([2], 2), put([1], 3)]);
      await write([
        { type: "delete", key: Uint8Array.of(2) },
        { type: "delete", key: Uint8Array.of(9) },
      ]);
      expect(await all()).toEqual(new Map([["\x01", "\x03"]]));
    });

    it("takes an empty write, an empty value and a value of a megabyte", async () => {
      const large = new Uint8Array(1 << 20).map((_, i) => Math.imul(i, 2654435761) >>> 24);
      await write([]);
      await write([
        { type: "put", key: Uint8Array.of(1), value: new Uint8Array(0) },
        { type: "put", key: Uint8Array.of(2), value: large },
      ]);
      const contents = await all();
      expect(contents.get("\x01")).toBe("");
      expect(contents.get("\x02") === latin1FromBytes(large)).toBe(true);
    });

    it("keeps its own copy of the bytes of a write", async () => {
      const key = Uint8Array.of(1);
      const value = Uint8Array.of(7);
      await write([{ type: "put", key, value }]);
      key[0] = 2;
      value[0] = 8;
      expect(await all()).toEqual(new Map([["\x01", "\x07"]]));
    });

    it("reads 5,000 entries in chunks, of which a reader may take the first alone", async () => {
      const operations = Array.from({ length: 5000 }, (_, i) => put([i >>> 8, i & 255], i & 255));
      await write(operations);
      expect((await all()).size).toBe(5000);
      const first = async () => {
        for await (const chunk of storage.entries({ from: FIRST, to: LAST })) return chunk.length;
        return 0;
      };
      expect(await settle(first())).toBeGreaterThan(0);
      expect((await all()).size).toBe(5000);
    });

    it("keeps everything over close and open when durable, and nothing otherwise", async () => {
      await write([put([1], 1), put([2], 2)]);
      await write([put([3], 3), { type: "delete", key: Uint8Array.of(1) }]);
      expect(await cycle()).toEqual({ type: "clean" });
      const kept = new Map([
        ["\x02", "\x02"],
        ["\x03", "\x03"],
      ]);
      expect(await all()).toEqual(storage.durable ? kept : new Map());
    });

    it("refuses reads and writes once closed", async () => {
      await settle(storage.close());
      await expect(write([put([1], 1)])).rejects.toThrow();
      await expect(all()).rejects.toThrow();
      await reopen();
    });

    it("takes up more for more that it holds, and gives up what is in vain", async () => {
      const value = new Uint8Array(200_000).map((_, i) => Math.imul(i, 2654435761) >>> 24);
      const key = (i: number) => Uint8Array.of(i);
      const empty = await settle(storage.size());
      const operations = Array.from({ length: 40 }, (_, i) => ({ type: "put" as const, key: key(i), value }));
      await write(operations);
      const full = await settle(storage.size());
      expect(full - empty).toBeGreaterThan(30 * value.length);
      await write(operations.slice(5).map((operation) => ({ type: "delete" as const, key: operation.key })));
      await settle(storage.compact({ from: FIRST, to: LAST }));
      expect((await settle(storage.size())) - empty).toBeLessThan(15 * value.length);
      expect((await all()).size).toBe(5);
    });

    it("finishes the write under way before it closes", async () => {
      if (!storage.durable) return;
      const writing = storage.write(Array.from({ length: 2000 }, (_, i) => put([i >>> 8, i & 255], 1)));
      await settle(Promise.all([writing, storage.close()]));
      await reopen();
      expect((await all()).size).toBe(2000);
    });

    it("holds what its obvious twin holds, after any history", async () => {
      const operation = fc.record({
        key: fc.uint8Array({ minLength: 1, maxLength: 2, max: 5 }),
        value: fc.option(fc.uint8Array({ maxLength: 4 }), { nil: undefined }),
      });
      const step = fc.oneof(
        { weight: 6, arbitrary: fc.array(operation, { maxLength: 6 }) },
        { weight: 1, arbitrary: fc.constant("cycle" as const) },
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (history) => {
          const twin = await all();
          for (const next of history) {
            if (next === "cycle") {
              await cycle();
              if (!storage.durable) twin.clear();
              continue;
            }
            await write(next.map(({ key, value }) => (value ? { type: "put", key, value } : { type: "delete", key })));
            for (const { key, value } of next) {
              if (value) twin.set(latin1FromBytes(key), latin1FromBytes(value));
              else twin.delete(latin1FromBytes(key));
            }
          }
          expect(await all()).toEqual(new Map([...twin].sort(([a], [b]) => (a < b ? -1 : 1))));
        }),
        { numRuns: 20 },
      );
    });

    it("after a crash has every write that resolved, the one under way whole or not at all, and no later one", async (context) => {
      const crash = fixture.crash?.bind(fixture);
      if (crash === undefined) return context.skip("this fixture cannot crash");
      for (let round = 1; round <= 10; round++) {
        await write(batchOf(round * 10));
        const pending = storage.write(batchOf(round * 10 + 1));
        pending.catch(() => undefined);
        await crash(storage);
        await reopen();
        const last = wholeBatchIn(await all());
        expect(storage.durable ? [round * 10, round * 10 + 1] : [0]).toContain(last);
      }
    });

    it("heals after failed writes and keeps every write that resolved", async (context) => {
      const { fail, heal } = fixture;
      if (fail === undefined || heal === undefined) return context.skip("this fixture cannot fail");
      let last = 0;
      for (let round = 1; round <= 3; round++) {
        await write(batchOf(++last));
        await fail.call(fixture);
        await expect(write(batchOf(last + 1))).rejects.toMatchObject({ code: expect.stringMatching(/^DISK_F/) });
        await expect(write(batchOf(last + 1))).rejects.toMatchObject({ code: expect.stringMatching(/^DISK_F/) });
        await heal.call(fixture);
        last = await writeUntilAccepted(last + 1);
        await write(batchOf(++last));
        expect(wholeBatchIn(await all())).toBe(last);
        await cycle();
        expect(wholeBatchIn(await all())).toBe(storage.durable ? last : 0);
      }
    });

    /** Healing takes as many attempts as it takes; each is a write of its own. */
    async function writeUntilAccepted(from: number): Promise<number> {
      for (let attempt = from; attempt < from + 10_000; attempt++) {
        try {
          await write(batchOf(attempt));
          return attempt;
        } catch {
          await settle(new Promise((resolve) => setImmediate(resolve)));
        }
      }
      throw new Error("the storage did not heal");
    }
  });
}

function put(key: readonly number[], value: number): StorageOperation {
  return { type: "put", key: Uint8Array.from(key), value: Uint8Array.of(value) };
}

/** Twenty entries of a kilobyte that all say `number`: a batch is whole when they agree. */
function batchOf(number: number): StorageOperation[] {
  const value = new Uint8Array(1024).map((_, i) => Math.imul(i + 1, 2654435761) >>> 24);
  value[0] = number;
  value[1] = number >>> 8;
  return Array.from({ length: 20 }, (_, i) => ({ type: "put", key: Uint8Array.of(i), value }));
}

/** The number of the batch that `contents` hold; 0 when empty. Fails when they hold parts of two. */
function wholeBatchIn(contents: ReadonlyMap<string, string>): number {
  const values = [...new Set(contents.values())];
  expect(values.length).toBeLessThanOrEqual(1);
  const value = values[0];
  if (value === undefined) return 0;
  expect(contents.size).toBe(20);
  return value.charCodeAt(0) | (value.charCodeAt(1) << 8);
}

/** Everything between `from` and `to`, keys and values as latin1, in the order given. */
export async function contentsOf(storage: Storage, from = FIRST, to = LAST): Promise<Map<string, string>> {
  const contents = new Map<string, string>();
  for await (const chunk of storage.entries({ from, to })) {
    for (const { key, value } of chunk) contents.set(latin1FromBytes(key), latin1FromBytes(value));
  }
  return contents;
}
