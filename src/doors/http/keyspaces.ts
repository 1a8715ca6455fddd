/** Keyspaces: shown, created and changed. */

import { AtollError } from "../../base/errors.ts";
import type { KeyspaceStore } from "../../store.ts";
import { isObject, parseJsonBytes } from "../json.ts";
import { keyspaceSettingsOf } from "../keyspace-settings.ts";
import { type Answer, jsonAnswer } from "./answer.ts";
import type { Call, DoorFacts } from "./call.ts";

export async function showKeyspaces(_call: Call, facts: DoorFacts): Promise<Answer> {
  return jsonAnswer(200, { keyspaces: keyspacesOf(facts).keyspaces() });
}

/** 201 created, 200 changed: with what it is now, and where it has fewer copies than it asks for. */
export async function postKeyspace(call: Call, facts: DoorFacts): Promise<Answer> {
  const message = parseJsonBytes(call.body);
  if (!isObject(message)) throw new AtollError("BAD_REQUEST", 'a keyspace is { "name": "...", "replication": ... }');
  const { name, ...settings } = message;
  const checked = keyspaceSettingsOf(settings);
  if (typeof name !== "string") throw new AtollError("BAD_KEYSPACE_NAME", "name must be text");
  const { existed, keyspace } = await keyspacesOf(facts).defineKeyspace(name, checked);
  return jsonAnswer(existed ? 200 : 201, keyspace);
}

function keyspacesOf({ keyspaces }: DoorFacts): KeyspaceStore {
  if (keyspaces === undefined) throw new AtollError("UNKNOWN_OPERATION", "there are no keyspaces but default here");
  return keyspaces;
}
