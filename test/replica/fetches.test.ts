/** Values that are with peers, given to those who let go of them. */

import { describe, expect, it } from "vitest";
import type { Key } from "../../src/base/ids.ts";
import { keeperOf } from "../../src/cluster/keeper.ts";
import { originOf } from "../../src/core/origin.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import { timestampAt } from "../../src/core/record/record.ts";
import { isOfVersion } from "../../src/wire/version-facts.ts";
import {
  answers,
  fill,
  ghostsOf,
  isGhost,
  LARGE,
  placeOf,
  read,
  SMALL,
  started,
  VALUE,
  versionOf,
} from "../support/ghost-world.ts";

describe("who is asked for a value", () => {
  it("gives a later version where it has one, which is taken in", async () => {
    const placed = await started("later", [SMALL, LARGE]);
    await fill(placed);
    const key = ghostsOf(placed, 0)[0] as string;
    const { shard, slot } = placeOf(placed, 1, key);
    const before = versionOf(placed, 0, key);
    // Written there alone: nobody has been told.
    const now = placed.world.node(1).clockTime;
    shard.write({ kind: KIND_PLAIN, key: key as Key, value: new TextEncoder().encode("later") }, now);
    expect(isOfVersion(before, shard.table.viewOf(slot), shard.table.offsetOf(slot))).toBe(false);
    expect(await read(placed, 0, key)).toBe("later");
    const here = placeOf(placed, 0, key);
    expect(timestampAt(here.shard.table.viewOf(here.slot), here.shard.table.offsetOf(here.slot))).toBeGreaterThan(
      before.timestamp,
    );
  });

  it("gives the same write under a later dot, and cannot tell while it doubts what it has", async () => {
    const placed = await started("redotted", [SMALL, LARGE]);
    await fill(placed);
    const { replica, said } = answers(placed, 1);
    const [key, other] = ghostsOf(placed, 0).filter((each) => versionOf(placed, 0, each).origin === replica.origin) as [
      string,
      string,
    ];
    const before = versionOf(placed, 0, key);
    const later = originOf(replica.number, replica.life + 1);
    for (const each of [key, other]) {
      const { shard, slot } = placeOf(placed, 1, each);
      shard.beginLife(later);
      shard.redot(slot);
    }
    expect(await read(placed, 0, key)).toBe(VALUE + key.slice(1));
    expect(versionOf(placed, 0, key)).toMatchObject({ timestamp: before.timestamp, origin: later });
    const asker = placed.driver(0).replica.id;
    placeOf(placed, 1, other).shard.quarantine.distrust({ serve: true });
    replica.fetches.receiveFetch(asker, { type: "fetch", request: 7, version: versionOf(placed, 0, other) });
    expect(said.at(-1)).toMatchObject({ type: "fetched", request: 7, isSure: false, records: { start: 0, end: 0 } });
  });

  it("asks nobody in turn", async () => {
    const placed = await started("turn", [SMALL, LARGE]);
    await fill(placed);
    const key = ghostsOf(placed, 0)[0] as string;
    const { replica, said } = answers(placed, 0);
    const asker = placed.driver(1).replica.id;
    replica.fetches.receiveFetch(asker, { type: "fetch", request: 7, version: versionOf(placed, 0, key) });
    expect(said.at(-1)).toMatchObject({ type: "fetched", request: 7, isSure: true });
    expect(replica.fetches.underWay).toBe(0);
  });

  it("counts for no majority with a ghost that it cannot fetch", async () => {
    const placed = await started("quorum", [SMALL, LARGE, LARGE]);
    await fill(placed, { nodes: [0, 1, 2] });
    const key = ghostsOf(placed, 0)[0] as string;
    const { replica, said } = answers(placed, 0);
    const asked = () => {
      const { shard } = placeOf(placed, 0, key);
      const asker = placed.driver(1).replica.id;
      replica.quorumReads.receiveRead(asker, { type: "read", request: 9, shard: shard.id, kind: KIND_PLAIN, key });
    };
    placed.cut([0], [1, 2]);
    await placed.run(5000);
    asked();
    await placed.run(200);
    expect(said.findLast(({ type }) => type === "read-reply")).toMatchObject({ request: 9, whole: false });
    placed.heal([0], [1, 2]);
    await placed.run(5000);
    asked();
    await placed.run(200);
    expect(said.findLast(({ type }) => type === "read-reply")).toMatchObject({ request: 9, whole: true });
    expect(isGhost(placed, 0, key)).toBe(false);
  });

  it("may be silent: others are asked then, and the read comes to an end", async () => {
    const placed = await started("silent", [SMALL, LARGE, LARGE]);
    await fill(placed, { nodes: [0, 1, 2] });
    const { replica } = placed.driver(0);
    const key = ghostsOf(placed, 0)[0] as string;
    const keeper = keeperOf(replica, replica.shardOfKey(key as Key).id);
    const silent = placed.world.nodes.find(({ index }) => placed.driver(index).replica.id === keeper)?.index as number;
    placed.driver(silent).replica.fetches.receiveFetch = () => {};
    expect(await read(placed, 0, key)).toBe(VALUE + key.slice(1));
    for (const node of [1, 2]) placed.driver(node).replica.fetches.receiveFetch = () => {};
    const next = ghostsOf(placed, 0)[0] as string;
    const asked = placed.world.now;
    expect(await read(placed, 0, next)).toBe("NOT_READY");
    expect(placed.world.now - asked).toBeLessThan(10_000);
    expect(replica.recalls.waiting).toBe(0);
  });
});
