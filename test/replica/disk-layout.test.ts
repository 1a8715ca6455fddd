import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BadBytes } from "../../src/base/bytes.ts";
import { xxHash32 } from "../../src/base/hash.ts";
import type { Key, ReplicaId, ShardId, SpaceId } from "../../src/base/ids.ts";
import { SHARD_ID_MAX, shardIdOf } from "../../src/base/shard-id.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import { RecordWriter } from "../../src/core/record/record.ts";
import {
  DISK_FORMAT_VERSION,
  decodeMeta,
  decodeShardHead,
  encodeMeta,
  encodeShardHead,
  isRecordKey,
  type Meta,
  metaKey,
  metaRange,
  recordKey,
  registerRange,
  shardHeadKey,
  shardHeadRange,
  shardOfKey,
} from "../../src/replica/disk-layout.ts";
import type { KeyRange } from "../../src/replica/ports.ts";

const shard = (number: number) => number as ShardId;

const meta: Meta = {
  replica: "lisbon-1" as ReplicaId,
  life: 7,
  cluster: "réseau",
  region: "eu",
  shards: 256,
  extra: Uint8Array.of(1, 2, 3),
};

describe("meta", () => {
  it("comes back as it was", () => {
    expect(decodeMeta(encodeMeta(meta))).toEqual(meta);
    const largest = { ...meta, life: Number.MAX_SAFE_INTEGER, shards: 65536, extra: new Uint8Array(1000).fill(255) };
    expect(decodeMeta(encodeMeta(largest))).toEqual(largest);
  });

  it("is refused with any bit flipped, any byte missing, any byte too many", () => {
    refusesDamage(encodeMeta(meta), decodeMeta);
  });

  it("of the first format, which no release wrote, is DATA_UNREADABLE", () => {
    const older = encodeMeta(meta).slice();
    older[4] = 1;
    const view = new DataView(older.buffer);
    view.setUint32(0, xxHash32(view, 4, older.length, 0x41746d31), true);
    expect(() => decodeMeta(older)).toThrow(expect.objectContaining({ code: "DATA_UNREADABLE" }));
  });

  it("of a newer format is DATA_NEWER_FORMAT, whatever follows the version", () => {
    const newer = new Uint8Array(40).fill(170);
    newer.set([DISK_FORMAT_VERSION + 1, 0], 4);
    const view = new DataView(newer.buffer);
    view.setUint32(0, xxHash32(view, 4, newer.length, 0x41746d31), true);
    expect(() => decodeMeta(newer)).toThrow(expect.objectContaining({ code: "DATA_NEWER_FORMAT" }));
  });
});

describe("the head of a shard", () => {
  const head = { head: Uint8Array.of(5, 6, 7), count: 300, sumHigh: 0xffffffff, sumLow: 1 };

  it("comes back as it was", () => {
    for (const number of [0, 255, 65535, 65536, SHARD_ID_MAX]) {
      expect(decodeShardHead(shard(number), encodeShardHead(shard(number), head))).toEqual(head);
    }
    const empty = { head: new Uint8Array(0), count: 0, sumHigh: 0, sumLow: 0 };
    expect(decodeShardHead(shard(3), encodeShardHead(shard(3), empty))).toEqual(empty);
  });

  it("is refused with any bit flipped, any byte missing, any byte too many", () => {
    refusesDamage(encodeShardHead(shard(9), head), (bytes) => decodeShardHead(shard(9), bytes));
  });

  it("is refused under another shard's key", () => {
    expect(() => decodeShardHead(shard(8), encodeShardHead(shard(9), head))).toThrow(BadBytes);
  });
});

