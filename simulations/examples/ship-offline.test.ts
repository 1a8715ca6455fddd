/** A ship leaves the reach of its satellite for six hours. Both sides go on; what does it take to put them together again? */

import { inWords, isolate, put, read, simulate } from "atoll/simulations";
import { expect, test } from "vitest";

test("a ship that is offline for six hours goes on, and catches up within seconds", { timeout: 300_000 }, async () => {
  const result = await simulate({
    name: "ship",
    replicas: { frankfurt: 1, dublin: 1, ship: 1 },
    // A geostationary satellite: 600 ms there and back, 1 Mbit/s.
    water: { roundTripsMs: { ship: { frankfurt: 600, dublin: 620 } }, bytesPerMs: 125 },
    // Quiet hours cost little where few shards are compared now and then.
    settings: { shards: 4, antiEntropyMs: 10_000 },
    lasts: "7h",
    workload: [
      { at: "ship", operationsPerSecond: 0.1, keys: 200, reads: 0.5 },
      { at: ["frankfurt", "dublin"], operationsPerSecond: 0.2, keys: 200, reads: 0.5 },
    ],
    clients: [
      put({ name: "captain's order", at: "2h", replica: "ship-1", key: "course" }),
      put({ name: "office's order", at: "3h", replica: "frankfurt-1", key: "course" }),
      read({ name: "on board, still offline", at: "6h", replica: "ship-1", key: "course" }),
      read({ name: "on board, online again", at: "395m", replica: "ship-1", key: "course" }),
    ],
    faults: [isolate({ place: "ship", at: "30m", lasts: "6h" })],
  });

  // Nobody was refused anything, on either side, and nothing was lost, brought back or served too late.
  expect(result.violations, inWords(result)).toEqual([]);
  expect(result.availability).toBe(1);

  // The later of two orders wins, on board as well, once the ship has heard of it. Others lost, too: they can be counted.
  expect(result.act("on board, still offline").saw).toBe("captain's order");
  expect(result.act("on board, online again").saw).toBe("office's order");
  expect(result.conflicts).toBeGreaterThan(10);

  // Catching up: how long, and how many bytes over the satellite. Six hours of writes, each key's last one only.
  const healed = result.caughtUp.find(({ type }) => type === "network");
  expect(healed?.replicas).toContain("ship-1");
  expect(healed?.caughtUpAfterMs).toBeLessThan(30_000);
  expect(result.bytesOf("ship-1", { from: "390m", until: "391m" })).toBeLessThan(300_000);
});
