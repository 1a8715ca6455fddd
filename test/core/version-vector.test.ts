import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BadBytes, ByteReader, ByteWriter } from "../../src/base/bytes.ts";
import { isSameDigest } from "../../src/core/digest.ts";
import { lifeOf, originOf, replicaOf } from "../../src/core/origin.ts";
import { VersionVector } from "../../src/core/version-vector.ts";

type Step = { readonly replica: number; readonly life: number; readonly sequence: number | "seal" };

const step: fc.Arbitrary<Step> = fc.record({
  replica: fc.constantFrom(0, 1, 2 ** 32 - 1),
  life: fc.integer({ min: 1, max: 3 }),
  sequence: fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 1, max: 4 }) },
    { weight: 1, arbitrary: fc.constant("seal" as const) },
  ),
});

function vectorOf(steps: readonly Step[]): VersionVector {
  const vector = new VersionVector();
  for (const { replica, life, sequence } of steps) {
    if (sequence === "seal") vector.seal(replica, life);
    else vector.advance(originOf(replica, life), sequence);
  }
  return vector;
}

const vector = fc.array(step, { maxLength: 12 }).map(vectorOf);

function merged(...vectors: VersionVector[]): VersionVector {
  const all = new VersionVector();
  for (const each of vectors) all.merge(each);
  return all;
}

/** What it covers of a small world, the obvious way. */
function covered(of: VersionVector): string[] {
  const dots: string[] = [];
  for (const replica of [0, 1, 2 ** 32 - 1]) {
    for (let life = 1; life <= 4; life++) {
      for (let sequence = 1; sequence <= 5; sequence++) {
        if (of.covers(originOf(replica, life), sequence)) dots.push(`${replica}/${life}/${sequence}`);
      }
    }
  }
  return dots;
}

function encoded(of: VersionVector): Uint8Array {
  const writer = new ByteWriter();
  of.encode(writer);
  return writer.copy();
}

describe("merge", () => {
  it("commutes, associates and is idempotent", () => {
    fc.assert(
      fc.property(vector, vector, vector, (a, b, c) => {
        expect(merged(a, b).equals(merged(b, a))).toBe(true);
        expect(merged(merged(a, b), c).equals(merged(a, merged(b, c)))).toBe(true);
        expect(merged(a, a).equals(a)).toBe(true);
      }),
    );
  });

  it("covers what either covers and nothing else", () => {
    fc.assert(
      fc.property(vector, vector, (a, b) => {
        expect(covered(merged(a, b))).toEqual([...new Set([...covered(a), ...covered(b)])].sort());
      }),
    );
  });

  it("changes nothing where all is covered: the snapshot stays", () => {
    fc.assert(
      fc.property(vector, vector, (a, b) => {
        const both = merged(a, b);
        const before = both.snapshot();
        both.merge(a);
        expect(both.snapshot()).toBe(before);
      }),
    );
  });

  it("is the least upper bound", () => {
    fc.assert(
      fc.property(vector, vector, (a, b) => {
        const both = merged(a, b);
        expect(both.dominates(a) && both.dominates(b)).toBe(true);
      }),
    );
  });
});

describe("comparison", () => {
  it("lacks nothing of exactly what it dominates", () => {
    fc.assert(
      fc.property(vector, vector, (a, b) => {
        expect(a.lackOf(b) === 0).toBe(a.dominates(b));
      }),
    );
  });

  it("dominates only what it covers", () => {
    fc.assert(
      fc.property(vector, vector, (a, b) => {
        const here = new Set(covered(a));
        if (a.dominates(b)) expect(covered(b).every((dot) => here.has(dot))).toBe(true);
      }),
    );
  });

  it("has equal digests exactly when it is equal, however it came about", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), vector, fc.integer(), (steps, other, turn) => {
        const one = vectorOf(steps);
        const at = Math.abs(turn) % (steps.length + 1);
        // Seals drop entries below: the order of steps does not matter to what is covered in the end.
        const turned = vectorOf([...steps.slice(at), ...steps.slice(0, at)]);
        expect(isSameDigest(one.digest(), turned.digest())).toBe(true);
        expect(isSameDigest(one.digest(), other.digest())).toBe(one.dominates(other) && other.dominates(one));
      }),
    );
  });
});

