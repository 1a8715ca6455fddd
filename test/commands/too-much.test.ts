/** Answers that are too long for the message in which another replica would pass them on. */

import { expect, test } from "vitest";
import { CommandWorld } from "../support/command-world.ts";

test("elements stay where they are, and are not gathered, when they are too many to be passed on", async () => {
  const [regions, replica] = [["eu", "eu", "eu"], { valueBytesMax: 100_000 }];
  const placed = new CommandWorld({ seed: "too much", regions, settings: { replication: 2 }, replica });
  await placed.begin();
  const [there, here] = [placed.at(0), placed.at(2)];
  const [list, hash] = [placed.keyOf([0, 1]), placed.keyOf([0, 1], 1)];
  const most = placed.driver(0).commandRouter.bytesMax;
  const count = Math.ceil(most / 96) + 1;
  for (let from = 0; from < count; from += 1000) await there.do(`rpush ${list}${" x".repeat(1000)}`);
  const length = await there.do(`llen ${list}`);
  for (const line of [`lpop ${list} ${count}`, `lmpop 1 ${list} left count ${count}`, `lrange ${list} 0 -1`])
    expect(await here.do(line), line).toMatch(/^-.*too long to be passed on/);
  expect(await here.do(`llen ${list}`)).toBe(length);
  expect(await here.do(`lpop ${list} 100`)).toHaveLength(100);
  const asked: number[] = [];
  Object.assign(there.client, { room: async (bytes: number) => void asked.push(bytes) });
  const fields = Array.from({ length: 10_000 }, (_, i) => `${i} v`).join(" ");
  await there.do(`hset ${hash} ${fields}`);
  await there.do(`hscan ${hash} 0 count 10000`);
  expect(Math.max(...asked)).toBeGreaterThanOrEqual(2 * 96 * 10_000);
});

test("what is taken in turns is there still where it cannot be passed on, and is passed on where it can", async () => {
  const [regions, replica] = [["eu", "eu", "eu"], { valueBytesMax: 100_000 }];
  const placed = new CommandWorld({ seed: "taken in turns", regions, settings: { replication: 2 }, replica });
  await placed.begin();
  const [there, here] = [placed.at(0), placed.at(2)];
  const kinds = [
    ["rpush", "lpop", "llen"],
    ["sadd", "spop", "scard"],
    ["zadd", "zpopmin", "zcard"],
  ] as const;
  for (const [fill, pop, size] of kinds) {
    const key = placed.keyOf([0, 1]);
    await there.do(`del ${key}`);
    const item = (i: number): string => (fill === "zadd" ? `${i} v${i}` : `v${i}`);
    for (let from = 0; from < 9000; from += 1000)
      await there.do(`${fill} ${key} ${Array.from({ length: 1000 }, (_, i) => item(from + i)).join(" ")}`);
    // What one of the two has done the other has a little later.
    await placed.run(1000);
    expect(await here.do(`${pop} ${key} 9000`), pop).toMatch(/^-.*too long to be passed on/);
    expect(await there.do(`${size} ${key}`), pop).toBe(9000);
    if (fill === "zadd") continue;
    expect(await here.do(`${pop} ${key} 4100`), pop).toHaveLength(4100);
    await placed.run(1000);
    expect(await there.do(`${size} ${key}`), pop).toBe(4900);
  }
});

test("a transaction that cannot be answered is not begun, and none of its reads makes it too long once it has written", async () => {
  const [regions, replica] = [["eu", "eu", "eu"], { valueBytesMax: 100_000 }];
  const placed = new CommandWorld({ seed: "too many answers", regions, settings: { replication: 2 }, replica });
  await placed.begin();
  const [there, here] = [placed.at(0), placed.at(2)];
  const [number, text] = [placed.keyOf([0, 1]), placed.keyOf([0, 1], 1)];
  const most = placed.driver(0).commandRouter.bytesMax;
  const count = Math.ceil(most / 128) + 1;
  const increments = Array.from({ length: count }, () => `incr ${number}`);
  expect(await here.exec(increments)).toMatch(/^-.*too long to be passed on/);
  expect(await there.do(`get ${number}`)).toBeNull();
  expect(await here.exec(increments.slice(0, 100))).toHaveLength(100);
  const reads = Math.ceil(most / 90_000) + 1;
  const all = await here.exec([`setrange ${text} 90000 x`, ...Array.from({ length: reads }, () => `get ${text}`)]);
  expect(all).toHaveLength(1 + reads);
  expect((all as readonly unknown[])[0]).toBe(90_001);
  expect((all as readonly unknown[]).at(-1)).toMatch(/^-/);
});

test("of a script it is said that it was carried out, where its answer cannot be passed on", async () => {
  const [regions, replica] = [["eu", "eu", "eu"], { valueBytesMax: 100_000 }];
  const placed = new CommandWorld({ seed: "too long a script", regions, settings: { replication: 2 }, replica });
  await placed.begin();
  const [there, here] = [placed.at(0), placed.at(2)];
  const key = placed.keyOf([0, 1]);
  const most = placed.driver(0).commandRouter.bytesMax;
  const script = `redis.call("set",KEYS[1],1)return(string.rep("x",${most}))`;
  expect(await here.do(`eval ${script} 1 ${key}`)).toMatch(/^-ERR it was carried out, but .*too long/);
  await placed.run(1000);
  expect(await there.do(`get ${key}`)).toBe("1");
});
