import { describe, expect, it } from "vitest";
import { latin1FromBytes } from "../../src/base/bytes.ts";
import type { Key } from "../../src/base/ids.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { msOfTimestamp } from "../../src/core/clock.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import { sequenceAt } from "../../src/core/record/record.ts";
import { decodeMeta, metaKey } from "../../src/replica/disk-layout.ts";
import type { Batch } from "../../src/replica/persistence.ts";
import type { Replica } from "../../src/replica/replica.ts";
import { applyOperations, type Disk, Machines } from "../support/machines.ts";
import { dump } from "../support/shards.ts";

const SHARDS = 4;

async function alone(seed: number | string = 1): Promise<Machines> {
  return Machines.started(["a"], seed, { shards: SHARDS });
}

/** Takes a batch as a driver would; the test says what becomes of it. */
function take(machines: Machines): Batch {
  const batch = machines.at("a").persistence.take();
  if (batch === undefined) throw new Error("nothing to write");
  return batch;
}

/** Everything that is held, shard by shard. */
function held(replica: Replica): string[][] {
  return replica.shards.all.map(dump);
}

async function restarted(machines: Machines, disk: Disk): Promise<Replica> {
  machines.crash("a");
  machines.machine("a").disk = disk;
  machines.machine("a").logs.length = 0;
  return machines.start("a");
}

describe("what is on disk", () => {
  it("counts as durable when the batch was written, not when it was taken (D2)", async () => {
    const machines = await alone();
    const { dot } = machines.put("a", "k", "1");
    const batch = take(machines);
    const later = machines.put("a", "k", "2");
    const { persistence } = machines.at("a");
    const covers = (sequence: number) => persistence.durableOf(dot.shard).covers(dot.origin, sequence);
    expect(covers(dot.sequence)).toBe(false);
    persistence.persisted(batch);
    expect([covers(dot.sequence), covers(later.dot.sequence)]).toEqual([true, false]);
    persistence.persisted(take(machines));
    expect(covers(later.dot.sequence)).toBe(true);
    expect(persistence.take()).toBe(undefined);
  });

  it("is in a batch as it was when that was taken, whatever is written meanwhile", async () => {
    const machines = await alone();
    machines.put("a", "k", "first");
    const batch = take(machines);
    const before = batch.operations.map(({ value }) => latin1FromBytes(value ?? new Uint8Array(0)));
    for (let i = 0; i < 50; i++) machines.put("a", "k", `other ${i}`);
    machines.delete("a", "k");
    expect(batch.operations.map(({ value }) => latin1FromBytes(value ?? new Uint8Array(0)))).toEqual(before);
  });

  it("is handed out again, the same, when it could not be written, before anything else (D3)", async () => {
    const machines = await alone();
    machines.put("a", "k", "1");
    const batch = take(machines);
    machines.at("a").persistence.failed(batch);
    machines.put("a", "k", "2");
    machines.put("a", "l", "2");
    expect(take(machines)).toBe(batch);
    applyOperations(machines.machine("a").disk, batch.operations);
    machines.at("a").persistence.persisted(batch);
    const next = take(machines);
    expect(next.epoch).toBe(batch.epoch + 1);
    applyOperations(machines.machine("a").disk, next.operations);
    const before = held(machines.at("a"));
    expect(held(await restarted(machines, machines.machine("a").disk))).toEqual(before);
  });

  it("does not count after a quarantine that came while it was being written", async () => {
    const machines = await Machines.started(["a", "b"], "late batch", { shards: SHARDS });
    const { dot } = machines.put("a", "k", "1");
    const batch = take(machines);
    machines.at("b").members.giveUp(machines.at("a").id, machines.at("a").life);
    machines.cut(["a"], ["b"]);
    machines.heal();
    machines.deliverAll();
    expect(machines.at("a").quarantines).toBe(1);
    machines.at("a").persisted(batch);
    expect(machines.at("a").durableOf(dot.shard).covers(dot.origin, dot.sequence)).toBe(false);
    expect(machines.at("a").lifeDurable).toBe(false);
    machines.run(5000);
    expect(machines.get("b", "k")).toBe("1");
    expect(machines.differences()).toEqual([]);
  });
});

