/**
 * The disk of a replica fills up, or fails at some of its system calls, for a while and under load, time and again. What
 * is answered meanwhile is honest: an acknowledgement of `disk` holds, a value that is there is never said not to be, an
 * error is one. Once there is room, or the disk works, the replica goes on by itself. Every few episodes it is killed and
 * starts alone on what is there, at times while the disk still fails.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SeededRandom } from "../../src/base/random.ts";
import { Load, onDiskOf, violationsAt, whatKillsMayNotTake } from "../end-to-end/load.ts";
import {
  createCluster,
  type ReplicaProcess,
  StartFailure,
  startAll,
  untilEqual,
  untilLinked,
} from "../end-to-end/replica-process.ts";
import { type Mount, mountTmpfs, whyNoMounts } from "../support/mounts.ts";
import { answersOf, loadBallast, missingBallast } from "./ballast.ts";
import { Campaign } from "./campaign.ts";
import { complaintsIn } from "./folder-reader.ts";
import { FILE_KINDS, failing, SYSTEM_CALLS, whyNoStrace } from "./system-calls.ts";

const campaign = new Campaign(import.meta.url, 3);
/** After the last of each round the replica is killed. */
const EPISODES_A_ROUND = 5;
const BALLAST = { prefix: "ballast/", keys: 1500, valueBytes: 8000 };
const MEMORY_BYTES = 32 << 20;
/** Answers that came while the disk failed, at least, before it works again. */
const ANSWERS_MAX = 300;
const READS = 20;
const RECOVERY_MS_MAX = 30_000;

const reason = whyNoMounts("tmpfs") ?? whyNoStrace();

/** Ends the failure. */
type Heal = () => Promise<void>;

