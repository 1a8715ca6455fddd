import { beforeEach, describe, expect, it } from "vitest";
import type { AtollError } from "../../src/base/errors.ts";
import type { Key, OriginId, ReplicaId, ShardId } from "../../src/base/ids.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { recordLength } from "../../src/core/record/record.ts";
import { replicaDefaults } from "../../src/replica/config.ts";
import { Driver } from "../../src/replica/driver.ts";
import type { StorageOperation, TransportEvents } from "../../src/replica/ports.ts";
import { decodeMessage, encodeMessage } from "../../src/wire/codec.ts";
import type { Records } from "../../src/wire/records.ts";
import { type Disk, DiskStorage } from "../support/machines.ts";
import { rumour } from "../support/surroundings.ts";

const LINK = 1;

/** A disk whose writes end when the test says so. */
class SlowDisk extends DiskStorage {
  isHeld = false;
  held: { readonly operations: readonly StorageOperation[]; readonly done: (error?: Error) => void }[] = [];

  override async write(operations: readonly StorageOperation[]): Promise<void> {
    if (!this.isHeld) return super.write(operations);
    await new Promise<void>((resolve, reject) => {
      this.held.push({ operations, done: (error) => (error === undefined ? resolve() : reject(error)) });
    });
    return super.write(operations);
  }
}

let now: number;
/** Of the wall clock, which timers do not go by. */
let clockOffsetMs: number;
let timers: { readonly at: number; readonly run: () => void }[];
let soon: (() => void)[];
let events: TransportEvents | undefined;
let disk: Disk;
let storage: SlowDisk;
let driver: Driver;
/** What went to others of what was written here. */
let pushes: { readonly at: number; readonly records: number }[];
/** Events. */
let logged: string[];
/** Records that a quarantine dropped and that are safe elsewhere; those under way are once this is called. */
let kept: Uint8Array[];
let keepRecords: () => void;

beforeEach(async () => {
  now = 1_800_000_000_000;
  clockOffsetMs = 0;
  timers = [];
  soon = [];
  logged = [];
  pushes = [];
  kept = [];
  keepRecords = () => {};
  disk = new Map();
  storage = new SlowDisk(disk);
  driver = new Driver({
    config: { ...replicaDefaults, id: "a" as ReplicaId, address: "a:1", shards: 2, retentionMs: 10_000 },
    clock: { now: () => now + clockOffsetMs },
    random: new SeededRandom(1),
    scheduler: {
      after: (delayMs, run) => {
        const timer = { at: now + delayMs, run };
        timers.push(timer);
        return () => {
          timers = timers.filter((each) => each !== timer);
        };
      },
      soon: (run) => soon.push(run),
    },
    storage,
    transport: {
      queueBytesMax: 0,
      start: async (_facts, given) => {
        events = given;
      },
      connect: () => {},
      send: (_link, frame) => {
        const message = decodeMessage(frame);
        if (message.type === "push") pushes.push({ at: now, records: countOf(message.records) });
      },
      queuedBytes: () => 0,
      close: () => {},
      block: () => {},
      stop: async () => {},
    },
    log: (_level, event) => logged.push(event),
    salvage: async (records) => {
      await new Promise<void>((resolve) => (keepRecords = resolve));
      kept.push(...records);
    },
  });
  await driver.start();
});

function countOf({ view, start, end }: Records): number {
  let count = 0;
  for (let at = start; at < end; at += recordLength(view, at)) count++;
  return count;
}

/** Lets time pass, and promises settle in between. */
async function pass(ms: number): Promise<void> {
  for (const end = now + ms; ; ) {
    for (let i = 0; i < 20; i++) await Promise.resolve();
    for (const run of soon.splice(0)) run();
    const due = timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
    if (due === undefined) break;
    timers = timers.filter((each) => each !== due);
    now = due.at;
    due.run();
  }
}

/** b is known, and does not answer. */
function meetSilentPeer(): void {
  const id = "b" as ReplicaId;
  events?.up(LINK, { id, life: 1, region: "r", address: "b:1" }, 1);
  const members = [rumour("b")];
  events?.frame(LINK, encodeMessage({ type: "members", self: id, isAll: true, members, lineage: [], known: [] }));
}

