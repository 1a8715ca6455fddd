/** Who watches a key hears what becomes of the collection under it. */

import { expect, test } from "vitest";
import type { WatchEvent } from "../../src/store.ts";
import { commandLines } from "../support/command-lines.ts";
import { PlacedWorld, SPACE } from "../support/placed-world.ts";

test("watchers hear of members and of the whole, here and elsewhere, and whether anything is left", async () => {
  const placed = new PlacedWorld({
    seed: "collection-change",
    regions: ["eu", "eu"],
    settings: { replication: "all" },
  });
  await placed.begin();
  const heard: string[][] = [[], []];
  for (const node of [0, 1]) {
    const changes = placed.driver(node).replica.audience.changesOf(SPACE);
    const note = (event: WatchEvent) => {
      if (event.type !== "collection") return void heard[node]?.push(event.type);
      const { key, collection, of, change, isEmpty } = event;
      heard[node]?.push(`${key}: ${collection} ${of} ${change}${isEmpty ? ", empty" : ""}`);
    };
    changes.watch({ prefix: "" }, note, 0);
  }
  const run = commandLines(placed, 0);
  const told = async (line: string) => {
    run(line);
    await placed.run(3000);
    const [here, there] = heard.map((events) => events.splice(0));
    expect(there).toEqual(here);
    return here;
  };
  expect(await told("hset h a 1 b 2")).toEqual(["h: hash member put", "h: hash member put"]);
  expect(await told("hdel h a")).toEqual(["h: hash member remove"]);
  expect(await told("hpexpire h 2000 fields 1 b")).toEqual(["h: hash member put", "h: hash member expire, empty"]);
  expect(await told("sadd s a b")).toHaveLength(2);
  expect(await told("del s")).toEqual(["s: set whole remove, empty"]);
  expect(await told("sadd s c")).toEqual(["s: set member put"]);
  expect(await told("pexpire s 1000")).toEqual(["s: set whole put", "s: set whole expire, empty"]);
  expect(await told("set t 1")).toEqual(["put"]);
});
