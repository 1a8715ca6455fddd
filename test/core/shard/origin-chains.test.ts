import { describe, expect, it } from "vitest";
import type { Key } from "../../../src/base/ids.ts";
import { originOf } from "../../../src/core/origin.ts";
import { KIND_PLAIN } from "../../../src/core/record/kind.ts";
import { RecordWriter, sequenceAt } from "../../../src/core/record/record.ts";
import { OriginChains } from "../../../src/core/shard/origin-chains.ts";
import { Arena } from "../../../src/core/table/arena.ts";
import { RegisterTable } from "../../../src/core/table/register-table.ts";

const ORIGIN = originOf(1, 1);

function createChains() {
  const table = new RegisterTable(new Arena(), { k0: 1, k1: 2 });
  const chains = new OriginChains(table);
  const writer = new RecordWriter();
  const link = (sequence: number) => {
    const fields = { flags: 0, kind: KIND_PLAIN, key: `k${sequence}` as Key, value: new Uint8Array(1) };
    const length = writer.write({ ...fields, timestamp: sequence, origin: ORIGIN, sequence });
    const slot = table.insert(writer.view, writer.bytes, 0, length);
    chains.link(slot, ORIGIN, sequence);
    return slot;
  };
  const sequencesAbove = (sequence: number) => {
    const slots: number[] = [];
    chains.collectAbove(ORIGIN, sequence, slots);
    return slots.map((slot) => sequenceAt(table.viewOf(slot), table.offsetOf(slot)));
  };
  return { table, chains, link, sequencesAbove };
}

describe("the chain of an origin", () => {
  it("is in the order of sequences whatever the order in which they come", () => {
    const { chains, link, sequencesAbove } = createChains();
    for (const sequence of [4, 9, 2, 7, 1, 8, 10, 3]) {
      chains.see(ORIGIN, sequence);
      link(sequence);
    }
    expect(sequencesAbove(0)).toEqual([1, 2, 3, 4, 7, 8, 9, 10]);
    expect(sequencesAbove(4)).toEqual([7, 8, 9, 10]);
    expect(sequencesAbove(10)).toEqual([]);
  });

  it("is so also for what is hung up without having been seen before, as a repair is", () => {
    const { chains, link, sequencesAbove } = createChains();
    chains.see(ORIGIN, 5);
    for (const sequence of [5, 8, 7, 6]) link(sequence);
    expect(sequencesAbove(0)).toEqual([5, 6, 7, 8]);
  });

  it("is so when what came last has gone and what is older comes", () => {
    const { table, chains, link, sequencesAbove } = createChains();
    link(3);
    const last = link(9);
    table.unlink(last);
    table.remove(last);
    for (const sequence of [5, 4, 8]) link(sequence);
    chains.see(ORIGIN, 12);
    for (const sequence of [10, 12, 11]) link(sequence);
    expect(sequencesAbove(0)).toEqual([3, 4, 5, 8, 10, 11, 12]);
  });
});
