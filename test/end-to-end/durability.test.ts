/**
 * What a replica's disk may go through, and what its clients may count on all the same.
 *
 * `ATOLL_KILLS` says how often one is killed under load, `ATOLL_DAMAGES` how many kinds of damage are tried, of which the seed
 * draws the first; the campaigns of `../durability` do more of both.
 */

import { cpSync, existsSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { SeededRandom } from "../../src/base/random.ts";
import { mountTmpfs, whyNoMounts } from "../support/mounts.ts";
import { flipAt, flipBytes, truncate } from "./database-damage.ts";
import { Load, onDiskOf, read, readEverywhere, violationsAt } from "./load.ts";
import {
  createCluster,
  createReplica,
  joinTo,
  type ReplicaProcess,
  reportsOf,
  StartFailure,
  startAll,
  untilEqual,
  untilLinked,
} from "./replica-process.ts";
import { untilTrue } from "./until.ts";

const KILLS = Number(process.env.ATOLL_KILLS ?? 10);
const DAMAGES = Number(process.env.ATOLL_DAMAGES ?? 3);
const SEED = Number(process.env.ATOLL_SEED ?? Date.now() % 1_000_000);
const REPLAY = `ATOLL_SEED=${SEED} npx vitest run test/end-to-end/durability.test.ts`;

const started: ReplicaProcess[] = [];

afterEach(async () => {
  await endAll(started.splice(0));
});

/** Two that run until the test is over. */
async function pair(): Promise<[ReplicaProcess, ReplicaProcess]> {
  const both = await startPair();
  started.push(...both);
  return both;
}

/** Two that go on when another test is over, until they are ended or the file is done. */
async function startPair(): Promise<[ReplicaProcess, ReplicaProcess]> {
  const [a, b] = await createCluster(["a", "b"]);
  if (a === undefined || b === undefined) throw new Error("no pair");
  await startAll([a, b]);
  return [a, b];
}

async function endAll(replicas: readonly ReplicaProcess[]): Promise<void> {
  await Promise.all(replicas.map((replica) => replica.kill()));
}

async function put(replica: ReplicaProcess, key: string, value: string, ack = "disk"): Promise<void> {
  const { status } = await replica.http.put(key, value, `?ack=${ack}`);
  expect([201, 204], `PUT ${key} at ${replica.id}`).toContain(status);
}

/** Puts `count` keys of 500 bytes in batches; returns what is to be found. */
async function fill(replica: ReplicaProcess, prefix: string, count: number): Promise<Map<string, string>> {
  const expected = new Map<string, string>();
  for (let i = 0; i < count; i++) expected.set(`${prefix}${i}`, `${prefix}${i}:${"v".repeat(500)}`);
  const entries = [...expected];
  for (let from = 0; from < count; from += 500) {
    const operations = entries.slice(from, from + 500).map(([key, value]) => ({ type: "put", key, value }));
    const body = JSON.stringify({ operations });
    const { status } = await replica.http.send({ method: "POST", path: "/v1/batch?ack=disk", body });
    expect(status).toBe(200);
  }
  return expected;
}

async function untilPurged(replicas: readonly ReplicaProcess[]): Promise<void> {
  await untilTrue(
    "all tombstones are purged",
    async () => (await Promise.all(replicas.map((replica) => replica.status()))).every((each) => each.tombstones === 0),
    { withinMs: 20_000, describe: () => reportsOf(replicas) },
  );
}

async function expectContents(
  replicas: readonly ReplicaProcess[],
  expected: ReadonlyMap<string, string | undefined>,
): Promise<void> {
  const answers = await readEverywhere([...expected.keys()], replicas);
  const wrong = [...answers].flatMap(([key, answered]) =>
    answered.flatMap((each, place) => (each?.value === expected.get(key) ? [] : [`${key} at ${replicas[place]?.id}`])),
  );
  expect(wrong.slice(0, 10), `${wrong.length} keys with another value than expected; ${REPLAY}`).toEqual([]);
}

describe("a replica that is killed", () => {
  it(`${KILLS} times under load loses nothing that it answered with ack=disk`, {
    timeout: 60_000 + KILLS * 10_000,
  }, async () => {
    const random = new SeededRandom(SEED);
    const victim = await createReplica("victim");
    started.push(victim);
    await startAll([victim]);
    const load = new Load({ seed: String(SEED), coldKeys: 300, acks: ["memory", "disk", "disk"] });
    load.start([victim]);
    for (let round = 1; round <= KILLS; round++) {
      await load.proceeds(random.between(1, 200));
      load.shut(victim);
      await victim.kill();
      await victim.start();
      const history = load.history(onDiskOf(victim));
      const violations = await violationsAt([victim], history);
      const about = `kill ${round}, ${JSON.stringify(history.counts())}; ATOLL_KILLS=${KILLS} ${REPLAY}`;
      expect(violations.slice(0, 10), about).toEqual([]);
      load.open(victim);
    }
    await load.stop();
  });
});

const noTmpfs = whyNoMounts("tmpfs");

/** Whatever the replica has written since the room was measured leaves less than that: full is full. */
function fillUp(folder: string, filler: string): void {
  const { bavail, bsize } = statfsSync(folder);
  try {
    writeFileSync(filler, Buffer.alloc(bavail * bsize));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  }
}

describe.skipIf(noTmpfs)(`a replica whose disk is full ${noTmpfs ?? ""}`, () => {
  it("says so, reads on, replicates on, and is whole again when there is room", { timeout: 180_000 }, async () => {
    const mount = await mountTmpfs("48m");
    try {
      const peer = await createReplica("peer");
      const full = await createReplica("full", { join: joinTo([peer]), data: join(mount.folder, "data") });
      started.push(peer, full);
      await startAll([peer, full]);
      const expected = await fill(full, "{one}/before/", 1000);
      const filler = join(mount.folder, "filler");
      fillUp(mount.folder, filler);

      // Honest: kept, but not on disk; or an error.
      const answers = await Promise.all(
        Array.from({ length: 20 }, async (_, i) => {
          const key = `{one}/during/${i}`;
          const value = `${i}:${"w".repeat(20_000)}`;
          const answer = await full.http.put(key, value, "?ack=disk");
          if (answer.status < 300) expected.set(key, value);
          return { status: answer.status, acks: answer.headers["atoll-acks"] };
        }),
      );
      for (const { status, acks } of answers) expect([202, 503, 507], JSON.stringify(acks)).toContain(status);
      for (const { status, acks } of answers) if (status === 202) expect(acks).toBe("0/1");

      expect(await full.isReady()).toBe(false);
      await expectContents([full], expected);
      // What asks for nothing is refused as well: nobody would know that it is not kept.
      const refused = await full.http.put("{one}/refused", "v");
      expect([refused.status, JSON.parse(refused.body.toString()).code]).toEqual([507, "DISK_FULL"]);
      const [gone = ""] = expected.keys();
      expect((await full.http.delete(gone)).status).toBe(204);
      expected.delete(gone);
      await put(peer, "{one}/from the peer", "now", "quorum");
      expected.set("{one}/from the peer", "now");
      await expectContents([full], expected);

      rmSync(filler);
      await full.ready();
      // One shard for all: a later write of it on disk says that all earlier ones are.
      await put(full, "{one}/after", "there is room");
      expected.set("{one}/after", "there is room");
      expect(full.logs.map(({ event }) => event)).toEqual(expect.arrayContaining(["disk-failed", "disk-recovered"]));

      await peer.kill();
      await full.kill();
      await full.start();
      await expectContents([full], expected);
      await peer.start();
      await untilLinked([peer, full]);
      await untilEqual([peer, full]);
      await expectContents([peer, full], expected);
      expect(await peer.metric("atoll_quarantines_total")).toBe(0);
      expect(await full.metric("atoll_quarantines_total")).toBe(0);
    } finally {
      await Promise.all(started.map((replica) => replica.kill()));
      await mount.unmount();
    }
  });
});

const damages = {
  "bytes flipped in every table": (data, random) => flipBytes(data, "table", random, 8),
  "bytes flipped in the log": (data, random) => flipBytes(data, "log", random, 8),
  "bytes flipped in the manifest": (data) => flipAt(data, "manifest", 0, 200),
  "CURRENT pointing nowhere": (data) => flipAt(data, "current", 0, 4),
  "the log cut off in the middle": (data) => truncate(data, "log"),
  "a table cut off in the middle": (data) => truncate(data, "table"),
  "everything damaged": (data, random) => {
    flipBytes(data, "table", random, 4);
    flipBytes(data, "log", random, 4);
    flipAt(data, "manifest", 0, 200);
    flipAt(data, "current", 0, 4);
  },
} satisfies Record<string, (data: string, random: SeededRandom) => void>;

const kinds = Object.entries(damages);
const drawn = kinds.map((_, i) => kinds[(SEED + i) % kinds.length] as (typeof kinds)[number]).slice(0, DAMAGES);

/** One of these, at least, is said of a damaged folder. */
const COMPLAINTS = /^(storage-(damaged|repaired|set-aside|log-damaged)|data-damaged|meta-damaged|quarantine)$/;

// They wait for tombstones to be purged, most of the time.
describe.concurrent("a replica whose database is damaged while it is down", () => {
  for (const [name, damage] of drawn) {
    it(`starts, says so and gets its data back: ${name}`, { timeout: 180_000 }, async () => {
      const [a, b] = await startPair();
      const expected: Map<string, string | undefined> = await fill(a, "table/", 500);
      await untilEqual([a, b]);
      // The next start writes the log out into a table.
      await b.stop();
      await b.start();
      await untilLinked([a, b]);
      const gone = [...expected.keys()].slice(0, 50);
      for (const key of gone) {
        expect((await a.http.delete(key)).status).toBe(204);
        expected.set(key, undefined);
      }
      for (const [key, value] of await fill(b, "log/", 200)) expected.set(key, value);
      await untilEqual([a, b]);
      await untilPurged([a, b]);
      await b.kill();
      damage(b.config.data, new SeededRandom(`${SEED}/${name}`));
      for (const [key, value] of await fill(a, "away/", 50)) expected.set(key, value);

      const mark = b.logs.length;
      await b.start();
      const early = await readEverywhere([...expected.keys()], [b]);
      const wrong = [...early].filter(([key, [answer]]) => answer !== undefined && !answer.value.startsWith(`${key}:`));
      expect(wrong, `wrong values served; ${REPLAY}`).toEqual([]);
      expect(
        b.logs.slice(mark).filter(({ event }) => COMPLAINTS.test(event)),
        "it says so",
      ).not.toEqual([]);
      await untilLinked([a, b]);
      await untilEqual([a, b]);
      await expectContents([a, b], expected);

      // What it has now goes to its disk, and is whole there. (Killed, it would find what the disk had not yet taken.)
      await b.stop();
      const after = b.logs.length;
      await b.start();
      await untilLinked([a, b]);
      await untilEqual([a, b]);
      await expectContents([a, b], expected);
      expect(b.loggedSince(after).filter((event) => COMPLAINTS.test(event))).toEqual([]);
      await endAll([a, b]);
    });
  }

  it("does not bring deleted keys back when it runs alone twice before it catches up", {
    timeout: 180_000,
  }, async () => {
    const [a, b] = await startPair();
    const deleted = await deletedOnTable(a, b);
    // Behind the first header, whose length stays: the deletions are in the log, the values in the tables below.
    flipAt(b.config.data, "log", 7, 1 << 20);
    const mark = b.logs.length;
    await runAloneTwice(a, b, deleted);
    expect(b.loggedSince(mark).filter((event) => COMPLAINTS.test(event))).not.toEqual([]);
    await meetAgain(a, b, deleted.expected);
    await endAll([a, b]);
  });
});

interface Deleted {
  readonly expected: Map<string, string | undefined>;
  /** More batches than the disk of `b` had taken when it was killed. */
  readonly epoch: number;
}

/** Keys that both have deleted and purged: at `b`, which is down, their values are in tables and all later is in the log. */
async function deletedOnTable(a: ReplicaProcess, b: ReplicaProcess): Promise<Deleted> {
  const expected: Map<string, string | undefined> = await fill(a, "gone/", 50);
  await untilEqual([a, b]);
  await b.stop();
  await b.start();
  await untilLinked([a, b]);
  for (const key of expected.keys()) {
    expect((await a.http.delete(key)).status).toBe(204);
    expected.set(key, undefined);
  }
  await untilPurged([a, b]);
  const epoch = (await b.metric("atoll_disk_epoch")) + 50;
  await b.kill();
  return { expected, epoch };
}

/** Starts `b` twice where `a` cannot be reached, and lets its disk take more than it ever told `a` of. */
async function runAloneTwice(a: ReplicaProcess, b: ReplicaProcess, { expected, epoch }: Deleted): Promise<void> {
  await a.cut([b]);
  for (let time = 0; time < 2; time++) {
    await b.start();
    for (let i = 0; i < 10 || (time === 0 && (await b.metric("atoll_disk_epoch")) <= epoch); i++) {
      await put(b, `meanwhile/${time}/${i}`, "promised");
      expected.set(`meanwhile/${time}/${i}`, "promised");
    }
    await b.kill();
  }
}

async function meetAgain(
  a: ReplicaProcess,
  b: ReplicaProcess,
  expected: ReadonlyMap<string, string | undefined>,
): Promise<void> {
  await b.start();
  await a.cut([]);
  await untilLinked([a, b]);
  await untilEqual([a, b]);
  await expectContents([a, b], expected);
}

describe("an old copy of the data folder put back", () => {
  it("is quarantined, keeps what was written on it, and brings nothing back", { timeout: 180_000 }, async () => {
    const [a, b] = await pair();
    const expected: Map<string, string | undefined> = await fill(b, "kept/", 200);
    for (const key of (await fill(a, "deleted/", 100)).keys()) expected.set(key, undefined);
    await put(b, "overwritten", "first");
    await untilEqual([a, b]);
    await b.stop();
    const copy = `${b.config.data}.copy`;
    cpSync(b.config.data, copy, { recursive: true });
    await b.start();
    await untilLinked([a, b]);
    for (const [key, value] of expected) {
      if (value === undefined) expect((await a.http.delete(key)).status).toBe(204);
    }
    await put(b, "overwritten", "second");
    expected.set("overwritten", "second");
    await put(b, "after the copy", "there");
    expected.set("after the copy", "there");
    await untilPurged([a, b]);
    await untilEqual([a, b]);

    await b.kill();
    rmSync(b.config.data, { recursive: true });
    cpSync(copy, b.config.data, { recursive: true });
    // It does not know yet that it is old, and takes a write.
    await a.cut([b]);
    await b.start();
    await put(b, "on the old copy", "promised");
    expected.set("on the old copy", "promised");
    await a.cut([]);
    await untilTrue("it is quarantined", async () => (await b.metric("atoll_quarantines_total")) > 0);
    await untilLinked([a, b]);
    await untilEqual([a, b]);
    await expectContents([a, b], expected);
    expect(b.logs.map(({ event }) => event)).toContain("quarantine");
    for (const replica of [a, b]) {
      await replica.kill();
      await replica.start();
      await untilLinked([a, b]);
    }
    await untilEqual([a, b]);
    await expectContents([a, b], expected);
  });

  it("is found out also when it runs alone twice before it meets anybody", { timeout: 180_000 }, async () => {
    const [a, b] = await pair();
    const copy = `${b.config.data}.copy`;
    await fill(a, "gone/", 50);
    await untilEqual([a, b]);
    // Gently, so that all of it is in the copy.
    await b.stop();
    cpSync(b.config.data, copy, { recursive: true });
    await b.start();
    await untilLinked([a, b]);
    const deleted = await deletedOnTable(a, b);
    rmSync(b.config.data, { recursive: true });
    cpSync(copy, b.config.data, { recursive: true });
    await runAloneTwice(a, b, deleted);
    await meetAgain(a, b, deleted.expected);
  });
});

describe("a data folder that another process holds", () => {
  it("is refused with one clear error, and the holder is not disturbed", async () => {
    const holder = await createReplica("holder");
    started.push(holder);
    await startAll([holder]);
    await put(holder, "before", "held");
    const second = await createReplica("holder", { data: holder.config.data });
    started.push(second);
    const failure = await second.start().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(StartFailure);
    expect((failure as StartFailure).code).toBe("DATA_LOCKED");
    expect((failure as StartFailure).message).toContain(holder.config.data);
    await untilTrue("it has ended", () => !second.isRunning);
    expect(second.exitCode).toBe(1);
    await put(holder, "after", "held");
    expect((await read(holder, "before"))?.value).toBe("held");
  });
});

describe("a replica that keeps nothing on disk", () => {
  it("comes back under another id, catches up, and holds no tombstones up", { timeout: 180_000 }, async () => {
    const lasting = await createReplica("lasting");
    const fleeting = await createReplica("fleeting", { join: joinTo([lasting]), data: "none" });
    started.push(lasting, fleeting);
    await startAll([lasting, fleeting]);
    const expected: Map<string, string | undefined> = await fill(lasting, "key/", 300);
    await put(fleeting, "from the fleeting one", "there", "quorum");
    expected.set("from the fleeting one", "there");
    const before = fleeting.id;
    await fleeting.kill();
    expect((await lasting.http.delete("key/0")).status).toBe(204);
    expected.set("key/0", undefined);
    await fleeting.start();
    expect(fleeting.id).not.toBe(before);
    await untilLinked([lasting, fleeting]);
    await untilEqual([lasting, fleeting]);
    await expectContents([lasting, fleeting], expected);
    await untilPurged([lasting, fleeting]);
    const { members } = await lasting.status();
    expect(members.map(({ id }) => id)).not.toContain(before);
    expect(existsSync("none")).toBe(false);
  });
});
