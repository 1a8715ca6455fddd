import { describe, expect, it } from "vitest";
import { generateOperations } from "../../../simulations/workload/generator.ts";
import { authorOf, type Operation, partsOf, writtenValue } from "../../../simulations/workload/operation.ts";
import type { Key } from "../../../src/base/ids.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import { MIXED } from "./mixed-profile.ts";

const PROFILE = { ...MIXED, untilMs: 31_000 };

describe("generated operations", () => {
  const operations = generateOperations(new SeededRandom(1), PROFILE);

  it("are the same for the same seed, at about the rate asked for", () => {
    expect(generateOperations(new SeededRandom(1), PROFILE)).toEqual(operations);
    expect(operations.length).toBeGreaterThan(2700);
    expect(operations.length).toBeLessThan(3300);
  });

  it("fall on few keys, the first ones most often", () => {
    const counts = new Map<Key, number>();
    for (const { key } of operations) counts.set(key, (counts.get(key) ?? 0) + 1);
    expect(counts.size).toBe(10);
    expect(counts.get("k0" as Key)).toBeGreaterThan(5 * (counts.get([...counts.keys()].at(-1) as Key) ?? 0) - 500);
    expect(counts.has("__proto__" as Key)).toBe(true);
  });

  it("write values that name their author, and nothing else does", () => {
    const byId = new Map(operations.map((operation) => [operation.id, operation]));
    for (const operation of operations.slice(0, 200)) {
      for (const [part] of partsOf(operation).entries()) {
        expect(authorOf(writtenValue(operation, part), byId)).toEqual({ operation, part });
      }
    }
    const damaged = writtenValue(operations[0] as Operation, 0);
    damaged[damaged.length - 1] = (damaged[damaged.length - 1] as number) ^ 1;
    expect(authorOf(damaged, byId)).toBeUndefined();
    expect(authorOf(new Uint8Array(0), byId)).toBeUndefined();
  });
});
