import { randomFillSync } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createNode, keyFromText, type Node } from "../../src/index.ts";
import { bytesIn, databaseFolder } from "../../src/runtime/level-open.ts";

const MIB = 1024 * 1024;
const MAX = 16 * MIB;
const VALUE_BYTES = 20_000;
const COUNT = Math.floor((2.5 * MAX) / VALUE_BYTES);

let folder: string;
let node: Node | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "atoll-data-max-"));
});

afterEach(async () => {
  await node?.stop();
  await rm(folder, { recursive: true, force: true });
});

const keyOf = (i: number) => keyFromText(`key ${i}`);

it("keeps a data folder within its bound, whatever is written, and the latest of it", async () => {
  const options = { port: 0, data: folder, dataBytesMax: MAX, memoryBytes: 256 * MIB };
  node = await createNode(options);
  await node.start();
  const values = Array.from({ length: 16 }, () => randomFillSync(new Uint8Array(VALUE_BYTES)));
  for (let i = 0; i < COUNT; ) {
    try {
      await node.store.put(keyOf(i), values[i % 16] as Uint8Array, { ack: "disk" });
      i++;
    } catch (error) {
      // It writes as fast as the disk does: at times faster than room is found.
      expect(error).toMatchObject({ code: "DISK_FULL" });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  const isWithin = async () => (await bytesIn(databaseFolder(folder))) < MAX;
  // While tables are rewritten both are there for a moment.
  await expect.poll(isWithin, { timeout: 20_000 }).toBe(true);
  const left: number[] = [];
  for (let i = 0; i < COUNT; i++) {
    const { entry } = await node.store.get(keyOf(i));
    if (entry === undefined) continue;
    left.push(i);
    expect(Buffer.compare(entry.value, values[i % 16] as Uint8Array)).toBe(0);
  }
  expect(left.length * VALUE_BYTES).toBeGreaterThan(MAX / 4);
  expect(left[left.length >> 1]).toBeGreaterThan(COUNT / 2);
  await node.stop();
  node = await createNode(options);
  await node.start();
  for (const i of left) expect((await node.store.get(keyOf(i))).entry !== undefined).toBe(true);
  const { dataBytesMax, dataBytes = Infinity } = await node.store.status();
  expect(dataBytesMax).toBe(MAX);
  expect(dataBytes).toBeLessThan(MAX);
}, 120_000);
