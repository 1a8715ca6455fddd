/** A sum of a member that is written anew at one replica, while another one deletes the whole that it is a member of. */

import { expect, it } from "vitest";
import { latin1FromBytes } from "../../src/base/bytes.ts";
import type { Key } from "../../src/base/ids.ts";
import type { Container } from "../../src/core/containers/container.ts";
import { wholeAmount } from "../../src/core/record/amount.ts";
import { KIND_HASH } from "../../src/core/record/kind.ts";
import { type CollectionId, deletionOfAll, memberSlot, memberValue } from "../../src/types/collection.ts";
import { memberAddition } from "../../src/types/counted-member.ts";
import { memberUpkeepOf } from "../../src/types/counted-upkeep.ts";
import { beginNextLife, sealEndedLives } from "../support/shard-lives.ts";
import { createShard, type LooseShard, NOW, origin, sendDelta } from "../support/shards.ts";

const HASH: CollectionId = { kind: KIND_HASH, key: "h" as Key };

function started(replica: number): LooseShard {
  const made = createShard();
  made.shard.beginLife(origin(replica));
  return made;
}

function add({ shard }: LooseShard, by: number): void {
  shard.write(memberAddition(shard, HASH, "m", { by: wholeAmount(by), due: undefined }, NOW), NOW);
}

/** Writes anew what lives that have ended added. */
function writeAnew({ shard }: LooseShard): void {
  const container = shard.containers.find(HASH.kind, HASH.key) as Container;
  const view = { nowMs: NOW, isSettled: () => false, ageMin: 0, isEverywhere: true };
  for (const counted of [...container.counted.values()])
    for (const write of memberUpkeepOf(shard, container, counted, view)) shard.write(write, NOW);
}

function removeAll({ shard }: LooseShard): void {
  for (const write of deletionOfAll(shard, HASH)) shard.write(write, NOW);
}

function exchange(a: LooseShard, b: LooseShard): void {
  sendDelta(a, b);
  sendDelta(b, a);
  sendDelta(a, b);
}

function valueAt({ shard }: LooseShard): string | undefined {
  const slot = memberSlot(shard, HASH, "m", NOW);
  return slot === 0 ? undefined : latin1FromBytes(memberValue(shard, slot));
}

/** Two replicas that have what a life added which has ended and is sealed. */
function withEndedLife(): [LooseShard, LooseShard] {
  const [a, b] = [started(1), started(2)];
  add(a, 1);
  exchange(a, b);
  beginNextLife(a);
  sealEndedLives([a, b]);
  return [a, b];
}

it("is gone with the whole, whose deletion had seen all that it says", () => {
  const [a, b] = withEndedLife();
  writeAnew(a);
  removeAll(b);
  exchange(a, b);
  expect([valueAt(a), valueAt(b)]).toEqual([undefined, undefined]);
});

it("is gone also where whoever deletes the whole had written it anew as well, and what was added meanwhile stays", () => {
  const [a, b] = withEndedLife();
  writeAnew(a);
  removeAll(a);
  add(b, 32);
  writeAnew(b);
  exchange(a, b);
  expect([valueAt(a), valueAt(b)]).toEqual(["32", "32"]);
});
