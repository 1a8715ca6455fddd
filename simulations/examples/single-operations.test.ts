/** Single operations of clients, as `simulations/README.md` shows them, word for word. */

import { isolate, put, read, simulate } from "atoll/simulations";
import { expect, test } from "vitest";

test("the later of two writes wins on both sides once they see each other", async () => {
  const result = await simulate({
    replicas: { dublin: 1, sydney: 1 },
    lasts: "40s",
    settings: { shards: 4 },
    clients: [
      put({ name: "first", at: "10s", replica: "dublin-1", key: "price" }),
      put({ name: "second", at: "11s", replica: "sydney-1", key: "price" }),
      read({ name: "during", at: "12s", replica: "dublin-1", key: "price" }),
      read({ name: "after", at: "35s", replica: "dublin-1", key: "price" }),
    ],
    faults: [isolate({ place: "sydney", at: "5s", lasts: "15s" })],
  });
  expect(result.act("during").saw).toBe("first");
  expect(result.act("after").saw).toBe("second");
});
