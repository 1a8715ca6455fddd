/** Backups of whole keyspaces, and what becomes of them in this cluster and in another. */

import { describe, expect, it } from "vitest";
import * as Y from "yjs";
import { SCANT_MEMORY } from "../../simulations/scenarios/scant-memory.ts";
import type { Key, ShardId } from "../../src/base/ids.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import type { Store } from "../../src/store.ts";
import { isSound, recordsIn, restoreBackup, takeBackup } from "../support/backups.ts";
import { NAME, PlacedWorld } from "../support/placed-world.ts";

async function three(seed: string, settings = {}): Promise<PlacedWorld> {
  const regions = ["eu", "eu", "eu"];
  const placed = new PlacedWorld({ seed, regions, settings: { replication: 2, ...settings } });
  await placed.begin();
  return placed;
}

const bytes = (text: string) => new TextEncoder().encode(text);
const code = (error: unknown) => (error as { readonly code?: string }).code;

async function put(placed: PlacedWorld, node: number, key: string, value: string, options = {}) {
  return placed.do(placed.driver(node).put(key as Key, bytes(value), options));
}

async function read(placed: PlacedWorld, store: Store, key: string): Promise<string | undefined> {
  const { entry } = await placed.do(store.get(key as Key));
  return entry === undefined ? undefined : new TextDecoder().decode(entry.value);
}

const get = (placed: PlacedWorld, node: number, key: string) => read(placed, placed.driver(node), key);

/** A document whose text is edited by `edits` updates. */
function updates(edits: number, text = "word "): Uint8Array[] {
  const made: Uint8Array[] = [];
  const doc = new Y.Doc();
  doc.on("update", (update: Uint8Array) => made.push(update));
  for (let i = 0; i < edits; i++) doc.getText("body").insert(0, text);
  return made;
}

function open(placed: PlacedWorld, node: number, key: string) {
  const events: string[] = [];
  const handle = placed.driver(node).documents.openDocument(key as Key, ({ type }) => events.push(type));
  handle.read();
  return { ...handle, handle, events };
}

async function edit(placed: PlacedWorld, node: number, key: string, edits: readonly Uint8Array[]): Promise<void> {
  const { handle } = open(placed, node, key);
  for (const update of edits) await placed.do(handle.append(update));
  handle.close();
}

function textOf(placed: PlacedWorld, node: number, key: string): string | undefined {
  const { handle } = open(placed, node, key);
  const view = handle.read();
  handle.close();
  if (view === undefined) return undefined;
  const doc = new Y.Doc();
  for (const update of view.updates) Y.applyUpdate(doc, update);
  return doc.getText("body").toString();
}

function compact(placed: PlacedWorld, node: number, key: string): boolean {
  const { handle } = open(placed, node, key);
  const doc = new Y.Doc();
  for (const update of handle.read()?.updates ?? []) Y.applyUpdate(doc, update);
  const isCompacted = handle.compact(() => Y.encodeStateAsUpdate(doc));
  handle.close();
  return isCompacted;
}

