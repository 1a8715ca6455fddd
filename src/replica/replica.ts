/**
 * The replica: a deterministic machine. It is told what happens (links, frames, ticks, what the disk has written) and
 * what clients want, always with the time, and puts what it wants done into its outbox. It never waits and never asks.
 * Here is who takes part in it, and in which order they are told; what each does is told at each.
 *
 *  I1. Nothing that bears a dot of a life leaves before that life is on disk (R4).
 *  I2. A link's peer that was given up is neither fed nor believed until it comes with a new life.
 *  I3. Bad bytes from a peer change nothing and cost it its link.
 */

import { latin1FromBytes } from "../base/bytes.ts";
import type { Key, OriginId, ReplicaId, ShardId, SpaceId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import type { AntiEntropy } from "../cluster/anti-entropy.ts";
import type { Audit } from "../cluster/audit.ts";
import { HeardSpaces } from "../cluster/heard-spaces.ts";
import { Keyspaces } from "../cluster/keyspaces.ts";
import { Members } from "../cluster/members.ts";
import { Membership } from "../cluster/membership.ts";
import type { Quarantine } from "../cluster/membership-host.ts";
import { Movement } from "../cluster/movement.ts";
import { Ownership } from "../cluster/ownership.ts";
import { Pulls } from "../cluster/pulls.ts";
import type { Purging } from "../cluster/purging.ts";
import type { Replication } from "../cluster/replication.ts";
import { Reports } from "../cluster/reports.ts";
import { Serving } from "../cluster/serving.ts";
import type { HybridClock } from "../core/clock.ts";
import type { RecordLimits } from "../core/containers/record-check.ts";
import { replicaNumber } from "../core/origin.ts";
import { RecordWriter } from "../core/record/record.ts";
import { Agenda } from "../core/shard/agenda.ts";
import type { LocalWrite } from "../core/shard/author.ts";
import type { Residency } from "../core/shard/residency.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { Shards } from "../core/shard/shards.ts";
import { Arena } from "../core/table/arena.ts";
import type { VersionVector } from "../core/version-vector.ts";
import type { Birth, MemberFacts, MemberState, Message, Readiness } from "../wire/message.ts";
import { AckWaits } from "./acks.ts";
import { adopt } from "./adoption.ts";
import { Audience } from "./audience.ts";
import { Bequest } from "./bequest.ts";
import { Chores } from "./chores.ts";
import {
  createAntiEntropy,
  createAudit,
  createPersistence,
  createReplication,
  createResidency,
  createShards,
} from "./composition.ts";
import type { ReplicaConfig } from "./config.ts";
import { Conflicts } from "./conflicts.ts";
import { Coverage } from "./coverage.ts";
import { Departure } from "./departure.ts";
import { DiskStanding } from "./disk-standing.ts";
import { type DiskWait, DiskWaits } from "./disk-waits.ts";
import { Eviction } from "./eviction.ts";
import { Fetches } from "./fetches.ts";
import { Ghosts } from "./ghosts.ts";
import { Housekeeping } from "./housekeeping.ts";
import { Inbox, type RequestListener } from "./inbox.ts";
import { Intake } from "./intake.ts";
import { KeyWaits } from "./key-waits.ts";
import { Lives } from "./lives.ts";
import { LocalWrites } from "./local-writes.ts";
import { MembershipDuties } from "./membership-duties.ts";
import { Orphans } from "./orphans.ts";
import { Outbox } from "./outbox.ts";
import { Outlook } from "./outlook.ts";
import { ownFacts } from "./own-facts.ts";
import { Peers, type WhisperListener } from "./peers.ts";
import type { Batch, Persistence } from "./persistence.ts";
import type { LinkId, LogLevel, PeerFacts } from "./ports.ts";
import { QuorumReads } from "./quorum-reads.ts";
import { reachableOwners } from "./reachable-owners.ts";
import { ReadinessCheck } from "./readiness.ts";
import { type Found, type RecalledAll, Recalls } from "./recalls.ts";
import { Recovery } from "./recovery.ts";
import type { ReplicaStart } from "./replica-start.ts";
import { Sender } from "./sender.ts";
import { StaleSweep } from "./stale-sweep.ts";
import { SumUpkeep } from "./sum-upkeep.ts";
import { LearnedInvalidations } from "./tag-invalidation.ts";
import { Tidings } from "./tidings.ts";
import { Timekeeping } from "./timekeeping.ts";
import { WatchRelay, type WatchRelayHost } from "./watch-relay.ts";

export class Replica implements WatchRelayHost {
  readonly config: ReplicaConfig;
  readonly id: ReplicaId;
  readonly number: number;
  /** Keeps nothing on disk. */
  readonly isEphemeral: boolean;
  readonly limits: RecordLimits;
  /** When this process began, unix ms. */
  readonly startedAt: number;
  readonly outbox = new Outbox();
  readonly lives: Lives;
  readonly time: Timekeeping;
  readonly arena = new Arena();
  /** Absent: memory has no bound. */
  readonly residency: Residency | undefined;
  readonly agenda = new Agenda();
  readonly shards: Shards;
  readonly keyspaces = new Keyspaces((space) => {
    if (!this.shards.has(space)) this.addSpace(space);
  });
  readonly heardSpaces = new HeardSpaces();
  readonly invalidations = new LearnedInvalidations();
  readonly members: Members;
  readonly membership: Membership;
  readonly reports = new Reports();
  readonly ownership: Ownership;
  readonly outlook = new Outlook(this);
  readonly persistence: Persistence;
  readonly standing = new DiskStanding(this);
  readonly sender = new Sender(this);
  readonly inbox = new Inbox(this);
  readonly peers = new Peers(this);
  readonly intake = new Intake(this);
  readonly tidings = new Tidings(this);
  readonly writes: LocalWrites;
  readonly pulls: Pulls;
  readonly serving = new Serving(this);
  readonly movement = new Movement(this);
  readonly antiEntropy: AntiEntropy;
  readonly replication: Replication;
  readonly audit: Audit;
  readonly coverage = new Coverage(this);
  readonly acks = new AckWaits(this.coverage);
  readonly conflicts = new Conflicts(this);
  readonly quorumReads = new QuorumReads(this);
  readonly watchRelay = new WatchRelay(this);
  readonly audience: Audience;
  readonly keyWaits: KeyWaits;
  readonly recovery: Recovery;
  readonly readiness = new ReadinessCheck(this);
  readonly departure = new Departure(this);
  readonly bequest = new Bequest(this);
  readonly recalls = new Recalls(this);
  readonly fetches = new Fetches(this);
  readonly ghosts = new Ghosts(this);
  readonly orphans = new Orphans(this);
  readonly eviction: Eviction;
  readonly diskWaits = new DiskWaits();
  readonly chores: Chores;
  readonly staleSweep = new StaleSweep(this);
  readonly sumUpkeep = new SumUpkeep(this);
  readonly housekeeping: Housekeeping;
  /** There are addresses at which others may be: who has met none of them does not take itself for the whole cluster. */
  seeksPeers = false;
  /** Bytes that a link was given and has not taken yet, and its bound: whoever carries the outbox out can tell. */
  queuedOn: (link: LinkId) => number = () => 0;
  queueBytesMax = 0;
  /** What is written now would be kept by others only: whoever hands over the batches can tell. */
  isDiskFull: () => boolean = () => false;
  whispers: WhisperListener | undefined;
  requests: RequestListener | undefined;
  readonly #random: Random;
  /** Of this replica, as it was on disk. */
  readonly #former: MemberFacts | undefined;
  #begunAt: number;

  constructor(config: ReplicaConfig, start: ReplicaStart, random: Random, now: number) {
    this.config = config;
    this.id = start.id;
    this.number = replicaNumber(start.id);
    this.isEphemeral = start.ephemeral;
    this.limits = { keyBytesMax: config.keyBytesMax, valueBytesMax: config.valueBytesMax };
    this.startedAt = Math.max(0, Math.floor(now));
    this.#begunAt = now;
    this.#random = random;
    this.lives = new Lives(this, start, random);
    this.time = new Timekeeping(this, config.maxClockOffsetMs);
    const writer = new RecordWriter();
    this.writes = new LocalWrites(this, writer);
    this.residency = createResidency(this);
    this.shards = createShards(this, writer, random);
    this.#former = start.members.find(({ id }) => id === start.id);
    this.members = new Members(ownFacts(this, this.#former));
    for (const member of start.members) this.members.load({ ...member, number: replicaNumber(member.id) }, now);
    this.members.departures = start.departures ?? 0;
    this.membership = new Membership(this.members, new MembershipDuties(this), config, random);
    this.ownership = new Ownership(this.id, config.shards);
    this.persistence = createPersistence(this, start.epoch);
    this.pulls = new Pulls(this, { settleMs: config.settleMs, idleMs: config.pullIdleMs });
    this.antiEntropy = createAntiEntropy(this, random);
    this.replication = createReplication(this);
    this.audit = createAudit(this);
    this.recovery = new Recovery(this, config);
    this.chores = new Chores(this, config, now);
    this.housekeeping = new Housekeeping(this, config.housekeepingMs);
    const emit = (deliver: () => void): void => void this.outbox.deliveries.push(deliver);
    this.audience = new Audience(this.watchRelay, random, emit);
    this.keyWaits = new KeyWaits(emit, () => this.linked().filter((peer) => peer < this.id).length);
    this.eviction = new Eviction(this, start.ephemeral ? Infinity : config.dataBytesMax, random);
  }

  /** To be called once, after what was on disk has been loaded and before anything else. */
  begin(now: number): void {
    this.#begunAt = now;
    this.lives.begin();
    this.outlook.begin();
    this.housekeeping.measure();
    // The others wait for it no more, whoever of them still knows of it.
    if (this.#former?.left === true) this.quarantine({ reason: "has left", knownLife: this.life }, now);
  }

  /** `version`: of the protocol, that both ends speak. */
  linkUp(link: LinkId, peer: PeerFacts, now: number): void {
    this.peers.linkUp(link, peer, now);
  }

  linkDown(link: LinkId, reason: string): void {
    this.peers.linkDown(link, reason);
  }

  /** One frame from a linked peer. Bytes that do not decode end the link. */
  receive(link: LinkId, frame: Uint8Array, now: number): void {
    this.peers.receive(link, frame, now);
  }

  // --- Time ------------------------------------------------------------------------------------------------

  tick(now: number): void {
    this.chores.begin();
    this.membership.tick(now);
    this.readiness.tick(now - this.#begunAt);
    this.outlook.tick(now);
    this.antiEntropy.tick(now);
    this.audit.votes.tick(now);
    this.chores.sweep(now);
    this.chores.fall();
    this.staleSweep.step(now);
    this.sumUpkeep.step(now);
    this.recovery.tick(now);
    this.intake.pull(now);
    this.acks.tick(now);
    this.diskWaits.tick(now);
    this.quorumReads.tick(now);
    this.audience.tick(now);
    this.keyWaits.tick(now);
    this.serving.tick(now);
    this.ghosts.tick(now);
    this.housekeeping.tick(now);
    this.chores.purge(now);
    this.orphans.tick();
    this.fetches.tick(now);
    this.recalls.tick();
    this.eviction.step(now);
    this.chores.reclaim();
    this.ghosts.flush();
    this.time.evaluate(now);
  }

  /** The last tick left something over: the next one should come soon. */
  get isBusy(): boolean {
    const { chores, movement, eviction, staleSweep } = this;
    return chores.areUnderWay || staleSweep.isUnderWay || movement.isUnderWay || eviction.isUnderWay;
  }

  /** Instant up to which expired registers fall, unix ms: those of a shard have, once its earliest expiry is later. */
  get sweptTo(): number {
    return this.chores.expiry.sweptTo;
  }

  // --- Disk ------------------------------------------------------------------------------------------------

  persisted(batch: Batch): void {
    this.persistence.persisted(batch);
    this.chores.reclaim();
    this.diskWaits.persisted(batch.number);
    this.outlook.persisted(batch.view);
    if (this.lives.persisted(batch.life)) this.sender.release();
    for (const { shard } of batch.shards) this.acks.progressed(shard.id);
  }

  /** What the disk has under a key of `outbox.reads`. */
  diskRead(key: Uint8Array, read: Found): void {
    this.recalls.received(key, read);
  }

  readValue(key: Uint8Array, shard: Shard, identity: Uint8Array): void {
    if (this.isEphemeral) this.fetches.begin(key, shard, identity);
    else this.outbox.reads.push(key);
  }

  recall(shard: Shard, slots: readonly number[], then: (recalled: RecalledAll) => void = () => {}): void {
    this.recalls.wantAll(shard, slots, then);
  }

  durableOf(shard: ShardId): VersionVector {
    return this.standing.durableOf(shard);
  }

  readinessOf(shard: Shard): Readiness {
    return this.standing.readinessOf(shard);
  }

  isHeld(shard: Shard): boolean {
    return this.standing.isHeld(shard);
  }

  /** Answers once the disk has what is known of members by now; where nothing is kept, at once. */
  waitForDisk(wait: DiskWait): void {
    if (this.isEphemeral) return wait.answer(true);
    this.persistence.metaDirty = true;
    this.diskWaits.add(wait, this.persistence.madeUp);
  }

  // --- Writes ----------------------------------------------------------------------------------------------

  /** Makes room for a space that is not there yet. */
  addSpace(space: SpaceId): void {
    for (const shard of this.shards.add(space)) shard.beginLife(this.origin);
  }

  /** A peer speaks of a space: there is a keyspace that has it. */
  heardOf(space: SpaceId, now: number): void {
    if (!this.shards.has(space)) this.heardSpaces.note(space, now);
  }

  /** In the default space unless told. */
  shardOfKey(key: Key, space?: SpaceId): Shard {
    return this.writes.shardOfKey(key, space);
  }

  write(shard: Shard, write: LocalWrite, confirm: boolean, now: number, hasRoom = false): number {
    return this.writes.write(shard, write, confirm, now, hasRoom);
  }

  /** A field that no register of a container has borne: 64 random bits. */
  uniqueField(): string {
    const view = new DataView(new ArrayBuffer(8));
    view.setUint32(0, this.#random.uint32());
    view.setUint32(4, this.#random.uint32());
    return latin1FromBytes(new Uint8Array(view.buffer));
  }

  /** Something is to go out with the next flush. */
  get hasPending(): boolean {
    return this.replication.hasPending || this.watchRelay.hasPending;
  }

  /** Sends the writes, and the news of them, that were gathered. */
  flush(): void {
    this.replication.flush();
    this.watchRelay.flush();
  }

  /** R6 and R7: what every owner has on disk. */
  settledTest(shard: Shard, now: number): ReturnType<Purging["testFor"]> {
    return this.chores.purging.testFor(shard, now);
  }

  adopt(shard: Shard): boolean {
    return adopt(this, shard);
  }

  leaves(shard: Shard): void {
    this.pulls.abandon(shard.id);
    this.serving.endShard(shard);
    this.replication.leaves(shard);
    this.tidings.changedUntold(shard);
  }

  // --- Peers -----------------------------------------------------------------------------------------------

  send(to: ReplicaId, message: Message): void {
    this.sender.send(to, message);
  }

  canSend(to: ReplicaId): boolean {
    return this.sender.canSend(to);
  }

  queuedBytes(to: ReplicaId): number {
    return this.sender.queuedBytes(to);
  }

  links(): Iterable<ReplicaId> {
    return this.sender.links.peers();
  }

  isLinked(id: ReplicaId): boolean {
    return this.sender.links.has(id);
  }

  linked(): readonly ReplicaId[] {
    return this.peers.linked();
  }

  /** Not known to be gone, and without a link as yet, or for the moment. */
  mayLink(id: ReplicaId): boolean {
    return this.membership.stateOf(id) === "alive" && !this.isLinked(id);
  }

  stateOf(id: ReplicaId): MemberState {
    return this.membership.stateOf(id);
  }

  reachableOwners(shard: ShardId): readonly ReplicaId[] {
    return reachableOwners(this, shard);
  }

  compareWithAll(now: number): void {
    for (const peer of this.linked()) this.antiEntropy.begin(peer, now);
  }

  /** Something that is kept nowhere, to one peer or to all that are linked. */
  whisper(topic: Key, bytes: Uint8Array, to?: ReplicaId): void {
    this.peers.whisper(topic, bytes, to);
  }

  // --- Members ---------------------------------------------------------------------------------------------

  get life(): number {
    return this.lives.present;
  }

  /** The present life is on disk: its dots may leave. */
  get lifeDurable(): boolean {
    return this.lives.isDurable;
  }

  get origin(): OriginId {
    return this.lives.origin;
  }

  get clock(): HybridClock {
    return this.time.clock;
  }

  get lineage(): readonly Birth[] {
    return this.lives.lineage;
  }

  /** How often this replica began anew since it started. */
  get quarantines(): number {
    return this.recovery.quarantines;
  }

  quarantine(cause: Quarantine, now: number): void {
    this.recovery.quarantine(cause, now);
  }

  log(level: LogLevel, event: string, fields: Readonly<Record<string, unknown>>): void {
    this.outbox.log(level, event, fields);
  }

  get isDeparting(): boolean {
    return this.departure.isUnderWay || this.bequest.isUnderWay;
  }

  /** Goes: for good when nothing is kept on disk, or when it has given up its place. */
  leave(forGood: boolean = this.isEphemeral): void {
    this.membership.leave(forGood);
    this.flush();
    for (const peer of this.links()) this.send(peer, { type: "leave", forGood });
  }

  /** What the disk has next says that this replica has left for good. */
  noteLeft(): void {
    this.members.leave(this.id);
    this.persistence.metaDirty = true;
  }

  /** Why this replica should not be sent clients yet; empty when it is in sync as far as it can know. */
  unreadyReasons(now: number, refusals: readonly string[] = []): string[] {
    return this.readiness.reasons(now - this.#begunAt, refusals);
  }

  /** Nobody else is there, but somebody is looked for: tombstones wait for whom they may concern, up to the retention. */
  mayHaveUnmetOwners(now: number): boolean {
    if (!this.seeksPeers || (this.membership.isTold && this.members.owners().length > 0)) return false;
    return now - this.#begunAt <= this.config.retentionMs;
  }

  /**
   * False for a replica that begins with nothing, or whose disk lost all, as long as nobody that it looks for has told it
   * who there is: it is no majority of those it does not know.
   */
  isMajorityKnown(): boolean {
    return (this.membership.isTold && this.members.all().length > 1) || !this.mayHaveUnmetOwners(this.sweptTo);
  }
}
