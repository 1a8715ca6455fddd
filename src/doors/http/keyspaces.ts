/** Keyspaces: shown, created and changed. */

import { AtollError } from "../../base/errors.ts";
import type { KeyspaceSettings, KeyspaceStore } from "../../store.ts";
import { checkFields, type Message } from "../fields.ts";
import { isObject, parseJsonBytes } from "../json.ts";
import { type Answer, jsonAnswer } from "./answer.ts";
import type { Call, DoorFacts } from "./call.ts";

const FIELDS: ReadonlySet<string> = new Set([
  "name",
  "replication",
  "regions",
  "defaultTtlMs",
  "maxTtlMs",
  "memoryShare",
]);

export async function showKeyspaces(_call: Call, facts: DoorFacts): Promise<Answer> {
  return jsonAnswer(200, { keyspaces: keyspacesOf(facts).keyspaces() });
}

/** 201 created, 200 changed: with what it is now, and where it has fewer copies than it asks for. */
export async function postKeyspace(call: Call, facts: DoorFacts): Promise<Answer> {
  const message = parseJsonBytes(call.body);
  if (!isObject(message)) throw new AtollError("BAD_REQUEST", 'a keyspace is { "name": "...", "replication": ... }');
  checkFields(message, FIELDS);
  const { name } = message;
  if (typeof name !== "string") throw new AtollError("BAD_KEYSPACE_NAME", "name must be text");
  const { existed, keyspace } = await keyspacesOf(facts).defineKeyspace(name, settingsOf(message));
  return jsonAnswer(existed ? 200 : 201, keyspace);
}

function keyspacesOf({ keyspaces }: DoorFacts): KeyspaceStore {
  if (keyspaces === undefined) throw new AtollError("UNKNOWN_OPERATION", "there are no keyspaces but default here");
  return keyspaces;
}

/** What is of the right type; whether it makes sense, the keyspaces say. */
function settingsOf(message: Message): KeyspaceSettings {
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
