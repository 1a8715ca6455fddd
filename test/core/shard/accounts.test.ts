import fc from "fast-check";
import { expect, test } from "vitest";
import type { Key } from "../../../src/base/ids.ts";
import { Containers } from "../../../src/core/containers/containers.ts";
import { Increments } from "../../../src/core/containers/increments.ts";
import { KIND_PLAIN } from "../../../src/core/record/kind.ts";
import { FLAG_DEAD, type RecordFields, RecordWriter } from "../../../src/core/record/record.ts";
import { Accounts, AWAY_BYTES_MIN } from "../../../src/core/shard/accounts.ts";
import { Invalidations } from "../../../src/core/shard/invalidations.ts";
import { Arena } from "../../../src/core/table/arena.ts";
import { RegisterTable } from "../../../src/core/table/register-table.ts";
import { NOW, origin } from "../../support/shards.ts";

function createAccounts(): Accounts {
  const table = new RegisterTable(new Arena(), { k0: 1, k1: 2 });
  const parts = { containers: new Containers(table), increments: new Increments(table, () => false) };
  return new Accounts(parts, new Invalidations(), { bytes: 0, pool: undefined } as never);
}

function recordOf(fields: Partial<RecordFields>): DataView {
  const writer = new RecordWriter();
  const stamp = { timestamp: NOW, origin: origin(1), sequence: 1 };
  const length = writer.write({ flags: 0, kind: KIND_PLAIN, key: "k" as Key, value: undefined, ...stamp, ...fields });
  return new DataView(writer.bytes.slice(0, length).buffer);
}

const record = fc.oneof(
  fc
    .record({
      value: fc.uint8Array({ maxLength: 2 * AWAY_BYTES_MIN }),
      timestamp: fc.integer({ min: 1, max: 2 ** 50 }),
      sequence: fc.integer({ min: 1, max: 2 ** 40 }),
      expiresAt: fc.constantFrom(undefined, undefined, undefined, NOW + 1000),
      tags: fc.constantFrom(undefined, undefined, undefined, ["t"]),
      contentType: fc.constantFrom(undefined, undefined, undefined, "text/plain"),
    })
    .map(recordOf),
  fc.constant(recordOf({ flags: FLAG_DEAD })),
);

test("are the same after a change as if one register had gone and another had come, and none after it is taken back", () => {
  const figures = ({ tenant, ...accounts }: Accounts) => ({ ...accounts, bytes: tenant?.bytes });
  fc.assert(
    fc.property(fc.array(record, { minLength: 2, maxLength: 10 }), (records) => {
      const [changed, twin] = [createAccounts(), createAccounts()];
      for (const each of [changed, twin]) each.enter(records[0] as DataView, 0, true);
      const begun = figures(changed);
      for (let i = 1; i < records.length; i++) {
        const [before, after] = [records[i - 1] as DataView, records[i] as DataView];
        changed.change(before, 0, after, 0);
        twin.enter(before, 0, false);
        twin.enter(after, 0, true);
        expect(figures(changed)).toEqual(figures(twin));
      }
      changed.change(records.at(-1) as DataView, 0, records[0] as DataView, 0);
      expect(figures(changed)).toEqual(begun);
    }),
  );
});