describe("pushes", () => {
  const write = (...keys: readonly string[]) => {
    for (const key of keys) void driver.put(key as Key, new Uint8Array(1));
  };
  const endTurn = () => {
    for (const run of soon.splice(0)) run();
  };

  beforeEach(async () => {
    meetSilentPeer();
    await pass(100);
    pushes = [];
  });

  it("go out with the turn, and right after others with all that a millisecond brings", async () => {
    const began = now;
    write("k1", "k2");
    endTurn();
    expect(pushes).toEqual([{ at: began, records: 2 }]);
    write("k3");
    endTurn();
    write("k4");
    endTurn();
    expect(pushes).toHaveLength(1);
    await pass(1);
    expect(pushes.slice(1)).toEqual([{ at: began + 1, records: 2 }]);
  });

  it("go out with the turn where somebody waits for what they bring", async () => {
    write("k1");
    endTurn();
    write("k2");
    endTurn();
    void put("k3", "all");
    endTurn();
    expect(pushes.map(({ records }) => records)).toEqual([1, 2]);
    await pass(5);
    expect(pushes).toHaveLength(2);
  });
});

const put = (key: string, ack: "disk" | "all") => driver.put(key as Key, new Uint8Array(1), { ack });

describe("a write that waits for the disk", () => {
  it("is answered when its batch is synced; those that come meanwhile share the next one", async () => {
    storage.isHeld = true;
    const answered: string[] = [];
    void put("k1", "disk").then(() => answered.push("k1"));
    await pass(0);
    expect(storage.held).toHaveLength(1);
    for (const key of ["k2", "k3"]) void put(key, "disk").then(() => answered.push(key));
    await pass(0);
    expect([answered, storage.held.length]).toEqual([[], 1]);
    storage.held.shift()?.done();
    await pass(0);
    expect([answered, storage.held.length]).toEqual([["k1"], 1]);
    storage.held.shift()?.done();
    await pass(0);
    expect(answered).toEqual(["k1", "k2", "k3"]);
  });

  it("is answered in the end when the disk fails and recovers; it is not ready in between", async () => {
    storage.isHeld = true;
    const answer = put("k", "disk");
    await pass(0);
    const [first] = storage.held.splice(0);
    first?.done(new Error("full"));
    await pass(0);
    expect(driver.readiness().reasons.join()).toMatch(/the disk fails/);
    await pass(2000);
    expect(storage.held.map(({ operations }) => operations)).toEqual([first?.operations]);
    storage.isHeld = false;
    storage.held.shift()?.done();
    expect((await answer).acks).toEqual({ reached: 1, wanted: 1, met: true });
    await pass(100);
    expect(driver.readiness().ready).toBe(true);
  });
});

describe("a wall clock that is put back an hour", () => {
  it("does not keep the disk from being tried again after it failed", async () => {
    storage.isHeld = true;
    void put("k", "disk");
    await pass(0);
    storage.held.shift()?.done(new Error("full"));
    await pass(0);
    clockOffsetMs = -3_600_000;
    await pass(2000);
    expect(storage.held).toHaveLength(1);
  });

  it("does not keep a session waiting, nor a write that waits for others", async () => {
    meetSilentPeer();
    const dot = { shard: 0 as ShardId, origin: 77 as OriginId, sequence: 1 };
    const code = driver.catchUp([dot], 500).catch((error: AtollError) => error.code);
    const answer = put("k", "all");
    await pass(100);
    clockOffsetMs = -3_600_000;
    await pass(100);
    expect(await code).toBe("SESSION_BEHIND");
    expect((await answer).acks.met).toBe(false);
  });
});

describe("a replica that all its peers refuse", () => {
  const refuse = (code: "PEER_BAD_SECRET" | "UNREACHABLE") => {
    events?.refused({ address: "b:1", code, message: "why", inbound: false });
  };

  it("is not ready while it has met nobody, and says who refuses it; unreachable ones are no reason", async () => {
    driver.setJoin(["b:1"]);
    refuse("PEER_BAD_SECRET");
    await pass(10_000);
    const reasons = ["refused by b:1: PEER_BAD_SECRET (why)"];
    expect(driver.readiness()).toEqual({ ready: false, reasons });
    expect(await driver.status()).toMatchObject({ ready: false, reasons });
    refuse("UNREACHABLE");
    expect(driver.readiness()).toEqual({ ready: true, reasons: [] });
    refuse("PEER_BAD_SECRET");
    expect(driver.readiness()).toEqual({ ready: false, reasons });
  });

  it("stays ready when it was in sync with one of them before", async () => {
    driver.setJoin(["b:1"]);
    meetSilentPeer();
    events?.frame(
      LINK,
      encodeMessage({
        type: "vectors",
        reply: true,
        entries: [],
        lives: 0,
        view: 0,
        epoch: 0,
        clock: now,
        correctionMs: 0,
      }),
    );
    await pass(1000);
    events?.down(LINK, "lost", "UNREACHABLE");
    refuse("PEER_BAD_SECRET");
    await pass(10_000);
    expect(driver.readiness()).toEqual({ ready: true, reasons: [] });
  });

  it("is warned of once, however often it comes", () => {
    for (let i = 0; i < 1000; i++) refuse("PEER_BAD_SECRET");
    expect(logged.filter((event) => event === "link-refused")).toHaveLength(1);
  });
});

