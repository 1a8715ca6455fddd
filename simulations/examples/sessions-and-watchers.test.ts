/** Sessions, conditions, batches and watchers, as `simulations/README.md` shows them, word for word. */

import { batch, cut, put, read, simulate } from "atoll/simulations";
import { expect, test } from "vitest";

test("a counter is never raised twice from the same value, and its watcher hears of it", async () => {
  const result = await simulate({
    replicas: { dublin: 1, sydney: 1 },
    lasts: "30s",
    settings: { shards: 4 },
    workload: { operationsPerSecond: 20, reads: 0.5, updates: 0.2, batches: 0.1, sessions: { clients: 5, moves: 0.3 } },
    clients: [
      put({ name: "zero", at: "5s", replica: "dublin-1", key: "counter", ifAbsent: true }),
      read({ name: "seen", at: "6s", replica: "sydney-1", key: "counter", session: "ann" }),
      put({ name: "one", at: "7s", replica: "sydney-1", key: "counter", ifUnchangedSince: "seen", session: "ann" }),
      put({ name: "two", at: "8s", replica: "sydney-1", key: "counter", ifUnchangedSince: "seen" }),
      batch({ name: "tidy", at: "9s", replica: "dublin-1", puts: ["log"], removes: ["counter"] }),
    ],
    watchers: [{ name: "bell", at: "4s", replica: "dublin-1", prefix: "counter" }],
    faults: [cut({ between: ["dublin", "sydney"], at: "12s", lasts: "8s" })],
  });
  expect(result.violations).toEqual([]);
  expect(result.act("one").type).toBe("written");
  expect(result.act("two").code).toBe("PRECONDITION_FAILED");
  expect(result.watcher("bell").heard.map(({ type, by }) => by ?? type)).toEqual(["zero", "one", "delete"]);
});
