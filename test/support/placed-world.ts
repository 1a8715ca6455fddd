/** A simulated cluster, at a millisecond's distance or as told, with a keyspace that some of its members keep. */

import type { ReplicaSettings } from "../../simulations/plan.ts";
import { createProductionReplica } from "../../simulations/production-replica.ts";
import { SMALL_REPLICA } from "../../simulations/scenarios/build.ts";
import type { PathQuality } from "../../simulations/simulator/paths.ts";
import { World } from "../../simulations/simulator/world.ts";
import type { Key, ReplicaId } from "../../src/base/ids.ts";
import { spaceOfName } from "../../src/cluster/keyspaces.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import type { ReplicaConfig } from "../../src/replica/config.ts";
import type { Driver } from "../../src/replica/driver.ts";
import type { KeyspaceSettings, Store } from "../../src/store.ts";

export const NAME = "placed";
export const SPACE = spaceOfName(NAME);
/** Enough for views to spread and for shards to move. */
export const SETTLE_MS = 15_000;

type MoreSettings = Partial<ReplicaSettings & Pick<ReplicaConfig, "valueBytesMax">>;

export interface PlacedWorldOptions {
  readonly seed: string;
  /** Of each node; ids are r0, r1, ... */
  readonly regions: readonly string[];
  readonly settings: KeyspaceSettings;
  readonly quality?: (from: number, to: number) => Partial<PathQuality>;
  /** False: they keep nothing on disk. */
  readonly durable?: boolean | ((node: number) => boolean);
  /** What replicas are configured with besides. */
  readonly replica?: MoreSettings | ((node: number) => MoreSettings);
}

export class PlacedWorld {
  readonly world: World;
  readonly #settings: KeyspaceSettings;

  constructor({ seed, regions, settings, quality = () => ({}), replica = {}, durable = true }: PlacedWorldOptions) {
    const address = (index: number) => `r${index}.example:7400`;
    this.#settings = settings;
    this.world = new World({
      seed,
      nodes: regions.map((region, index) => ({
        durable: typeof durable === "function" ? durable(index) : durable,
        clockOffsetMs: 0,
        diskMeanMs: 1,
        identity: {
          id: `r${index}` as ReplicaId,
          region,
          address: address(index),
          join: regions.map((_, other) => address(other)).filter((other) => other !== address(index)),
        },
      })),
      quality: (from, to) => ({ latencyMs: 1, jitterMs: 0, loss: 0, bytesPerMs: Infinity, ...quality(from, to) }),
      createReplica: (identity, ports) => {
        const own = typeof replica === "function" ? replica(Number(identity.id.slice(1))) : replica;
        return createProductionReplica(identity, ports, { ...SMALL_REPLICA, shards: 8, ...own });
      },
    });
  }

  /** Starts these nodes, or all, and defines the keyspace at the first of them. */
  async begin(nodes: readonly number[] = this.world.nodes.map(({ index }) => index)): Promise<void> {
    for (const node of nodes) this.world.node(node).start();
    await this.run(3000);
    await this.do(this.driver(nodes[0] ?? 0).defineKeyspace(NAME, this.#settings));
    await this.run(SETTLE_MS);
  }

  driver(node: number): Driver {
    const { replica } = this.world.node(node);
    if (replica === undefined) throw new Error(`node ${node} does not run`);
    return replica as Driver;
  }

  store(node: number): Store {
    const store = this.driver(node).keyspace(NAME);
    if (store === undefined) throw new Error(`node ${node} has not heard of the keyspace`);
    return store;
  }

  async run(ms: number): Promise<void> {
    await this.world.run(this.world.now + ms);
    for (const { error } of this.world.breakdowns) throw error;
  }

  /** Lets time pass until it is answered; throws what it rejects with. */
  async do<T>(promise: Promise<T>, withinMs = 30_000): Promise<T> {
    let outcome: { readonly value: T } | { readonly error: unknown } | undefined;
    promise.then(
      (value) => {
        outcome = { value };
      },
      (error: unknown) => {
        outcome = { error };
      },
    );
    for (const until = this.world.now + withinMs; outcome === undefined; await this.run(1)) {
      if (this.world.now >= until) throw new Error(`no answer within ${withinMs} ms`);
    }
    if ("error" in outcome) throw outcome.error;
    return outcome.value;
  }

  async put(node: number, key: string, value: string, options = {}) {
    return this.do(this.store(node).put(key as Key, new TextEncoder().encode(value), options));
  }

  async get(node: number, key: string, options = {}): Promise<string | undefined> {
    const { entry } = await this.do(this.store(node).get(key as Key, options));
    return entry === undefined ? undefined : new TextDecoder().decode(entry.value);
  }

  /** Node numbers of the owners of a key, as a node sees them. */
  ownersOf(key: string, by = 0): number[] {
    const { replica } = this.driver(by);
    const owners = replica.ownership.ownersOf(replica.shardOfKey(key as Key, SPACE).id);
    return owners.map((id) => Number(id.slice(1)));
  }

  /** A key that these nodes own and nobody else. */
  keyOf(owners: readonly number[], place = 0): string {
    const wanted = [...owners].sort().join();
    const keys = Array.from({ length: 2000 }, (_, i) => `k${i}`);
    const found = keys.filter((key) => this.ownersOf(key).sort().join() === wanted);
    const key = found[place];
    if (key === undefined) throw new Error(`${owners} own nothing`);
    return key;
  }

  /** What a node itself holds of a key. */
  held(node: number, key: string): boolean {
    const { replica } = this.driver(node);
    return replica.shardOfKey(key as Key, SPACE).find(KIND_PLAIN, key as Key) !== 0;
  }

  cut(some: readonly number[], others: readonly number[]): void {
    for (const [from, to] of pathsBetween(some, others)) this.world.network.cut(from, to);
  }

  heal(some: readonly number[], others: readonly number[]): void {
    for (const [from, to] of pathsBetween(some, others)) this.world.network.heal(from, to);
  }
}

/** Both ways. */
function pathsBetween(some: readonly number[], others: readonly number[]): (readonly [from: number, to: number])[] {
  return some.flatMap((a) => others.flatMap((b) => [[a, b] as const, [b, a] as const]));
}
