/** Whole clusters of members, watching over each other (`support/swim-cluster.ts`). */

import { describe, expect, it } from "vitest";
import { encodeMessage } from "../../../src/wire/codec.ts";
import { INCARNATION_MAX } from "../../../src/wire/message.ts";
import { rumour } from "../../support/surroundings.ts";
import { SwimCluster } from "../../support/swim-cluster.ts";

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

function running(
  size: number,
  seed: string,
  more: Partial<ConstructorParameters<typeof SwimCluster>[0]> = {},
): SwimCluster {
  const cluster = new SwimCluster({ size, seed, ...more });
  cluster.run(15_000);
  return cluster;
}

/** Deaths declared of members that ran and were not paused. */
const wrongDeaths = (cluster: SwimCluster, since = 0): unknown[] =>
  cluster.sightings.filter(({ at, of, state }) => state === "dead" && at >= since && cluster.node(of).isUp);

describe("a cluster in peace", () => {
  it("suspects nobody, at any size, and spends the same on it", () => {
    const spent = [10, 100].map((size) => {
      const cluster = running(size, "peace");
      const before = cluster.bytes;
      cluster.run(60_000);
      expect(cluster.sightings).toEqual([]);
      return (cluster.bytes - before) / size;
    });
    expect(spent[1]).toBeLessThan(1.2 * (spent[0] as number));
  });

  it("compares rosters for less than 100 bytes", () => {
    const cluster = running(20, "rosters");
    const lengths = new Set<number>();
    cluster.forge = (_from, _to, message) => {
      if (message.type.startsWith("roster")) lengths.add(encodeMessage(message).length);
      return message;
    };
    cluster.run(60_000);
    expect(lengths.size).toBe(1);
    expect(Math.max(...lengths)).toBeLessThan(50);
  });

  it("finds strangers who know only one of it", () => {
    const cluster = new SwimCluster({ size: 50, seed: "strangers", strangers: 10 });
    expect(cluster.runUntil(() => cluster.allSee("alive", cluster.running, cluster.running), 20_000)).toBeDefined();
    cluster.run(30_000);
    expect(wrongDeaths(cluster)).toEqual([]);
  });
});

describe("a member that comes back", () => {
  it("is told, and tells, what changed since, not of everybody at each of its links", () => {
    const size = 300;
    const cluster = running(size, "back");
    cluster.kill(7);
    expect(cluster.runUntil(() => cluster.allSee("dead", cluster.running, [7]), 60_000)).toBeDefined();
    let rows = 0;
    cluster.forge = (from, to, message) => {
      const isOfIt = from === 7 || to === 7;
      if (isOfIt && (message.type === "members" || message.type === "roster-rows")) rows += message.members.length;
      return message;
    };
    cluster.restart(7);
    expect(cluster.runUntil(() => cluster.allSee("alive", cluster.running, [7]), 20_000)).toBeDefined();
    // Two dozen links, at each the two of them, and a part of the roster for the row that differs.
    expect(rows).toBeLessThan(size);
  });
});

describe("a member that dies", () => {
  it("without a word is suspected and declared dead by everybody, and nobody else is", () => {
    for (const [size, suspectMs, deadMs] of [
      [10, 8000, 14_000],
      [100, 5000, 15_000],
    ] as const) {
      const cluster = running(size, `death ${size}`);
      cluster.kill(3, { isSilent: true });
      const others = cluster.running;
      const isMissed = (): boolean => others.every((by) => cluster.stateOf(by, 3) !== "alive");
      expect(cluster.runUntil(isMissed, suspectMs), `${size}: suspected`).toBeDefined();
      expect(cluster.runUntil(() => cluster.allSee("dead", others, [3]), deadMs - suspectMs + 3000)).toBeDefined();
      expect(wrongDeaths(cluster)).toEqual([]);
    }
  });

  it("is suspected at once where its links break with it", () => {
    const cluster = running(100, "broken links");
    cluster.kill(3);
    const others = cluster.running;
    const isMissed = (): boolean => others.every((by) => cluster.stateOf(by, 3) !== "alive");
    expect(cluster.runUntil(isMissed, 3000)).toBeDefined();
  });

  it("is alive to everybody soon after it comes back with another life", () => {
    const cluster = running(30, "comes back");
    cluster.kill(3);
    cluster.run(30_000);
    expect(cluster.allSee("dead", cluster.running, [3])).toBe(true);
    cluster.restart(3);
    expect(cluster.runUntil(() => cluster.allSee("alive", cluster.running, cluster.running), 5000)).toBeDefined();
    cluster.run(30_000);
    expect(wrongDeaths(cluster, cluster.now - 29_000)).toEqual([]);
  });
});

