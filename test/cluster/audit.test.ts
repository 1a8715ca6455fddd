/** Registers lost or damaged behind the version vectors' back, on machines connected directly. */

import { describe, expect, it } from "vitest";
import type { Key } from "../../src/base/ids.ts";
import { KIND_PLAIN, originAt, RecordWriter, recordLength, sequenceAt, timestampAt } from "../../src/core/record.ts";
import { bucketOf } from "../../src/core/shard.ts";
import type { Replica } from "../../src/replica/replica.ts";
import { decodeMessage } from "../../src/wire/codec.ts";
import { Machines } from "../support/machines.ts";
import { type Loose, loose, record } from "../support/shards.ts";

const REPAIR_MS = 15_000;

function placeOf(replica: Replica, key: string): string {
  const writer = new RecordWriter();
  writer.writeIdentity(KIND_PLAIN, key);
  return `${replica.shardOfKey(key as Key).id}/${bucketOf(writer.view, 0)}`;
}

/** Another key in the shard and bucket of this one. */
function neighbourOf(replica: Replica, key: string): string {
  for (let i = 0; ; i++) if (placeOf(replica, `n${i}`) === placeOf(replica, key)) return `n${i}`;
}

/** As when memory or disk lost it: no mark is left, and the vector still covers its dot. */
function lose(machines: Machines, name: string, key: string): void {
  const shard = machines.at(name).shardOfKey(key as Key);
  shard.discard(shard.find(KIND_PLAIN, key as Key));
}

/** A copy of the record that a machine holds of a key. */
function recordOf(machines: Machines, name: string, key: string): Loose {
  const shard = machines.at(name).shardOfKey(key as Key);
  const { table } = shard;
  const slot = shard.find(KIND_PLAIN, key as Key);
  const at = table.offsetOf(slot);
  return loose(table.bytesOf(slot).slice(at, at + recordLength(table.viewOf(slot), at)));
}

/** Puts a record in the place of the one held, whatever the order says. */
function force(machines: Machines, name: string, key: string, { view, bytes }: Loose): void {
  machines
    .at(name)
    .shardOfKey(key as Key)
    .repair(view, bytes, 0, bytes.length);
}

/** Puts another content under the stamp and dot that the register has. */
function damage(machines: Machines, name: string, key: string, value: string): void {
  const { view } = recordOf(machines, name, key);
  const [timestamp, origin, sequence] = [timestampAt(view, 0), originAt(view, 0), sequenceAt(view, 0)];
  force(machines, name, key, record({ key, value: new TextEncoder().encode(value), timestamp, origin, sequence }));
}

function repaired(machines: Machines, names: readonly string[]): number {
  return names.reduce((sum, name) => sum + machines.at(name).audit.repaired, 0);
}

describe("a register that one lost", () => {
  it("comes back, is counted and told to watchers", async () => {
    const machines = await Machines.started(["a", "b", "c"], "lost");
    machines.put("a", "k", "v");
    machines.run(2000);
    const heard: string[] = [];
    machines.at("c").changes.watch({ prefix: "" }, (event) => heard.push(event.type), machines.now);
    lose(machines, "c", "k");
    expect(machines.get("c", "k")).toBe(undefined);
    machines.run(REPAIR_MS);
    expect(machines.get("c", "k")).toBe("v");
    expect(machines.differences()).toEqual([]);
    expect(repaired(machines, ["a", "b", "c"])).toBe(1);
    expect(heard).toEqual(["put"]);
    expect(machines.machine("c").logs).toContain("divergence-repaired");
  });

  it("is the newest that anybody has, when an older one is left in its place", async () => {
    const machines = await Machines.started(["a", "b", "c"], "older");
    machines.put("a", "k", "old");
    machines.run(2000);
    const old = recordOf(machines, "c", "k");
    machines.put("b", "k", "new");
    machines.run(2000);
    force(machines, "c", "k", old);
    expect(machines.get("c", "k")).toBe("old");
    machines.run(REPAIR_MS);
    expect(["a", "b", "c"].map((name) => machines.get(name, "k"))).toEqual(["new", "new", "new"]);
  });
});

