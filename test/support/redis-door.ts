/** The Redis door on a free port, over a replica of a simulated cluster of one: nothing there has to be waited for. */

import { SeededRandom } from "../../src/base/random.ts";
import { Commands } from "../../src/commands/commands.ts";
import { ByteAccount } from "../../src/doors/byte-account.ts";
import { createLimits } from "../../src/doors/limits.ts";
import { DoorMetrics } from "../../src/doors/metrics.ts";
import { RedisDoor, type RedisDoorOptions } from "../../src/doors/redis/door.ts";
import { PlacedWorld } from "./placed-world.ts";

export interface TestRedisDoor {
  readonly door: RedisDoor;
  readonly port: number;
  readonly account: ByteAccount;
  readonly metrics: DoorMetrics;
  readonly placed: PlacedWorld;
}

export async function openRedisDoor(
  options: Partial<Pick<RedisDoorOptions, "auth" | "limits" | "tls" | "extensions">> = {},
): Promise<TestRedisDoor> {
  const placed = new PlacedWorld({ seed: "redis-door", regions: ["eu"], settings: { replication: "all" } });
  placed.world.node(0).start();
  await placed.run(3000);
  const driver = placed.driver(0);
  const limits = createLimits(options.limits);
  const account = new ByteAccount({
    bytesMax: limits.bodyBytesInFlightMax,
    waitMs: limits.roomWaitMs,
    keepMs: limits.roomKeepMs,
  });
  const metrics = new DoorMetrics([], { processMetrics: false });
  const store = new Commands({
    host: driver.commandHost,
    router: driver.commandRouter,
    keyspaces: driver,
    random: new SeededRandom("redis-door"),
  });
  const door = new RedisDoor({ store, account, metrics, enableFaults: true, ...options });
  const { port } = await door.listen({ host: "127.0.0.1", port: 0 });
  return { door, port, account, metrics, placed };
}
