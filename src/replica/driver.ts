/**
 * The driver: carries the replica's outbox out into the world and tells it what happens there. The one place where the
 * pure machine meets promises; it is the same code over the real runtime and over the simulated one.
 *
 * After every step the outbox is carried out in its promised order (`outbox-carrier.ts`), and never midway through one: a step
 * within another is a part of it. What waits for the disk is answered when the batch is synced.
 */

import type { Backup, BackupStore, Restore, RestoreOptions } from "../backup-store.ts";
import { AtollError } from "../base/errors.ts";
import type { Key, ReplicaId } from "../base/ids.ts";
import { numberOf } from "../base/shard-id.ts";
import { DEFAULT_KEYSPACE } from "../cluster/keyspaces.ts";
import type { ClusterStatus } from "../cluster-status.ts";
import type { Statistic, StatisticsSource } from "../stats.ts";
import type {
  BatchOperation,
  BatchOptions,
  BatchResult,
  ConflictPage,
  ConflictsOptions,
  Dot,
  InvalidateOutcome,
  KeyPage,
  KeysOptions,
  KeyspaceSettings,
  KeyspaceStatus,
  KeyspaceStore,
  LocalStore,
  PutOptions,
  ReadOptions,
  ReadOutcome,
  Store,
  Watch,
  WatchEvent,
  WatchOptions,
  WriteOptions,
  WriteOutcome,
} from "../store.ts";
import type { MessageOf } from "../wire/message.ts";
import { Backups } from "./backup.ts";
import { birthsOf } from "./births.ts";
import { CommandRouter } from "./command-router.ts";
import type { CommandService } from "./command-service.ts";
import type { ReplicaConfig } from "./config.ts";
import { Contacts } from "./contacts.ts";
import { DiskFeed } from "./disk-feed.ts";
import { DiskWatch } from "./disk-watch.ts";
import { Documents } from "./documents.ts";
import { Farewell } from "./farewell.ts";
import { type Holding, holdingsOf } from "./holdings.ts";
import type { RequestListener } from "./inbox.ts";
import { inspectReplica, type ReplicaDump } from "./inspect.ts";
import type { Keyspace } from "./keyspace.ts";
import { keyspaceStatuses } from "./keyspace-definitions.ts";
import { KeyspaceDirectory } from "./keyspace-directory.ts";
import type { KeyspaceHost } from "./local-keyspace.ts";
import { removeMember } from "./member-removal.ts";
import { OutboxCarrier } from "./outbox-carrier.ts";
import type { Cancel, Clock, Log, Random, Scheduler, Storage, Transport, TransportEvents } from "./ports.ts";
import { PushSchedule } from "./push-schedule.ts";
import type { Replica } from "./replica.ts";
import { requestHoldings } from "./request-holdings.ts";
import { RequestService } from "./request-service.ts";
import { RestoreSession } from "./restore.ts";
import { Router } from "./router.ts";
import { isCovered, SessionWaits } from "./session-waits.ts";
import { startReplica } from "./start-up.ts";
import { replicaStatistics, requestStatistics } from "./statistics.ts";
import { clusterStatus } from "./status.ts";
import { type Acknowledged, PUT_BACK_MAX_MS, WriteWaits } from "./write-waits.ts";

/** Between ticks; also how long a batch gathers when nobody waits for the disk. */
const TICK_MS = 50;
/** Until the next tick, where the last one left work over. */
const BUSY_TICK_MS = 5;

export interface DriverOptions {
  /** Its address may be given at the start only, once a port is bound. */
  readonly config: Omit<ReplicaConfig, "address"> & { readonly address?: string };
  /** Keeps nothing on disk: every start is another replica, under an id of its own. */
  readonly ephemeral?: boolean;
  /** Addresses to look for others at. */
  readonly join?: readonly string[];
  /** This replica has handed over what it held, and is to be stopped, so that it leaves the cluster for good. */
  readonly handedOver?: () => void;
  /** Addresses will come by `setJoin`. */
  readonly seeksPeers?: boolean;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly storage: Storage;
  readonly transport: Transport;
  readonly log: Log;
  /**
   * Keeps records of a keyspace aside that a quarantine drops; resolves once they are safe. The disk learns of nothing that came later
   * before that.
   */
  readonly salvage?: (records: readonly Uint8Array[], keyspace: string) => Promise<void>;
}