describe("a backup", () => {
  it("has every key of every keyspace, whoever keeps it, as one replica tells it", async () => {
    const placed = await three("gathered");
    for (let i = 0; i < 200; i++) await placed.put(i % 3, `k${i}`, `v${i}`);
    for (let i = 0; i < 50; i++) await put(placed, i % 3, `d${i}`, `v${i}`);
    for (const node of [0, 1, 2]) {
      const taken = await takeBackup(placed, node);
      expect(recordsIn(taken)).toBe(250);
      expect(isSound(taken)).toBe(true);
      expect(taken.facts.keyspaces).toEqual([
        { name: "default", settings: { replication: "all" } },
        { name: NAME, settings: { replication: 2 } },
      ]);
    }
    expect(recordsIn(await takeBackup(placed, 0, { keyspaces: [NAME] }))).toBe(200);
    expect(await placed.do(placed.driver(0).backup(["none"])).catch(code)).toBe("UNKNOWN_KEYSPACE");
  });

  it("has the values that are on disk only, here and at others, whole", async () => {
    const regions = ["eu", "eu", "eu"];
    const placed = new PlacedWorld({ seed: "away", regions, settings: { replication: 2 }, replica: SCANT_MEMORY });
    await placed.begin();
    for (let i = 0; i < 200; i++) await placed.put(i % 3, `k${i}`, "v".repeat(100 + i));
    for (let i = 0; i < 50; i++) await put(placed, i % 3, `d${i}`, "v".repeat(100 + i));
    await placed.run(2000);
    expect(placed.driver(0).replica.shards.all.reduce((sum, { accounts }) => sum + accounts.away, 0)).toBeGreaterThan(
      150,
    );
    const taken = await takeBackup(placed, 0);
    expect(recordsIn(taken)).toBe(250);
    expect(isSound(taken)).toBe(true);
    placed.world.node(0).disk.isUnreadable = true;
    expect(await takeBackup(placed, 0).catch(code)).toBe("DISK_FAILED");
  });

  it("has what another replica had acknowledged before it began and had not told yet", async () => {
    const regions = ["eu", "eu", "eu"];
    const quality = () => ({ latencyMs: 200 });
    const placed = new PlacedWorld({ seed: "acknowledged", regions, settings: { replication: 2 }, quality });
    await placed.begin();
    const [own, others] = [placed.keyOf([0, 1]), placed.keyOf([1, 2])];
    const names = [undefined, ["default"], [NAME]] as const;
    for (const [round, keyspaces] of names.entries()) {
      await put(placed, 1, `fresh${round}`, "v");
      // In the shard of the key that it names.
      await placed.put(1, `{${own}}${round}`, "v");
      await placed.put(1, others, `v${round}`);
      expect(await get(placed, 0, `fresh${round}`)).toBeUndefined();
      const taken = await takeBackup(placed, 0, keyspaces === undefined ? {} : { keyspaces });
      const counts = { default: round + 1, [NAME]: round + 2 };
      for (const [name, count] of Object.entries(counts)) {
        const found = taken.parts.filter(({ keyspace }) => keyspace === name);
        const isAsked = keyspaces === undefined || keyspaces.some((each) => each === name);
        expect(found.reduce((sum, each) => sum + each.count, 0)).toBe(isAsked ? count : 0);
      }
      expect(isSound(taken)).toBe(true);
    }
  });

  it("has what one owner had acknowledged and another, whom it is read from, had not heard of", async () => {
    const regions = ["eu", "eu", "eu"];
    const apart = (a: number, b: number) => (Math.min(a, b) === 1 ? 1000 : a + b === 1 ? 50 : 1);
    const quality = (from: number, to: number) => ({ latencyMs: apart(from, to) });
    const placed = new PlacedWorld({ seed: "lagging owner", regions, settings: { replication: 2 }, quality });
    await placed.begin();
    const key = placed.keyOf([1, 2]);
    await placed.put(1, key, "v");
    await placed.run(100);
    expect(placed.held(2, key)).toBe(false);
    expect(recordsIn(await takeBackup(placed, 0))).toBe(1);
  });

  it("has what was there throughout exactly once, though it is written to meanwhile", async () => {
    const placed = await three("written to");
    for (let i = 0; i < 300; i++) await placed.put(i % 3, `k${i}`, "x".repeat(10_000));
    let round = 0;
    const between = async () => {
      for (let i = 0; i < 5; i++) await placed.put(round % 3, `new${round}-${i}`, "y");
      await placed.put(round % 3, `k${(round * 7) % 300}`, "z".repeat(9_000));
      round++;
    };
    const taken = await takeBackup(placed, 0, { between });
    expect(round).toBeGreaterThan(4);
    const other = await three("written to, restored");
    const counts = await restoreBackup(other, 1, taken);
    expect(counts.restored).toBe(recordsIn(taken));
    for (let i = 0; i < 300; i++) expect((await other.get(2, `k${i}`))?.length).toBeGreaterThan(8_999);
  });

  it("leaves out what was deleted or has expired", async () => {
    const placed = await three("dead");
    await placed.put(0, "gone", "v");
    await placed.put(0, "short", "v", { ttlMs: 1000 });
    await placed.put(0, "long", "v", { ttlMs: 100_000 });
    await placed.do(placed.store(1).delete("gone" as Key));
    await placed.run(2000);
    expect(recordsIn(await takeBackup(placed, 2))).toBe(1);
  });

  it("is refused by a replica that is not ready, and where nobody keeps some keys says so", async () => {
    const placed = await three("unready");
    const key = placed.keyOf([1, 2]);
    await placed.put(1, key, "v");
    await placed.run(1000);
    placed.cut([0], [1, 2]);
    await placed.run(100);
    const taking = takeBackup(placed, 0, { keyspaces: [NAME] });
    expect(await taking.catch(code)).toBe("OWNERS_UNREACHABLE");
  });
});

