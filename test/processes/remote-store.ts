/** The store of a replica in another process, behind one of its doors. */

import type { Store } from "../../src/store.ts";
import { HttpStore } from "./http-store.ts";
import { WebSocketStore } from "./websocket-store.ts";

/**
 * A connection that cannot be opened rejects with `UNREACHABLE`; what was under way on one that is lost is never answered.
 * Outcomes carry the dots that the door itself tells by session tokens only.
 */
export interface RemoteStore extends Store {
  /** Ends its connections, and answers nothing any more: the process behind it is gone, and another one may follow it. */
  close(): void;
}

export interface StoreAddress {
  readonly host: string;
  readonly port: number;
  /** Of the cluster. */
  readonly shards: number;
}

export const DOORS = ["http", "websocket"] as const;
export type DoorName = (typeof DOORS)[number];

export function openStore(door: DoorName, address: StoreAddress): RemoteStore {
  return door === "http" ? new HttpStore(address) : new WebSocketStore(address);
}
