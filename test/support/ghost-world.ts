/** Replicas without a disk that let go of values which others have, in a simulated cluster. */

import { expect } from "vitest";
import type { Key, ReplicaId } from "../../src/base/ids.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import type { Shard } from "../../src/core/shard/shard.ts";
import type { PutOptions } from "../../src/store.ts";
import { type VersionFacts, versionFactsIn } from "../../src/wire/version-facts.ts";
import { PlacedWorld, type PlacedWorldOptions } from "./placed-world.ts";

export const VALUE = "v".repeat(500);
export const keyOf = (i: number) => `k${i}`;
/** Room for the keys of all that is written below, and for some two thirds of the values. */
export const SMALL = 340_000;
export const LARGE = 4_000_000;
export const COUNT = 500;

/** Replicas with so much memory each, and no disk; where more are named they begin later. */
export async function started(
  seed: string,
  budgets: readonly number[],
  { begin = budgets.length, ...more }: Partial<PlacedWorldOptions> & { readonly begin?: number } = {},
): Promise<PlacedWorld> {
  const placed = new PlacedWorld({
    seed,
    regions: budgets.map(() => "eu"),
    settings: { replication: "all" },
    replica: (node) => ({ memoryBytesMax: budgets[node] ?? LARGE }),
    durable: false,
    ...more,
  });
  await placed.begin(Array.from({ length: begin }, (_, node) => node));
  return placed;
}

export async function put(placed: PlacedWorld, node: number, key: string, value: string, options: PutOptions = {}) {
  await placed.do(placed.driver(node).put(key as Key, new TextEncoder().encode(value), options));
}

export async function fill(placed: PlacedWorld, { from = 0, to = COUNT, nodes = [0, 1] } = {}): Promise<void> {
  for (let i = from; i < to; i++) {
    await put(placed, nodes[i % nodes.length] as number, keyOf(i), VALUE + i);
    if (i % 10 === 0) await placed.run(50);
  }
  await placed.run(5000);
}

/** What a read is answered with: the value, nothing, or the code of what it is refused with. */
export async function read(placed: PlacedWorld, node: number, key: string): Promise<string | undefined> {
  try {
    const { entry } = await placed.do(placed.driver(node).get(key as Key));
    return entry === undefined ? undefined : new TextDecoder().decode(entry.value);
  } catch (error) {
    return String((error as { code: unknown }).code);
  }
}

export function placeOf(
  placed: PlacedWorld,
  node: number,
  key: string,
): { readonly shard: Shard; readonly slot: number } {
  const shard = placed.driver(node).replica.shardOfKey(key as Key);
  return { shard, slot: shard.find(KIND_PLAIN, key as Key) };
}

export function isGhost(placed: PlacedWorld, node: number, key: string): boolean {
  const { shard, slot } = placeOf(placed, node, key);
  return slot !== 0 && shard.isAway(slot);
}

export function ghostsOf(placed: PlacedWorld, node: number): string[] {
  return Array.from({ length: COUNT }, (_, i) => keyOf(i)).filter((key) => isGhost(placed, node, key));
}

export function versionOf(placed: PlacedWorld, node: number, key: string): VersionFacts {
  const { shard, slot } = placeOf(placed, node, key);
  return versionFactsIn(shard, slot);
}

export const evictedBy = (placed: PlacedWorld, node: number) => placed.driver(node).replica.eviction.evicted;

export function usedBy(placed: PlacedWorld, node: number): number {
  const { arena, residency } = placed.driver(node).replica;
  residency?.measure();
  return arena.usedBytes + (residency?.fixedBytes ?? 0);
}

/** One replica answers `keep` and `fetch` itself; what it says is returned. */
export function answers(placed: PlacedWorld, node: number) {
  const { replica } = placed.driver(node);
  const said: Parameters<typeof replica.send>[1][] = [];
  const send = replica.send.bind(replica);
  replica.send = (to, message) => {
    said.push(message);
    send(to, message);
  };
  return {
    replica,
    said,
    keep: (from: ReplicaId, versions: readonly VersionFacts[]) => {
      replica.ghosts.receiveKeep(from, { type: "keep", question: 1_000_000, isGoing: false, versions });
      const last = said.findLast((message) => message.type === "kept");
      return last?.type === "kept" ? last.places : undefined;
    },
  };
}

/** One without the memory for all, one with all, which is cut off, and a third that is new. */
export async function newcomer(seed: string) {
  const placed = await started(seed, [SMALL, LARGE, LARGE], { begin: 2 });
  await fill(placed);
  const ghosts = ghostsOf(placed, 0);
  expect(ghosts.length).toBeGreaterThan(COUNT / 8);
  placed.cut([1], [0, 2]);
  await placed.run(10_000);
  placed.world.node(2).start();
  return { placed, ghosts };
}
