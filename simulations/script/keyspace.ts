/** The keyspace of a script, where some of its replicas keep each key: what its policy is, and when it is another one. */

import type { KeyspaceSettings } from "../../src/store.ts";
import type { KeyspaceChange } from "../plan.ts";
import type { Cluster } from "./cluster.ts";
import { type Duration, msOf } from "./duration.ts";
import { ScriptError } from "./script-error.ts";

/** A policy that holds from some time on. */
export interface PolicyAt {
  readonly at: Duration;
  readonly settings: KeyspaceSettings;
  /** Who is told of it first; the first replica of the script unless told. */
  readonly replica?: string;
}

/** One policy from the beginning, or several, each from its time on until the next one. */
export type ScriptKeyspace = KeyspaceSettings | readonly PolicyAt[];

/** By then the replicas have found each other. */
const DEFINED_AT: Duration = "2s";

/** In the order of their times. Throws `ScriptError` for a time after the end, or a replica that is not there. */
export function keyspaceChanges(keyspace: ScriptKeyspace, cluster: Cluster, untilMs: number): KeyspaceChange[] {
  const policies = isSeveral(keyspace) ? keyspace : [{ at: DEFINED_AT, settings: keyspace }];
  if (policies.length === 0) throw new ScriptError("keyspace: there is no policy");
  const changes = policies.map((policy, i): KeyspaceChange => {
    const what = `keyspace[${i}]`;
    const at = msOf(policy.at, `${what}.at`);
    if (at >= untilMs) throw new ScriptError(`${what}: is set after the end of the script`);
    return {
      at,
      node: policy.replica === undefined ? 0 : cluster.nodeAt(policy.replica, what),
      settings: policy.settings,
    };
  });
  return changes.sort((a, b) => a.at - b.at);
}

function isSeveral(keyspace: ScriptKeyspace): keyspace is readonly PolicyAt[] {
  return Array.isArray(keyspace);
}
