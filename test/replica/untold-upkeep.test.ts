/** What is written anew of numbers, as it goes from replica to replica: nobody who watches hears of it. */

import { expect, it } from "vitest";
import { bytesFromLatin1, latin1FromBytes } from "../../src/base/bytes.ts";
import type { Key } from "../../src/base/ids.ts";
import { DEFAULT_SPACE } from "../../src/base/shard-id.ts";
import { wholeAmount } from "../../src/core/record/amount.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import { at } from "../support/machine-workspace.ts";
import { Machines } from "../support/machines.ts";

const NAMES = ["a", "b", "c"];
const [VALUE, HASH] = ["n", "h"] as [Key, Key];

function addBoth(machines: Machines, name: string): void {
  at(machines, name, (workspace) => {
    workspace.stringAt(VALUE);
    workspace.add(VALUE, wholeAmount(1));
  });
  at(machines, name, (workspace) => workspace.collections.add(HASH, "hash", "f", wholeAmount(1)));
}

/** What all of them have heard since. */
function watched(machines: Machines): string[] {
  const events: string[] = [];
  for (const name of NAMES)
    machines
      .at(name)
      .audience.changesOf(DEFAULT_SPACE)
      .watch({ prefix: "" }, (event) => events.push(`${name} ${event.type}`), machines.clockOf(name));
  return events;
}

function shown(machines: Machines): readonly string[] {
  return NAMES.flatMap((name) =>
    at(machines, name, (workspace) => [
      latin1FromBytes(workspace.stringAt(VALUE) ?? new Uint8Array(0)),
      latin1FromBytes(workspace.collections.valueOf(HASH, "hash", "f") ?? new Uint8Array(0)),
    ]),
  );
}

async function begun(seed: number, hasBases: boolean): Promise<Machines> {
  const machines = await Machines.started(NAMES, seed, { retentionMs: 600_000 });
  if (hasBases) {
    machines.put("a", VALUE, "100");
    at(machines, "a", (workspace) => workspace.collections.put(HASH, "hash", "f", bytesFromLatin1("100")));
    machines.run(100);
  }
  addBoth(machines, "b");
  machines.run(3000);
  machines.sync("b");
  machines.crash("b");
  await machines.start("b");
  return machines;
}

function written(machines: Machines, name: string): number {
  return machines.at(name).sumUpkeep.written;
}

it.each([
  ["values", true],
  ["nothing but additions", false],
])("tells nobody that %s say now what was added to them by lives that ended", async (_what, hasBases) => {
  const machines = await begun(7, hasBases);
  const events = watched(machines);
  machines.run(300_000);
  expect(NAMES.reduce((sum, name) => sum + written(machines, name), 0)).toBeGreaterThan(0);
  expect(new Set(shown(machines))).toEqual(new Set([hasBases ? "101" : "1"]));
  expect(events).toEqual([]);
});

it("tells nobody where two sides of a cut say so at once, and whoever puts the same", async () => {
  const machines = await begun(8, true);
  machines.run(40_000);
  const events = watched(machines);
  machines.cut(["a"], ["b", "c"]);
  machines.run(70_000);
  machines.heal();
  machines.run(30_000);
  expect([written(machines, "a") > 0, written(machines, "b") + written(machines, "c") > 0]).toEqual([true, true]);
  expect(events).toEqual([]);
  machines.put("c", VALUE, "101");
  machines.run(1000);
  expect(events.sort()).toEqual(["a put", "b put", "c put"]);
});

it("is not what a late put of the same bytes is, which tells of its content", async () => {
  const machines = await Machines.started(NAMES, 7, { retentionMs: 600_000 });
  machines.run(1000);
  at(machines, "a", (workspace) => workspace.add(VALUE, wholeAmount(5)));
  machines.run(3000);
  const events = watched(machines);
  machines.cut(["a"], ["b", "c"]);
  const [replica, now] = [machines.at("a"), machines.clockOf("a")];
  const put = { kind: KIND_PLAIN, key: VALUE, value: bytesFromLatin1("5"), contentType: "application/json" };
  replica.write(replica.shardOfKey(VALUE), put, false, now);
  machines.run(40_000);
  machines.heal();
  machines.run(5000);
  expect(events.sort()).toEqual(NAMES.map((name) => `${name} put`));
});