export class Driver implements LocalStore, KeyspaceStore, BackupStore, StatisticsSource {
  readonly #options: DriverOptions;
  #replica: Replica | undefined;
  readonly documents: Documents;
  readonly #default: Keyspace;
  readonly #host: KeyspaceHost;
  readonly #backups: Backups;
  readonly #router: Router;
  readonly #commandRouter: CommandRouter;
  /** Carries out commands that other replicas ask for; where there is none they are refused. */
  commandService: CommandService | undefined;
  readonly #service: RequestService;
  readonly #keyspaces: KeyspaceDirectory;
  readonly #contacts: Contacts;
  #cut: readonly ReplicaId[] = [];
  #cancelTick: Cancel = () => {};
  readonly #carrier: OutboxCarrier;
  /** Steps under way, each within the one before. */
  #steps = 0;
  readonly #disk: DiskFeed;
  readonly #diskWatch: DiskWatch;
  readonly #waits: WriteWaits;
  readonly #sessions = new SessionWaits();
  #isStopped = false;
  readonly #farewell: Farewell;
  #stopping: Promise<void> | undefined;
  /** It has left the cluster for good. */
  hasLeft = false;

  constructor(options: DriverOptions) {
    this.#options = options;
    this.#contacts = new Contacts(options);
    this.#disk = new DiskFeed({
      storage: options.storage,
      isNone: options.ephemeral === true,
      log: options.log,
      now: () => this.#now(),
      salvage: options.salvage,
      persisted: (batch) => this.#step(() => this.replica.persisted(batch)),
    });
    this.#diskWatch = new DiskWatch(options);
    this.#farewell = new Farewell(options.handedOver ?? (() => {}), options.log);
    const host: KeyspaceHost = {
      replica: () => this.#running(),
      now: () => this.#now(),
      step: <T>(run: (now: number) => T) => this.#step(run),
      acknowledged: <T extends Acknowledged>(outcome: T, wanted: WriteOptions) =>
        this.#waits.acknowledged(outcome, wanted),
      catchUp: (dots: readonly Dot[], waitMs: number) => this.#catchUp(dots, waitMs),
      status: () => this.status(),
      pause: (ms) => new Promise((resolve) => options.scheduler.after(ms, resolve)),
    };
    this.#host = host;
    this.#waits = new WriteWaits(host, this.#disk);
    const { step, now } = host;
    const pushes = new PushSchedule({ ...options, step, now, isStopped: () => this.#isStopped });
    this.#carrier = new OutboxCarrier({ ...options, pushes, step, disk: this.#disk, connect: () => this.#connect() });
    this.#router = new Router({
      ...host,
      random: options.random,
      after: (ms, run) => this.#after(ms, run),
    });
    this.#backups = new Backups(host, this.#router);
    const respond = (peer: ReplicaId, response: MessageOf<"response">) =>
      this.#step(() => this.#replica?.send(peer, response));
    this.#commandRouter = new CommandRouter(host, this.#router);
    this.#service = new RequestService(
      { ...host, respond, commands: (request) => this.commandService?.serve(request) },
      this.#router,
    );
    this.#keyspaces = new KeyspaceDirectory(host, this.#router, () => this.readiness().ready);
    this.#default = this.#keyspaces.default;
    this.documents = new Documents({
      ...host,
      isDelivering: () => this.#carrier.isCarrying || this.replica.outbox.deliveries.length > 0,
    });
  }

  /** For those who carry out commands. */
  get commandHost(): KeyspaceHost {
    return this.#host;
  }

  get commandRouter(): CommandRouter {
    return this.#commandRouter;
  }

  get id(): ReplicaId {
    return this.replica.id;
  }

  /** The machine inside; there once `start` has resolved. */
  get replica(): Replica {
    if (this.#replica === undefined) throw new AtollError("NOT_READY", "the replica is still starting");
    return this.#replica;
  }

  /** Reads back what is on disk, begins a new life and looks for the others. `address`: host:port for others to dial. */
  async start(address: string = this.#options.config.address ?? ""): Promise<void> {
    const { transport } = this.#options;
    const config = { ...this.#options.config, address };
    this.#contacts.address = address;
    this.#replica = await startReplica({ ...this.#options, config, ephemeral: this.#options.ephemeral ?? false });
    this.#replica.queuedOn = (link) => transport.queuedBytes(link);
    this.#replica.queueBytesMax = transport.queueBytesMax;
    this.#replica.isDiskFull = () => this.#disk.error?.code === "DISK_FULL";
    this.#replica.audience.listener = this.documents;
    this.#replica.whispers = this.documents;
    this.#replica.requests = this.#requests(this.#replica);
    const { id, life } = this.#replica;
    const { region, cluster, shards } = config;
    await transport.start({ id, life, region, address, cluster, shards }, this.#transportEvents());
    this.#connect();
    this.#scheduleTick();
    this.#diskWatch.start(this.#replica);
    this.#options.log("info", "replica-started", { id, life, region, address, cluster });
  }

  /**
   * Leaves gently: says so to peers, writes what the disk lacks, closes. For good, where it has handed over what it held, as
   * soon as others have what was written since.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const hasHandedOver = this.#replica?.departure.hasHandedOver === true;
    const isLeaving = hasHandedOver && (await this.#farewell.decision(this.#now()));
    if (!hasHandedOver && this.#hasBequest()) await this.#farewell.bequest(this.#now());
    this.#isStopped = true;
    this.#disk.end();
    this.#cancelTick();
    this.#diskWatch.end();
    if (this.#replica !== undefined) {
      this.#scheduleLastTicks(this.#replica);
      if (isLeaving) this.hasLeft = await this.#noteLeft(this.#replica);
      if (this.hasLeft) this.#replica.leave(true);
      else this.#replica.leave();
      this.#carryOut();
      this.#sessions.end();
      await this.#disk.flush(this.#replica);
      this.#cancelTick();
      this.#answerAll(this.#replica);
    }
    await this.#options.transport.stop();
    await this.#diskWatch.ended();
    await this.#options.storage.close();
    const isClean = this.#replica !== undefined && this.#disk.error === undefined;
    if (isClean) this.#options.log("info", this.hasLeft ? "replica-left" : "replica-stopped", { id: this.id });
  }

  #hasBequest(): boolean {
    return this.#replica?.isEphemeral === true && this.#replica.bequest.left > 0;
  }

  /** Its own disk knows of it before others do. False where that could not be written: then it has not left. */
  async #noteLeft(replica: Replica): Promise<boolean> {
    replica.noteLeft();
    await this.#disk.flush(replica);
    return this.#disk.error === undefined;
  }

  /** Nobody is to wait for what will not come any more: writes are told how far they got. */
  #answerAll(replica: Replica): void {
    replica.acks.tick(Infinity);
    replica.keyWaits.tick(Infinity);
    replica.diskWaits.tick(Infinity);
    replica.quorumReads.tick(Infinity);
    replica.recalls.end(new AtollError("SHUTTING_DOWN", "the replica is stopping"));
    this.#carryOut();
  }

  /** Other addresses to look for members at: a resolver found them. */
  setJoin(addresses: readonly string[]): void {
    this.#contacts.join = addresses;
    this.#connect();
  }

  // --- Store ---------------------------------------------------------------------------------------------------

  get(key: Key, options?: ReadOptions): Promise<ReadOutcome> {
    return this.#default.get(key, options);
  }

  put(key: Key, value: Uint8Array, options?: PutOptions): Promise<WriteOutcome> {
    return this.#default.put(key, value, options);
  }

  delete(key: Key, options?: WriteOptions): Promise<WriteOutcome> {
    return this.#default.delete(key, options);
  }

  invalidate(tag: string, options?: Omit<WriteOptions, "condition">): Promise<InvalidateOutcome> {
    return this.#default.invalidate(tag, options);
  }

  batch(operations: readonly BatchOperation[], options?: BatchOptions): Promise<readonly BatchResult[]> {
    return this.#default.batch(operations, options);
  }

  keys(options: KeysOptions): Promise<KeyPage> {
    return this.#default.keys(options);
  }

  watch(options: WatchOptions, listener: (event: WatchEvent) => void): Watch {
    return this.#default.watch(options, listener);
  }

  keyspace(name: string, seen: readonly Dot[] = []): Store | undefined {
    if (name === DEFAULT_KEYSPACE) return this;
    return this.#keyspaces.of(name, seen);
  }

  keyspaces(): readonly KeyspaceStatus[] {
    return keyspaceStatuses(this.replica);
  }

  defineKeyspace(name: string, settings: KeyspaceSettings) {
    return this.#keyspaces.define(name, settings);
  }

  grantKeyspace(name: string): Promise<void> {
    return this.#keyspaces.grant(name);
  }

  async backup(keyspaces?: readonly string[]): Promise<Backup> {
    this.#checkReady();
    return this.#backups.begin(keyspaces);
  }

  births(): readonly string[] {
    return birthsOf(this.#running());
  }

  stampRestore(): number {
    this.#checkReady();
    return this.#step((now) => this.replica.clock.next(now));
  }

  restore(options: RestoreOptions): Restore {
    this.#checkReady();
    return new RestoreSession(this.#host, this.#router, options);
  }

  /** Who is not in sync neither knows all there is nor what was deleted. */
  #checkReady(): void {
    const { ready, reasons } = this.readiness();
    if (!ready) throw new AtollError("NOT_READY", reasons.join("; "));
  }

  catchUp(dots: readonly Dot[], waitMs: number): Promise<Store> {
    return this.#default.catchUp(dots, waitMs);
  }

  async #catchUp(dots: readonly Dot[], waitMs: number): Promise<void> {
    const replica = this.#running();
    if (dots.some((dot) => numberOf(dot.shard) >= replica.config.shards)) {
      throw new AtollError("BAD_SESSION", "a session of another cluster");
    }
    if (isCovered(replica, dots)) return;
    this.#step((now) => {
      for (const peer of replica.linked()) replica.antiEntropy.begin(peer, now);
    });
    await this.#sessions.wait(dots, this.#now() + waitMs, waitMs + PUT_BACK_MAX_MS);
  }

  /** What registers may take of memory from now on. */
  setMemoryBytes(bytes: number): void {
    const residency = this.#replica?.residency;
    if (residency !== undefined) residency.bytesMax = bytes;
  }

  async status(): Promise<ClusterStatus> {
    return clusterStatus(this.replica, { reasons: this.readiness().reasons, cut: this.#cut });
  }

  cut(replicas: readonly ReplicaId[]): void {
    this.#cut = [...replicas];
    this.#options.transport.block(replicas);
  }

  conflicts(options: ConflictsOptions): ConflictPage {
    return this.#running().conflicts.page(options);
  }

  async removeMember(id: ReplicaId, options: { readonly force: boolean }): Promise<void> {
    const isOnDisk = await this.#waits.onDisk((replica) => removeMember(replica, id, options));
    if (!isOnDisk) throw new AtollError("DISK_FAILED", `${id} is removed, but that is not on this replica's disk yet`);
  }

  leaveCluster(): void {
    const { departure } = this.#running();
    departure.checkMayBegin();
    this.#step(() => departure.begin());
  }

  readiness(): { readonly ready: boolean; readonly reasons: readonly string[] } {
    if (this.#isStopped) return { ready: false, reasons: ["the replica is stopping"] };
    if (this.#replica === undefined) return { ready: false, reasons: ["the replica is still starting"] };
    const reasons = this.#replica.unreadyReasons(this.#now(), this.#contacts.refusals());
    const { error } = this.#disk;
    if (error !== undefined)
      reasons.push(`the disk ${error.code === "DISK_FULL" ? "is full" : "fails"}: ${error.message}`);
    return { ready: reasons.length === 0, reasons };
  }

  statistics(): readonly Statistic[] {
    if (this.#replica === undefined) return [];
    return [...replicaStatistics(this.#replica), ...requestStatistics(this.#router, this.#service)];
  }

  /** What is held beside the registers, and its bounds. */
  holdings(): readonly Holding[] {
    const value = this.#sessions.waiting;
    const help = "Requests that wait for what their session has seen.";
    const sessions = { name: "session_waits", help, value, max: Infinity, isNoneAtRest: true };
    const requests = requestHoldings(this.#router, this.#service, this.replica.members.all().length);
    return [...holdingsOf(this.replica), sessions, ...requests];
  }

  /** Everything that is held, for checkers. */
  inspect(): ReplicaDump {
    return inspectReplica(this.replica);
  }

  // --- Clients -------------------------------------------------------------------------------------------------

  /** What is asked of other replicas, and by them. */
  #requests(replica: Replica): RequestListener {
    return {
      receive: (peer, message) => this.#service.receive(peer, message),
      receiveResponse: (peer, message, now) => this.#router.forwarding.receive(replica, peer, message, now),
      linkDown: (peer) => this.#router.forwarding.linkDown(replica, peer),
    };
  }

  #after(delayMs: number, run: () => void): Cancel {
    return this.#options.scheduler.after(delayMs, () => {
      if (!this.#isStopped) run();
    });
  }

  // --- Steps ---------------------------------------------------------------------------------------------------

  /** The corrected clock: the only one that the machine knows of. */
  #now(): number {
    return this.#options.clock.now() + (this.#replica?.time.guard.correctionMs ?? 0);
  }

  #running(): Replica {
    if (this.#isStopped) throw new AtollError("SHUTTING_DOWN", "the replica is stopping");
    return this.replica;
  }

  /** Does something to the machine, then carries out what it wants, or leaves that to the step that this is within. */
  #step<T>(run: (now: number) => T): T {
    this.#steps++;
    try {
      return run(this.#now());
    } finally {
      this.#steps--;
      this.#carryOut();
    }
  }

  /** Whoever waits for what half a step has brought about would see, and change, what the rest of it is about. */
  #carryOut(): void {
    if (this.#replica !== undefined && this.#steps === 0) this.#carrier.carryOut(this.#replica);
  }

  #scheduleTick(): void {
    const delayMs = this.#replica?.isBusy === true ? BUSY_TICK_MS : TICK_MS;
    this.#cancelTick = this.#options.scheduler.after(delayMs, () => {
      this.#scheduleTick();
      this.#step((now) => {
        this.replica.tick(now);
        this.#router.tick(this.replica, now);
        if (this.#farewell.tick(this.replica, now)) this.#isStopped = true;
      });
      this.#contacts.tick(this.#now());
      if (this.replica.outbox.membersChanged) this.#connect();
      this.#feedDisk(this.replica);
      this.#sessions.settle(this.replica, this.#now());
    });
  }

  /** Where a step did as much as it may in one turn, in the next. */
  #feedDisk(replica: Replica): void {
    const feed = (): void => {
      if (!this.#isStopped) this.#disk.feed(replica);
    };
    if (replica.isBusy) this.#options.scheduler.soon(feed);
    else feed();
  }

  /** While the disk takes the last: whoever waits for others is answered in time all the same. */
  #scheduleLastTicks(replica: Replica): void {
    this.#cancelTick = this.#options.scheduler.after(TICK_MS, () => {
      this.#scheduleLastTicks(replica);
      this.#step((now) => {
        replica.acks.tick(now);
        replica.quorumReads.tick(now);
        this.#router.tick(replica, now);
      });
    });
  }

  // --- World ---------------------------------------------------------------------------------------------------

  #connect(): void {
    this.#contacts.connect(this.#replica);
  }

  #transportEvents(): TransportEvents {
    const { replica } = this;
    return {
      up: (link, peer) => {
        this.#contacts.up(link, peer);
        this.#step((now) => replica.linkUp(link, peer, now));
      },
      down: (link, reason, code) => {
        this.#contacts.down(link, reason, code);
        this.#step(() => replica.linkDown(link, `${code}: ${reason}`));
      },
      frame: (link, bytes) => {
        this.#step((now) => replica.receive(link, bytes, now));
        if (this.#sessions.waiting > 0) this.#sessions.settle(replica, this.#now());
      },
      refused: (detail) => this.#contacts.refused(detail, this.#now()),
    };
  }
}
