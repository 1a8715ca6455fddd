/**
 * A copy of a data folder is put back that is older than what its replica has told others since: from a backup of the
 * machine, say. The replica finds out when it meets them, and begins anew. Nothing comes back that was deleted, and nothing
 * is gone that was written since the copy was made; what was written on the copy is merged where it is younger than the
 * retention, and otherwise in the file that `restore` reads.
 */

import { cpSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { SeededRandom } from "../../src/base/random.ts";
import { runAtoll } from "../cli/run-atoll.ts";
import { readEverywhere } from "../end-to-end/load.ts";
import {
  createCluster,
  type ReplicaProcess,
  reportsOf,
  startAll,
  temporaryFolder,
  untilEqual,
  untilLinked,
} from "../end-to-end/replica-process.ts";
import { untilTrue } from "../end-to-end/until.ts";
import { loadBallast } from "./ballast.ts";
import { Campaign } from "./campaign.ts";

const campaign = new Campaign(import.meta.url, 1);
/** Short enough to be waited for, or so long that nothing is older. */
const RETENTIONS_MS = [5000, 3_600_000];
const KEYS = 60;

type Expected = Map<string, string | undefined>;

describe(`${campaign.runs} times, an old copy of a data folder put back`, () => {
  let replicas: readonly ReplicaProcess[] = [];

  afterEach(async () => {
    await Promise.all(replicas.map((replica) => replica.kill()));
    campaign.show();
  });

  it("brings nothing back, and costs nothing that was written before or since", {
    timeout: 60_000 + campaign.runs * 60_000,
  }, async () => {
    for (let run = 1; run <= campaign.runs; run++) {
      const retentionMs = RETENTIONS_MS[(run + 1) % RETENTIONS_MS.length] ?? 0;
      await putBack(new SeededRandom(`${campaign.seed}/${run}`), retentionMs);
      campaign.count("copies put back");
      await Promise.all(replicas.map((replica) => replica.kill()));
    }
  });

  async function putBack(random: SeededRandom, retentionMs: number): Promise<void> {
    const isShort = retentionMs < 60_000;
    replicas = await createCluster(["a", "b"], () => ({ retentionMs }));
    const [a, b] = replicas as [ReplicaProcess, ReplicaProcess];
    await startAll(replicas);
    const expected: Expected = new Map();
    await write(a, "deleted later/", expected);
    await write(b, "own, deleted later/", expected);
    await write(b, "kept/", expected);
    await untilEqual(replicas);
    const copy = await copyOf(b, random);
    await untilLinked(replicas);

    await write(b, "kept/", expected, "overwritten");
    await write(b, "after the copy/", expected);
    for (const key of [...expected.keys()].filter((name) => name.includes("deleted later/"))) {
      expect((await random.pick(replicas).http.delete(key)).status).toBe(204);
      expected.set(key, undefined);
    }
    await untilPurged();
    await untilEqual(replicas);

    await (random.chance(0.5) ? b.kill() : b.stop());
    rmSync(b.config.data, { recursive: true });
    cpSync(copy, b.config.data, { recursive: true });
    await a.cut([b]);
    await b.start();
    const old: Expected = new Map();
    await write(b, "old/", old);
    const isOldBy = Date.now() + (isShort ? retentionMs + 1000 : 0);
    await untilTrue("that is older than the retention", () => Date.now() > isOldBy);
    if (!isShort) for (const [key, value] of old) expected.set(key, value);
    if (random.chance(0.5)) {
      await b.kill();
      await b.start();
    }
    await write(b, "young/", expected);

    await a.cut([]);
    await untilTrue("it is quarantined", async () => (await b.metric("atoll_quarantines_total")) > 0, {
      describe: () => reportsOf(replicas),
    });
    if (random.chance(0.5)) {
      // As likely before it is done with that as after.
      await b.kill();
      await b.start();
      campaign.count("killed meanwhile");
    }
    await meet();
    await expectContents(expected, "once they have met");
    if (isShort) await restoreOld(a, b, old, expected);
    for (const replica of replicas) {
      await replica.kill();
      await replica.start();
      await untilLinked(replicas);
    }
    await meet();
    await expectContents(expected, "after another start of each");
    expect(await b.metric("atoll_quarantines_total"), "once is enough").toBe(0);
  }

  async function restoreOld(a: ReplicaProcess, b: ReplicaProcess, old: Expected, expected: Expected): Promise<void> {
    await expectContents(new Map([...old.keys()].map((key) => [key, undefined])), "put aside");
    const file = readdirSync(b.config.data).find((name) => /^salvaged-b\.records$/.test(name));
    expect(file, "what is too old is in a file").toBeDefined();
    const restored = await runAtoll([
      "restore",
      join(b.config.data, file ?? ""),
      "--url",
      `http://127.0.0.1:${a.port}`,
    ]);
    expect(restored.code, restored.stderr).toBe(0);
    for (const [key, value] of old) expected.set(key, value);
    // It was given up: whether others had seen what it wrote before, and deleted it, nobody can tell any more.
    for (const key of [...expected.keys()].filter((name) => name.startsWith("own, "))) expected.delete(key);
    await untilEqual(replicas);
    await expectContents(expected, "with what was put aside restored");
  }

  async function meet(): Promise<void> {
    await untilLinked(replicas);
    await untilEqual(replicas);
  }

  /** The folder of a replica that is stopped meanwhile, gently or not. */
  async function copyOf(replica: ReplicaProcess, random: SeededRandom): Promise<string> {
    const copy = join(temporaryFolder(), "copy");
    await (random.chance(0.5) ? replica.kill() : replica.stop());
    cpSync(replica.config.data, copy, { recursive: true });
    await replica.start();
    return copy;
  }

  async function write(replica: ReplicaProcess, prefix: string, expected: Expected, what = "v"): Promise<void> {
    const options = { prefix, keys: KEYS, valueBytes: 100 + what.length };
    for (const [key, value] of await loadBallast(replica, options)) expected.set(key, value);
    expect([...expected.keys()].filter((key) => key.startsWith(prefix))).toHaveLength(KEYS);
  }

  async function untilPurged(): Promise<void> {
    const isPurged = async (replica: ReplicaProcess) => (await replica.status()).tombstones === 0;
    await untilTrue("all is purged", async () => (await Promise.all(replicas.map(isPurged))).every(Boolean), {
      describe: () => reportsOf(replicas),
    });
  }

  async function expectContents(expected: Expected, what: string): Promise<void> {
    const answers = await readEverywhere([...expected.keys()], replicas);
    const wrong = [...answers].flatMap(([key, values]) =>
      values.flatMap((value, place) =>
        value?.value === expected.get(key) ? [] : [`${key} at ${replicas[place]?.id}`],
      ),
    );
    expect(wrong.slice(0, 10), `${wrong.length} differ, ${what}; ${campaign.replay}`).toEqual([]);
  }
});
