/** Commands at one of the machines, as a client of it would have them carried out. */

import { DEFAULT_SPACE } from "../../src/base/shard-id.ts";
import { ReplicaWorkspace } from "../../src/commands/here/replica-workspace.ts";
import { NOTHING_SEEN_TO } from "../../src/commands/workspace/interruption.ts";
import type { Machines } from "./machines.ts";

export function at<T>(machines: Machines, name: string, run: (workspace: ReplicaWorkspace) => T): T {
  const replica = machines.at(name);
  const workspace = new ReplicaWorkspace(replica, DEFAULT_SPACE, () => 0);
  workspace.begin(replica, { lastWrite: undefined }, machines.clockOf(name), NOTHING_SEEN_TO);
  const result = run(workspace);
  machines.flush(name);
  machines.carryOut(replica.id);
  return result;
}
