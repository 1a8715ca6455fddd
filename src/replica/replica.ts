/**
 * The replica: a deterministic machine. It is told what happens (links, frames, ticks, what the disk has written) and
 * what clients want, always with the time, and puts what it wants done into its outbox. It never waits and never asks.
 * Here is who takes part in it, and in which order they are told; what each does is told at each.
 *
 *  I1. Nothing that bears a dot of a life leaves before that life is on disk (R4).
 *  I2. A link's peer that was given up is neither fed nor believed until it comes with a new life.
 *  I3. Bad bytes from a peer change nothing and cost it its link.
 */

import { BadBytes, latin1FromBytes } from "../base/bytes.ts";
import type { Key, OriginId, ReplicaId, ShardId, SpaceId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import { SYSTEM_SPACE, spaceOf } from "../base/shard-id.ts";
import { AntiEntropy } from "../cluster/anti-entropy.ts";
import { Audit } from "../cluster/audit.ts";
import { HeardSpaces } from "../cluster/heard-spaces.ts";
import { Keyspaces } from "../cluster/keyspaces.ts";
import { isGivenUp, Members } from "../cluster/members.ts";
import { Membership } from "../cluster/membership.ts";
import type { MembershipHost, Quarantine } from "../cluster/membership-host.ts";
import { Movement } from "../cluster/movement.ts";
import { Ownership } from "../cluster/ownership.ts";
import { Pulls } from "../cluster/pulls.ts";
import type { Purging } from "../cluster/purging.ts";
import { Replication } from "../cluster/replication.ts";
import { Reports } from "../cluster/reports.ts";
import { Serving } from "../cluster/serving.ts";
import { Agenda } from "../core/agenda.ts";
import { Arena } from "../core/arena.ts";
import type { LocalWrite } from "../core/author.ts";
import type { HybridClock } from "../core/clock.ts";
import { replicaNumber } from "../core/origin.ts";
import { RecordWriter } from "../core/record.ts";
import type { RecordLimits } from "../core/record-check.ts";
import { Residency } from "../core/residency.ts";
import { Shard } from "../core/shard.ts";
import { Shards } from "../core/shards.ts";
import type { VersionVector } from "../core/version-vector.ts";
import type { Whisper } from "../document-store.ts";
import { decodeMessage, encodeMessage } from "../wire/codec.ts";
import type { Birth, MemberFacts, MemberState, Message, Readiness } from "../wire/message.ts";
import type { Records } from "../wire/records.ts";
import { AckWaits } from "./acks.ts";
import { adopt } from "./adoption.ts";
import { Audience } from "./audience.ts";
import { Bequest } from "./bequest.ts";
import { Chores } from "./chores.ts";
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
import { Orphans } from "./orphans.ts";
import { Outbox } from "./outbox.ts";
import { Outlook } from "./outlook.ts";
import { ownFacts } from "./own-facts.ts";
import { type Batch, Persistence } from "./persistence.ts";
import type { LinkId, LogLevel, PeerFacts } from "./ports.ts";
import { QuorumReads } from "./quorum-reads.ts";
import { reachableOwners } from "./reachable-owners.ts";
import { ReadinessCheck } from "./readiness.ts";
import { type Found, type RecalledAll, Recalls } from "./recalls.ts";
import { Recovery } from "./recovery.ts";
import { logRepair } from "./repair-log.ts";
import type { ReplicaStart } from "./replica-start.ts";
import { Sender } from "./sender.ts";
import { StaleSweep } from "./stale-sweep.ts";
import { SumUpkeep } from "./sum-upkeep.ts";
import { LearnedInvalidations } from "./tag-invalidation.ts";
import { Tidings } from "./tidings.ts";
import { Timekeeping } from "./timekeeping.ts";
import { WatchRelay, type WatchRelayHost } from "./watch-relay.ts";

/** Whoever hears what peers whisper. */
export interface WhisperListener {
  heard(whisper: Whisper): void;
}

export class Replica implements WatchRelayHost, MembershipHost {
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
  readonly intake = new Intake(this);
  readonly tidings = new Tidings(this);
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
  /** Frames that did not decode, or said what cannot be. */
  badFrames = 0;
  readonly #writes: LocalWrites;
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
    this.#writes = new LocalWrites(this, writer);
    this.residency = this.#createResidency();
    this.shards = this.#createShards(writer);
    this.#former = start.members.find(({ id }) => id === start.id);
    this.members = new Members(ownFacts(this, this.#former));
    for (const member of start.members) this.members.load({ ...member, number: replicaNumber(member.id) }, now);
    this.members.departures = start.departures ?? 0;
    this.membership = new Membership(this.members, this, config, random);
    this.ownership = new Ownership(this.id, config.shards);
    this.persistence = this.#createPersistence(start.epoch);
    this.pulls = new Pulls(this, { settleMs: config.settleMs, idleMs: config.pullIdleMs });
    this.antiEntropy = this.#createAntiEntropy();
    this.replication = this.#createReplication();
    this.audit = this.#createAudit();
    this.recovery = new Recovery(this, config);
    this.chores = new Chores(this, config, now);
    this.housekeeping = new Housekeeping(this, config.housekeepingMs);
    const emit = (deliver: () => void): void => void this.outbox.deliveries.push(deliver);
    this.audience = new Audience(this.watchRelay, random, emit);
    this.keyWaits = new KeyWaits(emit, () => this.linked().filter((peer) => peer < this.id).length);
    this.eviction = new Eviction(this, start.ephemeral ? Infinity : config.dataBytesMax, random);
  }

  #createResidency(): Residency | undefined {
    const { memoryBytesMax: bytesMax, memoryFillShare: fillShare } = this.config;
    if (bytesMax === Infinity) return undefined;
    const residency = new Residency(this.arena, { bytesMax, fillShare, hasDisk: !this.isEphemeral });
    if (this.isEphemeral) residency.lender = this.ghosts;
    return residency;
  }

  #createShards(writer: RecordWriter): Shards {
    const { agenda, arena, conflicts, isEphemeral } = this;
    const { clock } = this.time;
    const seed = { k0: this.#random.uint32(), k1: this.#random.uint32() };
    const mayReturn = (origin: OriginId) => this.members.mayReturn(origin);
    return new Shards(this.config.shards, (id) => {
      const residency = spaceOf(id) === SYSTEM_SPACE ? undefined : this.residency;
      const invalidations = this.invalidations.of(spaceOf(id));
      const own = { id, isPersistent: !isEphemeral, residency, invalidations };
      return new Shard({ ...own, arena, seed, clock, writer, agenda, conflicts, mayReturn });
    });
  }

  #createPersistence(epoch: number): Persistence {
    const { shards, members, config, id, agenda } = this;
    const lineage = () => this.lineage;
    const view = () => this.ownership.viewOf(this.members);
    return new Persistence(shards, members, { ...config, id }, { agenda, epoch, lineage, view });
  }

  #createAntiEntropy(): AntiEntropy {
    return new AntiEntropy(this, this.pulls, {
      intervalMs: this.config.antiEntropyMs,
      random: this.#random,
      sweptTo: () => this.sweptTo,
      facts: (at) => ({
        lives: this.members.livesDigest(),
        epoch: this.persistence.epoch,
        clock: at,
        correctionMs: this.time.guard.correctionMs,
        view: this.ownership.view,
      }),
      measured: (peer, sample) => this.time.measured(peer, sample),
      stamp: (at) => this.time.stampToTell(at),
      caughtUp: (shard) => this.movement.caughtUp(shard),
      heardOfDepartures: (departures) => {
        if (this.members.hearOfDepartures(departures)) this.persistence.metaDirty = true;
      },
      suspect: (shard, peer, asOf, at) => this.audit.begin(shard, peer, asOf, at),
    });
  }

  #createReplication(): Replication {
    return new Replication(this, this.pulls, {
      limits: this.limits,
      region: this.config.region,
      isAlive: (id) => this.membership.stateOf(id) === "alive",
      broadcast: (to, frame) => this.sender.broadcast(to, frame),
      heardOf: (space, at) => this.heardOf(space, at),
      applied: (shard, view, at, when) => this.tidings.applied(shard, view, at, when),
    });
  }

  #createAudit(): Audit {
    return new Audit(this, {
      limits: this.limits,
      sweptTo: () => this.sweptTo,
      repaired: (shard, view, at, how) => {
        logRepair(this.outbox, shard, view, at, how);
        if (how === "restored") this.tidings.applied(shard, view, at, this.sweptTo);
        else this.tidings.changedUntold();
      },
    });
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

  // --- Links -----------------------------------------------------------------------------------------------

  /** `version`: of the protocol, that both ends speak. */
  linkUp(link: LinkId, peer: PeerFacts, now: number): void {
    const clash = this.members.clashOf(peer.id);
    if (clash !== undefined || peer.id === this.id) {
      const reason = `replica id ${peer.id} clashes with ${clash ?? this.id}: choose another --id`;
      this.outbox.closes.push({ link, code: "PEER_DUPLICATE_ID", reason });
      return;
    }
    this.sender.links.up(link, peer.id);
    this.membership.linkUp(peer, now);
    this.outbox.log("info", "link-up", { peer: peer.id, life: peer.life, region: peer.region });
    if (this.id < peer.id) this.antiEntropy.begin(peer.id, now);
    this.quorumReads.linkUp(peer.id);
    this.heard({ type: "here", from: peer.id });
  }

  linkDown(link: LinkId, reason: string): void {
    const peer = this.sender.links.down(link);
    if (peer === undefined) return;
    this.serving.linkDown(peer);
    this.#endTalk(peer);
    this.outbox.log("info", "link-down", { peer, reason });
    this.membership.linkDown(peer);
    this.heard({ type: "gone", from: peer });
  }

  /** What a peer was asked for will not come. */
  #endTalk(peer: ReplicaId): void {
    this.pulls.linkDown(peer);
    this.antiEntropy.linkDown(peer);
    this.time.guard.forget(peer);
    this.replication.linkDown(peer);
    this.quorumReads.linkDown(peer);
    this.ghosts.linkDown(peer);
    this.bequest.linkDown(peer);
    this.fetches.linkDown(peer);
    this.watchRelay.linkDown(peer);
    this.requests?.linkDown(peer);
  }

  /** One frame from a linked peer. Bytes that do not decode end the link. */
  receive(link: LinkId, frame: Uint8Array, now: number): void {
    const peer = this.sender.links.peerOf(link);
    if (peer === undefined) return;
    this.members.seen(peer, now);
    try {
      this.inbox.receive(peer, decodeMessage(frame), now);
    } catch (error) {
      if (!(error instanceof BadBytes)) throw error;
      this.badFrames++;
      this.outbox.log("warn", "bad-frame", { peer, reason: error.message });
      this.outbox.closes.push({ link, code: "PEER_BAD_FRAME", reason: error.message });
    }
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

  isGone(shard: Shard, slot: number): void {
    this.orphans.note(shard, slot);
  }

  recall(shard: Shard, slots: readonly number[], then: (recalled: RecalledAll) => void = () => {}): void {
    this.recalls.wantAll(shard, slots, then);
  }

  lost(shard: Shard, slot: number, now = this.sweptTo): void {
    this.recovery.lost(shard, slot, now);
  }

  isOnDisk(shard: Shard, slot: number): boolean {
    return this.standing.isOnDisk(shard, slot);
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
    return this.#writes.shardOfKey(key, space);
  }

  /** As `LocalWrites.write`. */
  write(shard: Shard, write: LocalWrite, confirm: boolean, now: number, hasRoom = false): number {
    return this.#writes.write(shard, write, confirm, now, hasRoom);
  }

  evict(shard: Shard, slot: number, now: number): void {
    this.#writes.evict(shard, slot, now);
  }

  expectRoom(space: SpaceId): void {
    this.#writes.expectRoom(space);
  }

  prepare(shard: Shard): void {
    this.#writes.prepare(shard);
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

  takeIn(of: ShardId, records: Records, now: number): void {
    this.intake.takeIn(of, records, now);
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
    const ids: ReplicaId[] = [];
    for (const id of this.links()) {
      const member = this.members.get(id);
      if (member !== undefined && !isGivenUp(member)) ids.push(id);
    }
    return ids;
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
    const frame = encodeMessage({ type: "whisper", topic, bytes });
    this.sender.broadcast(to === undefined ? this.linked() : [to], frame);
  }

  heard(whisper: Whisper): void {
    this.outbox.deliveries.push(() => this.whispers?.heard(whisper));
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

  get birth(): number {
    return this.lives.birth;
  }

  get rootLife(): number {
    return this.lives.root;
  }

  get lineage(): readonly Birth[] {
    return this.lives.lineage;
  }

  get startEpoch(): number {
    return this.lives.startEpoch;
  }

  get quarantines(): number {
    return this.recovery.quarantines;
  }

  quarantine(cause: Quarantine, now: number): void {
    this.recovery.quarantine(cause, now);
  }

  log(level: LogLevel, event: string, fields: Readonly<Record<string, unknown>>): void {
    this.outbox.log(level, event, fields);
  }

  learnt(): void {
    this.persistence.metaDirty = true;
    this.outbox.membersChanged = true;
  }

  replanned(): void {
    this.outbox.membersChanged = true;
  }

  /** Everybody holds everything. */
  isPartner(): boolean {
    return true;
  }

  gaveUp(id: ReplicaId): void {
    this.serving.end(id);
    this.#endTalk(id);
  }

  livesAnew(id: ReplicaId): void {
    this.reports.forget(id);
    this.coverage.confirmations.forget(id);
  }

  countOnFrom(epoch: number): void {
    if (epoch <= this.persistence.epoch) return;
    this.persistence.epoch = epoch;
    this.persistence.metaDirty = true;
  }

  giveUpPlace(): void {
    this.membership.giveUpPlace();
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

  /** Nothing that was heard of members and keyspaces waits to be seen. */
  get isViewSettled(): boolean {
    return this.outlook.isSettled;
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