describe("keys", () => {
  const writer = new RecordWriter();
  const keyOf = (number: number, key: string, kind: number = KIND_PLAIN, field?: string) => {
    writer.writeIdentity(kind, key, field);
    return recordKey(writer.view, 0, shard(number));
  };

  it("of registers say space, shard, kind, key length, key and field", () => {
    const ofDefault = [0, 0, 0, 0];
    expect([...keyOf(0x0102, "ab")]).toEqual([0x72, ...ofDefault, 1, 2, 0, 0, 2, 0x61, 0x62]);
    expect([...keyOf(3, "a", 5, "\xff\0")]).toEqual([0x72, ...ofDefault, 0, 3, 5, 0x80, 1, 0x61, 0xff, 0]);
    const other = shardIdOf(0x7f010203 as SpaceId, 0x0405);
    expect([...keyOf(other, "ab")]).toEqual([0x72, 0x7f, 1, 2, 3, 4, 5, 0, 0, 2, 0x61, 0x62]);
  });

  it("are the same for the same register wherever its record lies and whatever it holds", () => {
    writer.write({
      flags: 0,
      kind: 0,
      key: "ab" as Key,
      value: Uint8Array.of(9),
      timestamp: 5,
      origin: 6,
      sequence: 7,
      expiresAt: 8,
    });
    const padded = new Uint8Array(writer.bytes.length + 13);
    padded.set(writer.bytes, 13);
    const view = new DataView(padded.buffer, 3);
    expect(recordKey(view, 10, shard(4))).toEqual(keyOf(4, "ab"));
  });

  it("are known again without being made, and no other is taken for them", () => {
    const long = "k".repeat(300);
    const registers = [
      ["ab", 0, undefined],
      ["a", 0, "b"],
      ["a", 0, ""],
      ["a", 0, undefined],
      ["ab", 1, undefined],
      [long, 0, undefined],
      [long, 0, "f"],
    ] as const;
    for (const [key, kind, field] of registers) {
      for (const number of [3, 0x0103]) {
        const own = keyOf(number, key, kind, field);
        for (const [otherKey, otherKind, otherField] of registers) {
          const isSame = key === otherKey && kind === otherKind && field === otherField;
          writer.writeIdentity(otherKind, otherKey, otherField);
          expect(isRecordKey(own, writer.view, 0, shard(number))).toBe(isSame);
          expect(isRecordKey(own, writer.view, 0, shard(number ^ 0x0100))).toBe(false);
        }
      }
    }
  });

  it("of different registers differ", () => {
    const identity = fc.record({
      number: fc.nat({ max: 3 }),
      key: fc.string({ unit: fc.constantFrom("a", "\0"), minLength: 1, maxLength: 3 }),
      kind: fc.nat({ max: 2 }),
      field: fc.option(fc.string({ unit: fc.constantFrom("a", "\0"), maxLength: 2 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(identity, identity, (a, b) => {
        const [keyA, keyB] = [a, b].map(({ number, key, kind, field }) => String(keyOf(number, key, kind, field)));
        expect(keyA === keyB).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });

  it("tell their shard", () => {
    for (const number of [0, 1, 255, 256, 65535, 65536, 65537, SHARD_ID_MAX]) {
      expect(shardOfKey(keyOf(number, "k"))).toBe(number);
      expect(shardOfKey(shardHeadKey(shard(number)))).toBe(number);
    }
    expect(() => shardOfKey(Uint8Array.of(0x72, 1))).toThrow(BadBytes);
  });

  it("lie in the range of their shard, and ranges follow each other without overlap", () => {
    const numbers = [0, 1, 254, 255, 256, 257, 65534, 65535, 65536, SHARD_ID_MAX - 1, SHARD_ID_MAX];
    for (const number of numbers) {
      for (const key of [keyOf(number, "\0"), keyOf(number, "\xff".repeat(1024), 255, "\xff")]) {
        expect(numbers.filter((other) => isWithin(key, registerRange(shard(other))))).toEqual([number]);
        expect(isWithin(key, registerRange("all"))).toBe(true);
      }
    }
    for (let number = 0; number < 65537; number++) {
      const follows = Buffer.compare(registerRange(shard(number)).to, registerRange(shard(number + 1)).from) === 0;
      if (!follows) expect.fail(`shards ${number} and ${number + 1} leave a gap or overlap`);
    }
  });

  it("of one sort lie outside the ranges of the others", () => {
    const ranges = [metaRange(), registerRange("all"), shardHeadRange()];
    const keys = [
      [metaKey],
      [keyOf(0, "\0"), keyOf(65535, "\xff")],
      [shardHeadKey(shard(0)), shardHeadKey(shard(65535))],
    ];
    keys.forEach((sort, i) => {
      for (const key of sort)
        expect(ranges.map((range) => isWithin(key, range))).toEqual([0, 1, 2].map((j) => i === j));
    });
  });
});

function isWithin(key: Uint8Array, range: KeyRange): boolean {
  return Buffer.compare(key, range.from) >= 0 && Buffer.compare(key, range.to) < 0;
}

function refusesDamage(bytes: Uint8Array, decode: (bytes: Uint8Array) => unknown): void {
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = bytes.slice();
    flipped[bit >>> 3] = (flipped[bit >>> 3] as number) ^ (1 << (bit & 7));
    expect(() => decode(flipped), `bit ${bit}`).toThrow(BadBytes);
  }
  for (let length = 0; length < bytes.length; length++) {
    expect(() => decode(bytes.subarray(0, length)), `length ${length}`).toThrow(BadBytes);
  }
  expect(() => decode(Uint8Array.of(...bytes, 0))).toThrow(BadBytes);
}
