/** Compression between regions, as a node is told to do it. */

import { afterEach, expect, test } from "vitest";
import { createNode, keyFromText, type Node, type StartConfig } from "../../src/index.ts";

let nodes: Node[] = [];
afterEach(async () => {
  await Promise.all(nodes.map((node) => node.stop()));
  nodes = [];
});

async function start(options: Partial<StartConfig>): Promise<Node> {
  const node = await createNode({ port: 0, data: "none", ...options });
  nodes.push(node);
  await node.start();
  return node;
}

async function counted(node: Node, name: string, direction: "in" | "out"): Promise<number> {
  const text = await (await fetch(`http://${node.address}/metrics`)).text();
  return Number(
    new RegExp(`^atoll_link_${name}_bytes_total\\{direction="${direction}"\\} (\\d+)$`, "m").exec(text)?.[1],
  );
}

test.each([
  ["us", true],
  ["eu", false],
])("a write goes to a node in %s compressed: %s, and arrives whole", async (region, compresses) => {
  const one = await start({ region: "eu", compressRegions: true });
  const port = Number(one.address.split(":")[1]);
  const two = await start({ region, compressRegions: true, join: [{ type: "address", host: "127.0.0.1", port }] });
  const met = async () => (await one.store.status()).members.map(({ state }) => state);
  await expect.poll(met, { timeout: 10_000 }).toContain("alive");
  const value = new TextEncoder().encode('{"city":"Frankfurt"}'.repeat(500));
  await one.store.put(keyFromText("k"), value, { ack: "all" });
  expect((await two.store.get(keyFromText("k"))).entry?.value).toEqual(value);

  const [before, after] = [await counted(two, "uncompressed", "in"), await counted(two, "compressed", "in")];
  expect(before >= value.length).toBe(compresses);
  expect(after < before / 2).toBe(compresses);
});
