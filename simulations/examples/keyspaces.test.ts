/** A keyspace of which each replica keeps a part, as `simulations/README.md` shows it, word for word. */

import { cut, put, read, simulate } from "atoll/simulations";
import { expect, test } from "vitest";

test("a key goes to another region with its policy, and is written while nobody there can be reached", async () => {
  const result = await simulate({
    replicas: { dublin: 2, sydney: 1 },
    lasts: "60s",
    settings: { shards: 4 },
    keyspace: [
      { at: "2s", settings: { replication: { dublin: 2 } } },
      { at: "20s", settings: { replication: { sydney: 1 } } },
    ],
    clients: [
      put({ name: "first", at: "10s", replica: "dublin-1", key: "price" }),
      read({ name: "moved", at: "30s", replica: "dublin-2", key: "price" }),
      put({ name: "second", at: "45s", replica: "dublin-1", key: "price" }),
      read({ name: "after", at: "58s", replica: "sydney-1", key: "price" }),
    ],
    faults: [cut({ between: ["dublin", "sydney"], at: "35s", lasts: "15s" })],
  });
  expect(result.violations).toEqual([]);
  expect(result.act("moved").saw).toBe("first");
  expect(result.act("after").saw).toBe("second");
});
