/** Rule R7 on connected machines: what an owner has in memory only, it does not have. */

import { describe, expect, it } from "vitest";
import { Machines } from "../support/machines.ts";

const ALL = ["a", "b", "c"];

describe.each(ALL)("while the disk of %s stands still", (slow) => {
  it("a deletion waits for it, so that a crash there brings nothing back", async () => {
    const machines = await Machines.started(ALL, slow);
    machines.put("a", "k", "v");
    machines.run(2000);
    machines.machine(slow).diskWorks = false;
    machines.delete("b", "k");
    machines.run(8000);
    const counts = () =>
      ALL.map((name) => machines.at(name).shards.all.reduce((sum, { table }) => sum + table.count, 0));
    expect(counts()).toEqual([1, 1, 1]);
    machines.crash(slow);
    machines.machine(slow).diskWorks = true;
    await machines.start(slow);
    expect(machines.get(slow, "k")).toBe("v");
    machines.run(10_000);
    expect(ALL.map((name) => machines.get(name, "k"))).toEqual([undefined, undefined, undefined]);
    expect(counts()).toEqual([0, 0, 0]);
    expect(ALL.map((name) => machines.at(name).audit.repaired)).toEqual([0, 0, 0]);
  });
});
