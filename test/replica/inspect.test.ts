import { expect, it } from "vitest";
import type { Key } from "../../src/base/ids.ts";
import { KIND_DOCUMENT } from "../../src/core/record/kind.ts";
import { identityText } from "../../src/replica/inspect.ts";
import { changeAt } from "../../src/replica/register-view.ts";
import { deletion, leased } from "../../src/types/container.ts";
import { appendedUpdate } from "../../src/types/document.ts";
import { createShard, NOW, origin } from "../support/shards.ts";

const KEY = "doc" as Key;

/** A shard that holds a value, and of a document under the same key its deletion, a lease and an update. */
function held() {
  const { shard } = createShard();
  shard.beginLife(origin(1));
  const slots = {
    value: shard.write({ kind: 0, key: KEY, value: new Uint8Array(1) }, NOW),
    base: shard.write(deletion(shard, KIND_DOCUMENT, KEY), NOW),
    lease: shard.write(leased(shard, KIND_DOCUMENT, KEY, NOW + 1000), NOW),
    member: shard.write(appendedUpdate(shard, KEY, "f", new Uint8Array(1)), NOW),
  };
  return { shard, slots };
}

it("names each register of a key differently, the lease of a container and its deletion as well", () => {
  const { shard, slots } = held();
  const names = Object.values(slots).map((slot) =>
    identityText(shard.table.viewOf(slot), shard.table.bytesOf(slot), shard.table.offsetOf(slot)),
  );
  expect(names).toEqual(["0:doc", "1:doc", "1.doc", "1.docf"]);
});

it("tells of a document's end as of the document, never as of a value under the same key", () => {
  const { shard, slots } = held();
  const typeAt = (slot: number, now: number): string | undefined =>
    changeAt(shard.table.viewOf(slot), shard.table.offsetOf(slot), now, shard.invalidations)?.type;
  expect(typeAt(slots.value, NOW)).toBe("put");
  expect(typeAt(slots.base, NOW)).toBe("document");
  expect(typeAt(slots.member, NOW)).toBe("document");
  expect(typeAt(slots.lease, NOW)).toBeUndefined();
  expect(typeAt(slots.lease, NOW + 1000)).toBe("document");
});
