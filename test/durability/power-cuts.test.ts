/**
 * A replica writes on a file system in a file, as fast as clients of two replicas have it, with most values on disk only.
 * Every now and then the file is copied: that is what a power cut would have left at that moment. Each copy is opened: all
 * that had been answered with `ack=disk` is there, nothing that was never written is, and nothing is damaged. After some
 * copies the power is really cut, and the replica starts on what is left, first alone, then with its peer.
 */

import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SeededRandom } from "../../src/base/random.ts";
import { Load, onDiskOf, type Promises, violationsAt, whatKillsMayNotTake } from "../end-to-end/load.ts";
import {
  createCluster,
  type ReplicaProcess,
  startAll,
  untilEqual,
  untilLinked,
} from "../end-to-end/replica-process.ts";
import { PowerCutDisk, whyNoPowerCuts } from "../runtime/power-cut.ts";
import { answersOf, loadBallast, missingBallast } from "./ballast.ts";
import { Campaign } from "./campaign.ts";
import { complaintsIn, readFolder } from "./folder-reader.ts";

const campaign = new Campaign(import.meta.url, 4);
/** The last of each round is a real one. */
const CUTS_A_ROUND = Math.min(20, campaign.runs);
const ROUNDS = Math.ceil(campaign.runs / CUTS_A_ROUND);
const IMAGE_MEGABYTES = 256;
const MEMORY_BYTES = 32 << 20;
const BALLAST = { prefix: "ballast/", keys: 1500, valueBytes: 8000 };

const reason = whyNoPowerCuts();

describe.skipIf(reason)(`${campaign.runs} power cuts ${reason ?? ""}`, () => {
  let disk: PowerCutDisk;
  let replicas: readonly ReplicaProcess[] = [];
  let load: Load | undefined;

  beforeEach(async () => {
    disk = await PowerCutDisk.create(IMAGE_MEGABYTES);
  });
  afterEach(async () => {
    await Promise.all(replicas.map((replica) => replica.kill()));
    await load?.stop();
    await disk.dispose();
    campaign.show();
  });

  function loadOf(round: number): Load {
    return new Load({
      seed: `${campaign.seed}/${round}`,
      prefix: `${round}/`,
      coldKeys: 400,
      acks: ["memory", "disk", "disk", "disk", "quorum", "all"],
      shortTtlMsMax: 400,
    });
  }

  it("take nothing that was answered with ack=disk", { timeout: 120_000 + campaign.runs * 20_000 }, async () => {
    const random = new SeededRandom(campaign.seed);
    const [victim, peer] = await createCluster(["victim", "peer"], (place) =>
      place === 0 ? { data: join(disk.folder, "data"), memoryBytes: MEMORY_BYTES } : {},
    );
    if (victim === undefined || peer === undefined) throw new Error("no pair");
    replicas = [victim, peer];
    await startAll(replicas);
    const ballast = await loadBallast(victim, BALLAST);
    for (let round = 1; round <= ROUNDS; round++) {
      load = loadOf(round);
      load.start(replicas);
      for (let cut = 1; cut < CUTS_A_ROUND; cut++) {
        await load.proceeds(random.between(1, 200), victim);
        await checkCopy(victim, load, ballast, `round ${round}, cut ${cut}`);
      }
      await load.proceeds(random.between(1, 200), victim);
      await cutForReal(victim, peer, load, ballast, `round ${round}, cut for real`);
      await load.stop();
    }
    expect(await victim.metric("atoll_quarantines_total")).toBe(0);
    expect(await peer.metric("atoll_divergence_repaired_total")).toBe(0);
    expect(campaign.counted("cuts with values away"), "values on disk only").toBeGreaterThan(0);
  });

  async function checkCopy(
    victim: ReplicaProcess,
    clients: Load,
    ballast: ReadonlyMap<string, string>,
    what: string,
  ): Promise<void> {
    const { answers } = clients;
    const copy = await disk.asAfterACut([victim.process]);
    const copiedBy = Date.now();
    try {
      // What was under way when the power went may be there or not: what it was is known once it has been answered.
      await clients.settled();
      const isPromised = onDiskOf(victim);
      const promises: Promises = (noted) => noted.number < answers && isPromised(noted);
      const history = clients.history(promises, copiedBy);
      const now = Date.now();
      const found = await readFolder(join(copy.folder, "data"), [...history.keys(), ...ballast.keys()]);
      const told = new Map(history.keys().map((key) => [key, [found.answers.get(key)]]));
      const violations = [...history.violations(told, now), ...missingBallast(ballast, found.answers)];
      expectNone(violations, what, history.counts());
      expect(complaintsIn(found.facts), `${what}: damage; ${campaign.replay}`).toEqual([]);
      campaign.count("cuts");
      campaign.count("promises checked", history.counts().promised);
      if ((await victim.metric("atoll_values_on_disk_only")) > 0) campaign.count("cuts with values away");
    } finally {
      await copy.dispose();
    }
  }

  async function cutForReal(
    victim: ReplicaProcess,
    peer: ReplicaProcess,
    clients: Load,
    ballast: ReadonlyMap<string, string>,
    what: string,
  ): Promise<void> {
    clients.shut(victim);
    disk = await disk.cut([victim.dies()]);
    victim.moveTo(join(disk.folder, "data"));
    // Kept from the peer, who could bring back what the disk lost.
    await peer.cut([victim]);
    const mark = victim.logs.length;
    await victim.start();
    const onDisk = clients.history(onDiskOf(victim));
    expectNone(await violationsAt([victim], onDisk), `${what}, from its disk alone`, onDisk.counts());
    expect(complaintsIn(victim.logs.slice(mark)), `${what}: damage; ${campaign.replay}`).toEqual([]);
    await peer.cut([]);
    await untilLinked(replicas);
    await clients.rest();
    await untilEqual(replicas);
    const caughtUp = clients.history(whatKillsMayNotTake);
    expectNone(await violationsAt(replicas, caughtUp), `${what}, after catching up`, caughtUp.counts());
    expectNone(missingBallast(ballast, await answersOf(victim, ballast.keys())), what, {});
    campaign.count("cuts");
    campaign.count("cuts with a restart");
    campaign.count("promises checked", onDisk.counts().promised);
  }

  function expectNone(violations: readonly string[], what: string, counts: Readonly<Record<string, number>>): void {
    const about = `${what}: ${violations.length} violations, ${JSON.stringify(counts)}; replay: ${campaign.replay}`;
    expect(violations.slice(0, 10), about).toEqual([]);
  }
});