describe("a step within another", () => {
  it("is a part of it: nothing is carried out before all of it is done, or has failed", () => {
    const { step, replica } = driver.commandHost;
    const done: string[] = [];
    const deliver = (what: string) => replica().outbox.deliveries.push(() => done.push(what));
    const fail = () => {
      throw new Error("within");
    };
    step(() => {
      deliver("first");
      step(() => deliver("second"));
      expect(() => step(() => fail())).toThrow("within");
      expect(done).toEqual([]);
    });
    expect(done).toEqual(["first", "second"]);
  });
});

describe("a stop", () => {
  it("answers what still waits, honestly, and leaves everything on disk", async () => {
    meetSilentPeer();
    const answer = put("k", "all");
    const read = driver.get("k" as Key, { consistency: "quorum" });
    await pass(0);
    await driver.stop();
    expect((await answer).acks).toEqual({ reached: 1, wanted: 2, met: false });
    await expect(read).rejects.toMatchObject({ code: "QUORUM_UNREACHABLE" });
    expect([...disk.keys()].filter((key) => key.startsWith("r"))).toHaveLength(1);
    await expect(driver.get("k" as Key)).rejects.toMatchObject({ code: "SHUTTING_DOWN" });
  });

  it("does not make those who wait for others wait for a slow disk", async () => {
    meetSilentPeer();
    storage.isHeld = true;
    const answers: unknown[] = [];
    void put("k", "all").then(({ acks }) => answers.push(acks.met));
    void driver.get("k" as Key, { consistency: "quorum" }).catch(({ code }) => answers.push(code));
    await pass(1000);
    const stopped = driver.stop();
    await pass(4100);
    expect(answers).toEqual(["QUORUM_UNREACHABLE", false]);
    storage.isHeld = false;
    for (const { done } of storage.held.splice(0)) done();
    await stopped;
    expect(timers).toEqual([]);
  });
});

describe("what a quarantine drops", () => {
  it("is safe elsewhere before the disk forgets it", async () => {
    await driver.put("old" as Key, new Uint8Array(1), { ack: "memory" });
    await pass(1000);
    const registers = () => [...disk.keys()].filter((key) => key.startsWith("r")).length;
    expect(registers()).toBe(1);
    await pass(11_000);
    // Another process under the life of this one: what it wrote gets new dots, but for what is older than the retention.
    const id = "b" as ReplicaId;
    events?.up(LINK, { id, life: 1, region: "r", address: "b:1" }, 1);
    const members = [rumour("b"), rumour("a", { life: driver.replica.life, birth: 12345 })];
    events?.frame(LINK, encodeMessage({ type: "members", self: id, isAll: true, members, lineage: [], known: [] }));
    expect(driver.replica.quarantines).toBe(1);
    await pass(1000);
    expect([kept.length, registers()]).toEqual([0, 1]);
    keepRecords();
    await pass(1000);
    expect([kept.length, registers()]).toEqual([1, 0]);
  });
});

describe("a member that is removed", () => {
  it("is told of as removed once that is on disk, and as perhaps not where the disk does not take it", async () => {
    meetSilentPeer();
    events?.down(LINK, "gone", "PEER_TIMEOUT");
    await pass(60_000);
    storage.isHeld = true;
    const outcomes: string[] = [];
    const remove = () =>
      driver.removeMember("b" as ReplicaId, { force: false }).then(
        () => outcomes.push("removed"),
        (error: AtollError) => outcomes.push(error.code),
      );
    void remove();
    await pass(4000);
    expect(outcomes).toEqual([]);
    await pass(2000);
    expect(outcomes).toEqual(["DISK_FAILED"]);
    storage.isHeld = false;
    for (const { done } of storage.held) done();
    void remove();
    await pass(0);
    expect(outcomes).toEqual(["DISK_FAILED", "removed"]);
  });
});
