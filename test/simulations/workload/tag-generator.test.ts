import { expect, it } from "vitest";
import { TAGS_SCENARIO } from "../../../simulations/scenarios/tags.ts";
import { partsOf } from "../../../simulations/workload/operation.ts";

const operations = ["1", "2", "3"].map((seed) => TAGS_SCENARIO.plan(seed).operations);

it("gives a key the same tags each time, and never deletes it", () => {
  for (const all of operations) {
    const tagged = all.filter(({ key }) => key.startsWith("kt"));
    const tagsByKey = new Map(tagged.flatMap(({ key, tags }) => (tags === undefined ? [] : [[key, tags.join()]])));
    expect(tagsByKey.size).toBeGreaterThan(1);
    for (const { key, type, tags } of tagged) {
      if (type === "get" || type === "invalidate") continue;
      expect(["put", "put-absent", "update"]).toContain(type);
      expect(tags?.join()).toBe(tagsByKey.get(key));
    }
  }
});

it("has an invalidation name every key that carries its tag, as deleted", () => {
  for (const all of operations) {
    const puts = all.filter(({ tags }) => tags !== undefined);
    for (const invalidation of all.filter(({ type }) => type === "invalidate")) {
      const { tag = "" } = invalidation;
      const named = new Map(partsOf(invalidation).map(({ key, isDelete }) => [key, isDelete]));
      expect([...named.values()].every(Boolean)).toBe(true);
      for (const { key, tags } of puts) expect(named.has(key), `${key} ${tag}`).toBe(tags?.includes(tag));
    }
  }
});
