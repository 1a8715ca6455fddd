import { describe, expect, it } from "vitest";
import { SeededRandom } from "../../../src/base/random.ts";
import { createPlacementView, WEIGHT_MAX } from "../../../src/cluster/placement/placement-view.ts";
import { drawMember, member } from "../../support/placements.ts";

const [one, two] = [member("a", "eu", 1), member("b", "us", 2)];

describe("a placement view", () => {
  it("is the same whatever the order of its members", () => {
    const random = new SeededRandom("views");
    for (let run = 0; run < 50; run++) {
      const members = Array.from({ length: random.between(1, 20) }, () => drawMember(random, 3, 4));
      const view = createPlacementView(members);
      expect(createPlacementView(random.shuffle([...members]))).toEqual(view);
    }
  });

  it.each([
    ["a member more", [one, two, member("c")]],
    ["a member less", [one]],
    ["another id", [one, { ...two, id: member("c").id }]],
    ["another region", [one, { ...two, region: "eu" }]],
    ["another weight", [one, { ...two, weight: 3 }]],
    ["regions that changed hands", [{ ...one, region: "us" }, { ...two, region: "eu" }]], // biome-ignore format: short
    ["no members", []],
  ])("has another digest for %s", (_what, members) => {
    expect(createPlacementView(members).digest).not.toEqual(createPlacementView([one, two]).digest);
  });

  it("refuses an id twice and weights out of bounds as our bugs", () => {
    expect(() => createPlacementView([one, { ...one, region: "us" }])).toThrow("BUG: a is twice");
    for (const weight of [0, 1.5, WEIGHT_MAX + 1]) {
      expect(() => createPlacementView([{ ...one, weight }])).toThrow("BUG: weight");
    }
  });
});
