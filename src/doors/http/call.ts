/** One HTTP request, judged and read, as a route sees it. */

import type { IncomingHttpHeaders } from "node:http";
import type { BackupStore } from "../../backup-store.ts";
import type { Key } from "../../base/ids.ts";
import type { CommandStore } from "../../command-store.ts";
import type { DocumentHub } from "../../documents/document-hub.ts";
import type { Dot, KeyspaceStore, LocalStore, Room, Store } from "../../store.ts";
import type { Principal } from "../auth.ts";
import type { DoorLimits } from "../limits.ts";
import type { DoorMetrics } from "../metrics.ts";
import type { Query } from "./query.ts";

export interface Call {
  /** The keyspace that the path names. */
  store: Store;
  readonly keyspace: string;
  /** Empty for routes without a key. */
  readonly key: Key;
  /** Of the member, the tag, or what of a map or a set the path names, as bytes; empty for other routes. */
  readonly id: string;
  /** By the session of the client, and how long to wait for it; absent: nothing. `store` has it. */
  session?: { readonly dots: readonly Dot[]; readonly waitMs: number };
  readonly query: Query;
  readonly headers: IncomingHttpHeaders;
  /** Empty until it has been received, and for operations without one. */
  body: Buffer;
  /** Of an operation that takes its body as it comes. */
  upload?: AsyncIterable<Uint8Array>;
  readonly principal: Principal;
  /** For what it reads, until the answer is sent. */
  readonly room: Room;
}

/** What routes need of the door that they belong to. */
export interface DoorFacts {
  readonly local: LocalStore;
  /** Undefined where there is but `default`. */
  readonly keyspaces: KeyspaceStore | undefined;
  /** Undefined where there are no maps and sets. */
  readonly commands: CommandStore | undefined;
  /** Undefined where nothing is backed up. */
  readonly backups: BackupStore | undefined;
  readonly limits: DoorLimits;
  readonly metrics: DoorMetrics;
  readonly faultsEnabled: boolean;
  /** Documents of a keyspace. Throws `UNKNOWN_KEYSPACE` where it has none. */
  documents(keyspace: string): DocumentHub;
  /** True once the server has begun to shut down. */
  isClosing(): boolean;
}
