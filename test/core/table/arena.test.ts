import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SeededRandom } from "../../../src/base/random.ts";
import { Arena, blockBytesFor, PAGE_BYTES, PAGED_BLOCK_BYTES_MAX, REF_MIN } from "../../../src/core/table/arena.ts";

/** Pages that an arena keeps when it is empty. */
const SPARES = 16;

/** Fills a block with a pattern of its own. Small enough never to look like a free block. */
function fill(arena: Arena, ref: number, length: number, seed: number): void {
  const at = arena.offsetOf(ref);
  arena.bytesOf(ref).fill(seed & 127, at, at + length);
}

function expectFilled(arena: Arena, ref: number, length: number, seed: number): void {
  const at = arena.offsetOf(ref);
  const bytes = arena.bytesOf(ref);
  for (let i = at; i < at + length; i++) if (bytes[i] !== (seed & 127)) expect.unreachable(`byte ${i} of ${ref}`);
}

describe("size classes", () => {
  it("give every length a block that holds it, in whole words, exact up to 512 bytes and at most 1/16 larger above", () => {
    for (let length = 1; length <= PAGED_BLOCK_BYTES_MAX; length++) {
      const blockBytes = blockBytesFor(length);
      const isFit = blockBytes >= length && blockBytes % 4 === 0;
      const isTight = length <= 512 ? blockBytes < Math.max(length, 32) + 4 : blockBytes <= length + length / 16 + 4;
      const isStable = blockBytesFor(blockBytes) === blockBytes;
      if (!isFit || !isTight || !isStable) expect.unreachable(`length ${length} gets ${blockBytes}`);
    }
    expect(blockBytesFor(PAGED_BLOCK_BYTES_MAX)).toBe(PAGED_BLOCK_BYTES_MAX);
    expect(blockBytesFor(PAGED_BLOCK_BYTES_MAX + 1)).toBe(PAGED_BLOCK_BYTES_MAX + 1);
  });
});

