/** Single things that clients of a script do at given times, to be looked at afterwards by their names. */

import type { Key } from "../../src/base/ids.ts";
import { keyFromText } from "../../src/base/key.ts";
import type { AckLevel } from "../../src/store.ts";
import type { Operation } from "../workload/operation.ts";
import type { Cluster } from "./cluster.ts";
import { type Duration, msOf } from "./duration.ts";
import { ScriptError } from "./script-error.ts";

interface Asked {
  /** What the result knows it by; unique in a script. */
  readonly name: string;
  readonly at: Duration;
  readonly replica: string;
  /**
   * The name of the client that does it: it does one thing after the other, carries what it has seen from replica to
   * replica, and goes to another one where that is not there. Without one everything is another client's.
   */
  readonly session?: string;
}

interface Addressed extends Asked {
  /** Text; its UTF-8 bytes are the key. */
  readonly key: string;
}

interface Acknowledged {
  /** How far the write must have got before it is answered; `memory` unless told. */
  readonly ack?: AckLevel;
}

interface Put extends Addressed, Acknowledged {
  readonly expiresAfter?: Duration;
  /** Of the value; 100 unless told. */
  readonly bytes?: number;
  /** Only where nothing is; else it is refused with `PRECONDITION_FAILED`. */
  readonly ifAbsent?: boolean;
  /** The name of an earlier act: only where the key is still as that one read or left it. */
  readonly ifUnchangedSince?: string;
}

/** What an act may have to know of the rest of its script. */
export interface ScriptNames {
  readonly cluster: Cluster;
  /** The number of the act of that name; undefined: there is none. */
  idOf(act: string): number | undefined;
  sessionOf(client: string): number;
}

/** Made by the functions below. */
export interface Act {
  readonly name: string;
  readonly resolve: (names: ScriptNames, id: number) => Operation;
}

const VALUE_BYTES = 100;

/** Writes a value of its own, so that whoever reads it is known to have read this one. */
export function put(options: Put): Act {
  const { key, ack = "memory", expiresAfter, bytes: valueBytes = VALUE_BYTES } = options;
  return act(options, (names, what) => ({
    key: keyFromText(key),
    ack,
    valueBytes,
    ...conditionOf(options, names, what),
    ...(expiresAfter !== undefined && { ttlMs: msOf(expiresAfter, what) }),
  }));
}

export function remove(options: Addressed & Acknowledged): Act {
  const { key, ack = "memory" } = options;
  return act(options, () => ({ type: "delete", key: keyFromText(key), ack, valueBytes: 0 }));
}

/** `ofMajority`: asks a majority and shows the newest of what they have. */
export function read(options: Addressed & { readonly ofMajority?: boolean }): Act {
  const { key, ofMajority = false } = options;
  return act(options, () => ({
    type: "get",
    key: keyFromText(key),
    ack: "memory",
    valueBytes: 0,
    ...(ofMajority && { consistency: "quorum" as const }),
  }));
}

/** Puts and removes several keys in one call, in this order. */
export function batch(
  options: Asked & Acknowledged & { readonly puts?: readonly string[]; readonly removes?: readonly string[] },
): Act {
  const { puts = [], removes = [], ack = "memory" } = options;
  return act(options, (_, what) => {
    const [key, ...alsoKeys] = [...puts, ...removes].map(keyFromText);
    if (key === undefined) throw new ScriptError(`${what}: a batch of nothing`);
    if (alsoKeys.includes(key) || new Set(alsoKeys).size < alsoKeys.length)
      throw new ScriptError(`${what}: a key is in the batch twice`);
    return { type: "batch", key, alsoKeys, deletedKeys: removes.map(keyFromText), ack, valueBytes: VALUE_BYTES };
  });
}

function conditionOf(
  { key, ifAbsent = false, ifUnchangedSince }: Put,
  { idOf }: ScriptNames,
  what: string,
): Pick<Operation, "type" | "expects"> {
  if (ifUnchangedSince === undefined) return { type: ifAbsent ? "put-absent" : "put" };
  if (ifAbsent) throw new ScriptError(`${what}: either ifAbsent or ifUnchangedSince, not both`);
  const expects = idOf(ifUnchangedSince);
  if (expects !== undefined) return { type: "update", expects };
  throw new ScriptError(`${what}: no client ${JSON.stringify(ifUnchangedSince)} to have seen ${JSON.stringify(key)}`);
}

type Deed = Omit<Operation, "id" | "at" | "node" | "session"> & { readonly key: Key };

function act({ name, at, replica, session }: Asked, deed: (names: ScriptNames, what: string) => Deed): Act {
  const what = `client ${JSON.stringify(name)}`;
  return {
    name,
    resolve: (names, id) => ({
      id,
      at: msOf(at, `${what}.at`),
      node: names.cluster.nodeAt(replica, what),
      ...deed(names, what),
      ...(session !== undefined && { session: names.sessionOf(session) }),
    }),
  };
}
