import { describe, expect, it } from "vitest";
import type { Key, ShardId } from "../../src/base/ids.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import { decodeMessage } from "../../src/wire/codec.ts";
import type { MessageOf } from "../../src/wire/message.ts";
import { held, lose, REPAIR_MS, recordOf, recordsOf, withMark } from "../support/losses.ts";
import { Machines } from "../support/machines.ts";
import type { Loose } from "../support/shards.ts";

function forget(shard: ShardId, record: Loose): MessageOf<"audit-forget"> {
  return { type: "audit-forget", shard, records: recordsOf(record) };
}

describe("a register older than a tombstone purged from its bucket", () => {
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

  it.each([
    ["keep it", ["a"], ["v", "v", "v"]],
    ["forget it", ["a", "b"], [undefined, undefined, undefined]],
  ])("stays as it is while one owner cannot be asked, though all would %s", async (_what, losers, expected) => {
    const names = ["a", "b", "c"];
    const machines = await withMark(names);
    for (const loser of losers) lose(machines, loser, "k");
    const before = held(machines, names);
    machines.cut(["b"], ["a", "c"]);
    machines.run(2 * REPAIR_MS);
    expect(held(machines, names)).toEqual(before);
    machines.heal();
    machines.run(2 * REPAIR_MS);
    expect(held(machines, names)).toEqual(expected);
    expect(machines.differences()).toEqual([]);
  });

  it("is forgotten where the vote said so only if it is still the one that is held, and covered", async () => {
    const machines = await withMark(["a", "b"]);
    const { audit } = machines.at("a");
    const shard = machines.at("a").shardOfKey("k" as Key);
    const old = forget(shard.id, recordOf(machines, "a", "k"));
    machines.put("a", "k", "newer");
    audit.receiveForget(old);
    expect(machines.get("a", "k")).toBe("newer");
    const newer = forget(shard.id, recordOf(machines, "a", "k"));
    shard.quarantine.distrust({ serve: true });
    audit.receiveForget(newer);
    expect(machines.get("a", "k")).toBe("newer");
  });

  it("does not come back from who was away too long by way of a newcomer, while those who deleted it are out of reach", async () => {
    const machines = await Machines.started(["a", "b", "c"], "newcomer");
    machines.put("a", "k", "v");
    machines.run(2000);
    machines.cut(["c"], ["a", "b", "d"]);
    machines.delete("a", "k");
    machines.run(70_000);
    expect(machines.at("a").shardOfKey("k" as Key).table.count).toBe(0);
    await machines.start("d");
    machines.run(5000);
    machines.heal();
    machines.cut(["a", "b"], ["c", "d"]);
    machines.run(2 * REPAIR_MS);
    expect(held(machines, ["a", "b", "d"])).toEqual([undefined, undefined, undefined]);
    machines.heal();
    machines.run(2 * REPAIR_MS);
    expect(held(machines, ["a", "b", "c", "d"])).toEqual([undefined, undefined, undefined, undefined]);
    expect(machines.differences()).toEqual([]);
  });

  it("gets no vote from who has not come so far yet", async () => {
    const machines = await Machines.started(["a", "b"], "behind");
    machines.cut(["a"], ["b"]);
    machines.put("a", "k", "v");
    const records = recordsOf(recordOf(machines, "a", "k"));
    const shard = machines.at("a").shardOfKey("k" as Key).id;
    const vote = { type: "audit-vote", vote: 1, shard, records } as const;
    const ballots = () => {
      const { audit, outbox } = machines.at("b");
      outbox.frames = [];
      audit.votes.receiveVote(machines.at("a").id, vote);
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

describe("while the owners vote", () => {
  /** A vote that a has called, about a register that b holds. `answer` is the ballot of c, and what a sends then. */
  async function underWay(holds = true) {
    const machines = await withMark(["a", "b", "c"]);
    const records = recordsOf(recordOf(machines, "b", "k"));
    lose(machines, "a", "k");
    const { audit, outbox } = machines.at("a");
    const shard = machines.at("a").shardOfKey("k" as Key);
    audit.receiveRecords(machines.at("b").id, { type: "audit-records", shard: shard.id, records }, machines.now);
    const [vote] = outbox.frames.map(({ frame }) => decodeMessage(frame));
    if (vote?.type !== "audit-vote") throw new Error("no vote");
    outbox.frames = [];
    const answer = () => {
      audit.votes.receiveBallot(machines.at("c").id, { type: "audit-ballot", vote: vote.vote, holds }, machines.now);
      return outbox.frames.map(({ frame }) => decodeMessage(frame).type);
    };
    return { machines, shard, answer };
  }

  it("nothing is put back, and then it is", async () => {
    const { machines, answer } = await underWay();
    expect(machines.get("a", "k")).toBe(undefined);
    answer();
    expect(machines.get("a", "k")).toBe("v");
  });

  it.each([true, false])("a newer write stays, whether others held the old one (%s)", async (holds) => {
    const { machines, answer } = await underWay(holds);
    machines.put("a", "k", "newer", { ack: "disk" });
    expect(answer()).not.toContain("audit-forget");
    expect(machines.get("a", "k")).toBe("newer");
    machines.run(REPAIR_MS);
    expect(held(machines, ["a", "b", "c"])).toEqual(["newer", "newer", "newer"]);
  });

  it("what is deleted and purged is voted about again, and not put back", async () => {
    const { machines, shard, answer } = await underWay();
    machines.delete("a", "k");
    shard.graves.forget(shard.find(KIND_PLAIN, "k" as Key));
    machines.at("a").outbox.frames = [];
    expect(answer()).toEqual(["audit-vote"]);
    expect(machines.get("a", "k")).toBe(undefined);
  });

  it("who begins anew no longer decides", async () => {
    const { machines, shard, answer } = await underWay();
    shard.quarantine.distrust({ serve: false });
    expect(answer()).toEqual([]);
    expect(machines.get("a", "k")).toBe(undefined);
  });

  it("an owner that comes has to be asked as well", async () => {
    const { machines, answer } = await underWay();
    await machines.start("d");
    machines.deliverAll();
    expect(machines.at("a").members.owners()).toHaveLength(3);
    expect(answer()).toEqual([]);
    expect(machines.get("a", "k")).toBe(undefined);
    machines.run(2 * REPAIR_MS);
    expect(machines.get("a", "k")).toBe("v");
  });
});
