/** Values that are put and deleted under a key that a command of several turns is under way with: behind that, by whatever way they come. */

import { expect, test } from "vitest";
import type { Key } from "../../src/base/ids.ts";
import { CommandWorld } from "../support/command-world.ts";

const MANY = 4200;

async function started(replication: "all" | number) {
  const regions = replication === "all" ? ["eu", "eu"] : ["eu", "eu", "eu"];
  const placed = new CommandWorld({ seed: `held ${replication}`, regions, settings: { replication } });
  await placed.begin();
  const keys = replication === "all" ? ["a", "d", "e"] : [0, 1, 2].map((place) => placed.keyOf([0], place));
  const [from, to, other] = keys as [string, string, string];
  const names = Array.from({ length: MANY }, (_, i) => `m${i}`).join(" ");
  await placed.at(0).do(`sadd ${from} ${names}`);
  const ended: string[] = [];
  const note = (name: string, promise: Promise<unknown>) => promise.then(() => ended.push(name));
  const put = (node: number, key: string) =>
    placed.store(node).put(key as Key, new TextEncoder().encode("value"), { contentType: "text/plain" });
  const storing = () => note("stored", Promise.resolve(placed.at(0).ask(`sunionstore ${to} ${from}`)));
  return { placed, to, other, ended, note, put, storing };
}

test("who puts a value at the same replica waits, and who puts it elsewhere or under another key does not", async () => {
  const { placed, to, other, ended, note, put, storing } = await started("all");
  const all = [storing(), note("put", put(0, to)), note("other", put(0, other)), note("elsewhere", put(1, to))];
  await placed.do(Promise.all(all));
  expect(ended.filter((name) => name === "stored" || name === "put")).toEqual(["stored", "put"]);
  expect(ended.indexOf("other")).toBeLessThan(ended.indexOf("stored"));
  expect(ended.indexOf("elsewhere")).toBeLessThan(ended.indexOf("stored"));
  expect(await placed.get(0, to)).toBe("value");
});

test("where others keep the key, who puts or deletes it there waits, at whichever replica it is asked for", async () => {
  const { placed, to, ended, note, put, storing } = await started(1);
  await placed.do(Promise.all([storing(), note("put", put(0, to)), note("passed on", put(1, to))]));
  expect(ended[0]).toBe("stored");
  await placed.do(Promise.all([storing(), note("deleted", placed.store(2).delete(to as Key))]));
  expect(ended.slice(3)).toEqual(["stored", "deleted"]);
});
