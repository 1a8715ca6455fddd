/** What all connections of a door have in common. */

import type { CommandStore } from "../../command-store.ts";
import type { Auth } from "../auth.ts";
import type { ByteAccount } from "../byte-account.ts";
import type { DoorLimits } from "../limits.ts";
import type { ConnectionCommand, Extension } from "./extension.ts";

export interface ConnectionsAround {
  readonly store: CommandStore;
  readonly auth: Auth;
  readonly limits: DoorLimits;
  readonly account: ByteAccount;
  readonly commands: ReadonlyMap<string, ConnectionCommand>;
  readonly extensions: readonly Extension[];
  /** Unix ms. */
  readonly now: () => number;
  /** Commands that were carried out, of all connections. */
  carriedOut: number;
}
