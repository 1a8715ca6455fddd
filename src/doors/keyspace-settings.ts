/** The settings of a keyspace as somebody wrote them: in JSON, or in a program whose types nobody checked. */

import { AtollError } from "../base/errors.ts";
import type { KeyspaceSettings } from "../store.ts";
import { checkFields, type Message } from "./fields.ts";
import { isObject } from "./json.ts";

const FIELDS: ReadonlySet<string> = new Set(["replication", "regions", "defaultTtlMs", "maxTtlMs", "memoryShare"]);

/**
 * What is of the right type, without a replication: every member; whether it makes sense, the keyspaces say. Throws
 * `BAD_REQUEST` also for a field that is not known, `POLICY_BAD_REPLICATION`, `POLICY_BAD_REGION`.
 */
export function keyspaceSettingsOf(message: Message): KeyspaceSettings {
  checkFields(message, FIELDS);
  const regions = regionsOf(message.regions);
  const defaultTtlMs = numberOf(message, "defaultTtlMs");
  const maxTtlMs = numberOf(message, "maxTtlMs");
  const memoryShare = numberOf(message, "memoryShare");
  return {
    replication: replicationOf(message.replication ?? "all"),
    ...(regions !== undefined && { regions }),
    ...(defaultTtlMs !== undefined && { defaultTtlMs }),
    ...(maxTtlMs !== undefined && { maxTtlMs }),
    ...(memoryShare !== undefined && { memoryShare }),
  };
}

function replicationOf(value: unknown): KeyspaceSettings["replication"] {
  if (value === "all" || typeof value === "number") return value;
  if (isObject(value) && Object.values(value).every((copies) => typeof copies === "number")) {
    return value as Readonly<Record<string, number>>;
  }
  throw new AtollError(
    "POLICY_BAD_REPLICATION",
    'replication is "all", a number, or numbers by region: { "eu": 1, "us": 1 }',
  );
}

function regionsOf(value: unknown): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value) && value.every((region) => typeof region === "string")) return value;
  throw new AtollError("POLICY_BAD_REGION", "regions must be a list of names");
}

function numberOf(message: Message, name: string): number | undefined {
  const value = message[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number") return value;
  throw new AtollError("BAD_REQUEST", `${name} must be a number`);
}
