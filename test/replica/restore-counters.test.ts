/** Numbers that are added to, restored out of a backup that was taken before others were added. */

import { describe, expect, it } from "vitest";
import { latin1FromBytes } from "../../src/base/bytes.ts";
import type { Key } from "../../src/base/ids.ts";
import { DEFAULT_SPACE } from "../../src/base/shard-id.ts";
import { wholeAmount } from "../../src/core/record/amount.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import { timestampAt } from "../../src/core/record/record.ts";
import { readKey } from "../../src/replica/operations.ts";
import { restoreRecord } from "../../src/replica/restore-here.ts";
import { recordOfSum, sightOfSum } from "../../src/replica/shown-record.ts";
import { addition, sumOf } from "../../src/types/counter.ts";
import { Machines } from "../support/machines.ts";

const KEY = "n" as Key;

function add(machines: Machines, name: string, times: number): void {
  addUntold(machines, name, times);
  machines.flush(name);
  machines.carryOut(machines.at(name).id);
}

/** Nobody else hears of it before time goes on. */
function addUntold(machines: Machines, name: string, times: number): void {
  const replica = machines.at(name);
  const shard = replica.shardOfKey(KEY);
  const now = machines.clockOf(name);
  for (let i = 0; i < times; i++)
    replica.write(shard, addition(shard, KEY, wholeAmount(1), undefined, now), false, now);
}

function shown(machines: Machines, name: string): string | undefined {
  const read = readKey(machines.at(name), DEFAULT_SPACE, KEY, machines.clockOf(name));
  return "entry" in read && read.entry !== undefined ? latin1FromBytes(read.entry.value) : undefined;
}

/** What a backup has of the number now. */
function backedUp(machines: Machines, name: string) {
  const shard = machines.at(name).shardOfKey(KEY);
  const sum = sumOf(shard, KEY, machines.clockOf(name));
  if (sum === undefined) throw new Error("there is no number");
  const { bytes, start, end } = recordOfSum(shard, KEY, sum, sightOfSum(shard, KIND_PLAIN, KEY));
  const copy = bytes.slice(start, end);
  return { bytes: copy, view: new DataView(copy.buffer), at: 0 };
}

function merged(machines: Machines, name: string, record: ReturnType<typeof backedUp>, stamp?: number): string {
  const replica = machines.at(name);
  const mode = { stamp, isOurs: true, begun: { name: "" } };
  return restoreRecord(replica, replica.shardOfKey(KEY), record, mode, machines.clockOf(name)).fate;
}

describe("a merged backup of a number", () => {
  it.each([{ base: "0" }, { base: undefined }])(
    "rolls nothing back that was added since, of base $base",
    async ({ base }) => {
      const machines = await Machines.started(["a", "b"], 1);
      if (base !== undefined) machines.put("a", KEY, base);
      machines.run(3000);
      add(machines, "a", 5);
      machines.run(3000);
      const record = backedUp(machines, "a");
      add(machines, "a", 5);
      machines.run(3000);
      machines.sync("a");
      machines.crash("a");
      await machines.start("a");
      machines.run(400_000);
      expect(machines.at("b").shardOfKey(KEY).increments.standing).toBe(0);
      for (const name of ["a", "b"]) expect(merged(machines, name, record)).toBe("kept");
      machines.run(3000);
      for (const name of ["a", "b"]) expect(shown(machines, name)).toBe("10");
    },
  );
});

describe("a number that comes back where not all of it has arrived yet", () => {
  it.each([{ mode: "merged" }, { mode: "as of a stamp" }])("counts once, $mode", async ({ mode }) => {
    const machines = await Machines.started(["a", "b"], 1);
    machines.run(3000);
    addUntold(machines, "a", 5);
    const record = backedUp(machines, "a");
    const stamp = mode === "merged" ? undefined : timestampAt(record.view, 0) + 1;
    expect(merged(machines, "b", record, stamp)).toBe("restored");
    expect(shown(machines, "b")).toBe("5");
    machines.run(3000);
    for (const name of ["a", "b"]) expect(shown(machines, name)).toBe("5");
  });

  it("leaves what was added here, and is not in it", async () => {
    const machines = await Machines.started(["a", "b"], 1);
    machines.run(3000);
    addUntold(machines, "b", 2);
    addUntold(machines, "a", 5);
    expect(merged(machines, "b", backedUp(machines, "a"))).toBe("restored");
    machines.run(3000);
    for (const name of ["a", "b"]) expect(shown(machines, name)).toBe("7");
  });
});