describe("a member that says that it goes", () => {
  it("is dead to all without a suspicion, and back with its next life", () => {
    const cluster = running(30, "goes");
    cluster.leave(3, false);
    const others = range(0, 30).filter((index) => index !== 3);
    expect(cluster.runUntil(() => cluster.allSee("dead", others, [3]), 3000)).toBeDefined();
    expect(cluster.sightings.filter(({ state }) => state === "suspect")).toEqual([]);
    cluster.run(5000);
    cluster.restart(3);
    expect(cluster.runUntil(() => cluster.allSee("alive", cluster.running, cluster.running), 5000)).toBeDefined();
  });

  it("for good is no member any more, and nobody probes it", () => {
    const cluster = running(30, "for good");
    cluster.leave(3, true);
    const others = range(0, 30).filter((index) => index !== 3);
    expect(cluster.runUntil(() => others.every((by) => cluster.stateOf(by, 3) === undefined), 3000)).toBeDefined();
    cluster.run(60_000);
    expect(cluster.sightings).toEqual([]);
  });
});

describe("a member that is paused", () => {
  it.each([3000, 10_000, 60_000])("for %i ms suspects nobody for it, and is alive to all soon after", (forMs) => {
    const cluster = running(40, `pause ${forMs}`);
    cluster.pause(7, forMs);
    cluster.run(forMs);
    const woken = cluster.now;
    expect(cluster.runUntil(() => cluster.allSee("alive", cluster.running, cluster.running), 10_000)).toBeDefined();
    cluster.run(20_000);
    expect(cluster.sightings.filter(({ by, at, state }) => by === 7 && at >= woken && state === "dead")).toEqual([]);
    expect(cluster.sightings.filter(({ of, state }) => of !== 7 && state !== "alive")).toEqual([]);
    expect(cluster.allSee("alive", cluster.running, cluster.running)).toBe(true);
  });

  it("again and again is seen to refute, and keeps its incarnation", () => {
    const cluster = running(20, "flapping");
    for (let i = 0; i < 6; i++) {
      cluster.pause(4, 4000);
      cluster.run(6000);
    }
    cluster.run(20_000);
    expect(cluster.node(4).membership.swim.refutations).toBeGreaterThan(0);
    expect(cluster.allSee("alive", cluster.running, cluster.running)).toBe(true);
    const incarnations = cluster.nodes.map(
      ({ membership }) => membership.swim.standingOf(cluster.node(4).id)?.incarnation,
    );
    expect(new Set(incarnations).size).toBe(1);
  });
});

describe("a member that took a suspicion back", () => {
  it("says so again to whoever has missed that and still tells it of the suspicion", () => {
    const cluster = running(6, "missed");
    const { id, life } = cluster.node(4);
    const { swim } = cluster.node(2).membership;
    swim.hear(id, { life, incarnation: 0, state: "suspect", suspectedBy: [cluster.node(2).id] });
    cluster.forge = (_from, to, message) => {
      if (to !== 2 || !("rumours" in message)) return message;
      return { ...message, rumours: message.rumours.filter((rumour) => rumour.id !== id) };
    };
    cluster.run(6000);
    expect(cluster.stateOf(2, 4)).toBe("suspect");
    cluster.forge = (_from, _to, message) => message;
    expect(cluster.runUntil(() => cluster.stateOf(2, 4) === "alive", 6000)).toBeDefined();
  });
});