describe("Arena", () => {
  it("gives the page of a large block back to the system at once", () => {
    const arena = new Arena();
    const ref = arena.allocate(PAGED_BLOCK_BYTES_MAX + 1);
    const page = arena.bytesOf(ref);
    arena.free(ref);
    expect([page.length, arena.residentBytes]).toEqual([0, 0]);
  });

  it("hands out blocks that do not overlap, and counts them", () => {
    const arena = new Arena();
    const lengths = [1, 31, 32, 33, 148, 512, 513, 1000, 60_000, 65_536, 65_537, 300_000];
    const refs = lengths.map((length) => arena.allocate(length));
    for (const [i, ref] of refs.entries()) fill(arena, ref, arena.capacityOf(ref), i + 1);
    for (const [i, ref] of refs.entries()) {
      expect(ref).toBeGreaterThanOrEqual(REF_MIN);
      expect(arena.capacityOf(ref)).toBe(blockBytesFor(lengths[i] ?? 0));
      expect(arena.viewOf(ref).buffer).toBe(arena.bytesOf(ref).buffer);
      expectFilled(arena, ref, arena.capacityOf(ref), i + 1);
    }
    const blockBytes = lengths.reduce((sum, length) => sum + blockBytesFor(length), 0);
    expect(arena.usedBytes).toBe(blockBytes);
    expect(arena.residentBytes).toBe(blockBytes);
  });

  it("copies records of every length from every offset", () => {
    const arena = new Arena();
    const source = Uint8Array.from({ length: 700 }, (_, i) => i % 251);
    for (let length = 1; length < 600; length++) {
      const ref = arena.allocate(length);
      arena.write(ref, source, length % 7, length);
      const at = arena.offsetOf(ref);
      expect(arena.bytesOf(ref).subarray(at, at + length)).toEqual(source.subarray(length % 7, (length % 7) + length));
    }
    const elsewhere = new Uint8Array(100).fill(9);
    const ref = arena.allocate(40);
    arena.write(ref, elsewhere.subarray(50), 1, 40);
    expect(arena.bytesOf(ref)[arena.offsetOf(ref) + 39]).toBe(9);
  });

  it("counts a page only as far as it was written", () => {
    const arena = new Arena();
    arena.allocate(100);
    expect(arena.residentBytes).toBe(100);
    expect(arena.pages).toBe(1);
  });

  it("fills a page to its last block before it opens another, and uses freed blocks first", () => {
    const arena = new Arena();
    const perPage = Math.floor(PAGE_BYTES / 148);
    const refs = Array.from({ length: perPage }, () => arena.allocate(148));
    expect(arena.pages).toBe(1);
    const extra = arena.allocate(148);
    expect(arena.pages).toBe(2);
    arena.free(refs[5] ?? 0);
    arena.free(refs[9] ?? 0);
    const again = [arena.allocate(148), arena.allocate(148)];
    expect(again.sort()).toEqual([refs[5], refs[9]].sort());
    expect(arena.viewOf(arena.allocate(148))).toBe(arena.viewOf(extra));
  });

  it("gives empty pages back but for a few spares, which any class may use", () => {
    const arena = new Arena();
    const refs = Array.from({ length: 40_000 }, () => arena.allocate(148));
    expect(arena.pages).toBeGreaterThan(SPARES);
    for (const ref of refs) arena.free(ref);
    expect(arena.usedBytes).toBe(0);
    expect(arena.pages).toBe(SPARES);
    expect(arena.residentBytes).toBeLessThanOrEqual(SPARES * PAGE_BYTES);
    const resident = arena.residentBytes;
    arena.allocate(4000);
    expect(arena.pages).toBe(SPARES);
    expect(arena.residentBytes).toBe(resident);
  });

  it("gives a large block's page back at once, and uses its number again", () => {
    const arena = new Arena();
    const first = arena.allocate(1_000_000);
    arena.free(first);
    expect([arena.usedBytes, arena.residentBytes, arena.pages]).toEqual([0, 0, 0]);
    expect(arena.allocate(70_000)).toBe(first);
  });

  it("does not add and drop a page at every write on the edge of one", () => {
    const arena = new Arena();
    const perPage = Math.floor(PAGE_BYTES / 148);
    for (let i = 0; i < perPage; i++) arena.allocate(148);
    const edge = arena.allocate(148);
    const view = arena.viewOf(edge);
    arena.free(edge);
    for (let i = 0; i < 10; i++) {
      const ref = arena.allocate(148);
      expect(arena.viewOf(ref)).toBe(view);
      arena.free(ref);
    }
  });

  it("throws MEMORY_FULL when no page is left, changes nothing, and goes on once there is room", () => {
    const arena = new Arena(2);
    const perPage = Math.floor(PAGE_BYTES / 148);
    const refs = Array.from({ length: 2 * perPage }, () => arena.allocate(148));
    const usedBytes = arena.usedBytes;
    for (const length of [148, 1000, 100_000]) {
      expect(() => arena.allocate(length)).toThrow(expect.objectContaining({ code: "MEMORY_FULL" }));
    }
    expect([arena.usedBytes, arena.pages]).toEqual([usedBytes, 2]);
    arena.free(refs[0] ?? 0);
    expect(arena.allocate(148)).toBe(refs[0]);
  });

  it("catches double frees and refs it never handed out", () => {
    const arena = new Arena();
    const kept = arena.allocate(100);
    const small = arena.allocate(100);
    const large = arena.allocate(100_000);
    arena.free(small);
    arena.free(large);
    expect(() => arena.free(small)).toThrow("BUG: double free");
    expect(() => arena.free(large)).toThrow("BUG:");
    expect(() => arena.free(kept + 100)).toThrow("BUG:");
    expect(() => arena.free(0)).toThrow("BUG:");
    expect(() => arena.free(0xffffffff)).toThrow("BUG:");
    arena.free(kept);
    expect(() => arena.free(kept)).toThrow("BUG:");
    expect(arena.usedBytes).toBe(0);
  });

  it("keeps every block's bytes through long random runs of adversarial sizes, and returns to zero", () => {
    for (const seed of ["mixed", "edges", "tiny"]) {
      const random = new SeededRandom(seed);
      const arena = new Arena();
      const held: { ref: number; length: number; fill: number }[] = [];
      const draw = (): number => {
        if (seed === "tiny") return random.between(1, 80);
        if (seed === "edges")
          return random.pick([512, 513, 1023, 1024, 1025, 65_535, 65_536, 65_537, 262_144, 262_145]);
        return random.chance(0.02) ? random.between(10_000, 200_000) : random.between(1, 3000);
      };
      let expectedBytes = 0;
      for (let step = 0; step < 12_000; step++) {
        // Waves: mostly growth, then mostly decay.
        if (held.length === 0 || random.chance(step % 4000 < 2500 ? 0.6 : 0.35)) {
          const length = draw();
          const block = { ref: arena.allocate(length), length, fill: step };
          fill(arena, block.ref, length, step);
          expectedBytes += blockBytesFor(length);
          held.push(block);
        } else {
          const i = random.below(held.length);
          const block = held[i];
          if (block === undefined) continue;
          expectFilled(arena, block.ref, block.length, block.fill);
          arena.free(block.ref);
          expectedBytes -= blockBytesFor(block.length);
          held[i] = held[held.length - 1] ?? block;
          held.pop();
        }
        if (arena.usedBytes !== expectedBytes) expect.unreachable(`seed ${seed}: ${arena.usedBytes} at step ${step}`);
      }
      expect(new Set(held.map((block) => block.ref)).size).toBe(held.length);
      expect(arena.residentBytes).toBeGreaterThanOrEqual(arena.usedBytes);
      for (const block of held) {
        expectFilled(arena, block.ref, block.length, block.fill);
        arena.free(block.ref);
      }
      expect(arena.usedBytes).toBe(0);
      expect(arena.pages).toBeLessThanOrEqual(SPARES);
      expect(arena.residentBytes).toBeLessThanOrEqual(SPARES * PAGE_BYTES);
    }
  }, 60_000);

  it("lets sparse pages run empty: after a purge and as many new blocks, it holds hardly more pages than it needs", () => {
    const random = new SeededRandom("sparse");
    const arena = new Arena();
    let refs = Array.from({ length: 50_000 }, () => arena.allocate(148));
    for (let round = 0; round < 20; round++) {
      random.shuffle(refs);
      for (const ref of refs.splice(0, 25_000)) arena.free(ref);
      refs = refs.concat(Array.from({ length: 25_000 }, () => arena.allocate(148)));
    }
    expect(arena.pages).toBeLessThanOrEqual(Math.ceil((50_000 * 148) / PAGE_BYTES) + SPARES);
  });

  it("frees in any order, whatever the sizes", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 300_000 })), { maxLength: 60 }),
        fc.integer(),
        (lengths, seed) => {
          const arena = new Arena();
          const refs = new SeededRandom(seed).shuffle(lengths.map((length) => arena.allocate(length)));
          for (const ref of refs) arena.viewOf(ref).setInt32(arena.offsetOf(ref) + 4, 0);
          for (const ref of refs) arena.free(ref);
          expect(arena.usedBytes).toBe(0);
        },
      ),
      { numRuns: 50 },
    );
  });
});
