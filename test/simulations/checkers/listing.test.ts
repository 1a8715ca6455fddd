import { expect, it } from "vitest";
import { checkListing } from "../../../simulations/checkers/listing.ts";
import type { Key } from "../../../src/base/ids.ts";
import { entry, evidence, KEY, node } from "./evidence-builder.ts";

const OTHER = "other" as Key;
const WRITES = [entry(1, 10, {}), entry(2, 20, { key: OTHER })];

function messagesOf(keys: readonly Key[], throughout: readonly Key[], prefix = "" as Key): string[] {
  const listing = { limit: 2, gapMs: 0, nodes: [0] };
  const answer = { type: "listed", keys, throughout } as const;
  const listed = entry(3, 30, { type: "keys", key: prefix, listing, answer });
  return checkListing(evidence([...WRITES, listed], [node()])).map((violation) => violation.message);
}

it("is content with each key that is there throughout, and with others that come and go", () => {
  expect(messagesOf([KEY, OTHER], [KEY])).toEqual([]);
  expect(messagesOf([KEY], [KEY], KEY)).toEqual([]);
});

it("catches a key that is left out, listed twice, never written, or not under the prefix", () => {
  expect(messagesOf([OTHER], [KEY])[0]).toContain("left out");
  expect(messagesOf([KEY, OTHER, KEY], [])[0]).toContain("twice");
  expect(messagesOf(["ghost" as Key], [])[0]).toContain("nobody wrote");
  expect(messagesOf([OTHER], [], KEY)[0]).toContain("nobody wrote");
});
