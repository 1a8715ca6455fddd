import { describe, expect, it } from "vitest";
import { checkShares } from "../../../simulations/checkers/shares.ts";
import type { ShareLoss, SpaceBytes } from "../../../simulations/tenants/share-loss.ts";
import type { SpaceId } from "../../../src/base/ids.ts";
import { DEFAULT_SPACE, SYSTEM_SPACE } from "../../../src/base/shard-id.ts";
import { evidence, node } from "./evidence-builder.ts";

const [MODEST, GREEDY] = [7, 8] as SpaceId[] as [SpaceId, SpaceId];
const SHARES = new Map([
  [MODEST, 0.6],
  [GREEDY, 0.1],
]);
/** So much of a keyspace, all of which may go. */
const held = (bytes: number): SpaceBytes => ({ bytes, standingBytes: bytes });

function loss(space: SpaceId, bytes: readonly [number, number, number], changes: Partial<ShareLoss> = {}): ShareLoss {
  const [common, modest, greedy] = bytes;
  const bySpace = new Map([
    [DEFAULT_SPACE, held(common)],
    [MODEST, held(modest)],
    [GREEDY, held(greedy)],
  ]);
  return { at: 100, space, bytes: 500, bySpace, known: SHARES, ...changes };
}

function found(...losses: readonly ShareLoss[]): string[] {
  const seen = evidence([], [{ ...node(), memoryBytesMax: 100_000 }]);
  const shares = { bySpace: SHARES, since: 50, losses: [losses] };
  return checkShares({ ...seen, shares }).map(({ message }) => message);
}

describe("a keyspace within its share", () => {
  it("loses nothing while another one is above its own", () => {
    expect(found(loss(MODEST, [10_000, 10_000, 20_000]))).toEqual([expect.stringContaining("space 7")]);
    expect(found(loss(MODEST, [38_000, 10_000, 0]))).toEqual([expect.stringContaining("those without a share")]);
  });

  it("is one of those without a share, too", () => {
    expect(found(loss(DEFAULT_SPACE, [5000, 15_000, 20_000]))).toHaveLength(1);
  });

  it("loses what it has where nobody is above", () => {
    expect(found(loss(MODEST, [12_000, 21_000, 4000]))).toEqual([]);
  });

  it("loses what it has where those above have nothing that may go", () => {
    const bySpace = new Map([
      [MODEST, held(10_000)],
      [GREEDY, { bytes: 30_000, standingBytes: 0 }],
    ]);
    expect(found(loss(MODEST, [0, 0, 0], { bySpace }))).toEqual([]);
  });

  it("is so by what there is for records at least, where more is held than there is room for", () => {
    expect(found(loss(MODEST, [20_000, 30_000, 100_000]))).toEqual([]);
    expect(found(loss(MODEST, [20_000, 20_000, 100_000]))).toHaveLength(1);
  });
});

it("holds nothing against who loses of what it has above its share", () => {
  expect(found(loss(GREEDY, [10_000, 10_000, 20_000]))).toEqual([]);
});

it("does not count what the cluster notes for itself", () => {
  const { bySpace } = loss(GREEDY, [10_000, 10_000, 20_000]);
  expect(found(loss(GREEDY, [0, 0, 0], { bySpace: new Map([...bySpace, [SYSTEM_SPACE, held(900_000)]]) }))).toEqual([]);
});

it("looks at whoever knows of all shares, and has for a while", () => {
  const wrong = loss(MODEST, [10_000, 10_000, 20_000]);
  expect(found({ ...wrong, at: 40 }, { ...wrong, known: new Map([[GREEDY, 0.1]]) })).toEqual([]);
});
