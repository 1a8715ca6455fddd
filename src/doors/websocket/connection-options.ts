/** What one client's WebSocket is made of. */

import type { WebSocket } from "ws";
import type { CommandStore } from "../../command-store.ts";
import type { Dot, Store } from "../../store.ts";
import type { Principal } from "../auth.ts";
import type { ByteAccount } from "../byte-account.ts";
import type { DoorLimits } from "../limits.ts";
import type { DoorLog } from "../log.ts";
import type { DoorMetrics } from "../metrics.ts";
import type { Language } from "./language.ts";

export interface ConnectionOptions {
  readonly socket: WebSocket;
  /** What the client has sent and taken so far. */
  readonly traffic: () => number;
  readonly language: Language;
  readonly principal: Principal;
  /** Where messages go that name no keyspace, and what it is called. */
  readonly store: Store;
  readonly keyspaceName: string;
  /** Undefined where there are no counters. */
  readonly commands: CommandStore | undefined;
  readonly keyspace: (name: string, seen: readonly Dot[]) => Store | undefined;
  readonly limits: DoorLimits;
  readonly account: ByteAccount;
  readonly metrics: DoorMetrics;
  readonly log: DoorLog;
}
