/** Watchers of a script: clients that follow all keys with a prefix, and what they came to hear of. */

import { bytesFromLatin1 } from "../../src/base/bytes.ts";
import type { Key } from "../../src/base/ids.ts";
import { keyFromText } from "../../src/base/key.ts";
import type { WatchEntry, WatchHistory } from "../workload/watch-history.ts";
import type { WatchPlan } from "../workload/watch-plan.ts";
import type { Cluster } from "./cluster.ts";
import { type Duration, msOf } from "./duration.ts";

export interface Watching {
  /** What the result knows it by; unique among the watchers of a script. */
  readonly name: string;
  /** When it connects, and to whom. */
  readonly at: Duration;
  readonly replica: string;
  /** What the keys begin with that it follows; all of them unless told. */
  readonly prefix?: string;
  /** When it breaks off and goes on elsewhere, or at the same replica. Where nobody is, it goes to the next one. */
  readonly moves?: readonly { readonly at: Duration; readonly replica: string }[];
}

/** Something that a watcher heard of, or found when it read everything. */
export interface Heard {
  readonly at: number;
  readonly type: "put" | "delete" | "expire" | "found";
  readonly key: string;
  /** Of a value: the name of the act that wrote it, or "somebody else". */
  readonly by: string | undefined;
}

export interface WatchResult {
  /** In the order in which it came. */
  readonly heard: readonly Heard[];
  /** How often it connected, and how often it was told to read everything anew. */
  readonly connections: number;
  readonly resets: number;
}

const RECONNECT_MS = 100;
/** More than any watcher has waiting that takes no time over its events. */
const WAITING_MAX = 10_000;

export function watchPlan(
  { name, at, replica, prefix = "", moves = [] }: Watching,
  id: number,
  cluster: Cluster,
): WatchPlan {
  const what = `watcher ${JSON.stringify(name)}`;
  return {
    id,
    prefix: keyFromText(prefix),
    at: msOf(at, `${what}.at`),
    node: cluster.nodeAt(replica, what),
    moves: moves.map((move) => ({
      at: msOf(move.at, `${what}.moves`),
      node: cluster.nodeAt(move.replica, what),
    })),
    reconnectMs: RECONNECT_MS,
    handlingMs: 0,
    waitingMax: WAITING_MAX,
  };
}

/** `nameOf`: of an operation by its number. */
export function watchResult({ entries }: WatchHistory, nameOf: (author: number | undefined) => string): WatchResult {
  const count = (type: WatchEntry["type"]): number => entries.filter((entry) => entry.type === type).length;
  return {
    heard: entries.flatMap((entry) => heardIn(entry, nameOf)),
    connections: count("connected"),
    resets: count("reset"),
  };
}

function heardIn(entry: WatchEntry, nameOf: (author: number | undefined) => string): Heard[] {
  const { at } = entry;
  if (entry.type === "read") {
    const found = entry.parts.filter(({ version }) => version !== undefined);
    return found.map(({ key, author }) => ({ at, type: "found", key: textFromKey(key), by: nameOf(author?.id) }));
  }
  if (entry.type !== "change") return [];
  const { change } = entry;
  if (change.type !== "put") return [{ at, type: change.type, key: textFromKey(change.key), by: undefined }];
  return [{ at, type: "put", key: textFromKey(change.read.key), by: nameOf(change.read.author?.id) }];
}

function textFromKey(key: Key): string {
  return new TextDecoder().decode(bytesFromLatin1(key));
}
