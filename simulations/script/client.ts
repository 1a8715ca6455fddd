/** Single things that clients of a script do at given times, to be looked at afterwards by their names. */

import { keyFromText } from "../../src/base/key.ts";
import type { AckLevel } from "../../src/store.ts";
import type { Operation } from "../workload/operation.ts";
import type { Cluster } from "./cluster.ts";
import { type Duration, msOf } from "./duration.ts";

interface Addressed {
  /** What the result knows it by; unique in a script. */
  readonly name: string;
  readonly at: Duration;
  readonly replica: string;
  /** Text; its UTF-8 bytes are the key. */
  readonly key: string;
}

interface Write extends Addressed {
  /** How far the write must have got before it is answered; `memory` unless told. */
  readonly ack?: AckLevel;
}

/** Made by the functions below. */
export interface Act {
  readonly name: string;
  readonly resolve: (cluster: Cluster, id: number) => Operation;
}

/** Writes a value of its own, so that whoever reads it is known to have read this one. */
export function put(options: Write & { readonly expiresAfter?: Duration; readonly bytes?: number }): Act {
  const { expiresAfter, bytes: valueBytes = 100 } = options;
  return act(options, (what) => ({
    type: "put",
    valueBytes,
    ...(expiresAfter !== undefined && { ttlMs: msOf(expiresAfter, what) }),
  }));
}

export function remove(options: Write): Act {
  return act(options, () => ({ type: "delete", valueBytes: 0 }));
}

export function read(options: Addressed): Act {
  return act(options, () => ({ type: "get", valueBytes: 0 }));
}

function act(
  { name, at, replica, key, ack = "memory" }: Write,
  rest: (what: string) => Pick<Operation, "type" | "valueBytes" | "ttlMs">,
): Act {
  const what = `client ${JSON.stringify(name)}`;
  return {
    name,
    resolve: (cluster, id) => ({
      id,
      at: msOf(at, `${what}.at`),
      node: cluster.nodeAt(replica, what),
      key: keyFromText(key),
      ack,
      ...rest(what),
    }),
  };
}
