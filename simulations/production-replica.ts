/** The replica that production runs, on simulated ports. */

import { replicaDefaults } from "../src/replica/config.ts";
import { Driver } from "../src/replica/driver.ts";
import type { CreateReplica } from "./run/plan-world.ts";

export const createProductionReplica: CreateReplica = (identity, ports, settings) => {
  const { id, region, address, join } = identity;
  const config = { ...replicaDefaults, ...settings, id, region, address, cluster: "simulated" };
  return new Driver({ config, join, ephemeral: !ports.storage.durable, ...ports });
};
