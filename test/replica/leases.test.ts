import { describe, expect, it } from "vitest";
import { bytesFromLatin1 } from "../../src/base/bytes.ts";
import type { Key, ReplicaId } from "../../src/base/ids.ts";
import { Ownership } from "../../src/cluster/ownership.ts";
import { Reports } from "../../src/cluster/reports.ts";
import type { Surroundings } from "../../src/cluster/surroundings.ts";
import { KIND_DOCUMENT } from "../../src/core/record/kind.ts";
import { VersionVector } from "../../src/core/version-vector.ts";
import { endedContainers } from "../../src/replica/leases.ts";
import { leased } from "../../src/types/container.ts";
import { appendedUpdate } from "../../src/types/document.ts";
import { READY } from "../../src/wire/message.ts";
import { createShard, NOW, origin } from "../support/shards.ts";

const KEY = "doc" as Key;
const OTHER = "b" as ReplicaId;
const DUE = NOW + 1000;

/** A document whose lease has run out here, and what another owner has told. */
function setting(told: { clock: number; vector: [own: number, theirs: number]; durable?: number }) {
  const { shard } = createShard();
  shard.beginLife(origin(1));
  shard.write(appendedUpdate(shard, KEY, "f", bytesFromLatin1("x")), NOW);
  shard.write(leased(shard, KIND_DOCUMENT, KEY, DUE), NOW);
  shard.expiries.sweep(DUE, 10, () => undefined);
  const vector = new VersionVector();
  vector.advance(origin(1), told.vector[0]);
  vector.advance(origin(2), told.vector[1]);
  const reports = new Reports();
  const rest = { durable: vector, early: [], lives: 0, doubtful: false, readiness: READY, view: 0 } as const;
  reports.note(shard.id, OTHER, { vector, clock: told.clock, ...rest });
  const durable = new VersionVector();
  durable.advance(origin(1), told.durable ?? 2);
  const members = { owners: () => [{ id: OTHER }] };
  const ownership = new Ownership(OTHER, 1);
  const around = { members, ownership, reports, durableOf: () => durable } as unknown as Surroundings;
  return endedContainers(around, shard).length;
}

describe("a lease that has run out", () => {
  it("ends its container once every owner holds it, past its end by its own clock", () => {
    expect(setting({ clock: DUE, vector: [2, 0] })).toBe(1);
    expect(setting({ clock: DUE - 1, vector: [2, 0] })).toBe(0);
    expect(setting({ clock: DUE, vector: [1, 0] })).toBe(0);
  });

  it("does not while an owner holds what is not on disk here: that may prolong it", () => {
    expect(setting({ clock: DUE, vector: [2, 1] })).toBe(0);
    expect(setting({ clock: DUE, vector: [2, 0], durable: 1 })).toBe(0);
  });
});