describe("a restore into another cluster", () => {
  it("brings back values, types and times to live, each once, and its own deletions stay when told again", async () => {
    const placed = await three("values");
    await placed.put(0, "typed", "v", { contentType: "text/html", ttlMs: 500_000 });
    for (let i = 0; i < 100; i++) await placed.put(i % 3, `k${i}`, `v${i}`);
    for (let i = 0; i < 20; i++) await put(placed, i % 3, `d${i}`, `v${i}`);
    const before = await placed.do(placed.store(1).get("typed" as Key));
    const taken = await takeBackup(placed, 0);

    const other = await three("values, restored");
    expect(await restoreBackup(other, 1, taken)).toEqual({ restored: 121, kept: 0, forgotten: 0, expired: 0 });
    for (let i = 0; i < 100; i++) expect(await other.get(i % 3, `k${i}`)).toBe(`v${i}`);
    await other.run(1000);
    for (let i = 0; i < 20; i++) expect(await get(other, 2, `d${i}`)).toBe(`v${i}`);
    const after = await other.do(other.store(2).get("typed" as Key));
    const { contentType, expiresAt, version } = before.entry ?? {};
    expect(after.entry).toMatchObject({ contentType, expiresAt });
    // The same stamp, of another origin.
    expect(after.entry?.version.split("-")[0]).toBe(version?.split("-")[0]);

    await other.do(other.store(0).delete("k7" as Key));
    await other.run(500);
    expect(await restoreBackup(other, 2, taken)).toEqual({ restored: 0, kept: 121, forgotten: 0, expired: 0 });
    expect(await other.get(1, "k7")).toBeUndefined();
  });

  it("keeps what is newer there, and with a stamp overwrites what was written before it, however often", async () => {
    const placed = await three("overwrite");
    await placed.put(0, "a", "backed up");
    await placed.put(0, "b", "backed up");
    await put(placed, 0, "c", "backed up");
    const taken = await takeBackup(placed, 0);

    const other = await three("overwrite, restored");
    await other.run(10_000);
    await other.put(1, "a", "newer");
    await put(other, 1, "c", "newer");
    await other.run(100);
    expect(await restoreBackup(other, 0, taken)).toMatchObject({ restored: 1, kept: 2 });
    expect([await other.get(2, "a"), await other.get(2, "b")]).toEqual(["newer", "backed up"]);

    const stamp = other.driver(0).stampRestore();
    await other.run(10);
    await other.put(1, "b", "since");
    expect(await restoreBackup(other, 0, taken, stamp)).toMatchObject({ restored: 2, kept: 1 });
    const values = async () => [await other.get(2, "a"), await other.get(2, "b"), await get(other, 0, "c")];
    expect(await values()).toEqual(["backed up", "since", "backed up"]);
    await other.put(1, "a", "later");
    await other.run(500);
    expect(await restoreBackup(other, 1, taken, stamp)).toMatchObject({ restored: 0, kept: 3 });
    expect(await values()).toEqual(["later", "since", "backed up"]);
    const future = () => other.driver(0).restore({ source: taken.facts, stamp: stamp + 4096 * 120_000 });
    expect(future).toThrow("stamped with what a replica answered");
  });

  it("overwrites also what bears a stamp that is still to come, once", async () => {
    const placed = await three("ahead");
    await put(placed, 0, "a", "backed up");
    const taken = await takeBackup(placed, 0, { keyspaces: ["default"] });
    const other = await three("ahead, restored");
    const { replica } = other.driver(0);
    const future = other.driver(0).stampRestore() + 4096 * 86_400_000;
    const ahead = { kind: KIND_PLAIN, key: "a" as Key, value: bytes("wrong clock"), stamp: future };
    replica.write(replica.shardOfKey("a" as Key), ahead, false, other.world.now);
    await other.run(100);
    const stamp = other.driver(1).stampRestore();
    expect(await restoreBackup(other, 1, taken)).toMatchObject({ kept: 1 });
    expect(await restoreBackup(other, 1, taken, stamp)).toMatchObject({ restored: 1 });
    await other.run(100);
    expect(await get(other, 2, "a")).toBe("backed up");
    expect(await restoreBackup(other, 2, taken, stamp)).toMatchObject({ kept: 1 });
  });

  it("gives values that are written as new the time to live that the keyspace has", async () => {
    const placed = await three("policy");
    await placed.put(0, "a", "v");
    await placed.put(0, "b", "v", { ttlMs: 1000_000 });
    const taken = await takeBackup(placed, 0);
    const other = await three("policy, restored", { maxTtlMs: 60_000 });
    await restoreBackup(other, 0, taken, other.driver(0).stampRestore());
    const expiryOf = async (key: string) => (await other.do(other.store(1).get(key as Key))).entry?.expiresAt;
    await other.put(1, "put", "v");
    const latest = await expiryOf("put");
    for (const key of ["a", "b"]) expect(await expiryOf(key)).toBeLessThanOrEqual(latest ?? 0);
  });

  it("takes nothing of what was damaged, and says so of a keyspace that there is not", async () => {
    const placed = await three("damaged");
    await placed.put(0, "a", "v");
    const { facts, parts } = await takeBackup(placed, 0, { keyspaces: [NAME] });
    const records = parts[0]?.records.slice() ?? new Uint8Array();
    records[records.length - 1] = (records[records.length - 1] as number) ^ 1;
    const other = await three("damaged, restored");
    const restore = other.driver(0).restore({ source: facts });
    expect(await other.do(restore.apply(NAME, records)).catch(code)).toBe("BACKUP_DAMAGED");
    expect(await other.get(1, "a")).toBeUndefined();
    expect(await other.do(restore.apply("none", records)).catch(code)).toBe("UNKNOWN_KEYSPACE");
  });
});