describe("a register older than a tombstone purged from its bucket", () => {
  async function withMark(names: readonly string[]): Promise<Machines> {
    const machines = await Machines.started(names, `mark ${names}`);
    machines.put("a", "k", "v");
    machines.run(2000);
    const neighbour = neighbourOf(machines.at("a"), "k");
    machines.put("a", neighbour, "v");
    machines.delete("a", neighbour);
    machines.run(8000);
    for (const name of names) {
      const shard = machines.at(name).shardOfKey("k" as Key);
      expect([shard.table.count, shard.purgeMarks?.some((mark) => mark > 0)]).toEqual([1, true]);
    }
    return machines;
  }

  const held = (machines: Machines, names: readonly string[]) => names.map((name) => machines.get(name, "k"));

  it.each([
    ["a majority that has it keeps it", ["a", "b", "c"], ["c"], "v"],
    ["a tie keeps it", ["a", "b"], ["b"], "v"],
    ["a tie of four keeps it", ["a", "b", "c", "d"], ["b", "d"], "v"],
    ["a minority forgets it", ["a", "b", "c"], ["a", "b"], undefined],
  ])("is voted about: %s", async (_what, names, losers, expected) => {
    const machines = await withMark(names);
    for (const loser of losers) lose(machines, loser, "k");
    machines.run(2 * REPAIR_MS);
    expect(held(machines, names)).toEqual(names.map(() => expected));
    expect(machines.differences()).toEqual([]);
  });

  it("gets no vote from who has not come so far yet", async () => {
    const machines = await Machines.started(["a", "b"], "behind");
    machines.cut(["a"], ["b"]);
    machines.put("a", "k", "v");
    const { view, bytes } = recordOf(machines, "a", "k");
    const shard = machines.at("a").shardOfKey("k" as Key).id;
    const vote = { type: "audit-vote", vote: 1, shard, records: { view, bytes, start: 0, end: bytes.length } } as const;
    const ballots = () => {
      const { audit, outbox } = machines.at("b");
      outbox.frames = [];
      audit.receiveVote(machines.at("a").id, vote);
      return outbox.frames.map(({ frame }) => decodeMessage(frame));
    };
    machines.heal();
    expect(ballots()).toEqual([]);
    machines.run(3000);
    expect(ballots()).toEqual([{ type: "audit-ballot", vote: 1, holds: true }]);
    lose(machines, "b", "k");
    expect(ballots()).toEqual([{ type: "audit-ballot", vote: 1, holds: false }]);
  });
});

describe("a register whose content was damaged", () => {
  it("becomes the same everywhere again, and counts as repaired", async () => {
    const machines = await Machines.started(["a", "b"], "damage");
    machines.put("a", "k", "good");
    machines.run(2000);
    damage(machines, "b", "k", "evil");
    expect(machines.get("b", "k")).toBe("evil");
    machines.run(REPAIR_MS);
    expect(machines.get("a", "k")).toBe(machines.get("b", "k"));
    expect(machines.differences()).toEqual([]);
    expect(repaired(machines, ["a", "b"])).toBe(1);
  });
});

describe("replicas whose clocks differ", () => {
  it("let registers expire without taking that for damage", async () => {
    const names = ["a", "b", "c"];
    const machines = await Machines.started(names, "expiry");
    machines.skewMs.set(machines.at("b").id, 330);
    machines.skewMs.set(machines.at("c").id, -170);
    for (let i = 0; i < 300; i++) {
      machines.put(names[i % 3] ?? "a", `k${i}`, "v", { ttlMs: 500 + machines.random.below(8000) });
      if (i % 10 === 0) machines.run(50);
    }
    machines.run(20_000);
    expect(repaired(machines, names)).toBe(0);
    expect(names.map((name) => machines.at(name).audit.begun)).toEqual([0, 0, 0]);
    expect(names.flatMap((name) => machines.at(name).shards.map((shard) => shard.table.count))).toEqual(
      Array(12).fill(0),
    );
    expect(machines.differences()).toEqual([]);
  });
});

describe("a register that fell early, by a faster clock", () => {
  it("is no difference to those who still hold its value, until it falls there too", async () => {
    const machines = await Machines.started(["a", "b", "c"], "fast clock", { sweepMs: 200, antiEntropyMs: 300 });
    machines.skewMs.set(machines.at("a").id, 5000);
    machines.cut(["c"], ["a", "b"]);
    machines.put("b", "k", "v", { ttlMs: 6000 });
    machines.run(1500);
    // At a it has fallen, and from there it comes to c, which knows of no push.
    machines.cut(["b"], ["a"]);
    expect(machines.get("a", "k")).toBe(undefined);
    machines.heal();
    machines.cut(["b"], ["a", "c"]);
    machines.run(1000);
    machines.heal();
    machines.run(2000);
    expect([machines.get("b", "k"), machines.get("c", "k")]).toEqual(["v", undefined]);
    machines.run(5000);
    expect(repaired(machines, ["a", "b", "c"])).toBe(0);
    expect(machines.differences()).toEqual([]);
    // Afterwards shards are compared again, and losses found.
    machines.put("b", "k", "again");
    machines.run(2000);
    lose(machines, "c", "k");
    machines.run(REPAIR_MS);
    expect(repaired(machines, ["c"])).toBe(1);
  });
});
