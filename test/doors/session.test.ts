import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { OriginId, ShardId } from "../../src/base/ids.ts";
import { decodeSession, EMPTY_SESSION, encodeSession, mergeSession } from "../../src/doors/session.ts";
import type { Dot } from "../../src/store.ts";

function dot(shard: number, origin: number, sequence: number): Dot {
  return { shard: shard as ShardId, origin: origin as OriginId, sequence };
}

const dots = fc.array(
  fc
    .record({
      shard: fc.nat(65_535),
      origin: fc.oneof(fc.nat(5), fc.maxSafeNat()),
      sequence: fc.oneof(fc.nat(1_000), fc.maxSafeNat()),
    })
    .map(({ shard, origin, sequence }) => dot(shard, origin, sequence)),
  { maxLength: 300 },
);

describe("a session token", () => {
  it("gives back the newest dots that fit, in order, in under 1 KiB of base64url", () => {
    fc.assert(
      fc.property(dots, (all) => {
        const token = encodeSession(all);
        expect(token).toMatch(/^[A-Za-z0-9_-]{2,1023}$/);
        const decoded = decodeSession(token);
        expect(decoded).toEqual(all.slice(0, decoded.length));
      }),
    );
  });

  it("holds 100 dots of three origins, and drops the oldest of more", () => {
    const origins = [2 ** 52, 2 ** 51, 2 ** 50];
    const many = Array.from({ length: 400 }, (_, i) => dot(i % 256, origins[i % 3] ?? 0, 1_000_000 + i));
    const kept = decodeSession(encodeSession(many));
    expect(kept.length).toBeGreaterThanOrEqual(100);
    expect(kept.length).toBeLessThan(400);
    expect(kept).toEqual(many.slice(0, kept.length));
  });

  it("says nothing of a session that has seen nothing", () => {
    expect(encodeSession([])).toBe(EMPTY_SESSION);
    expect(decodeSession(EMPTY_SESSION)).toEqual([]);
  });

  it.each([
    ["empty", ""],
    ["not base64url", "a+b="],
    ["too long", "A".repeat(1024)],
    ["another version", Buffer.of(2).toString("base64url")],
    ["an origin that is not there", Buffer.of(1, 1, 5, 1, 1).toString("base64url")],
    ["cut off", Buffer.of(1, 0, 5, 0).toString("base64url")],
    ["cut off in a number", Buffer.of(1, 0, 5, 0, 200).toString("base64url")],
    ["a shard beyond any", Buffer.of(1, 0, 5, 128, 128, 128, 128, 128, 128, 32, 1).toString("base64url")],
    ["a number without an end", Buffer.of(1, 0, ...Array(12).fill(255)).toString("base64url")],
  ])("is refused when %s", (_name, token) => {
    expect(() => decodeSession(token)).toThrow(expect.objectContaining({ code: "BAD_SESSION" }));
  });

  it("never throws anything but BAD_SESSION, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          decodeSession(Buffer.from(bytes).toString("base64url"));
        } catch (error) {
          expect(error).toMatchObject({ code: "BAD_SESSION" });
        }
      }),
    );
  });
});

describe("mergeSession", () => {
  it("keeps the greatest sequence of each (shard, origin), what was just seen first", () => {
    const earlier = [dot(1, 1, 9), dot(2, 1, 5), dot(3, 2, 7)];
    const seen = [dot(2, 1, 6), dot(1, 1, 8)];
    expect(mergeSession(earlier, seen)).toEqual([dot(2, 1, 6), dot(1, 1, 9), dot(3, 2, 7)]);
  });

  it("agrees with a map of greatest sequences", () => {
    fc.assert(
      fc.property(dots, dots, (earlier, seen) => {
        const greatest = new Map<string, number>();
        for (const { shard, origin, sequence } of [...earlier, ...seen]) {
          const slot = `${shard} ${origin}`;
          greatest.set(slot, Math.max(sequence, greatest.get(slot) ?? 0));
        }
        const merged = mergeSession(seen, mergeSession([], earlier));
        expect(new Map(merged.map((each) => [`${each.shard} ${each.origin}`, each.sequence]))).toEqual(greatest);
      }),
    );
  });
});