describe.skipIf(reason)(`${campaign.runs} times, a disk that is full or fails ${reason ?? ""}`, () => {
  let mount: Mount;
  let replicas: readonly ReplicaProcess[] = [];
  let load: Load | undefined;

  beforeEach(async () => {
    mount = await mountTmpfs("160m");
  });
  afterEach(async () => {
    await Promise.all(replicas.map((replica) => replica.kill()));
    await load?.stop();
    await mount.unmount();
    campaign.show();
  });

  it("costs nothing that was acknowledged", { timeout: 120_000 + campaign.runs * 30_000 }, async () => {
    const random = new SeededRandom(campaign.seed);
    const [victim, peer] = await createCluster(["victim", "peer"], (place) =>
      place === 0 ? { data: join(mount.folder, "data"), memoryBytes: MEMORY_BYTES } : {},
    );
    if (victim === undefined || peer === undefined) throw new Error("no pair");
    replicas = [victim, peer];
    await startAll(replicas);
    const ballast = await loadBallast(victim, BALLAST);
    for (let episode = 1; episode <= campaign.runs; episode++) {
      if (load === undefined) {
        load = loadOf(episode);
        load.start(replicas);
      }
      const isLast = episode % EPISODES_A_ROUND === 0 || episode === campaign.runs;
      await load.proceeds(random.between(1, 100), victim);
      const { what, heal } = await fail(victim, random);
      campaign.count(`episodes: ${what.split(" ")[0]}`);
      await endure(victim, load, ballast, random, what);
      if (isLast) await killAndCheck(victim, peer, load, ballast, heal, `episode ${episode}, ${what}`);
      else await recover(victim, load, heal, `episode ${episode}, ${what}`);
      campaign.count("episodes");
      if (isLast) {
        await load.stop();
        load = undefined;
      }
    }
    expect(await victim.metric("atoll_quarantines_total")).toBe(0);
    expect(await victim.metric("atoll_values_lost_total")).toBe(0);
    expect(await peer.metric("atoll_divergence_repaired_total")).toBe(0);
  });

  function loadOf(episode: number): Load {
    return new Load({
      seed: `${campaign.seed}/${episode}`,
      prefix: `${episode}/`,
      coldKeys: 200,
      acks: ["memory", "disk", "disk", "quorum"],
      shortTtlMsMax: 200,
    });
  }

  /** Has the disk of `victim` fail from now on. */
  async function fail(victim: ReplicaProcess, random: SeededRandom): Promise<{ what: string; heal: Heal }> {
    const kind = random.pick(["full", "nearly-full", "EIO", "ENOSPC", "EIO"] as const);
    if (kind === "full" || kind === "nearly-full") {
      const filler = join(mount.folder, "filler");
      const left = kind === "full" ? 0 : random.between(1, 400) * 4096;
      fillUp(mount.folder, filler, left);
      return { what: kind, heal: async () => rmSync(filler, { force: true }) };
    }
    const fault = {
      kinds: random.chance(0.3) ? FILE_KINDS : [random.pick(["log", "log", "table", "manifest", "current"] as const)],
      calls: random.chance(0.5) ? (["fdatasync", "fsync"] as const) : SYSTEM_CALLS.filter((call) => call !== "close"),
      error: kind,
      when: random.pick(["1+", "1", "2", "1+2", "1+5", "3+7"]),
    };
    const what = `${kind} at ${fault.when} of ${fault.calls.join("/")} on ${fault.kinds.join("/")}`;
    return { what, heal: await tracing(failing(victim.process.pid ?? 0, victim.config.data, fault)) };
  }

  /** What it answers meanwhile is honest. */
  async function endure(
    victim: ReplicaProcess,
    clients: Load,
    ballast: ReadonlyMap<string, string>,
    random: SeededRandom,
    what: string,
  ): Promise<void> {
    const goal = clients.answers + random.between(20, ANSWERS_MAX);
    const entries = [...ballast];
    for (let reads = 0; reads < READS || clients.answers < goal; reads++) {
      const [key, value] = random.pick(entries);
      const { status, body } = await victim.http.get(key);
      if (status === 200) expect(body.toString() === value, `${what}: ${key} reads otherwise`).toBe(true);
      else
        expect(status, `${what}: ${key} is there, and said not to be; ${campaign.replay}`).toBeGreaterThanOrEqual(500);
    }
  }

  async function recover(victim: ReplicaProcess, clients: Load, heal: Heal, what: string): Promise<void> {
    await heal();
    await victim.ready(RECOVERY_MS_MAX);
    await clients.rest();
    const history = clients.history(whatKillsMayNotTake);
    await untilEqual(replicas);
    expectNone(await violationsAt(replicas, history), what, history.counts());
    campaign.count("promises checked", history.counts().promised);
    clients.resume();
  }

  async function killAndCheck(
    victim: ReplicaProcess,
    peer: ReplicaProcess,
    clients: Load,
    ballast: ReadonlyMap<string, string>,
    heal: Heal,
    what: string,
  ): Promise<void> {
    clients.shut(victim);
    await victim.kill();
    await peer.cut([victim]);
    const mark = victim.logs.length;
    const isStarted = await victim.start().then(
      () => true,
      (error: unknown) => {
        // It may refuse a disk that is full; it says so, and nothing else.
        expect(error, `${what}; ${campaign.replay}`).toBeInstanceOf(StartFailure);
        expect(["DISK_FAILED", "DISK_FULL"], `${what}: ${String(error)}`).toContain((error as StartFailure).code);
        return false;
      },
    );
    await heal();
    if (!isStarted) {
      campaign.count("starts refused");
      await victim.start();
    }
    const onDisk = clients.history(onDiskOf(victim));
    expectNone(await violationsAt([victim], onDisk), `${what}, from its disk alone`, onDisk.counts());
    const before = victim.logs
      .slice(0, mark)
      .slice(-10)
      .map(({ event, fields }) => `${event} ${JSON.stringify(fields)}`);
    expect(complaintsIn(victim.logs.slice(mark)), `${what}: damage; ${campaign.replay}\n${before.join("\n")}`).toEqual(
      [],
    );
    await peer.cut([]);
    await untilLinked(replicas);
    await clients.rest();
    await untilEqual(replicas);
    const caughtUp = clients.history(whatKillsMayNotTake);
    expectNone(await violationsAt(replicas, caughtUp), `${what}, after catching up`, caughtUp.counts());
    expectNone(missingBallast(ballast, await answersOf(victim, ballast.keys())), what, {});
    campaign.count("kills");
    campaign.count("promises checked", onDisk.counts().promised);
  }

  function expectNone(violations: readonly string[], what: string, counts: Readonly<Record<string, number>>): void {
    const about = `${what}: ${violations.length} violations, ${JSON.stringify(counts)}; replay: ${campaign.replay}`;
    expect(violations.slice(0, 10), about).toEqual([]);
  }
});

/** Leaves `left` bytes, at most: the replica may have written since the room was measured. */
function fillUp(folder: string, filler: string, left: number): void {
  const { bavail, bsize } = statfsSync(folder);
  try {
    writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - left)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  }
}

/** Runs a tracer until it is told to let go. */
async function tracing([program = "", ...words]: readonly string[]): Promise<Heal> {
  const tracer: ChildProcess = spawn(program, words, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  tracer.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const exit = once(tracer, "exit");
  return async () => {
    // Gently: it lets go of the process first, which may have ended meanwhile.
    tracer.kill("SIGTERM");
    await exit;
    if (/not found|not permitted|invalid/i.test(said)) throw new Error(`strace: ${said}`);
  };
}
