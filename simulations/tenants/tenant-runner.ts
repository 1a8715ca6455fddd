/** Defines the tenants of a plan, and carries out what is done in them. What is refused is let be. */

import type { World } from "../simulator/world.ts";
import { answerOfError } from "../workload/carry-out.ts";
import type { TenantAct, TenantPlan } from "./tenant-plan.ts";

const RETRY_MS = 200;

export class TenantRunner {
  readonly #world: World;

  constructor(world: World, tenants: readonly TenantPlan[]) {
    this.#world = world;
    for (const tenant of tenants) {
      world.at(tenant.definedAt, () => this.#define(tenant, 0));
      for (const act of tenant.acts) world.at(act.at, () => this.#carryOut(tenant, act));
    }
  }

  #define(tenant: TenantPlan, asked: number): void {
    const { name, memoryShare } = tenant;
    const node = this.#world.node(asked % this.#world.nodes.length);
    const again = (): void => this.#world.at(this.#world.now + RETRY_MS, () => this.#define(tenant, asked + 1));
    const settings = { replication: "all", ...(memoryShare !== undefined && { memoryShare }) } as const;
    const defined = node.replica?.defineKeyspace?.(name, settings);
    if (defined === undefined) again();
    else this.#settle(node.index, defined, again);
  }

  #carryOut({ name }: TenantPlan, { node: index, key, valueBytes }: TenantAct): void {
    const { replica } = this.#world.node(index);
    const carriedOut = async (): Promise<void> => {
      const store = replica?.keyspace?.(name);
      if (valueBytes === undefined) await store?.get(key);
      else await store?.put(key, new Uint8Array(valueBytes), { ack: "memory" });
    };
    this.#settle(index, carriedOut(), () => {});
  }

  #settle(node: number, done: Promise<unknown>, refused: () => void): void {
    const { life } = this.#world.node(node);
    done.catch((error: unknown) => {
      if (answerOfError(error) === undefined && life?.ended === false) this.#world.fail(node, error);
      refused();
    });
  }
}
