/** What a replica that was killed left on its disk: all that it held, as its next start would find it. */

import type { Violation } from "../../simulations/checkers/evidence.ts";
import { showKey, violations } from "../../simulations/checkers/evidence.ts";
import type { ReplicaId } from "../../src/base/ids.ts";
import { replicaDefaults } from "../../src/replica/config.ts";
import { inspectReplica, type RegisterDump, type ReplicaDump } from "../../src/replica/inspect.ts";
import { startReplica } from "../../src/replica/start-up.ts";
import { LevelStorage } from "../../src/runtime/level-storage.ts";
import { SystemRandom, systemClock } from "../../src/runtime/system.ts";
import type { ChildConfig } from "../end-to-end/replica-process.ts";

/** `held`: what it held in memory before, when it had been at rest for a while. Begins a new life in its folder. */
export async function checkDisk(config: ChildConfig, held: ReplicaDump): Promise<Violation[]> {
  const onDisk = new Map((await readDisk(config)).registers.map((register) => [register.identity, register]));
  const now = Date.now();
  const messages: string[] = [];
  for (const register of held.registers) {
    if (register.isDead || register.expiresAt <= now) continue;
    const twin = onDisk.get(register.identity);
    if (twin !== undefined && isSame(register, twin)) continue;
    const found = twin === undefined ? "nothing" : `the write of ${twin.timestamp} by ${twin.origin}`;
    messages.push(
      `${config.id} held ${showKey(register.key)} at ${register.timestamp} by ${register.origin}, and its disk has ${found}`,
    );
  }
  return violations("disk", messages);
}

async function readDisk(config: ChildConfig): Promise<ReplicaDump> {
  const { region, cluster, shards, retentionMs, maxClockOffsetMs, data } = config;
  const own = { region, cluster, shards, retentionMs, maxClockOffsetMs, address: "", id: config.id as ReplicaId };
  const storage = new LevelStorage({ folder: data, log: () => {} });
  const replica = await startReplica({
    config: { ...replicaDefaults, ...own },
    ephemeral: false,
    clock: systemClock,
    random: new SystemRandom(),
    storage,
    log: () => {},
  });
  const dump = inspectReplica(replica);
  await storage.close();
  return dump;
}

function isSame(one: RegisterDump, other: RegisterDump): boolean {
  return (
    one.timestamp === other.timestamp && one.origin === other.origin && one.checksum === other.checksum && !other.isDead
  );
}
