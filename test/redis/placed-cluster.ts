/** Replicas that keep keyspaces in part, over real ports. */

import { Redis } from "ioredis";
import { expect, vi } from "vitest";
import type { Node } from "../../src/node/create-node.ts";
import type { StartConfig } from "../../src/node/node-config.ts";
import { freePort, startAtoll } from "./servers.ts";

export const LONG = { timeout: 20_000 };

export interface Member {
  readonly node: Node;
  readonly port: number;
}

/** Linked, in these regions, with the keyspaces `1`, which the first keeps alone, and `2`, of one copy. */
export async function cluster(
  regions: readonly string[],
  options: Pick<StartConfig, "tokens"> = { tokens: [] },
): Promise<readonly Member[]> {
  const port = await freePort();
  const members: Member[] = [];
  for (const region of regions) {
    const join = [{ type: "address" as const, host: "127.0.0.1", port }];
    members.push(await startAtoll(members.length === 0 ? { ...options, region, port } : { ...options, region, join }));
  }
  const [first] = members as [Member];
  await vi.waitFor(async () => {
    const { members: known } = await first.node.store.status();
    expect(known.filter(({ state }) => state === "alive")).toHaveLength(regions.length - 1);
  }, LONG);
  await first.node.defineKeyspace("1", { replication: { [regions[0] as string]: 1 } });
  await first.node.defineKeyspace("2", { replication: 1 });
  const password = options.tokens[0]?.token;
  for (const { port: at } of members) await untilSelectable(at, 2, password);
  return members;
}

/** It hears of keyspaces when they are defined, and answers once all owners have told that they are. */
async function untilSelectable(port: number, db: number, password: string | undefined): Promise<void> {
  const client = new Redis({ port, maxRetriesPerRequest: 0, ...(password !== undefined && { password }) });
  await vi.waitFor(async () => expect(await client.select(db)).toBe("OK"), LONG);
  await client.quit();
}