describe("sealing", () => {
  it("covers every dot of the lives below, drops their entries, and takes none again", () => {
    const sealed = vectorOf([
      { replica: 1, life: 1, sequence: 4 },
      { replica: 1, life: 2, sequence: 2 },
      { replica: 1, life: 2, sequence: "seal" },
    ]);
    expect(sealed.get(originOf(1, 1))).toBe(Infinity);
    expect(sealed.get(originOf(1, 2))).toBe(2);
    sealed.advance(originOf(1, 1), 99);
    expect([...sealed.entries()].map(([origin]) => [replicaOf(origin), lifeOf(origin)])).toEqual([[1, 2]]);
    expect(sealed.size).toBe(2);
  });
});

describe("snapshot", () => {
  it("is one object until something changes, and does not change with it", () => {
    const live = vectorOf([{ replica: 1, life: 1, sequence: 1 }]);
    const before = live.snapshot();
    live.advance(originOf(1, 1), 1);
    expect(live.snapshot()).toBe(before);
    live.advance(originOf(1, 1), 2);
    expect(live.snapshot()).not.toBe(before);
    expect(before.get(originOf(1, 1))).toBe(1);
  });
});

describe("sharing", () => {
  it("changes nothing of what either covers, nor does what becomes of one change the other", () => {
    fc.assert(
      fc.property(vector, vector, fc.array(step, { maxLength: 4 }), (a, b, later) => {
        const twin = vectorOf([]);
        twin.merge(a);
        const [before, other] = [covered(a), covered(b)];
        a.shareWith(twin);
        a.shareWith(b);
        twin.merge(vectorOf(later));
        b.merge(vectorOf(later));
        expect(covered(a)).toEqual(before);
        a.merge(vectorOf(later));
        expect(covered(a)).toEqual(covered(twin));
        expect(new Set(covered(b))).toEqual(new Set([...other, ...covered(b)]));
      }),
    );
  });
});

describe("bytes", () => {
  it("come back as the same vector", () => {
    fc.assert(
      fc.property(vector, (of) => {
        const reader = new ByteReader(encoded(of));
        expect(VersionVector.decode(reader).equals(of)).toBe(true);
        reader.finish();
      }),
    );
  });

  it("are taken with their entries in any order", () => {
    const of = VersionVector.decode(new ByteReader(Uint8Array.from([0, 2, 7, 0, 0, 0, 1, 5, 2, 0, 0, 0, 1, 6])));
    expect([...of.entries()]).toEqual([
      [originOf(2, 1), 6],
      [originOf(7, 1), 5],
    ]);
  });

  it("are refused when cut short anywhere", () => {
    fc.assert(
      fc.property(vector, (of) => {
        const bytes = encoded(of);
        for (let length = 0; length < bytes.length; length++) {
          expect(() => VersionVector.decode(new ByteReader(bytes.subarray(0, length)))).toThrow(BadBytes);
        }
      }),
    );
  });

  it("throw nothing but BadBytes when they are noise", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          VersionVector.decode(new ByteReader(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(BadBytes);
        }
      }),
    );
  });

  it.each([
    ["the same origin twice", [0, 2, 1, 0, 0, 0, 1, 5, 1, 0, 0, 0, 1, 6]],
    ["an origin that is sealed", [1, 1, 0, 0, 0, 2, 1, 1, 0, 0, 0, 1, 5]],
    ["a sequence of 0", [0, 1, 1, 0, 0, 0, 1, 0]],
    ["no life below the sealed one", [1, 1, 0, 0, 0, 0, 0]],
    ["a replica sealed twice", [2, 1, 0, 0, 0, 2, 1, 0, 0, 0, 3, 0]],
    ["more entries than any vector has", [0, 129, 128, 4]],
  ])("are refused with %s", (_what, bytes) => {
    expect(() => VersionVector.decode(new ByteReader(Uint8Array.from(bytes)))).toThrow(BadBytes);
  });
});