describe("links that lose, break and lead one way", () => {
  it("declare nobody dead at 20% loss", () => {
    const cluster = new SwimCluster({ size: 40, seed: "loss", loss: 0.2, latencyMs: 40 });
    cluster.run(180_000);
    expect(wrongDeaths(cluster)).toEqual([]);
  });

  it("that flap are no verdict on anybody", () => {
    const cluster = running(20, "flap");
    for (let i = 0; i < 40; i++) {
      cluster.breakLink(2, 5);
      cluster.breakLink(2, 9);
      cluster.run(700);
    }
    expect(wrongDeaths(cluster)).toEqual([]);
    cluster.run(10_000);
    expect(cluster.allSee("alive", cluster.running, cluster.running)).toBe(true);
  });

  it("between two that cannot reach each other do not matter: others answer for both", () => {
    const cluster = running(12, "no way");
    cluster.cutOff([2], [5]);
    cluster.cutOff([5], [2]);
    cluster.run(120_000);
    expect(wrongDeaths(cluster)).toEqual([]);
  });

  it("that lead one way only, to whoever hears and cannot answer, leave it dead until they lead back", () => {
    const cluster = running(12, "one way");
    const others = range(0, 12).filter((index) => index !== 5);
    cluster.cutOff([5], others);
    cluster.run(40_000);
    expect(cluster.allSee("dead", others, [5])).toBe(true);
    cluster.heal();
    expect(cluster.runUntil(() => cluster.allSee("alive", cluster.running, cluster.running), 20_000)).toBeDefined();
  });

  it("between two halves that declared each other dead bring them together again, whatever the size", () => {
    for (const size of [12, 40]) {
      const cluster = running(size, `halves ${size}`);
      const [some, others] = [range(0, size / 2), range(size / 2, size)];
      cluster.cutInTwo(some);
      cluster.run(size > 32 ? 400_000 : 240_000);
      const seen = others.filter((of) => cluster.stateOf(0, of) === "dead").length;
      expect(seen, `${size}`).toBeGreaterThan(others.length * 0.9);
      expect(cluster.allSee("alive", some, some)).toBe(true);
      cluster.heal();
      expect(cluster.runUntil(() => cluster.allSee("alive", cluster.running, cluster.running), 20_000)).toBeDefined();
    }
  });
});

describe("nonsense", () => {
  it("such as the death of a member in its last incarnation changes nothing, and is counted", () => {
    const cluster = running(8, "maximum");
    const told = rumour("m3", { incarnation: INCARNATION_MAX, state: "dead" });
    for (const to of cluster.running) cluster.say(1, to, { type: "gossip", rumours: [told] });
    cluster.run(5000);
    expect(cluster.allSee("alive", cluster.running, cluster.running)).toBe(true);
    expect(cluster.nodes.every(({ membership }) => membership.swim.nonsense === 1)).toBe(true);
  });

  it("such as a forged death is refuted by the living, every time", () => {
    const cluster = running(20, "forged");
    for (let incarnation = 0; incarnation < 5; incarnation++) {
      const told = rumour("m3", { incarnation, state: "dead" });
      cluster.say(1, 2, { type: "gossip", rumours: [told] });
      cluster.run(3000);
    }
    expect(cluster.allSee("alive", cluster.running, cluster.running)).toBe(true);
    expect(cluster.node(3).membership.swim.incarnation).toBe(5);
  });

  it("such as members without end stays within bounds, also in what is sent on", () => {
    const cluster = running(6, "thousands");
    let longest = 0;
    cluster.forge = (_from, _to, message) => {
      if (message.type === "gossip" || message.type.startsWith("ping")) {
        longest = Math.max(longest, encodeMessage(message).length);
      }
      return message;
    };
    for (let i = 0; i < 6000; i += 60) {
      const rumours = range(i, i + 60).map((each) => rumour(`x${each}`));
      cluster.say(1, 2, { type: "gossip", rumours });
    }
    cluster.run(2000);
    expect(cluster.node(2).members.all().length).toBeLessThanOrEqual(4096);
    expect(longest).toBeLessThan(1600);
    expect(cluster.allSee("alive", range(0, 6), range(0, 6))).toBe(true);
  });
});
