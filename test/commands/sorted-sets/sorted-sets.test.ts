/** What becomes of sorted sets that two replicas write while they cannot see each other. */

import { expect, test } from "vitest";
import { bytesFromLatin1 } from "../../../src/base/bytes.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import type { Reply } from "../../../src/command-reply.ts";
import { commandTable } from "../../../src/commands/command-table.ts";
import { SpaceCommands } from "../../../src/commands/here/space-commands.ts";
import { PlacedWorld, SPACE } from "../../support/placed-world.ts";

async function started(seed: string) {
  const placed = new PlacedWorld({ seed, regions: ["eu", "eu"], settings: { replication: "all" } });
  await placed.begin([0, 1]);
  const commands = [0, 1].map((at) => new SpaceCommands(placed.driver(at).commandHost, SPACE, new SeededRandom(seed)));
  const run = (at: 0 | 1, line: string): unknown => {
    const words = line.split(" ");
    const facts = commandTable.get(words[0] as string);
    if (facts === undefined) throw new Error(`no such command: ${line}`);
    return shown((commands[at] as SpaceCommands).run(words.map(bytesFromLatin1), facts, { lastWrite: undefined }));
  };
  const both = (line: string): unknown => {
    const answer = run(0, line);
    expect(run(1, line)).toEqual(answer);
    return answer;
  };
  const apart = async (writes: () => void): Promise<void> => {
    placed.cut([1], [0]);
    await placed.run(100);
    writes();
    placed.heal([1], [0]);
    await placed.run(10_000);
  };
  return { placed, run, both, apart };
}

function shown(reply: Reply | Promise<Reply>): unknown {
  if (reply instanceof Promise) throw new Error("a sorted set is in memory");
  if (reply.type === "bulk") return Buffer.from(reply.value).toString("latin1");
  if ("items" in reply) return reply.items.map(shown);
  return "value" in reply ? reply.value : "text" in reply ? reply.text : undefined;
}

test("an addition stays where the removal elsewhere had not seen it, and of two scores the later", async () => {
  const { placed, run, both, apart } = await started("sorted-sets-apart");
  run(0, "zadd z 1 kept 1 scored 1 removed 1 popped");
  await placed.run(1000);
  await apart(() => {
    run(0, "zrem z kept removed");
    run(1, "zadd z 5 kept");
    run(0, "zadd z 10 scored");
    run(1, "zadd z 20 scored 3 added");
    expect(run(0, "zpopmin z")).toEqual(["popped", 1]);
    expect(run(1, "zpopmin z")).toEqual(["popped", 1]);
  });
  expect(both("zrange z 0 -1 withscores")).toEqual(["added", 3, "kept", 5, "scored", 20]);
  expect(both("zrank z scored")).toBe(2);
});

test("what a range takes away altogether leaves what was added elsewhere", async () => {
  const { placed, run, both, apart } = await started("sorted-sets-ranges");
  run(0, "zadd z 1 a 2 b");
  await placed.run(1000);
  await apart(() => {
    expect(run(0, "zremrangebyscore z -inf +inf")).toBe(2);
    run(1, "zadd z 3 c");
  });
  expect(both("zrange z 0 -1")).toEqual(["c"]);
});

test("a range takes nothing away that is not of the sorted set that the key shows", async () => {
  const { run, both, apart } = await started("sorted-sets-types");
  await apart(() => {
    run(0, "zadd z 1 a");
    run(1, "rpush z element");
  });
  expect(both("type z")).toBe("zset");
  expect(run(0, "zremrangebyrank z 0 -1")).toBe(1);
  expect(run(0, "lrange z 0 -1")).toEqual(["element"]);
});

test("a stored union replaces what it saw, and what it did not see is added to it", async () => {
  const { placed, run, both, apart } = await started("sorted-sets-stored");
  run(0, "zadd z 1 a 2 b");
  run(0, "zadd to 7 old");
  await placed.run(1000);
  await apart(() => {
    expect(run(0, "zunionstore to 1 z weights 2")).toBe(2);
    run(1, "zadd to 9 new");
  });
  expect(both("zrange to 0 -1 withscores")).toEqual(["a", 2, "b", 4, "new", 9]);
});