describe("a crash at any batch", () => {
  it("leaves each shard as it was at one instant, with the vector that claims it (D1)", async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = new SeededRandom(seed);
      const machines = await alone(seed);
      const { disk } = machines.machine("a");
      const snapshots: { readonly disk: Disk; readonly held: string[][] }[] = [];
      for (let round = 0; round < 8; round++) {
        for (let i = random.below(30); i >= 0; i--) {
          const key = `k${random.below(12)}`;
          if (random.chance(0.3)) machines.delete("a", key);
          else machines.put("a", key, "v".repeat(random.below(50)));
        }
        if (random.chance(0.3)) for (const shard of machines.at("a").shards) shard.graves.purge(10, () => true);
        const batch = machines.at("a").persistence.take();
        if (batch === undefined) continue;
        applyOperations(disk, batch.operations);
        machines.at("a").persisted(batch);
        snapshots.push({ disk: new Map(disk), held: held(machines.at("a")) });
      }
      for (const snapshot of snapshots) {
        const replica = await restarted(machines, new Map(snapshot.disk));
        expect(held(replica)).toEqual(snapshot.held);
        expect(machines.machine("a").logs).not.toContain("data-damaged");
        for (const shard of replica.shards) expect([shard.isWhole(), shard.unconfirmed]).toEqual([true, 0]);
      }
    }
  });
});

describe("what the disk lost", () => {
  async function filled(): Promise<Machines> {
    const machines = await alone("damage");
    for (let i = 0; i < 40; i++) machines.put("a", `k${i}`, `v${i}`);
    machines.run(100);
    for (let i = 0; i < 40; i += 4) machines.put("a", `k${i}`, `w${i}`);
    machines.run(100);
    return machines;
  }

  const registerKeys = (disk: Disk) => [...disk.keys()].filter((key) => key.startsWith("r"));

  function doubtful(replica: Replica): number[] {
    return replica.shards.all.filter((shard) => shard.unconfirmed > 0).map((shard) => shard.id);
  }

  it("is noticed for a single record, in its shard alone, and the rest is served (D4)", async () => {
    const machines = await filled();
    const disk = new Map(machines.machine("a").disk);
    const [key = ""] = registerKeys(disk);
    disk.delete(key);
    const replica = await restarted(machines, disk);
    expect(doubtful(replica)).toEqual([key.charCodeAt(6)]);
    expect(machines.machine("a").logs).toContain("data-damaged");
    expect([...Array(40).keys()].filter((i) => machines.get("a", `k${i}`) === undefined)).toHaveLength(1);
    for (const id of doubtful(replica)) expect([...(replica.shards.all[id]?.vector.entries() ?? [])]).toEqual([]);
  });

  it("is noticed when a record is an older one of the same register", async () => {
    const machines = await filled();
    const disk = new Map(machines.machine("a").disk);
    machines.put("a", "k1", "newest");
    machines.run(100);
    const later = new Map(machines.machine("a").disk);
    const key = registerKeys(later).find((each) => later.get(each) !== disk.get(each)) ?? "";
    const older = disk.get(key);
    if (older !== undefined) later.set(key, older);
    expect(doubtful(await restarted(machines, later))).toHaveLength(1);
  });

  it.each([
    ["the head of one shard", "s"],
    ["everything of one shard", "rs"],
  ])("is noticed for %s", async (_what, lost) => {
    const machines = await filled();
    const isLost = (key: string) => lost.includes(key.charAt(0)) && key.charCodeAt(6) === 1;
    const disk = new Map([...machines.machine("a").disk].filter(([key]) => !isLost(key)));
    const replica = await restarted(machines, disk);
    expect(machines.machine("a").logs).toContain("data-damaged");
    expect([...(replica.shards.all[1]?.vector.entries() ?? [])]).toEqual([]);
  });

  it("is noticed for a whole batch in the middle, whose shards add up as they are", async () => {
    const machines = await filled();
    const before = new Map(machines.machine("a").disk);
    const { dot } = machines.put("a", "k1", "lost batch");
    machines.run(50);
    // Later batches are there: they touch other shards.
    let other = 0;
    while (machines.put("a", `o${other}`, "v").dot.shard === dot.shard) machines.delete("a", `o${other++}`);
    machines.run(50);
    const disk = new Map(machines.machine("a").disk);
    for (const key of [...disk.keys()]) {
      if (!/^[rs]/.test(key) || key.charCodeAt(6) !== dot.shard) continue;
      const old = before.get(key);
      if (old === undefined) disk.delete(key);
      else disk.set(key, old);
    }
    const replica = await restarted(machines, disk);
    expect(machines.machine("a").logs).toContain("data-damaged");
    expect(replica.shards.all[dot.shard]?.vector.covers(dot.origin, dot.sequence)).toBe(false);
  });

  it("is refused where bytes were changed, and the register is not there", async () => {
    const machines = await filled();
    const disk = new Map(machines.machine("a").disk);
    const [key = ""] = registerKeys(disk);
    const entry = disk.get(key);
    const value = entry?.value.slice() ?? new Uint8Array(0);
    value[value.length - 1] = (value.at(-1) ?? 0) ^ 1;
    if (entry !== undefined) disk.set(key, { key: entry.key, value });
    expect(doubtful(await restarted(machines, disk))).toHaveLength(1);
  });

  it("is refused where a flipped bit of its place names another shard, which it would never leave again", async () => {
    const machines = await filled();
    const disk = new Map(machines.machine("a").disk);
    const [text = ""] = registerKeys(disk);
    const entry = disk.get(text);
    const key = entry?.key.slice() ?? new Uint8Array(0);
    key[6] = (key[6] ?? 0) ^ 1;
    disk.delete(text);
    if (entry !== undefined) disk.set(latin1FromBytes(key), { key, value: entry.value });
    const replica = await restarted(machines, disk);
    expect(doubtful(replica)).toEqual([text.charCodeAt(6)]);
    expect(disk.has(latin1FromBytes(key))).toBe(false);
  });

  it("is said once where it cannot be read at all, and is gone from disk before the life begins (D5)", async () => {
    const machines = await filled();
    const disk = new Map(machines.machine("a").disk);
    const sound = new Map(disk);
    for (let i = 0; i < 5000; i++) {
      const key = Uint8Array.of(0x72, 0, 1, 0, i >> 8, i & 255);
      disk.set(latin1FromBytes(key), { key, value: Uint8Array.of(1, 2, 3) });
    }
    await restarted(machines, disk);
    expect(machines.machine("a").logs).toContain("data-damaged");
    expect(registerKeys(disk).sort()).toEqual(registerKeys(sound).sort());
    await restarted(machines, disk);
    expect(machines.machine("a").logs).not.toContain("data-damaged");
  });

  it("comes back from a peer, and what the peer had deleted meanwhile does not", async () => {
    const machines = await Machines.started(["a", "b"], "repair", { shards: SHARDS });
    for (let i = 0; i < 40; i++) machines.put("a", `k${i}`, `v${i}`);
    machines.run(2000);
    machines.crash("a");
    for (let i = 0; i < 40; i += 5) machines.delete("b", `k${i}`);
    const { disk } = machines.machine("a");
    for (const key of registerKeys(disk).slice(0, 15)) disk.delete(key);
    await machines.start("a");
    expect(machines.at("a").unreadyReasons(machines.now).join()).toMatch(/wait for a peer/);
    machines.run(10_000);
    for (let i = 0; i < 40; i++) expect(machines.get("a", `k${i}`)).toBe(i % 5 === 0 ? undefined : `v${i}`);
    expect(machines.differences()).toEqual([]);
    expect(machines.at("a").unreadyReasons(machines.now)).toEqual([]);
  });
});

