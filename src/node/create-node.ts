/**
 * A replica in the real world: the driver over WebSocket links, LevelDB and the process's clock, behind the HTTP and
 * WebSocket doors.
 */

import { join, resolve } from "node:path";
import { AtollError } from "../base/errors.ts";
import type { Key, ReplicaId } from "../base/ids.ts";
import { isLoopback } from "../base/loopback.ts";
import { DEFAULT_KEYSPACE } from "../cluster/keyspaces.ts";
import { Commands } from "../commands/commands.ts";
import { DocumentHub } from "../documents/document-hub.ts";
import { type Auth, createAuth, openAuth } from "../doors/auth.ts";
import { TEXT_COPIES } from "../doors/byte-account.ts";
import { keyspaceSettingsOf } from "../doors/keyspace-settings.ts";
import { type DoorLimits, defaultLimits } from "../doors/limits.ts";
import { refusalUnder } from "../doors/redis/allowance.ts";
import { RedisDoor } from "../doors/redis/door.ts";
import { Pubsub } from "../doors/redis/pubsub/pubsub.ts";
import { scriptSettings } from "../doors/redis/script-settings.ts";
import { createServer, type DoorServer } from "../doors/server.ts";
import { replicaDefaults } from "../replica/config.ts";
import { Driver } from "../replica/driver.ts";
import type { Cancel, Log } from "../replica/ports.ts";
import { memoryBytes } from "../replica/status.ts";
import { Discovery } from "../runtime/discovery.ts";
import { LevelStorage } from "../runtime/level-storage.ts";
import { MemoryStorage } from "../runtime/memory-storage.ts";
import { processBytes } from "../runtime/process-memory.ts";
import { SalvageFile } from "../runtime/salvage-file.ts";
import { SystemRandom, systemClock, systemScheduler, systemStopwatch } from "../runtime/system.ts";
import { WsTransport } from "../runtime/ws-transport.ts";
import type { LuaScripts } from "../scripts/lua-scripts.ts";
import type { KeyspaceSettings, KeyspaceStatus, LocalStore, Store, WriteOptions, WriteOutcome } from "../store.ts";
import { version } from "../version.ts";
import { BackupSchedule } from "./backup-schedule.ts";
import { createScripts } from "./create-scripts.ts";
import { MEASURE_MS, MemoryBudget } from "./memory-budget.ts";
import { nodeDefaults, type StartConfig } from "./node-config.ts";
import { type NodeDocument, openNodeDocument } from "./node-document.ts";

/** Of the bound for memory, for what clients send and are sent. */
const BODY_SHARE = 1 / 8;
/** What registers may take of it until that is measured for the first time, once all that is on disk has been read. */
const START_SHARE = 1 / 2;
const MESSAGE_OVERHEAD_BYTES = 64 * 1024;

