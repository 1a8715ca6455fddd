import { expect, it } from "vitest";
import { differingBuckets, rosterBucketOf, rosterBuckets, rosterDigest } from "../../src/cluster/roster.ts";
import type { Rumour } from "../../src/wire/message.ts";
import { rumour } from "../support/surroundings.ts";

const all = Array.from({ length: 200 }, (_, i) => rumour(`m${i}`));
const withFirst = (more: Partial<Rumour>): Rumour[] => [{ ...(all[0] as Rumour), ...more }, ...all.slice(1)];

it("is equal in whatever order the members are known", () => {
  expect(rosterBuckets([...all].reverse())).toEqual(rosterBuckets(all));
  expect(rosterDigest(rosterBuckets([...all].reverse()))).toEqual(rosterDigest(rosterBuckets(all)));
});

const DIFFERENCES: readonly Partial<Rumour>[] = [
  { life: 2 },
  { birth: 8 },
  { rootLife: 2 },
  { startedAt: 2 },
  { epoch: 1 },
  { incarnation: 1 },
  { incarnation: 2 ** 40 },
  { state: "dead" },
  { givenUpLife: 1 },
  { left: true },
];

it.each(DIFFERENCES.map((more) => [JSON.stringify(more), more] as const))(
  "differs in one part by %s",
  (_what, more) => {
    const one = rosterBuckets(all);
    const other = rosterBuckets(withFirst(more));
    expect(differingBuckets(one, other)).toEqual([rosterBucketOf(rumour("m0").id)]);
    expect(rosterDigest(other)).not.toEqual(rosterDigest(one));
  },
);

it("does not differ by a suspicion, nor by when somebody was seen", () => {
  const passing = withFirst({ state: "suspect", suspectedBy: [rumour("x").id], seenAgoMs: 17 });
  expect(rosterBuckets(passing)).toEqual(rosterBuckets(all));
});