describe("a life", () => {
  it("is on disk before the machine is handed out, greater than every one before (R4)", async () => {
    const machines = await alone();
    for (let [start, before] = [1, 0]; start <= 4; start++) {
      const { life } = machines.at("a");
      expect(life).toBeGreaterThan(before);
      before = life;
      const meta = machines.machine("a").disk.get(latin1FromBytes(metaKey));
      expect(decodeMeta(meta?.value ?? new Uint8Array(0)).life).toBe(life);
      machines.put("a", "k", "v");
      await restarted(machines, machines.machine("a").disk);
    }
  });

  it("is greater than those of the registers that are left when the number itself was lost", async () => {
    const machines = await alone();
    machines.put("a", "k", "1");
    machines.run(100);
    await restarted(machines, machines.machine("a").disk);
    machines.put("a", "k", "2");
    machines.run(100);
    machines.machine("a").disk.delete("m");
    const replica = await restarted(machines, machines.machine("a").disk);
    expect(replica.life).toBeGreaterThan(2);
    machines.put("a", "k", "3");
    const shard = replica.shardOfKey("k" as Key);
    const slot = shard.find(KIND_PLAIN, "k" as Key);
    expect(sequenceAt(shard.table.viewOf(slot), shard.table.offsetOf(slot))).toBe(1);
    expect(machines.get("a", "k")).toBe("3");
  });
});

describe("a clock that somebody set to the far future", () => {
  it("does not drag this one after it through the disk", async () => {
    const machines = await Machines.started(["a", "b"], "future", { shards: SHARDS });
    machines.skewMs.set(machines.at("b").id, 10 * 365 * 86_400_000);
    machines.put("b", "k", "from the future");
    machines.run(1000);
    machines.crash("b");
    expect(machines.get("a", "k")).toBe("from the future");
    const replica = await restarted(machines, machines.machine("a").disk);
    expect(msOfTimestamp(replica.clock.next(machines.now))).toBe(machines.now);
    machines.put("a", "k", "here");
    expect(machines.get("a", "k")).toBe("here");
  });
});

it("writes nothing at a cluster at rest, though each has told the others how often it has written", async () => {
  const machines = await Machines.started(["a", "b", "c"], 5);
  machines.put("a", "k", "v");
  machines.run(20_000);
  const epochs = () => ["a", "b", "c"].map((name) => machines.at(name).persistence.epoch);
  const before = epochs();
  for (const name of ["a", "b", "c"]) expect(machines.at(name).persistence.take()).toBe(undefined);
  machines.run(30_000);
  expect(epochs()).toEqual(before);
});
