import { describe, expect, it } from "vitest";
import { documentKeyOf, generateDocuments } from "../../../simulations/documents/document-generator.ts";
import { DOCUMENTS } from "../../../simulations/scenarios/documents.ts";
import { countFrom } from "../../../simulations/workload/generator.ts";
import { SeededRandom } from "../../../src/base/random.ts";

const PROFILE = { ...DOCUMENTS, nodes: 3, fromMs: 1000, untilMs: 60_000 };

function generated(seed: number, changes: Partial<typeof PROFILE> = {}) {
  return generateDocuments(new SeededRandom(seed), { ...PROFILE, ...changes }, countFrom(7));
}

describe("operations on documents", () => {
  it("are the same for the same seed, and others for another", () => {
    expect(generated(1)).toEqual(generated(1));
    expect(generated(2)).not.toEqual(generated(1));
  });

  it("have ids of their own and stay within their time, nodes, keys and lengths", () => {
    const operations = generated(3);
    expect(new Set(operations.map(({ id }) => id)).size).toBe(operations.length);
    expect(Math.min(...operations.map(({ id }) => id))).toBe(7);
    const keys = Array.from({ length: PROFILE.keys }, (_, i) => documentKeyOf(i));
    for (const { at, node, key, length, place } of operations) {
      expect(at).toBeGreaterThanOrEqual(1000);
      expect(at).toBeLessThan(60_000);
      expect(node).toBeLessThan(3);
      expect(keys).toContain(key);
      expect(length).toBeLessThanOrEqual(PROFILE.lengthMax);
      expect(place).toBeLessThan(1);
    }
  });

  it("are of every type, and leases end within their bound or never", () => {
    const operations = generated(4);
    const types = ["insert", "erase", "set", "read", "delete", "lease"];
    expect(new Set(operations.map(({ type }) => type))).toEqual(new Set(types));
    const leases = generated(4, { leasesPerSecond: 2 }).filter(({ type }) => type === "lease");
    expect(leases.some(({ ttlMs }) => ttlMs === undefined)).toBe(true);
    for (const { ttlMs = 500 } of leases) expect(ttlMs).toBeLessThanOrEqual(500 + PROFILE.leaseMsMax);
    expect(operations.some(({ type, ttlMs }) => type !== "lease" && ttlMs !== undefined)).toBe(false);
  });

  it("leave out what there is to be none of", () => {
    const types = new Set(generated(5, { deletesPerSecond: 0, leasesPerSecond: 0 }).map(({ type }) => type));
    expect([types.has("delete"), types.has("lease")]).toEqual([false, false]);
  });
});
