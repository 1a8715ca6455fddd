/** Commands at a replica that takes no values: what they would remove, or replace, stays. */

import { describe, expect, it } from "vitest";
import { SCANT_MEMORY } from "../../simulations/scenarios/scant-memory.ts";
import type { CommandsAt } from "../support/command-world.ts";
import { CommandWorld } from "../support/command-world.ts";

const BEGIN = [
  ...[
    "rpush l 1 2 3",
    "rpush m 9",
    "sadd s a b",
    "sadd t c",
    "zadd z 1 a 2 b",
    "zadd y 3 c",
    "set text v",
    "set other w",
  ],
  ...["geoadd g 1 1 here"],
];

/** Each would remove something before it puts something. */
const COMMANDS = [
  ...["lmove l l left right", "lmove l m left right", "rpoplpush l m", "blmove l m left right 0", "brpoplpush l m 0"],
  ...[
    "smove s t a",
    "sunionstore t s",
    "sinterstore t s s",
    "sdiffstore t s",
    "zunionstore y 1 z",
    "zrangestore y z 0 -1",
  ],
  ...["zinterstore y 1 z", "zdiffstore y 1 z", "geosearchstore y g fromlonlat 1 1 bybox 9 9 km"],
  ...["rename l m", "rename text other", "renamenx l fresh", "copy l m replace", "copy text other replace"],
];

const LOOKS = ["lrange l 0 -1", "lrange m 0 -1", "smembers s", "smembers t", "zrange z 0 -1", "zrange y 0 -1"].concat(
  ...["get text", "get other", "exists fresh", "keys *"],
);

async function begun(seed: string) {
  const placed = new CommandWorld({ seed, regions: ["eu"], settings: { replication: "all" }, replica: SCANT_MEMORY });
  await placed.begin();
  const client = placed.at(0);
  for (const line of BEGIN) await client.do(line);
  const { replica } = placed.driver(0);
  return { placed, client, replica };
}

async function looked(client: CommandsAt): Promise<unknown> {
  const seen: unknown[] = [];
  for (const line of LOOKS) seen.push(await client.do(line));
  return seen;
}

describe("a command that removes before it puts", () => {
  it("is refused as a whole where the disk is full", async () => {
    const { client, replica } = await begun("disk full");
    const before = await looked(client);
    replica.isDiskFull = () => true;
    for (const line of COMMANDS) {
      expect(await client.do(line), line).toMatch(/^-OOM /);
      expect(await client.exec([line, "lpop none"]), line).toEqual([expect.stringMatching(/^-OOM /), null]);
    }
    expect(await looked(client)).toEqual(before);
    expect(await client.do("lpop l")).toBe("1");
    expect(await client.do("del s")).toBe(1);
  });

  it("puts all that it has removed though memory is full by then", async () => {
    const { client, replica } = await begun("memory full");
    const { residency } = replica;
    if (residency === undefined) throw new Error("values of a replica with a disk may go from memory");
    let looks = 0;
    Object.defineProperty(residency, "isFull", { get: () => looks++ > 0 });
    const expected = [
      ["lmove l l left right", "1"],
      ["smove s t a", 1],
      ["zunionstore y 1 z", 2],
      ["rename text other", "OK"],
    ] as const;
    for (const [line, reply] of expected) {
      looks = 0;
      expect(await client.do(line), line).toBe(reply);
    }
    expect(await client.do("lrange l 0 -1")).toEqual(["2", "3", "1"]);
    expect(await client.do("zrange y 0 -1")).toEqual(["a", "b"]);
    expect(await client.do("expire other 100")).toMatch(/^-OOM /);
    expect(await client.do("get other")).toBe("v");
  });

  it("gives what doors put or add to its end though memory is full by then", async () => {
    const { client, replica } = await begun("ends");
    let looks = 0;
    Object.defineProperty(replica.residency, "isFull", { get: () => looks++ > 0 });
    for (const [line, reply] of [
      ["hash.put h f v 60000", 1],
      ["set.put s c 60000", 1],
      ["counter.add n 5 60000", 5],
      ["counter.add n 0.5 60000", "5.5"],
    ] as const) {
      looks = 0;
      expect(await client.do(line), line).toBe(reply);
    }
    for (const line of ["hash.show h f", "set.show s c"])
      expect(await client.do(line)).toContainEqual(expect.any(Number));
    expect(await client.do("pttl n")).toBeGreaterThan(0);
    expect(await client.do("counter.add n 1 60000")).toMatch(/^-OOM /);
    expect(await client.do("get n")).toBe("5.5");
  });

  it("takes nothing for a client that has waited", async () => {
    const { placed, client, replica } = await begun("waited");
    const waiting = placed.at(0);
    Object.assign(waiting.client, { waits: { begin: () => {} } });
    const moved = waiting.do("blmove fresh m left right 0");
    await client.exec(["rpush fresh 1"]);
    expect(await moved).toBe("1");
    const second = waiting.do("blmove fresh m left right 0");
    const { write } = replica;
    replica.write = (...args) => {
      const slot = write.apply(replica, args);
      replica.isDiskFull = () => true;
      return slot;
    };
    await client.do("rpush fresh 2");
    expect(await second).toMatch(/^-OOM /);
    expect(await client.do("lrange fresh 0 -1")).toEqual(["2"]);
  });
});