export interface Node {
  /** The keys of `default`, in this process. */
  readonly store: LocalStore;
  /**
   * The keys of a keyspace, whoever keeps them; `default` is `store`. It follows what the keyspace is set to. Throws
   * `UNKNOWN_KEYSPACE` where there is none of that name, `NOT_READY` where that is not known yet, as before `start`,
   * `SHUTTING_DOWN`.
   */
  keyspace(name: string): Store;
  /** All that this replica knows of, sorted by name. Throws `NOT_READY` before `start`. */
  keyspaces(): readonly KeyspaceStatus[];
  /**
   * Creates a keyspace in the whole cluster, or gives the one of this name other settings, as a whole: what is left out is as if
   * it had never been set, `replication` as `"all"`. `existed` says which it was. Resolves once that is on this replica's disk.
   * Rejects with `BAD_KEYSPACE_NAME`, `KEYSPACE_CLASH`, `KEYSPACE_EVERYWHERE` (`default` for some members), `TOO_MANY_KEYSPACES`,
   * `KEYSPACE_WITHOUT_OWNERS` (no member is in a region that may keep copies), `MEMORY_SHARES_OVER_ALL`, `BAD_TTL`,
   * `BAD_REQUEST` (a setting that is none, or no number), a `POLICY_...` for each contradiction, `NOT_READY`, `SHUTTING_DOWN`.
   */
  defineKeyspace(
    name: string,
    settings?: Partial<KeyspaceSettings>,
  ): Promise<{ readonly existed: boolean; readonly keyspace: KeyspaceStatus }>;
  /**
   * Opens a Yjs document of this replica. Throws `NOT_READY` before `start`, `KEY_EMPTY`, `KEY_TOO_LONG`,
   * `TOO_MANY_DOCUMENTS`, `SHUTTING_DOWN`.
   */
  document(key: Key): NodeDocument;
  /** Whether it is there or not. It ends for all who have it open, everywhere. Rejects as `document` throws, and as writes do. */
  deleteDocument(key: Key, options?: WriteOptions): Promise<WriteOutcome>;
  readonly id: ReplicaId;
  /** host:port where the doors are open. */
  readonly address: string;
  /** Throws `PORT_IN_USE`, `BAD_CONFIG`, `DATA_LOCKED`, `DATA_UNREADABLE`, `DATA_NEWER_FORMAT`, `DISK_FAILED`. */
  start(): Promise<void>;
  /** Leaves gently: answers what was begun, tells the peers, writes what the disk lacks. */
  stop(): Promise<void>;
  /**
   * Resolves once it has given up its place in the cluster and has stopped by itself. False: what was written last could not
   * be copied in time, and it keeps its place until it is started again.
   */
  readonly left: Promise<boolean>;
}

/**
 * A node with these settings, and defaults for the rest. Nothing is opened until `start`. Throws `BAD_CONFIG` when `host`
 * lets other machines in without tokens and a secret, unless `insecure` says so.
 */
export async function createNode(options: Partial<StartConfig> = {}, deps: { readonly log?: Log } = {}): Promise<Node> {
  const port = options.port ?? nodeDefaults.port;
  const config: StartConfig = { data: resolve("atoll-data", String(port)), ...nodeDefaults, ...options };
  const isProtected = config.tokens.length > 0 && config.secret !== undefined;
  if (!isLoopback(config.host) && !isProtected && !config.insecure) {
    throw new AtollError("BAD_CONFIG", `host ${config.host} lets other machines in: give tokens and a secret as well`);
  }
  return new AtollNode(config, deps.log ?? (() => {}));
}

/** What is under way takes a share of the bound; a batch reads no more than has room in that with its text, or one value. */
function limitsOf(memoryBytes: number): Pick<DoorLimits, "bodyBytesInFlightMax" | "batchReadBytesMax"> {
  const { valueBytesMax, bodyBytesInFlightMax, batchReadBytesMax } = defaultLimits;
  const share = Math.floor(memoryBytes * BODY_SHARE);
  return {
    bodyBytesInFlightMax: Math.min(bodyBytesInFlightMax, share),
    batchReadBytesMax: Math.min(batchReadBytesMax, Math.max(valueBytesMax, Math.floor(share / (1 + TEXT_COPIES)))),
  };
}

