import { describe, expect, it } from "vitest";
import { Placement } from "../../../src/cluster/placement/placement.ts";
import { relayOf } from "../../../src/cluster/placement/relay.ts";
import { PARTS, viewOf } from "../../support/placements.ts";

const view = viewOf(["eu", "us", "eu", "us", "eu", "us", "eu"]);
const placement = new Placement(view, { replication: new Map([["eu", 3], ["us", 2]]) }, PARTS); // biome-ignore format: short

describe("the relay of a region", () => {
  it("is an owner there, and each owner about as often", () => {
    const relayed = new Map<string, number>();
    for (let part = 0; part < PARTS; part++) {
      const relay = relayOf(placement, { part, region: "eu" }, () => true);
      expect(placement.ownersIn(part, "eu")).toContain(relay);
      relayed.set(String(relay), (relayed.get(String(relay)) ?? 0) + 1);
    }
    expect(relayed.size).toBe(4);
    for (const count of relayed.values()) expect(Math.abs(count - PARTS / 4)).toBeLessThan(20);
  });

  it("is the next owner there where the first does not live, and then nobody", () => {
    for (let part = 0; part < PARTS; part++) {
      const owners = placement.ownersIn(part, "us");
      expect(relayOf(placement, { part, region: "us" }, (id) => id !== owners[0])).toBe(owners[1]);
      expect(relayOf(placement, { part, region: "us" }, (id) => !owners.includes(id))).toBe(undefined);
    }
  });

  it("is nobody in a region without owners", () => {
    expect(relayOf(placement, { part: 0, region: "ap" }, () => true)).toBe(undefined);
  });
});
