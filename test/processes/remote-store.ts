/** The store of a replica in another process, behind one of its doors. */

import type { Store, Watch, WatchEvent, WatchOptions } from "../../src/store.ts";
import { HttpStore } from "./http-store.ts";
import { WebSocketStore } from "./websocket-store.ts";

/**
 * A connection that cannot be opened rejects with `UNREACHABLE`; what was under way on one that is lost is never answered.
 * Outcomes carry the dots that the door itself tells by session tokens only.
 */
export interface RemoteStore extends Store {
  watch(options: WatchOptions, listener: (event: WatchEvent) => void): RemoteWatch;
  /** Ends its connections, and answers nothing any more: the process behind it is gone, and another one may follow it. */
  close(): void;
}

/** Its `resume` is empty until it is open. One whose connection breaks is over: the watcher resumes elsewhere. */
export interface RemoteWatch extends Watch {
  /** Resolves when the door has said so. Rejects with `UNREACHABLE`, or with what the door says instead. */
  readonly opened: Promise<void>;
}

export interface StoreAddress {
  readonly host: string;
  readonly port: number;
  /** Of the cluster. */
  readonly shards: number;
  readonly token: string | undefined;
}

export const DOORS = ["http", "websocket"] as const;
export type DoorName = (typeof DOORS)[number];

export function openStore(door: DoorName, address: StoreAddress): RemoteStore {
  return door === "http" ? new HttpStore(address) : new WebSocketStore(address);
}
