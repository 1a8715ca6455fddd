/** Values that are written from the bytes of a request are what they are when they are written otherwise. */

import fc from "fast-check";
import { expect, it } from "vitest";
import { bytesFromLatin1, latin1FromBytes } from "../../../src/base/bytes.ts";
import type { Key } from "../../../src/base/ids.ts";
import type { PlainWords } from "../../../src/base/plain-words.ts";
import { timestampFromMs } from "../../../src/core/clock.ts";
import { wholeAmount } from "../../../src/core/record/amount.ts";
import { KIND_PLAIN } from "../../../src/core/record/kind.ts";
import { PlainRecord, plainRecord } from "../../../src/core/record/plain-record.ts";
import { RecordWriter, recordLength } from "../../../src/core/record/record.ts";
import type { Shard } from "../../../src/core/shard/shard.ts";
import { addition } from "../../../src/types/counter.ts";
import { createShard, NOW, origin } from "../../support/shards.ts";

function sent(key: Uint8Array, value: Uint8Array): PlainWords {
  const bytes = Uint8Array.from([1, 2, 3, ...key, 4, 5, ...value, 6]);
  const [keyStart, valueStart] = [3, 5 + key.length];
  return {
    bytes: new DataView(bytes.buffer),
    ...{ keyStart, keyEnd: keyStart + key.length },
    ...{ valueStart, valueEnd: valueStart + value.length },
  };
}

function put(shard: Shard, one: PlainWords, now: number): number {
  return shard.writeValue(one, shard.hashOfValue(one), now);
}

const words = fc.tuple(
  fc.uint8Array({ minLength: 1, maxLength: 300 }),
  fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.constant(new Uint8Array(9000).fill(7))),
);

it("is the record that a writer makes of the same, byte for byte, and finds the same register", () => {
  const record = new PlainRecord();
  const writer = new RecordWriter();
  const stamp = { timestamp: timestampFromMs(NOW) + 77, origin: origin(5, 3), sequence: 2 ** 40 + 9 };
  fc.assert(
    fc.property(words, ([key, value]) => {
      record.set(sent(key, value));
      record.seal(stamp.timestamp, stamp.origin, stamp.sequence);
      const length = writer.write({ flags: 0, kind: KIND_PLAIN, key: latin1FromBytes(key) as Key, value, ...stamp });
      expect(record.bytes.subarray(0, record.length)).toEqual(writer.bytes.subarray(0, length));
      record.setKey(sent(key, value));
      expect([record.length, recordLength(record.view, 0)]).toEqual([32 + key.length, 32 + key.length]);
      expect(record.bytes.length).toBeLessThan(9000);
    }),
  );
});

it("is stamped, stored and claimed as any other write: above what is held, and what was purged", () => {
  const small = fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 1, max: 3 }), fc.uint8Array({ maxLength: 40 }));
  const steps = fc.array(fc.tuple(fc.constantFrom("put", "put", "delete", "purge", "behind"), small), {
    maxLength: 30,
  });
  fc.assert(
    fc.property(steps, (all) => {
      const [plain, twin] = [createShard(), createShard()];
      for (const { shard } of [plain, twin]) shard.beginLife(origin(1));
      let now = NOW;
      for (const [what, [key, value]] of all) {
        const text = latin1FromBytes(key) as Key;
        // A clock that is put back must not let a write lose to what it saw.
        now += what === "behind" ? -1000 : 1;
        if (what === "put") {
          const slot = put(plain.shard, sent(key, value), now);
          expect(slot).toBe(twin.shard.write({ kind: KIND_PLAIN, key: text, value }, now));
          const { length, view } = plainRecord;
          expect(new Uint8Array(view.buffer, 0, length)).toEqual(twin.writer.bytes.subarray(0, length));
          expect(plain.shard.findValue(sent(key, value), plain.shard.hashOfValue(sent(key, value)))).toBe(slot);
        }
        for (const { shard, clock } of [plain, twin]) {
          if (what === "delete") shard.write({ kind: KIND_PLAIN, key: text }, now);
          if (what === "purge") shard.graves.purge(10, () => true);
          if (what === "behind") clock.putBack(now);
        }
      }
      expect(plain.shard.fingerprint).toEqual(twin.shard.fingerprint);
      expect(plain.shard.accounts.sum).toEqual(twin.shard.accounts.sum);
      expect(plain.shard.written).toEqual(twin.shard.written);
      expect(plain.shard.vector.get(origin(1))).toBe(twin.shard.vector.get(origin(1)));
    }),
  );
});

it("is not written over what has seen additions, though none of them is held any more: it would forget them", () => {
  const { shard } = createShard();
  shard.beginLife(origin(1));
  const key = "A" as Key;
  const write = (value: string) => shard.write({ kind: KIND_PLAIN, key, value: bytesFromLatin1(value) }, NOW);
  write("1");
  shard.write(addition(shard, key, wholeAmount(5), undefined, NOW), NOW);
  write("9");
  for (const slot of [...shard.increments.of(key)]) shard.discard(slot);
  expect(shard.increments.count).toBe(0);
  expect(put(shard, sent(Uint8Array.of(65), Uint8Array.of(66)), NOW)).toBe(0);
});

it("is not written over what somebody added to, nor into a shard that leaves or under a life that is spent", () => {
  const { shard } = createShard();
  shard.beginLife(origin(1));
  const one = sent(Uint8Array.of(65), Uint8Array.of(66));
  expect(put(shard, one, NOW)).toBeGreaterThan(0);
  shard.tenure.beginLeaving();
  expect(put(shard, one, NOW)).toBe(0);
  shard.tenure.leave(Infinity);
  expect([shard.isSpent, put(shard, one, NOW)]).toEqual([true, 0]);
  shard.beginLife(origin(1, 2));
  expect(put(shard, one, NOW)).toBeGreaterThan(0);
});
