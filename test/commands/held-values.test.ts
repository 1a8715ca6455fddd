/** Values that are put and deleted under a key that a command of several turns is under way with: behind that, by whatever way they come. */

import { expect, test } from "vitest";
import type { Key, SpaceId } from "../../src/base/ids.ts";
import { CommandWorld } from "../support/command-world.ts";
import { NAME } from "../support/placed-world.ts";

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

test("a key that is held has every write of it wait, also such as another replica passes on, and what comes behind it in a batch", async () => {
  const { placed, to, ended, note, put } = await started(1);
  const { eviction, keyspaces } = placed.driver(0).replica;
  const held = new Map<Key, { until: Promise<void> }>();
  eviction.keysInUse.set(keyspaces.get(NAME)?.space as SpaceId, held);
  let end = (): void => {};
  held.set(to as Key, { until: new Promise((resolve) => (end = resolve)) });
  const value = new TextEncoder().encode("batch");
  const key = to as Key;
  const batch = placed.store(0).batch([
    { type: "put", key, value },
    { type: "get", key },
  ]);
  const all = [note("passed on", put(1, to)), note("batch", batch)];
  await placed.run(500);
  expect(ended).toEqual([]);
  held.clear();
  end();
  await placed.do(Promise.all(all));
  expect((await batch)[1]).toMatchObject({ entry: { value } });
});

test("where others keep the key, who puts or deletes it there waits, at whichever replica it is asked for", async () => {
  const { placed, to, ended, note, put, storing } = await started(1);
  await placed.do(Promise.all([storing(), note("put", put(0, to)), note("passed on", put(1, to))]));
  expect(ended[0]).toBe("stored");
  await placed.do(Promise.all([storing(), note("deleted", placed.store(2).delete(to as Key))]));
  expect(ended.slice(3)).toEqual(["stored", "deleted"]);
});
