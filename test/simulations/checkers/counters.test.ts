import { expect, it } from "vitest";
import { checkCounters } from "../../../simulations/checkers/counters.ts";
import type { CommandEntry } from "../../../simulations/commands/command-history.ts";
import type { CommandType } from "../../../simulations/commands/command-operation.ts";
import type { Key, OriginId, ShardId } from "../../../src/base/ids.ts";
import { VersionVector } from "../../../src/core/version-vector.ts";
import { crash, evidence, node } from "./evidence-builder.ts";

const KEY = "counter0" as Key;

interface Told {
  readonly stamp: number;
  readonly bit?: number;
  readonly node?: number;
  /** Bits that were known to have been added. */
  readonly added?: bigint;
  /** Up to which sequence of replica 0 everything was covered. */
  readonly covers?: number;
}

let ids = 0;

function command(type: CommandType, { stamp, bit, node: index = 0, added = 0n, covers = 0 }: Told): CommandEntry {
  const id = ids++;
  const knew = new VersionVector();
  if (covers > 0) knew.advance(1 as OriginId, covers);
  const operation = {
    id,
    at: stamp,
    node: index,
    type,
    of: "counter",
    key: KEY,
    ...(bit !== undefined && { bit }),
  } as const;
  const dot = { shard: 0 as ShardId, origin: (index + 1) as OriginId, sequence: stamp };
  return {
    ...{ operation, node: index, life: 1, invokedAt: stamp, knew, held: new Map(), added, answeredAt: stamp },
    answer: { type: "done", dot, timestamp: stamp, version: `v${stamp}`, member: undefined },
  };
}

function messages(history: readonly CommandEntry[], value: bigint | undefined, hasCrashed = false): string[] {
  const ends = hasCrashed ? [crash(50)] : [];
  const nodes = [node({ ends, counters: [{ key: KEY, value }] }), node()];
  return checkCounters({ ...evidence([], nodes), commands: history }).map(({ message }) => message);
}

it("counts what was added on both sides, once", () => {
  const both = [command("increase", { stamp: 1, bit: 0 }), command("increase", { stamp: 2, bit: 1, node: 1 })];
  expect(messages(both, 3n)).toEqual([]);
  expect(messages(both, 1n)).toContainEqual(expect.stringContaining("which nobody took away"));
  expect(messages(both, 4n)).toContainEqual(expect.stringContaining("more than was ever added"));
  expect(messages(both, undefined)).toHaveLength(2);
});

it("asks nothing of what a crash took", () => {
  expect(messages([command("increase", { stamp: 1, bit: 0 })], undefined, true)).toEqual([]);
});

it("holds that a deletion takes what it had seen, covered or not, and nothing else", () => {
  const [seen, covered, unseen] = [0, 1, 2].map((bit) => command("increase", { stamp: bit + 1, bit }));
  const history = [
    seen,
    covered,
    unseen,
    command("drop", { stamp: 9, node: 1, added: 1n, covers: 2 }),
  ] as CommandEntry[];
  expect(messages(history, 4n)).toEqual([]);
  expect(messages(history, 5n)).toContainEqual(expect.stringContaining("took away"));
  expect(messages(history, 6n)).toContainEqual(expect.stringContaining("took away"));
  expect(messages(history, 0n)).toContainEqual(expect.stringContaining("which nobody took away"));
});

it("goes by the greatest stamp of those that wrote over it", () => {
  const addition = command("increase", { stamp: 1, bit: 0 });
  const aware = command("reset", { stamp: 5, added: 1n });
  const unaware = command("reset", { stamp: 6, node: 1 });
  expect(messages([addition, aware, unaware], 1n)).toEqual([]);
  expect(messages([addition, aware, unaware], 0n)).toContainEqual(expect.stringContaining("which nobody took away"));
  // Where the first of them may be the last word, as the other may be lost, both is right.
  const lost = command("reset", { stamp: 6, added: 1n });
  for (const value of [0n, 1n])
    expect(messages([addition, { ...unaware, operation: { ...unaware.operation } }, lost], value, true)).toEqual([]);
});

it("lets an eviction take what it had seen, and nothing else, whatever it is stamped with", () => {
  const [seen, unseen] = [0, 1].map((bit) => command("increase", { stamp: bit + 1, bit })) as [
    CommandEntry,
    CommandEntry,
  ];
  const eviction = { ...command("drop", { stamp: 2, node: 1, added: 1n }), isEviction: true };
  expect(messages([seen, unseen, eviction], 2n)).toEqual([]);
  expect(messages([seen, unseen, eviction], 3n)).toContainEqual(expect.stringContaining("an eviction"));
  expect(messages([seen, unseen, eviction], 0n)).toContainEqual(expect.stringContaining("which nobody took away"));
  // A put that had not seen it has the last word of what counts, and not of what is gone.
  const unaware = command("reset", { stamp: 9 });
  for (const value of [2n, 3n]) expect(messages([seen, unseen, eviction, unaware], value)).toEqual([]);
});

it("holds nothing against what counts though all who wrote over it had seen it, where all of them may be lost", () => {
  const addition = command("increase", { stamp: 1, bit: 0, node: 1 });
  const reset = command("reset", { stamp: 5, added: 1n });
  expect(messages([addition, reset], 1n)).toContainEqual(expect.stringContaining("took away"));
  expect(messages([addition, reset], 1n, true)).toEqual([]);
});
