/**
 * The power of a whole replica is cut under write load (see `../runtime/power-cut.ts`): what it answered with `ack=disk`
 * is on the disk that comes up again, before any peer could have brought it back; then it catches up.
 *
 * `ATOLL_POWER_CUTS` says how often, `ATOLL_SEED` where: the seed fixes after how many answered writes each cut comes.
 */

import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SeededRandom } from "../../src/base/random.ts";
import { PowerCutDisk, powerCutsWanted, whyNoPowerCuts } from "../runtime/power-cut.ts";
import { Load, onDiskOf, type Promises, violationsAt, whatKillsMayNotTake } from "./load.ts";
import {
  createCluster,
  createReplica,
  type ReplicaProcess,
  startAll,
  untilEqual,
  untilLinked,
} from "./replica-process.ts";

const CUTS = powerCutsWanted(2);
const SEED = Number(process.env.ATOLL_SEED ?? Date.now() % 1_000_000);
const REPLAY = `ATOLL_SEED=${SEED} ATOLL_POWER_CUTS=${CUTS} npx vitest run test/end-to-end/power-cut.test.ts`;
const TIMEOUT_MS = 60_000 + CUTS * 30_000;

const reason = whyNoPowerCuts();

describe.skipIf(reason)(`a replica whose power is cut ${CUTS} times under load ${reason ?? ""}`, () => {
  let disk: PowerCutDisk;
  let replicas: readonly ReplicaProcess[] = [];
  let load: Load;

  beforeEach(async () => {
    disk = await PowerCutDisk.create(192);
    load = new Load({ seed: String(SEED), coldKeys: 300, acks: ["memory", "disk", "disk"], shortTtlMsMax: 400 });
  });
  afterEach(async () => {
    await Promise.all(replicas.map((replica) => replica.kill()));
    await load.stop();
    await disk.dispose();
  });

  /** Everything that `those` answer and that must not be, with the counts and the way to see it again. */
  async function check(those: readonly ReplicaProcess[], promises: Promises, what: string): Promise<void> {
    const history = load.history(promises);
    const violations = await violationsAt(those, history);
    const about = `${what}: ${violations.length} violations, ${JSON.stringify(history.counts())}; replay: ${REPLAY}`;
    expect(violations.slice(0, 10), about).toEqual([]);
  }

  /** Cuts the power of `victim` under load; its next start is on what the disk held. */
  async function cutPower(victim: ReplicaProcess, random: SeededRandom): Promise<void> {
    await load.proceeds(random.between(1, 300), victim);
    load.shut(victim);
    disk = await disk.cut([victim.dies()]);
    victim.moveTo(join(disk.folder, "data"));
  }

  it("holds what it promised, and ends equal with its peer", { timeout: TIMEOUT_MS }, async () => {
    const random = new SeededRandom(SEED);
    const [victim, peer] = await createCluster(["victim", "peer"], (place) =>
      place === 0 ? { data: join(disk.folder, "data") } : {},
    );
    if (victim === undefined || peer === undefined) return;
    replicas = [victim, peer];
    await startAll(replicas);
    load.start(replicas);
    for (let cut = 1; cut <= CUTS; cut++) {
      await cutPower(victim, random);
      // Kept from the peer, who could bring back what the disk lost.
      await peer.cut([victim]);
      await victim.start();
      await check([victim], onDiskOf(victim), `cut ${cut}, from its disk alone`);
      await peer.cut([]);
      await untilLinked(replicas);
      await load.rest();
      await untilEqual(replicas);
      await check(replicas, whatKillsMayNotTake, `cut ${cut}, after catching up`);
      load.resume();
    }
    expect(await victim.metric("atoll_quarantines_total")).toBe(0);
    expect(await peer.metric("atoll_divergence_repaired_total")).toBe(0);
  });

  it("holds what it promised, alone", { timeout: TIMEOUT_MS }, async () => {
    const random = new SeededRandom(SEED).fork("alone");
    const victim = await createReplica("alone", { data: join(disk.folder, "data") });
    replicas = [victim];
    await startAll(replicas);
    load.start(replicas);
    for (let cut = 1; cut <= CUTS; cut++) {
      await cutPower(victim, random);
      await victim.start();
      await check([victim], onDiskOf(victim), `cut ${cut}`);
      load.open(victim);
    }
  });
});