class AtollNode implements Node {
  readonly #config: StartConfig;
  readonly #log: Log;
  readonly #driver: Driver;
  readonly #documents: DocumentHub;
  readonly #doors: DoorServer;
  /** Undefined: no port was given for it. */
  readonly #redis: RedisDoor | undefined;
  #pubsub: Pubsub | undefined;
  readonly #scripts: LuaScripts;
  readonly #discovery: Discovery;
  readonly #schedule: BackupSchedule | undefined;
  readonly left: Promise<boolean>;
  readonly #budget: MemoryBudget;
  #cancelBudget: Cancel = () => {};
  #stopping: Promise<void> | undefined;
  #bound: string | undefined;
  readonly #salvageFiles = new Map<string, SalvageFile>();
  #handedOver: () => void = () => {};
  readonly #untilHandedOver = new Promise<void>((resolve) => {
    this.#handedOver = resolve;
  });

  constructor(config: StartConfig, log: Log) {
    this.#config = config;
    this.#log = log;
    const limits = limitsOf(config.memoryBytes);
    this.#budget = new MemoryBudget({ bytesMax: config.memoryBytes, setAside: limits.bodyBytesInFlightMax });
    const random = new SystemRandom();
    const bound = config.dataBytesMax === undefined ? {} : { bytesMax: config.dataBytesMax };
    const transport = new WsTransport({
      random,
      scheduler: systemScheduler,
      log,
      ...(config.secret === undefined ? {} : { secret: config.secret }),
      ...(config.tls === undefined ? {} : { tls: config.tls }),
      compressRegions: config.compressRegions,
      limits: { messageBytesMax: replicaDefaults.valueBytesMax + MESSAGE_OVERHEAD_BYTES },
    });
    this.left = this.#untilHandedOver.then(() => this.stop()).then(() => this.#driver.hasLeft);
    // Not everybody waits for it.
    this.left.catch((error: unknown) => log("error", "stop-failed", { error }));
    this.#driver = new Driver({
      handedOver: () => this.#handedOver(),
      config: {
        ...replicaDefaults,
        ...(config.id === undefined ? {} : { id: config.id }),
        region: config.region,
        cluster: config.cluster,
        shards: config.shards,
        retentionMs: config.retentionMs,
        maxClockOffsetMs: config.maxClockOffsetMs,
        memoryBytesMax: config.memoryBytes * START_SHARE,
        ...(config.dataBytesMax === undefined ? {} : { dataBytesMax: config.dataBytesMax }),
      },
      ephemeral: config.data === "none",
      seeksPeers: config.join.length > 0,
      clock: systemClock,
      scheduler: systemScheduler,
      random,
      storage: config.data === "none" ? new MemoryStorage() : new LevelStorage({ folder: config.data, log, ...bound }),
      transport,
      log,
      ...(config.data === "none" ? {} : { salvage: (records, keyspace) => this.#salvage(records, keyspace) }),
    });
    const around = { clock: systemClock, stopwatch: systemStopwatch, scheduler: systemScheduler, random, log };
    this.#documents = new DocumentHub({ store: this.#driver.documents, around });
    this.#schedule = this.#scheduleOf(config);
    const auth = config.tokens.length === 0 ? openAuth : createAuth(config.tokens);
    this.#scripts = createScripts(log);
    // Also for other replicas, whose clients have commands carried out on keys that are kept here.
    const commands = new Commands({
      ...{ host: this.#driver.commandHost, router: this.#driver.commandRouter },
      ...{ keyspaces: this.#driver, random, refusalFor: refusalUnder, scripts: this.#scripts },
      publish: (words, name) => this.#pubsub?.publish(words, name),
    });
    this.#driver.commandService = commands;
    this.#doors = createServer({
      store: this.#driver,
      keyspaces: this.#driver,
      commands,
      backups: this.#driver,
      documents: this.#documents,
      auth,
      statistics: [this.#driver, transport, this.#documents, ...(this.#schedule ? [this.#schedule] : [])],
      log,
      enableFaults: config.enableFaults,
      limits,
      allowOrigins: config.allowOrigins,
      hosts: [config.host, ...(config.advertise === undefined ? [] : [config.advertise])],
      upgrades: { [transport.path]: (request, socket, head) => transport.handleUpgrade(request, socket, head) },
      version,
      ...(config.tls === undefined ? {} : { tls: config.tls }),
    });
    this.#redis = config.redisPort === 0 ? undefined : this.#redisDoor(commands, auth, limits);
    this.#discovery = new Discovery({
      targets: config.join,
      scheduler: systemScheduler,
      log,
      found: (addresses) => this.#driver.setJoin(addresses),
    });
  }

  #redisDoor(store: Commands, auth: Auth, limits: Partial<DoorLimits>): RedisDoor {
    const { enableFaults, tls } = this.#config;
    const { account, metrics } = this.#doors;
    const log = this.#log;
    this.#pubsub = new Pubsub({
      ...{ peers: this.#driver.documents, store: this.#driver, commands: store },
      ...{ clock: systemClock, scheduler: systemScheduler },
    });
    const extensions = [this.#pubsub.extension, { settings: scriptSettings(this.#scripts) }];
    return new RedisDoor({
      ...{ store, extensions, account, metrics, auth, limits, log, enableFaults, version },
      ...(tls === undefined ? {} : { tls }),
    });
  }

  get store(): LocalStore {
    return this.#driver;
  }

  keyspace(name: string): Store {
    const keyspace = this.#driver.keyspace(name);
    if (keyspace === undefined) throw new AtollError("UNKNOWN_KEYSPACE", "there is no keyspace of this name");
    return keyspace;
  }

  keyspaces(): readonly KeyspaceStatus[] {
    return this.#driver.keyspaces();
  }

  async defineKeyspace(name: string, settings: Partial<KeyspaceSettings> = {}) {
    return await this.#driver.defineKeyspace(name, keyspaceSettingsOf(settings));
  }

  document(key: Key): NodeDocument {
    return openNodeDocument(this.#documents, key);
  }

  deleteDocument(key: Key, options?: WriteOptions): Promise<WriteOutcome> {
    return this.#documents.delete(key, options);
  }

  get id(): ReplicaId {
    return this.#driver.id;
  }

  get address(): string {
    return this.#bound ?? `${this.#config.host}:${this.#config.port}`;
  }

  async start(): Promise<void> {
    try {
      const { host, port } = await this.#doors.listen({ host: this.#config.host, port: this.#config.port });
      this.#bound = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
      // Before anything else has begun that would have to be ended where its port is taken.
      await this.#redis?.listen({ host: this.#config.host, port: this.#config.redisPort });
      await this.#driver.start(this.#config.advertise ?? this.#bound);
      this.#discovery.start();
      this.#schedule?.start();
      this.#pubsub?.start();
      this.#keepBudget();
    } catch (error) {
      await Promise.all([this.#doors.close(0), this.#redis?.close(0)]);
      this.#pubsub?.close();
      throw error;
    }
  }

  /** Measures what registers may take, now and every so often. */
  #keepBudget(): void {
    const { lentBytes } = this.#doors.metrics.account;
    const registerBytes = memoryBytes(this.#driver.replica);
    this.#driver.setMemoryBytes(this.#budget.next({ processBytes: processBytes(), registerBytes, lentBytes }));
    this.#cancelBudget = systemScheduler.after(MEASURE_MS, () => this.#keepBudget());
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#discovery.stop();
    await this.#schedule?.stop();
    this.#cancelBudget();
    await Promise.all([this.#doors.close(), this.#redis?.close()]);
    this.#pubsub?.close();
    this.#documents.close();
    await this.#driver.stop();
  }

  #scheduleOf({ backup, data, cluster }: StartConfig): BackupSchedule | undefined {
    if (backup === undefined) return undefined;
    const name = () => (data === "none" ? cluster : this.#driver.id);
    const around = { clock: systemClock, scheduler: systemScheduler, log: this.#log };
    return new BackupSchedule({ ...backup, ...around, store: this.#driver, name });
  }

  /** Keeps records that a quarantine dropped: back to back in one file for each keyspace. */
  async #salvage(records: readonly Uint8Array[], keyspace: string): Promise<void> {
    const name = keyspace === DEFAULT_KEYSPACE ? "" : `.${keyspace}`;
    const path = join(this.#config.data, `salvaged-${this.#driver.id}${name}.records`);
    const file = this.#salvageFiles.get(path) ?? new SalvageFile(path);
    this.#salvageFiles.set(path, file);
    await file.append(records);
    this.#log("warn", "writes-kept", { file: path, writes: records.length });
  }
}
