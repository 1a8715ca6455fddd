import { describe, expect, it } from "vitest";
import { checkEviction } from "../../../simulations/checkers/eviction.ts";
import type { CommandEntry } from "../../../simulations/commands/command-history.ts";
import type { CommandType } from "../../../simulations/commands/command-operation.ts";
import type { Evicted } from "../../../simulations/simulator/node.ts";
import type { Key, OriginId, ShardId } from "../../../src/base/ids.ts";
import { dump, entry, evidence, KEY, node, version, written } from "./evidence-builder.ts";

const MAX = 1000;
const DOT = { shard: 0 as ShardId, origin: 1 as OriginId, sequence: 1 };

function evicted(diskBytes: number, heldBytes: number, stamp = 51): Evicted {
  const key = KEY as Key;
  return {
    at: 100,
    wallMs: 100,
    life: 1,
    key,
    version: version(stamp),
    dot: DOT,
    diskBytes,
    heldBytes,
    standingBytes: 100,
    isOrphan: false,
  };
}

const HISTORY = [entry(1, 10, { answer: written(50) }), entry(2, 20, { answer: written(80) })];

const messages = (...nodes: Parameters<typeof node>[0][]) =>
  checkEviction({
    ...evidence(
      HISTORY,
      nodes.map((each) => node(each)),
    ),
    dataBytesMax: MAX,
  }).map(({ message }) => message);

/** What is said of a command at replica 1. */
function taken(type: CommandType, rest: Pick<Partial<CommandEntry>, "wasFull" | "answer">): string[] {
  const command: CommandEntry = {
    operation: { id: 7, at: 10, node: 1, type, of: "counter", key: KEY as Key },
    node: 1,
    life: 1,
    invokedAt: 10,
    knew: undefined,
    held: new Map(),
    added: 0n,
    answeredAt: 10,
    answer: { type: "done", dot: DOT, timestamp: 1, version: version(1), member: undefined },
    ...rest,
  };
  return checkEviction({ ...evidence([], [node({}), node({})]), commands: [command] }).map(({ message }) => message);
}

describe("eviction", () => {
  it("is right where there is no room, on the disk or for what it is to take", () => {
    expect(messages({ evictions: [evicted(900, 100), evicted(100, 900)] }, {})).toEqual([]);
  });

  it("is wrong where there is", () => {
    expect(messages({}, { evictions: [evicted(400, 300)] })[0]).toContain("replica 1 removed");
  });

  it("is wrong where it would remove more than somebody wrote", () => {
    expect(messages({ evictions: [evicted(900, 0, 81)] })).toEqual([]);
    expect(messages({ evictions: [evicted(900, 0, 70)] })[0]).toContain("not that after any write");
  });

  it("of collections is right and wrong as that of values is", () => {
    expect(messages({ wholes: [evicted(900, 100)] })).toEqual([]);
    expect(messages({ wholes: [evicted(400, 300)] })[0]).toContain("replica 0 removed");
  });

  it("is missed where clients add what there is no room for, and not where they are refused, or take something away", () => {
    expect(taken("add", { wasFull: true })[0]).toContain("replica 1 took command 7 (add of ");
    expect(taken("increase", { wasFull: true })[0]).toContain("had no room for anything");
    expect(taken("reset", { wasFull: true })).toHaveLength(1);
    expect(taken("add", {})).toEqual([]);
    expect(taken("increase", { wasFull: true, answer: { type: "refused", text: "OOM" } })).toEqual([]);
    for (const type of ["remove", "pop", "clear", "drop", "read"] as const)
      expect(taken(type, { wasFull: true })).toEqual([]);
  });

  it("is missed where nothing is taken any more", () => {
    expect(messages({ isFull: true })[0]).toContain("takes nothing any more");
  });

  it("is missed where there is no room in the end, unless the replica is gone", () => {
    expect(messages({ diskBytes: 1001, dump: dump([]) })[0]).toContain("has 1001 bytes");
    expect(messages({ diskBytes: 1001, dump: undefined }, { diskBytes: 1000 })).toEqual([]);
  });
});
