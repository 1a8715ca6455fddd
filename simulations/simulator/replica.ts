/** What the simulator asks of the replica it runs: the driver offers it, and tests run smaller things in its place. */

import type { BackupStore } from "../../src/backup-store.ts";
import type { ReplicaId } from "../../src/base/ids.ts";
import type { DocumentStore } from "../../src/document-store.ts";
import type { Holding } from "../../src/replica/holdings.ts";
import type { ReplicaDump } from "../../src/replica/inspect.ts";
import type { KeyspaceHost } from "../../src/replica/local-keyspace.ts";
import type { Clock, Log, Random, Scheduler, Storage, Transport } from "../../src/replica/ports.ts";
import type { Replica } from "../../src/replica/replica.ts";
import type { KeyspaceStore, LocalStore } from "../../src/store.ts";

/** A store in the simulator: starts, stops, and shows what it holds. */
export interface SimulatedReplica
  extends LocalStore,
    Partial<Pick<KeyspaceStore, "keyspace" | "defineKeyspace">>,
    Partial<BackupStore> {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** It was stopped and has left for good. */
  readonly hasLeft?: boolean;
  inspect(): ReplicaDump;
  /** What is held beside the registers, where there is anything. */
  holdings?(): readonly Holding[];
  /** Where there are any. */
  readonly documents?: DocumentStore;
  /** What commands are carried out on, where there are any. */
  readonly commandHost?: KeyspaceHost;
  /** The machine inside, where there is one, for those who look on while it runs. */
  readonly replica?: Replica;
}

export interface ReplicaPorts {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly storage: Storage;
  readonly transport: Transport;
  readonly log: Log;
  /** All is handed over: the replica is to be stopped, and leaves the cluster for good. */
  readonly handedOver: () => void;
  /** Keeps records that the replica drops when it begins anew. */
  readonly salvage: (records: readonly Uint8Array[]) => Promise<void>;
}

/** Who a replica is and whom it knows. */
export interface ReplicaIdentity {
  readonly id: ReplicaId;
  readonly region: string;
  readonly address: string;
  /** Addresses of the others. */
  readonly join: readonly string[];
}

export type ReplicaFactory = (identity: ReplicaIdentity, ports: ReplicaPorts) => SimulatedReplica;
