import { describe, expect, it } from "vitest";
import type { Key, ReplicaId } from "../../src/base/ids.ts";
import { Machines } from "../support/machines.ts";

const READ_MS = 3000;

/** Answers so far, in a list that grows. */
function read(machines: Machines, name: string, key: string): boolean[] {
  const answers: boolean[] = [];
  const replica = machines.at(name);
  replica.quorumReads.begin(replica.shardOfKey(key as Key).id, key as Key, machines.now, (reached) =>
    answers.push(reached),
  );
  machines.carryOut(replica.id);
  return answers;
}

async function three(seed: string): Promise<Machines> {
  return Machines.started(["a", "b", "c"], seed);
}

describe("a read that wants a majority", () => {
  it("sees what was written at one of it, and holds it from then on", async () => {
    const machines = await three("newest");
    machines.drop = () => true;
    machines.cut(["c"], ["a"]);
    machines.put("b", "k", "v");
    machines.flush("b");
    const answers = read(machines, "a", "k");
    machines.deliverAll();
    expect(answers).toEqual([true]);
    expect(machines.get("a", "k")).toBe("v");
    machines.heal();
    machines.run(5000);
    expect(machines.differences()).toEqual([]);
  });

  it("is answered at once by one that is alone, and refused where no majority is known to be there", async () => {
    const machines = await Machines.started(["a"], "alone");
    machines.at("a").seeksPeers = false;
    expect(read(machines, "a", "k")).toEqual([true]);
    const others = await three("cut");
    others.cut(["a"], ["b", "c"]);
    const answers = read(others, "a", "k");
    expect(answers).toEqual([]);
    others.run(READ_MS);
    expect(answers).toEqual([false]);
    others.run(15_000);
    expect(others.at("a").membership.stateOf("b" as ReplicaId)).toBe("dead");
    expect(read(others, "a", "k")).toEqual([false]);
  });

  it("waits for those whose links come in time, and asks nobody twice who has answered", async () => {
    const machines = await three("linking");
    machines.cut(["a"], ["b", "c"]);
    const answers = read(machines, "a", "k");
    machines.run(500);
    expect(answers).toEqual([]);
    machines.heal();
    machines.run(500);
    expect(answers).toEqual([true]);
    expect(machines.at("a").quorumReads.waiting).toBe(0);
  });

  it("counts once who answers, loses its link and has it again", async () => {
    const machines = await Machines.started(["a", "b", "c", "d", "e"], "once");
    machines.cut(["a"], ["c", "d", "e"]);
    const answers = read(machines, "a", "k");
    machines.deliverAll();
    machines.cut(["a"], ["b"]);
    machines.healBetween("a", "b");
    machines.deliverAll();
    expect(answers).toEqual([]);
  });

  it("is refused by one that looks for others and has never heard of any, up to the retention", async () => {
    const machines = await Machines.started(["a"], "unmet");
    expect(read(machines, "a", "k")).toEqual([false]);
    machines.run(machines.at("a").config.retentionMs + 1000);
    expect(read(machines, "a", "k")).toEqual([true]);
  });

  it("ends when nobody answers in time, or when their links go", async () => {
    const machines = await three("silent");
    const answers = read(machines, "a", "k");
    machines.at("a").quorumReads.tick(machines.now + READ_MS - 1);
    expect(answers).toEqual([]);
    machines.at("a").quorumReads.tick(machines.now + READ_MS);
    expect(answers).toEqual([false]);
    const more = read(machines, "a", "k");
    machines.at("a").mayLink = () => false;
    machines.cut(["a"], ["b", "c"]);
    expect(more).toEqual([false]);
  });

  it("ends when the clock is put back behind all that it would wait for", async () => {
    const machines = await three("back");
    const answers = read(machines, "a", "k");
    machines.at("a").quorumReads.tick(machines.now - 900);
    expect(answers).toEqual([]);
    machines.at("a").quorumReads.tick(machines.now - 1100);
    expect(answers).toEqual([false]);
  });

  it("is not answered by who doubts what it holds", async () => {
    const machines = await three("doubt");
    machines.put("a", "k", "v");
    machines.run(1000);
    const shard = machines.at("b").shardOfKey("k" as Key);
    shard.quarantine.distrust({ serve: false });
    machines.cut(["b"], ["a"]);
    machines.cut(["c"], ["a"]);
    machines.heal();
    machines.cut(["a"], ["c"]);
    machines.at("a").mayLink = () => false;
    const answers = read(machines, "a", "k");
    while (machines.deliverOne() && answers.length === 0) {}
    expect([shard.unconfirmed > 0, answers]).toEqual([true, [false]]);
  });

  it("needs one more where the reader itself does", async () => {
    const machines = await three("own doubt");
    machines.put("a", "k", "v");
    machines.run(1000);
    machines.cut(["a"], ["c"]);
    machines.at("a").mayLink = () => false;
    machines
      .at("a")
      .shardOfKey("k" as Key)
      .quarantine.distrust({ serve: true });
    expect(read(machines, "a", "k")).toEqual([false]);
  });
});
