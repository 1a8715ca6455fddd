/** Documents, as `simulations/README.md` shows them, word for word. */

import { cut, deleteDocument, readDocument, simulate, typeIn } from "atoll/simulations";
import { expect, test } from "vitest";

test("what two people type on both sides of a cut is one text afterwards, until somebody deletes it", async () => {
  const result = await simulate({
    replicas: { frankfurt: 1, tokyo: 1 },
    lasts: "40s",
    settings: { shards: 4 },
    documents: [
      typeIn({ name: "title", at: "5s", replica: "frankfurt-1", document: "notes", ack: "all" }),
      typeIn({ name: "ann", at: "12s", replica: "frankfurt-1", document: "notes" }),
      typeIn({ name: "bob", at: "13s", replica: "tokyo-1", document: "notes" }),
      readDocument({ name: "meanwhile", at: "15s", replica: "tokyo-1", document: "notes" }),
      readDocument({ name: "merged", at: "30s", replica: "tokyo-1", document: "notes" }),
      deleteDocument({ name: "gone", at: "32s", replica: "frankfurt-1", document: "notes" }),
      readDocument({ name: "after", at: "35s", replica: "tokyo-1", document: "notes" }),
    ],
    faults: [cut({ between: ["frankfurt", "tokyo"], at: "10s", lasts: "10s" })],
  });
  expect(result.violations).toEqual([]);
  expect(result.document("meanwhile").saw).toEqual(["title", "bob"]);
  expect(result.document("merged").saw.toSorted()).toEqual(["ann", "bob", "title"]);
  expect(result.document("after").saw).toEqual([]);
});