describe("a restore into the same cluster", () => {
  it("changes nothing where nothing changed, and leaves deleted what was deleted since, also once that is forgotten", async () => {
    const placed = await three("deleted since");
    for (let i = 0; i < 30; i++) await placed.put(i % 3, `k${i}`, "v");
    for (let i = 0; i < 30; i++) await put(placed, i % 3, `d${i}`, "v");
    const taken = await takeBackup(placed, 1);
    expect(await restoreBackup(placed, 2, taken)).toEqual({ restored: 0, kept: 60, forgotten: 0, expired: 0 });
    await placed.do(placed.store(0).delete("k1" as Key));
    await placed.do(placed.driver(0).delete("d1" as Key));
    await placed.run(300);
    expect(await restoreBackup(placed, 2, taken)).toEqual({ restored: 0, kept: 60, forgotten: 0, expired: 0 });
    // Long enough for every tombstone to go.
    await placed.run(120_000);
    for (const node of [0, 1, 2]) expect(placed.held(node, "k1")).toBe(false);
    expect(await restoreBackup(placed, 2, taken)).toEqual({ restored: 0, kept: 58, forgotten: 2, expired: 0 });
    expect([await placed.get(0, "k1"), await get(placed, 0, "d1")]).toEqual([undefined, undefined]);
    const stamp = placed.driver(0).stampRestore();
    expect(await restoreBackup(placed, 0, taken, stamp)).toMatchObject({ restored: 60 });
    await placed.run(1000);
    expect([await placed.get(0, "k1"), await get(placed, 2, "d1")]).toEqual(["v", "v"]);
  });

  it("leaves replicas equal, with what was purged nearby stamped above that", async () => {
    const placed = await three("marks");
    for (let i = 0; i < 200; i++) await put(placed, i % 3, `d${i}`, "v");
    const taken = await takeBackup(placed, 0);
    const other = await three("marks, restored");
    // Every bucket has a mark that is newer than the backup.
    for (let i = 0; i < 2000; i++) await put(other, i % 3, `other${i}`, "v");
    for (let i = 0; i < 2000; i++) await other.do(other.driver(i % 3).delete(`other${i}` as Key));
    await other.run(120_000);
    expect(await restoreBackup(other, 1, taken)).toMatchObject({ restored: 200 });
    await other.run(2000);
    for (let i = 0; i < 200; i++) expect(await get(other, i % 3, `d${i}`)).toBe("v");
    const digests = await Promise.all([0, 1, 2].map((node) => other.driver(node).status()));
    expect(new Set(digests.map(({ digest }) => digest)).size).toBeLessThanOrEqual(3);
    const held = [0, 1, 2].map((node) => {
      const { shards } = other.driver(node).replica;
      return shards.in(0 as never).map(({ fingerprint }) => `${fingerprint.high}.${fingerprint.low}`);
    });
    expect(held[1]).toEqual(held[0]);
    expect(held[2]).toEqual(held[0]);
    expect(other.driver(0).replica.shards.get(0 as ShardId)?.graves.marks).toBeDefined();
  });
});

