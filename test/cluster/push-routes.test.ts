import { describe, expect, it } from "vitest";
import type { ReplicaId } from "../../src/base/ids.ts";
import { type PushTarget, pushRoutes } from "../../src/cluster/push-routes.ts";

const self = "self" as ReplicaId;

function target(id: string, region: string, isAlive = true): PushTarget {
  return { id: id as ReplicaId, region, isAlive };
}

const eu = ["a", "b"].map((id) => target(id, "eu"));
const us = ["c", "d", "e"].map((id) => target(id, "us"));

describe("a push", () => {
  it("goes straight to the own region and to a single one elsewhere, and once to each other region", () => {
    const { direct, relayed } = pushRoutes(self, "eu", [...eu, ...us, target("f", "ap")]);
    expect([...direct].sort()).toEqual(["a", "b", "f"]);
    expect(relayed).toHaveLength(1);
    expect([relayed[0]?.relay, ...(relayed[0]?.to ?? [])].sort()).toEqual(["c", "d", "e"]);
  });

  it("reaches everybody once, whoever there is", () => {
    for (let count = 0; count < 30; count++) {
      const targets = Array.from({ length: count }, (_, i) => target(`t${i}`, `r${i % 4}`, i % 5 !== 0));
      const { direct, relayed } = pushRoutes(self, "r0", targets);
      const reached = [...direct, ...relayed.flatMap(({ relay, to }) => [relay, ...to])];
      expect(reached.sort()).toEqual(targets.map(({ id }) => id).sort());
    }
  });

  it("goes through the same relay as long as that is alive, and through others for other senders", () => {
    const relayFor = (sender: string, targets: readonly PushTarget[]) =>
      pushRoutes(sender as ReplicaId, "eu", targets).relayed[0]?.relay;
    const senders = Array.from({ length: 40 }, (_, i) => `s${i}`);
    expect(new Set(senders.map((sender) => relayFor(sender, us))).size).toBe(3);
    for (const sender of senders) {
      const relay = relayFor(sender, us);
      expect(relayFor(sender, [...us].reverse())).toBe(relay);
      const without = us.map((each) => (each.id === relay ? { ...each, isAlive: false } : each));
      expect(relayFor(sender, without)).not.toBe(relay);
      expect(pushRoutes(sender as ReplicaId, "eu", without).direct).toEqual([relay]);
    }
  });
});
