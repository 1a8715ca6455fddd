/** What is read or taken in turns is listed once there is room for the list, and of what is picked nothing else is. */

import { afterEach, expect, test, vi } from "vitest";
import { bytesFromLatin1, latin1FromBytes } from "../../src/base/bytes.ts";
import { PackedItems } from "../../src/base/packed-items.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { plainReply, type Reply } from "../../src/command-reply.ts";
import type { CommandClient } from "../../src/command-store.ts";
import { commandTable } from "../../src/commands/command-table.ts";
import { SpaceCommands } from "../../src/commands/here/space-commands.ts";
import { OrderedSlots } from "../../src/core/containers/ordered-slots.ts";
import { PlacedWorld, SPACE } from "../support/placed-world.ts";

/** Their slots take more than what is answered without asking for room. */
const MANY = 40_000;

afterEach(() => void vi.restoreAllMocks());

async function started() {
  const placed = new PlacedWorld({ seed: "room", regions: ["eu"], settings: { replication: "all" } });
  await placed.begin();
  const commands = new SpaceCommands(placed.driver(0).commandHost, SPACE, new SeededRandom("room"));
  const run = (line: string, client: CommandClient = { lastWrite: undefined }): Reply | Promise<Reply> => {
    const facts = commandTable.get(line.split(" ")[0] as string);
    if (facts === undefined) throw new Error(`no such command: ${line}`);
    return commands.run(line.split(" ").map(bytesFromLatin1), facts, client);
  };
  const begun = (line: string, client?: CommandClient) => Promise.resolve(run(line, client));
  return { placed, run, begun };
}

const all = (each: (i: number) => string): string => Array.from({ length: MANY }, (_, i) => each(i)).join(" ");

/** A client with room once `grant` is called. */
function waiting() {
  const waits: (() => void)[] = [];
  const asked: number[] = [];
  let isGranted = false;
  const room = (bytes: number): Promise<void> | undefined => {
    asked.push(bytes);
    return isGranted ? undefined : new Promise((resolve) => waits.push(resolve));
  };
  const grant = (): void => {
    isGranted = true;
    for (const resolve of waits) resolve();
  };
  return { client: { lastWrite: undefined, room } as CommandClient, asked, grant };
}

function texts(reply: Reply): readonly string[] {
  const plain = plainReply(reply);
  if (!("items" in plain)) throw new Error(`no list: ${JSON.stringify(plain)}`);
  return plain.items.map((item) => (item.type === "bulk" ? latin1FromBytes(item.value) : JSON.stringify(item)));
}

test("nothing is listed while room for the list is waited for, and what is there then is read or taken", async () => {
  const { placed, run, begun } = await started();
  // Who names a key that is being written waits for that: each of those that write has one of its own.
  for (const key of ["l", "m", "n", "o"]) run(`rpush ${key} ${all((i) => `${i}`)}`);
  run(`sadd s ${all((i) => `${i}`)}`);
  run(`zadd z ${all((i) => `${i} ${i}`)}`);
  const copies = vi.spyOn(OrderedSlots.prototype, "copy");
  const reads = ["lrange l 1 -1", "smembers s", "sunion s t", "zrange z 0 -1"];
  const writes = [`spop s ${MANY}`, `zpopmax z ${MANY}`, `rpop m ${MANY}`, "ltrim n 0 0", "lrem o 0 7"];
  for (const line of [...reads, ...writes]) {
    const { client, asked } = waiting();
    begun(line, client);
    expect(asked, line).not.toEqual([]);
    expect(copies, line).not.toHaveBeenCalled();
  }
  const { client, grant } = waiting();
  const reading = begun("lrange l 0 -1", client);
  grant();
  const elements = texts(await placed.do(reading));
  expect([elements.length, elements[0], elements.at(-1)]).toEqual([MANY, "0", `${MANY - 1}`]);
});

test("of few that are picked from many no others are listed, and each is another one", async () => {
  const { placed, run, begun } = await started();
  run(`sadd s ${all((i) => `${i}`)}`);
  run(`hset h ${all((i) => `${i} v`)}`);
  const copies = vi.spyOn(OrderedSlots.prototype, "copy");
  for (const line of ["srandmember s 4096", "hrandfield h 4096", "spop s 4096"]) {
    const picked = texts(await placed.do(begun(line)));
    expect([picked.length, new Set(picked).size], line).toEqual([4096, 4096]);
  }
  expect(copies).not.toHaveBeenCalled();
  expect(run("scard s")).toEqual({ type: "integer", value: MANY - 4096 });
  const most = texts(await placed.do(begun("srandmember s 30000")));
  expect([most.length, new Set(most).size]).toEqual([30_000, 30_000]);
});

test("what is counted is not kept", async () => {
  const { placed, run, begun } = await started();
  run(`sadd s ${all((i) => `${i}`)}`);
  run(`sadd t ${all((i) => `${i + 100}`)}`);
  const kept = vi.spyOn(PackedItems.prototype, "addText");
  for (const [line, value] of [
    ["sintercard 2 s t", MANY - 100],
    ["sintercard 2 s t limit 3000", 3000],
    ["sintercard 2 s t limit 1", 1],
  ] as const)
    expect(await placed.do(begun(line)), line).toEqual({ type: "integer", value });
  expect(kept).not.toHaveBeenCalled();
});