describe("documents", () => {
  it("are restored whole, merge with what is there, and are not doubled when told again", async () => {
    const placed = await three("documents");
    await edit(placed, 0, "long", updates(40));
    await edit(placed, 1, "compacted", updates(20));
    await placed.run(500);
    expect(compact(placed, 0, "compacted")).toBe(true);
    await edit(placed, 0, "both", updates(3, "source "));
    await placed.run(500);
    const taken = await takeBackup(placed, 2);

    const other = await three("documents, restored");
    await edit(other, 0, "both", updates(2, "target "));
    const first = await restoreBackup(other, 1, taken);
    expect(first).toEqual({ restored: 44, kept: 0, forgotten: 0, expired: 0 });
    await other.run(500);
    for (const node of [0, 1, 2]) {
      expect(textOf(other, node, "long")).toBe("word ".repeat(40));
      expect(textOf(other, node, "compacted")).toBe("word ".repeat(20));
      expect(textOf(other, node, "both")).toHaveLength(5 * 7);
    }
    expect(await restoreBackup(other, 2, taken)).toEqual({ restored: 0, kept: 44, forgotten: 0, expired: 0 });
    await other.run(500);
    expect(compact(other, 0, "both")).toBe(true);
    expect(textOf(other, 0, "both")).toHaveLength(5 * 7);
  });

  it("that were deleted since stay deleted, in the same cluster also once that is forgotten", async () => {
    const placed = await three("documents deleted");
    await edit(placed, 0, "a", updates(3));
    await edit(placed, 0, "b", updates(3));
    await placed.run(500);
    const taken = await takeBackup(placed, 0);
    expect(await restoreBackup(placed, 0, taken)).toMatchObject({ restored: 0, kept: 6 });
    await placed.do(placed.driver(1).documents.deleteDocument("a" as Key));
    expect(compact(placed, 0, "b")).toBe(true);
    await placed.run(500);
    expect(await restoreBackup(placed, 0, taken)).toMatchObject({ restored: 0, kept: 6 });
    await placed.run(120_000);
    expect(await restoreBackup(placed, 2, taken)).toMatchObject({ restored: 0, kept: 3, forgotten: 3 });
    expect([textOf(placed, 2, "a"), textOf(placed, 2, "b")]).toEqual([undefined, "word ".repeat(3)]);
  });

  it("are written as new in place of what is there, once, and edits since stay", async () => {
    const placed = await three("documents as new");
    await edit(placed, 0, "a", updates(3, "old "));
    await placed.do(placed.driver(0).documents.expireDocument("a" as Key, 900_000));
    await placed.run(100);
    const taken = await takeBackup(placed, 0);
    const other = await three("documents as new, restored");
    await edit(other, 0, "a", updates(5, "here "));
    const { events, handle } = open(other, 1, "a");
    const stamp = other.driver(0).stampRestore();
    await other.run(10);
    expect(await restoreBackup(other, 0, taken, stamp)).toMatchObject({ restored: 4 });
    await other.run(500);
    expect(textOf(other, 2, "a")).toBe("old ".repeat(3));
    expect(events).toContain("reset");
    handle.close();
    expect(open(other, 2, "a").handle.readFacts()?.expiresAt).toBeDefined();
    await edit(other, 1, "a", updates(1, "since "));
    await other.run(500);
    expect(await restoreBackup(other, 2, taken, stamp)).toMatchObject({ restored: 0 });
    expect(textOf(other, 0, "a")).toHaveLength(3 * 4 + 6);
    await other.do(other.driver(0).documents.deleteDocument("a" as Key));
    expect(await restoreBackup(other, 0, taken, stamp)).toMatchObject({ restored: 0 });
    expect(textOf(other, 0, "a")).toBeUndefined();
  });

  it("that have expired by the time they are restored are left out with all they hold", async () => {
    const placed = await three("documents expired");
    await edit(placed, 0, "a", updates(3));
    await placed.do(placed.driver(0).documents.expireDocument("a" as Key, 20_000));
    await placed.run(100);
    const taken = await takeBackup(placed, 0);
    const other = await three("documents expired, restored");
    await other.run(60_000);
    expect(await restoreBackup(other, 0, taken)).toEqual({ restored: 0, kept: 0, forgotten: 0, expired: 4 });
    expect(textOf(other, 0, "a")).toBeUndefined();
  });

  it("of more than a part are cut between parts, and told so", async () => {
    const placed = await three("documents large");
    await edit(placed, 0, "big", updates(4, "x".repeat(600_000)));
    await placed.run(500);
    const taken = await takeBackup(placed, 0, { keyspaces: ["default"] });
    expect(taken.parts.map(({ continues }) => continues)).toEqual([true, true, true, false]);
    const other = await three("documents large, restored");
    await restoreBackup(other, 0, taken, other.driver(0).stampRestore());
    expect(textOf(other, 0, "big")).toHaveLength(2_400_000);
  });
});
