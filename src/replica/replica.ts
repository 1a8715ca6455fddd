/**
 * The replica: a deterministic machine. It is told what happens (links, frames, ticks, what the disk has written) and
 * what clients want, always with the time, and puts what it wants done into its outbox. It never waits and never asks.
 *
 *  I1. Nothing that bears a dot of a life leaves before that life is on disk (R4).
 *  I2. A link's peer that was given up is neither fed nor believed until it comes with a new life.
 *  I3. Bad bytes from a peer change nothing and cost it its link.
 */

import { assertNever } from "../base/assert.ts";
import { BadBytes, latin1FromBytes } from "../base/bytes.ts";
import { isDue } from "../base/deadline.ts";
import { AtollError } from "../base/errors.ts";
import type { Key, OriginId, ReplicaId, ShardId, SpaceId, Timestamp } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import { DEFAULT_SPACE, isForEverybody, SYSTEM_SPACE, spaceOf } from "../base/shard-id.ts";
import { AntiEntropy } from "../cluster/anti-entropy.ts";
import { Audit } from "../cluster/audit.ts";
import { ClockGuard } from "../cluster/clock-guard.ts";
import { HeardSpaces } from "../cluster/heard-spaces.ts";
import { isKeeper } from "../cluster/keeper.ts";
import { Keyspaces } from "../cluster/keyspaces.ts";
import { withBirth } from "../cluster/lineage.ts";
import { isGivenUp, type Member, Members, placeTakenBack } from "../cluster/members.ts";
import { Membership } from "../cluster/membership.ts";
import type { Quarantine } from "../cluster/membership-host.ts";
import { isOfMembership } from "../cluster/membership-message.ts";
import { Movement } from "../cluster/movement.ts";
import { Ownership } from "../cluster/ownership.ts";
import { Pulls } from "../cluster/pulls.ts";
import { Purging } from "../cluster/purging.ts";
import { forEachRecord, Replication } from "../cluster/replication.ts";
import { Reports } from "../cluster/reports.ts";
import { Sealing } from "../cluster/sealing.ts";
import { Serving } from "../cluster/serving.ts";
import { Agenda } from "../core/agenda.ts";
import { Arena } from "../core/arena.ts";
import { APPLIED } from "../core/arrivals.ts";
import type { LocalWrite } from "../core/author.ts";
import { HybridClock, msOfTimestamp, timestampFromMs } from "../core/clock.ts";
import { compact, isWasteful } from "../core/compaction.ts";
import { isCollectionKind, KIND_PLAIN } from "../core/kind.ts";
import { leap, lifeOf, originOf, replicaNumber, replicaOf } from "../core/origin.ts";
import {
  expiresAt,
  keyAt,
  keyStartAt,
  kindAt,
  originAt,
  RecordWriter,
  recordLength,
  sequenceAt,
  timestampAt,
} from "../core/record.ts";
import type { RecordLimits } from "../core/record-check.ts";
import { Residency } from "../core/residency.ts";
import { Shard } from "../core/shard.ts";
import { shardOf } from "../core/shard-of.ts";
import { Shards } from "../core/shards.ts";
import type { Whisper } from "../document-store.ts";
import { deletionOfAll } from "../types/collection.ts";
import { ending } from "../types/container.ts";
import { decodeMessage, encodeMessage } from "../wire/codec.ts";
import {
  type Birth,
  HALF_READY,
  type MemberFacts,
  type MemberState,
  type Message,
  type MessageOf,
  NOT_READY,
  READY,
  type Readiness,
  type ReportFacts,
} from "../wire/message.ts";
import type { Records } from "../wire/records.ts";
import { AckWaits } from "./acks.ts";
import { Audience } from "./audience.ts";
import { Bequest } from "./bequest.ts";
import type { ReplicaConfig } from "./config.ts";
import { Conflicts } from "./conflicts.ts";
import { Coverage } from "./coverage.ts";
import { Departure } from "./departure.ts";
import type { FolderMeasure } from "./disk-budget.ts";
import { type DiskWait, DiskWaits } from "./disk-waits.ts";
import { Doubt } from "./doubt.ts";
import { Eviction } from "./eviction.ts";
import { ExpirySweep } from "./expiry-sweep.ts";
import { Fetches } from "./fetches.ts";
import { Ghosts } from "./ghosts.ts";
import { KeyWaits } from "./key-waits.ts";
import { durablePolicies, learnDefinition, learnDefinitions } from "./learned-definitions.ts";
import { endedContainers } from "./leases.ts";
import { Orphans } from "./orphans.ts";
import { Outbox } from "./outbox.ts";
import { PeerLinks } from "./peer-links.ts";
import { type Batch, Persistence } from "./persistence.ts";
import type { LinkId, LogLevel, PeerFacts } from "./ports.ts";
import { QuorumReads } from "./quorum-reads.ts";
import { ReadinessCheck } from "./readiness.ts";
import { type Found, type RecalledAll, Recalls } from "./recalls.ts";
import { versionAt } from "./register-view.ts";
import { Rota } from "./rota.ts";
import { StaleSweep } from "./stale-sweep.ts";
import { SumUpkeep } from "./sum-upkeep.ts";
import { isInvalidation, LearnedInvalidations } from "./tag-invalidation.ts";
import { Vouchers } from "./vouchers.ts";
import { WatchRelay, type WatchRelayHost } from "./watch-relay.ts";
import { Withheld } from "./withheld.ts";

/**
 * Bears neither a dot nor a life (I1): that a session is over, which the other end would keep for ever, and that this process
 * is there.
 */
function isLifeless({ type }: Message): boolean {
  return type === "stop" || type === "ping" || type === "ping-ack" || type === "ping-request" || type === "ping-nack";
}

/** Members of collections that were deleted as a whole that fall in one step: the disk is fed in the same turn. */
const FALLING_STEP = 512;
const ROUND_TRIP_MS_MAX = 60_000;
/** Values of what is in doubt that are taken back from disk before more are. */
const RECALLS_AT_ONCE = 256;
/** So long a write may be on its way, and between owners, and still be taken with the stamp that it was given first. */
const REQUEST_MS_MAX = 10_000;

export interface ReplicaStart {
  readonly id: ReplicaId;
  /** Greater than that of every earlier start. */
  readonly life: number;
  /** Keeps nothing on disk: every start is another replica. */
  readonly ephemeral: boolean;
  /** The life since which it has held what it holds; absent: it begins with nothing. */
  readonly rootLife?: number;
  /** Batches that the disk had taken when this life began. */
  readonly epoch: number;
  readonly members: readonly Omit<Member, "number">[];
  /** Its latest lives before this one. */
  readonly lineage: readonly Birth[];
  /** How many members have been forgotten; absent: none. */
  readonly departures?: number;
}

/** Whoever hears what peers whisper. */
export interface WhisperListener {
  heard(whisper: Whisper): void;
}

/** Whoever carries out what clients of other replicas want, and asks others for what clients of this one do. */
export interface RequestListener {
  /** The bytes are valid during the call only. */
  receive(peer: ReplicaId, message: MessageOf<"request">): void;
  /** Throws `BadBytes`. */
  receiveResponse(peer: ReplicaId, message: MessageOf<"response">, now: number): void;
  linkDown(peer: ReplicaId): void;
}

export class Replica implements WatchRelayHost {
  readonly config: ReplicaConfig;
  readonly id: ReplicaId;
  readonly number: number;
  readonly arena = new Arena();
  /** Absent: memory has no bound. */
  readonly residency: Residency | undefined;
  readonly recalls = new Recalls(this);
  readonly fetches = new Fetches(this);
  readonly ghosts = new Ghosts(this);
  readonly orphans = new Orphans(this);
  readonly bequest = new Bequest(this);
  readonly agenda = new Agenda();
  readonly clock: HybridClock;
  /** The machine is told the corrected time: the wall clock's and `correctionMs`. */
  readonly clockGuard: ClockGuard;
  readonly shards: Shards;
  readonly keyspaces = new Keyspaces((space) => {
    if (!this.shards.has(space)) this.addSpace(space);
  });
  readonly heardSpaces = new HeardSpaces();
  readonly invalidations = new LearnedInvalidations();
  readonly staleSweep = new StaleSweep(this);
  readonly sumUpkeep = new SumUpkeep(this);
  readonly members: Members;
  readonly membership: Membership;
  readonly reports: Reports;
  readonly ownership: Ownership;
  readonly movement: Movement;
  readonly pulls: Pulls;
  readonly antiEntropy: AntiEntropy;
  readonly replication: Replication;
  readonly audit: Audit;
  readonly persistence: Persistence;
  readonly acks: AckWaits;
  readonly quorumReads: QuorumReads;
  readonly watchRelay: WatchRelay;
  readonly audience: Audience;
  readonly keyWaits: KeyWaits;
  readonly departure: Departure;
  readonly conflicts = new Conflicts(this);
  readonly eviction: Eviction;
  readonly diskWaits = new DiskWaits();
  readonly outbox = new Outbox();
  readonly limits: RecordLimits;
  life: number;
  /** The present life is on disk: its dots may leave. */
  lifeDurable: boolean;
  /** There are addresses at which others may be: who has met none of them does not take itself for the whole cluster. */
  seeksPeers = false;
  /** Bytes that a link was given and has not taken yet, and its bound: whoever carries the outbox out can tell. */
  queuedOn: (link: LinkId) => number = () => 0;
  queueBytesMax = 0;
  /** What is written now would be kept by others only: whoever hands over the batches can tell. */
  isDiskFull: () => boolean = () => false;
  whispers: WhisperListener | undefined;
  requests: RequestListener | undefined;
  /** Peers were told that whatever is written from now on is stamped above. */
  toldStamp = 0;
  /** Frames that did not decode, or said what cannot be. */
  badFrames = 0;
  quarantines = 0;
  purged = 0;

  /** When this process began, unix ms. */
  readonly startedAt: number;
  /** Drawn when this process began: tells two processes apart that were given the same life. */
  readonly birth: number;
  /** The life since which what is held has been held: the first, or that of the last quarantine. */
  rootLife: number;
  /** Its latest lives, the present one included once it has begun. */
  lineage: readonly Birth[];
  /** What the disk had taken when this life began. */
  startEpoch: number;

  readonly #ephemeral: boolean;
  readonly #writer = new RecordWriter();
  readonly #serving: Serving;
  readonly #purging: Purging;
  readonly #sealing: Sealing;
  readonly #doubt: Doubt;
  readonly #vouchers: Vouchers;
  readonly #links = new PeerLinks();
  readonly #coverage = new Coverage(this);
  readonly #sweep: ExpirySweep;
  readonly #rota = new Rota<"sweep" | "fall" | "purge" | "compact">();
  readonly #readiness: ReadinessCheck;
  readonly #withheld = new Withheld();
  #housekeepingDueAt = 0;
  readonly #emit = (deliver: () => void): void => void this.outbox.deliveries.push(deliver);
  readonly #random: Random;
  #begunAt: number;
  /** Of this replica, as it was on disk. */
  readonly #former: MemberFacts | undefined;
  #hasNewView = false;
  #hasNewDefinitions = false;

  constructor(config: ReplicaConfig, start: ReplicaStart, random: Random, now: number) {
    this.config = config;
    this.id = start.id;
    this.number = replicaNumber(start.id);
    this.life = start.life;
    this.lifeDurable = start.ephemeral;
    this.#ephemeral = start.ephemeral;
    this.startEpoch = start.epoch;
    this.startedAt = Math.max(0, Math.floor(now));
    this.#begunAt = now;
    this.#random = random;
    this.birth = Math.max(1, random.uint32());
    this.rootLife = start.rootLife ?? 0;
    this.lineage = start.lineage;
    this.limits = { keyBytesMax: config.keyBytesMax, valueBytesMax: config.valueBytesMax };
    this.clock = new HybridClock(config.maxClockOffsetMs);
    this.clockGuard = new ClockGuard(config.maxClockOffsetMs);
    const seed = { k0: random.uint32(), k1: random.uint32() };
    const { agenda, arena, clock, conflicts } = this;
    const writer = this.#writer;
    const { memoryBytesMax: bytesMax, memoryFillShare: fillShare } = config;
    const hasDisk = !start.ephemeral;
    this.residency = bytesMax < Infinity ? new Residency(arena, { bytesMax, fillShare, hasDisk }) : undefined;
    if (this.residency !== undefined && !hasDisk) this.residency.lender = this.ghosts;
    const mayReturn = (origin: OriginId) => this.members.mayReturn(origin);
    this.shards = new Shards(config.shards, (id) => {
      const residency = spaceOf(id) === SYSTEM_SPACE ? undefined : this.residency;
      const isPersistent = !start.ephemeral;
      const invalidations = this.invalidations.of(spaceOf(id));
      const own = { id, isPersistent, residency, invalidations };
      return new Shard({ ...own, arena, seed, clock, writer, agenda, conflicts, mayReturn });
    });
    this.#former = start.members.find(({ id }) => id === start.id);
    this.members = new Members(this.#ownFacts());
    for (const member of start.members) this.members.load({ ...member, number: replicaNumber(member.id) }, now);
    this.members.departures = start.departures ?? 0;
    this.membership = new Membership(this.members, this, config, random);
    this.reports = new Reports();
    this.ownership = new Ownership(this.id, config.shards);
    const lineage = () => this.lineage;
    this.persistence = new Persistence(
      this.shards,
      this.members,
      { ...config, id: start.id },
      { agenda, epoch: start.epoch, lineage, view: () => this.ownership.viewOf(this.members) },
    );
    this.#sweep = new ExpirySweep(
      this.shards,
      agenda,
      {
        sweepMs: config.sweepMs,
        fell: (shard, slot, at) => this.#applied(shard, shard.table.viewOf(slot), shard.table.offsetOf(slot), at),
      },
      now,
    );
    this.pulls = new Pulls(this, { settleMs: config.settleMs, idleMs: config.pullIdleMs });
    this.#serving = new Serving(this);
    this.movement = new Movement(this);
    this.#purging = new Purging(this, config);
    this.#sealing = new Sealing(this);
    this.#doubt = new Doubt(this, config);
    this.#vouchers = new Vouchers(this);
    this.antiEntropy = new AntiEntropy(this, this.pulls, {
      intervalMs: config.antiEntropyMs,
      random,
      sweptTo: () => this.sweptTo,
      facts: (at) => this.#reportFacts(at),
      measured: (peer, sample) => {
        const address = this.members.get(peer)?.address;
        this.clockGuard.note(peer, sample, (id) => this.members.get(id)?.address === address);
      },
      // Nobody asks where all own all: a clock that runs ahead is not to be followed without need.
      stamp: (at) => {
        const floor = this.ownership.isAnyPlaced ? this.clock.floor(at) : timestampFromMs(at);
        this.toldStamp = Math.max(this.toldStamp, timestampFromMs(msOfTimestamp(floor) - REQUEST_MS_MAX));
        return this.toldStamp as Timestamp;
      },
      caughtUp: (shard) => this.movement.caughtUp(shard),
      heardOfDepartures: (departures) => {
        if (this.members.hearOfDepartures(departures)) this.persistence.metaDirty = true;
      },
      suspect: (shard, peer, asOf, at) => this.audit.begin(shard, peer, asOf, at),
    });
    this.replication = new Replication(this, this.pulls, {
      limits: this.limits,
      region: config.region,
      isAlive: (id) => this.membership.stateOf(id) === "alive",
      broadcast: (to, frame) => this.#broadcastFrame(to, frame),
      heardOf: (space, at) => this.heardOf(space, at),
      applied: (shard, view, at, when) => this.#applied(shard, view, at, when),
    });
    this.audit = new Audit(this, {
      limits: this.limits,
      sweptTo: () => this.sweptTo,
      repaired: (shard, view, at, how) => {
        const stampedAt = msOfTimestamp(timestampAt(view, at));
        const isLasting = expiresAt(view, at) === Infinity;
        this.outbox.log("warn", "divergence-repaired", {
          shard: shard.id,
          how,
          stampedAt,
          kind: kindAt(view, at),
          version: versionAt(view, at),
          isLasting,
        });
        if (how === "restored") this.#applied(shard, view, at, this.sweptTo);
        else this.#changedUntold();
      },
    });
    this.acks = new AckWaits(this.#coverage);
    this.quorumReads = new QuorumReads(this);
    this.watchRelay = new WatchRelay(this);
    this.audience = new Audience(this.watchRelay, random, this.#emit);
    this.keyWaits = new KeyWaits(this.#emit, () => this.linked().filter((peer) => peer < this.id).length);
    this.departure = new Departure(this);
    this.#readiness = new ReadinessCheck(this);
    this.eviction = new Eviction(this, start.ephemeral ? Infinity : config.dataBytesMax, random);
  }

  get origin(): OriginId {
    return originOf(this.number, this.life);
  }

  /** Instant up to which expired registers fall, unix ms: those of a shard have, once its earliest expiry is later. */
  get sweptTo(): number {
    return this.#sweep.sweptTo;
  }

  /** Registers that expired here. */
  get expired(): number {
    return this.#sweep.expired;
  }

  /** To be called once, after what was on disk has been loaded and before anything else. */
  begin(now: number): void {
    this.#begunAt = now;
    for (const shard of this.shards) {
      for (const origin of [...shard.origins(), ...[...shard.vector.entries()].map(([each]) => each)]) {
        if (replicaOf(origin) === this.number) this.life = Math.max(this.life, lifeOf(origin) + 1);
      }
    }
    if (this.rootLife === 0) this.rootLife = this.life;
    this.#beginLife();
    for (const shard of this.shards) shard.beginLife(this.origin);
    this.#learnDefinitions();
    this.#takePolicies();
    this.#see();
    this.residency?.setShares(this.keyspaces.memoryShares());
    this.residency?.measure();
    // The others wait for it no more, whoever of them still knows of it.
    if (this.#former?.left === true) this.quarantine({ reason: "has left", knownLife: this.life }, now);
  }

  /** The present life is what others are to hear of, once it is on disk. */
  #beginLife(): void {
    this.members.beginLife(this.life, this.rootLife);
    this.lineage = withBirth(this.lineage, { life: this.life, birth: this.birth });
    this.persistence.metaDirty = true;
  }

  // --- Clients -------------------------------------------------------------------------------------------------

  /** Makes room for a space that is not there yet. */
  addSpace(space: SpaceId): void {
    for (const shard of this.shards.add(space)) shard.beginLife(this.origin);
  }

  /** A peer speaks of a space: there is a keyspace that has it. */
  heardOf(space: SpaceId, now: number): void {
    if (!this.shards.has(space)) this.heardSpaces.note(space, now);
  }

  /** Owners of a shard that are linked, those that are alive and near first. */
  reachableOwners(shard: ShardId): readonly ReplicaId[] {
    const { roundTrips } = this.membership.swim;
    const isReady = (id: ReplicaId): boolean => {
      const report = this.reports.of(shard, id);
      return report?.view === this.ownership.view && report.readiness === READY;
    };
    const costOf = (id: ReplicaId) =>
      (this.membership.stateOf(id) === "alive" ? 0 : ROUND_TRIP_MS_MAX) +
      (isReady(id) ? 0 : 2 * ROUND_TRIP_MS_MAX) +
      (roundTrips.roundTripMs(id) ?? 0);
    const reachable = this.ownership.groupOf(shard).filter((id) => this.canSend(id));
    return reachable
      .map((id) => ({ id, cost: costOf(id) }))
      .sort((a, b) => a.cost - b.cost)
      .map(({ id }) => id);
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

  /** In the default space unless told. */
  shardOfKey(key: Key, space: SpaceId = DEFAULT_SPACE): Shard {
    const shards = this.shards.in(space);
    this.#writer.writeIdentity(KIND_PLAIN, key);
    const { view } = this.#writer;
    const keyStart = keyStartAt(view, 0);
    return shards[shardOf(view, keyStart, keyStart + key.length, shards.length)] as Shard;
  }

  /**
   * A local write or deletion, in the shard of its key. Returns its slot; its dot is in the register. `hasRoom`: room was
   * expected (`expectRoom`) for all that belongs together with it.
   */
  write(shard: Shard, write: LocalWrite, confirm: boolean, now: number, hasRoom = false): number {
    if (write.value !== undefined && !hasRoom) this.expectRoom(spaceOf(shard.id));
    this.prepare(shard);
    const slot = shard.write(write, now);
    this.replication.queue(shard, this.#writer.bytes, recordLength(this.#writer.view, 0), confirm);
    this.#applied(shard, shard.table.viewOf(slot), shard.table.offsetOf(slot), now);
    return slot;
  }

  /** What is in a slot goes for good (`eviction.ts`). */
  evict(shard: Shard, slot: number, now: number): void {
    const { table } = shard;
    const key = keyAt(table.viewOf(slot), table.bytesOf(slot), table.offsetOf(slot));
    this.write(shard, { kind: KIND_PLAIN, key, isRemoval: true }, false, now);
  }

  evictOrphan(shard: Shard, slot: number, now: number): void {
    this.eviction.remove(shard, slot, now, true);
  }

  /** Before a value is written: throws `MEMORY_FULL` (E4), `DISK_FULL`. What frees room, and what peers send, is taken. */
  expectRoom(space: SpaceId): void {
    if (space === SYSTEM_SPACE) return;
    if (this.isDiskFull()) throw new AtollError("DISK_FULL", "the disk of this replica is full: it takes no values");
    if (this.eviction.disk?.isSpent(this.persistence.writtenBytes) === true)
      throw new AtollError("DISK_FULL", "the data folder is at its bound: values come faster than others go");
    if (this.residency?.isFull === true)
      throw new AtollError("MEMORY_FULL", "values come faster than the disk takes them, or the budget is too small");
  }

  /**
   * What was left of a shard that leaves goes, and where this life is spent another one begins (R4). To be called before a write
   * that names the life that makes it; `write` does it by itself.
   */
  prepare(shard: Shard): void {
    if (shard.isLeaving) shard.tenure.leave(Infinity);
    if (!shard.isSpent) return;
    this.life += 1 + leap(this.#random);
    // What the disk has taken so far belongs to the lives before: that others know of it is no news.
    this.startEpoch = this.persistence.epoch;
    this.outbox.log("info", "life-begun", { life: this.life, shard: shard.id });
    this.#beginLife();
    this.#coverage.confirmations.clear();
    for (const each of this.shards) each.beginLife(this.origin);
    this.lifeDurable = this.#ephemeral;
    if (this.lifeDurable) this.membership.announce();
  }

  /** Of the definitions of keyspaces that came, those that are on disk say from now on who owns what. */
  #takePolicies(): void {
    if (!this.#hasNewDefinitions) return;
    const { policies, areAll } = durablePolicies(this, this.ownership.policies);
    this.#hasNewDefinitions = !areAll;
    this.ownership.setPolicies(policies);
  }

  /** Sees who owns what by what is known now, and is on disk. */
  #see(): void {
    if (!this.ownership.see(this.members) || !this.ownership.isAnyPlaced) return;
    this.#hasNewView = true;
    for (const shard of this.shards) if (!this.ownership.owns(shard.id)) this.pulls.abandon(shard.id);
  }

  /** Nothing that was heard of members and keyspaces waits to be seen. */
  get isViewSettled(): boolean {
    return !this.#hasNewDefinitions && this.ownership.viewOf(this.members) === this.ownership.view;
  }

  /** A later view than that which others are told of has come: where nothing is kept, at once; else once it is on disk. */
  #look(now: number): void {
    this.#takePolicies();
    if (this.ownership.viewOf(this.members) !== this.ownership.view) {
      if (this.#ephemeral) this.#see();
      else this.persistence.metaDirty = true;
    }
    if (!this.#hasNewView) return;
    this.#hasNewView = false;
    for (const peer of this.linked()) this.antiEntropy.begin(peer, now);
  }

  /** Of what everybody keeps for ever nobody asks who is. */
  readinessOf(shard: Shard): Readiness {
    if (isForEverybody(spaceOf(shard.id))) return READY;
    const isReadyOnDisk = this.#ephemeral ? shard.isReady : this.persistence.isReadyOnDisk(shard.id);
    if (shard.isReady && isReadyOnDisk) return READY;
    return shard.isReady || isReadyOnDisk ? HALF_READY : NOT_READY;
  }

  isHeld(shard: Shard): boolean {
    return !shard.isBlank || (!this.#ephemeral && this.persistence.isOnDisk(shard.id));
  }

  adopt(shard: Shard): boolean {
    if (shard.isWhole()) return true;
    const slots: number[] = [];
    for (const { origin } of shard.early()) {
      const isOfEarlierLife = replicaOf(origin) === this.number && origin !== this.origin;
      if (isOfEarlierLife) shard.collectAbove(origin, shard.vector.get(origin), slots);
    }
    const away = slots.filter((slot) => shard.isAway(slot));
    if (away.length > 0) {
      this.recall(shard, away.slice(0, RECALLS_AT_ONCE));
      return false;
    }
    if (slots.length > 0) this.prepare(shard);
    for (const slot of slots) shard.redot(slot);
    return true;
  }

  leaves(shard: Shard): void {
    this.pulls.abandon(shard.id);
    this.#serving.endShard(shard);
    this.replication.leaves(shard);
    this.#changedUntold(shard);
  }

  // --- Links ---------------------------------------------------------------------------------------------------

  /** `version`: of the protocol, that both ends speak. */
  linkUp(link: LinkId, peer: PeerFacts, now: number): void {
    const clash = this.members.clashOf(peer.id);
    if (clash !== undefined || peer.id === this.id) {
      const reason = `replica id ${peer.id} clashes with ${clash ?? this.id}: choose another --id`;
      this.outbox.closes.push({ link, code: "PEER_DUPLICATE_ID", reason });
      return;
    }
    this.#links.up(link, peer.id);
    this.membership.linkUp(peer, now);
    this.outbox.log("info", "link-up", { peer: peer.id, life: peer.life, region: peer.region });
    if (this.id < peer.id) this.antiEntropy.begin(peer.id, now);
    this.quorumReads.linkUp(peer.id);
    this.#heard({ type: "here", from: peer.id });
  }

  linkDown(link: LinkId, reason: string): void {
    const peer = this.#links.down(link);
    if (peer === undefined) return;
    this.#serving.linkDown(peer);
    this.#endTalk(peer);
    this.outbox.log("info", "link-down", { peer, reason });
    this.membership.linkDown(peer);
    this.#heard({ type: "gone", from: peer });
  }

  /** What a peer was asked for will not come. */
  #endTalk(peer: ReplicaId): void {
    this.pulls.linkDown(peer);
    this.antiEntropy.linkDown(peer);
    this.clockGuard.forget(peer);
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
    const peer = this.#links.peerOf(link);
    if (peer === undefined) return;
    this.members.seen(peer, now);
    try {
      this.#handle(peer, decodeMessage(frame), now);
    } catch (error) {
      if (!(error instanceof BadBytes)) throw error;
      this.badFrames++;
      this.outbox.log("warn", "bad-frame", { peer, reason: error.message });
      this.outbox.closes.push({ link, code: "PEER_BAD_FRAME", reason: error.message });
    }
  }

  #handle(peer: ReplicaId, message: Message, now: number): void {
    if (isOfMembership(message)) return this.membership.receive(peer, message, now);
    const member = this.members.get(peer);
    if (member === undefined || isGivenUp(member)) {
      if (message.type === "pull") this.#serving.refusePull(peer, message);
      if (message.type === "credit") this.#serving.receiveCredit(peer, message);
      if (message.type === "follow") this.watchRelay.refuseFollow(peer, message);
      return;
    }
    switch (message.type) {
      case "push":
        return this.replication.receivePush(peer, message, now);
      case "relay":
        return this.replication.receiveRelay(peer, message, now);
      case "relayed":
        return this.replication.receiveRelayed(message, now);
      case "confirm":
        return this.#receiveConfirm(peer, message);
      case "digest":
        this.#noteEpoch(peer, message);
        this.antiEntropy.receiveDigest(peer, message, now);
        return this.acks.progressedEverywhere();
      case "shard-digests":
        this.#noteEpoch(peer, message);
        this.antiEntropy.receiveShardDigests(peer, message, now);
        return this.acks.progressedEverywhere();
      case "vectors":
        this.#noteEpoch(peer, message);
        this.antiEntropy.receiveVectors(peer, message, now);
        this.#pull(now);
        return this.acks.progressedEverywhere();
      case "pull":
        return this.#serving.receivePull(peer, message);
      case "delta":
        return this.#receiveDelta(peer, message, now);
      case "credit":
        return this.#serving.receiveCredit(peer, message);
      case "stop":
        return message.fromSource ? this.pulls.receiveStop(peer, message) : this.#serving.receiveStop(peer, message);
      case "audit-buckets":
        return this.audit.receiveBuckets(peer, message);
      case "audit-entries":
        return this.audit.receiveEntries(peer, message);
      case "audit-fetch":
        return this.audit.receiveFetch(peer, message);
      case "audit-records":
        return this.audit.receiveRecords(peer, message, now);
      case "audit-vote":
        return this.audit.votes.receiveVote(peer, message);
      case "audit-ballot":
        return this.audit.votes.receiveBallot(peer, message, now);
      case "audit-forget":
        return this.audit.receiveForget(message);
      case "read":
        return this.quorumReads.receiveRead(peer, message);
      case "read-reply":
        return this.quorumReads.receiveReply(peer, message, now);
      case "keep":
        return this.ghosts.receiveKeep(peer, message);
      case "kept":
        this.bequest.receiveKept(peer, message);
        return this.ghosts.receiveKept(peer, message);
      case "fetch":
        return this.fetches.receiveFetch(peer, message);
      case "fetched":
        return this.fetches.receiveFetched(peer, message, now);
      case "follow":
        return this.watchRelay.receiveFollow(peer, message);
      case "followed":
        return this.watchRelay.receiveFollowed(peer, message);
      case "news":
        return this.watchRelay.receiveNews(peer, message, now);
      case "request":
        this.heardOf(message.space, now);
        return this.requests?.receive(peer, message);
      case "response":
        return this.requests?.receiveResponse(peer, message, now);
      case "whisper":
        return this.#heard({ type: "message", from: peer, topic: message.topic, message: message.bytes.slice() });
      case "leave":
        return this.membership.receiveLeave(peer, message);
      default:
        return assertNever(message);
    }
  }

  // --- Time ----------------------------------------------------------------------------------------------------

  tick(now: number): void {
    this.#rota.begin();
    this.membership.tick(now);
    this.#readiness.tick(now - this.#begunAt);
    // Of a replica with a disk it is the next batch that brings a new policy into force.
    if (this.#ephemeral && this.#hasNewDefinitions) this.#look(now);
    this.antiEntropy.tick(now);
    this.audit.votes.tick(now);
    this.#fall(now);
    this.#fallOn();
    this.staleSweep.step(now);
    this.sumUpkeep.step(now);
    if (this.#vouchers.isBroken(now)) this.#doubtAgain(now);
    this.#reconcileAll(now);
    this.#pull(now);
    this.acks.tick(now);
    this.diskWaits.tick(now);
    this.quorumReads.tick(now);
    this.audience.tick(now);
    this.keyWaits.tick(now);
    this.#serving.tick(now);
    this.ghosts.tick(now);
    this.#keepHouse(now);
    this.#purge(now);
    this.orphans.tick();
    this.fetches.tick(now);
    this.recalls.tick();
    this.eviction.step(now);
    this.#reclaim();
    this.ghosts.flush();
    this.#guardClock(now);
  }

  #fall(now: number): void {
    if (!this.#rota.may("sweep", this.#sweep.isUnderWay)) return;
    this.#sweep.step(now);
    if (this.#sweep.isUnderWay) this.#rota.spent("sweep");
  }

  /** What was deleted as a whole, and is too much for one step. */
  #fallOn(): void {
    const { falling } = this.agenda;
    if (!this.#rota.may("fall", falling.size > 0)) return;
    for (const shard of falling) {
      this.#rota.spent("fall");
      if (!shard.falling.step(FALLING_STEP)) return;
    }
  }

  #purge(now: number): void {
    if (!this.#rota.may("purge", this.#purging.isUnderWay)) return;
    this.purged += this.#purging.step(now);
    if (this.#purging.isUnderWay) this.#rota.spent("purge");
  }

  /** E1: what is being written is not on disk yet. */
  #reclaim(): void {
    if (!this.persistence.isUnderWay) this.residency?.reclaim();
    if (!this.#rota.may("compact", isWasteful(this.arena))) return;
    if (compact(this.arena, this.shards)) this.#rota.spent("compact");
  }

  /** Last in a tick: what expired by the clock so far has fallen, and stays so when that is put back. */
  #guardClock(now: number): void {
    const guard = this.clockGuard;
    const before = guard.correctionMs;
    guard.look(now - before);
    if (!guard.evaluate(this.members.owners().length + 1)) return;
    const { correctionMs } = guard;
    this.clock.putBack(now - before + correctionMs);
    const level = correctionMs === 0 ? "info" : "warn";
    this.outbox.log(level, correctionMs === 0 ? "clock-trusted" : "clock-corrected", { correctionMs });
  }

  #keepHouse(now: number): void {
    if (!isDue({ dueAt: this.#housekeepingDueAt, waitMaxMs: this.config.housekeepingMs }, now)) return;
    this.#housekeepingDueAt = now + this.config.housekeepingMs;
    this.membership.keepHouse(now);
    this.residency?.setShares(this.keyspaces.memoryShares());
    this.residency?.measure();
    this.orphans.step(now);
    this.#look(now);
    this.movement.tick(now);
    this.departure.tick(now);
    this.watchRelay.evaluate(now);
    const hasUnmet = this.mayHaveUnmetOwners(now);
    // Somebody may hold more of a life that ended just after the two had met, which the disk did not take any more.
    if (!hasUnmet || this.members.all().length > 1) this.#sealing.step();
    if (hasUnmet) return;
    this.#endLeases(now);
    this.sumUpkeep.begin();
    this.#purging.begin();
  }

  /** One is enough to delete what has expired everywhere. */
  #endLeases(now: number): void {
    for (const shard of this.shards) {
      if (!isKeeper(this, shard.id)) continue;
      for (const { kind, key } of endedContainers(this, shard)) {
        const writes = isCollectionKind(kind) ? deletionOfAll(shard, { kind, key }) : [ending(shard, kind, key)];
        for (const write of writes) this.write(shard, write, false, now);
      }
    }
  }

  /** R6 and R7: what every owner has on disk. */
  settledTest(shard: Shard, now: number): ReturnType<Purging["testFor"]> {
    return this.#purging.testFor(shard, now);
  }

  /** The last tick left something over: the next one should come soon. */
  get isBusy(): boolean {
    const { movement, eviction, staleSweep } = this;
    if (this.#sweep.isUnderWay || staleSweep.isUnderWay || this.#purging.isUnderWay) return true;
    if (this.agenda.falling.size > 0) return true;
    return movement.isUnderWay || eviction.isUnderWay;
  }

  // --- Disk ----------------------------------------------------------------------------------------------------

  persisted(batch: Batch): void {
    this.persistence.persisted(batch);
    this.#reclaim();
    this.diskWaits.persisted(batch.number);
    this.#takePolicies();
    const view = this.ownership.viewOf(this.members);
    if (batch.view === view) this.#see();
    // The next batch is of that view: clients wait for it.
    else if (view !== this.ownership.view) this.persistence.metaDirty = true;
    if (!this.lifeDurable && batch.life === this.life) {
      this.lifeDurable = true;
      this.membership.announce();
      for (const outgoing of this.#withheld.take()) {
        if (this.#links.peerOf(outgoing.link) !== undefined) this.outbox.frames.push(outgoing);
      }
    }
    for (const { shard } of batch.shards) this.acks.progressed(shard.id);
  }

  /** What the disk has under a key of `outbox.reads`. */
  diskRead(key: Uint8Array, read: Found): void {
    this.recalls.received(key, read);
  }

  readValue(key: Uint8Array, shard: Shard, identity: Uint8Array): void {
    if (this.#ephemeral) this.fetches.begin(key, shard, identity);
    else this.outbox.reads.push(key);
  }

  isGone(shard: Shard, slot: number): void {
    this.orphans.note(shard, slot);
  }

  isOnDisk(shard: Shard, slot: number): boolean {
    if (shard.isAway(slot)) return true;
    if (this.persistence.isUnderWayOf(shard) || shard.unsaved.has(slot)) return false;
    const [view, at] = [shard.table.viewOf(slot), shard.table.offsetOf(slot)];
    return this.persistence.durableOf(shard.id).covers(originAt(view, at), sequenceAt(view, at));
  }

  /** Of a data folder that takes up so much. */
  measureOf(folderBytes: number): FolderMeasure {
    const { recordBytes, writtenBytes } = this.persistence;
    return { folderBytes, recordBytes, writtenBytes };
  }

  recall(shard: Shard, slots: readonly number[], then: (recalled: RecalledAll) => void = () => {}): void {
    this.recalls.wantAll(shard, slots, then);
  }

  /** The disk has lost what the shard claims: it claims nothing any more, and peers bring it back. */
  lost(shard: Shard, slot: number, now = this.sweptTo): void {
    this.outbox.log("error", "data-damaged", { shards: 1, entries: 1, registers: shard.table.count });
    shard.discard(slot);
    shard.quarantine.distrust({ serve: !shard.quarantined });
    this.pulls.abandon(shard.id);
    this.persistence.distrusted(shard);
    this.#changedUntold(shard);
    for (const peer of this.linked()) this.antiEntropy.begin(peer, now);
  }

  // --- State ---------------------------------------------------------------------------------------------------

  /** Why this replica should not be sent clients yet; empty when it is in sync as far as it can know. */
  unreadyReasons(now: number, refusals: readonly string[] = []): string[] {
    return this.#readiness.reasons(now - this.#begunAt, refusals);
  }

  /** Deltas being sent. */
  get deltasServed(): number {
    return this.#serving.sessions;
  }

  /** Bytes of deltas sent beyond what peers gave credit for. */
  get deltaBytesOverdrawn(): number {
    return this.#serving.overdrawnBytes;
  }

  get isDeparting(): boolean {
    return this.departure.isUnderWay || this.bequest.isUnderWay;
  }

  nextQuestion(): number {
    return this.ghosts.nextQuestion();
  }

  get isEphemeral(): boolean {
    return this.#ephemeral;
  }

  durableOf(shard: ShardId): ReturnType<Persistence["durableOf"]> {
    return this.#ephemeral ? (this.shards.get(shard) as Shard).vector.snapshot() : this.persistence.durableOf(shard);
  }

  isLinked(id: ReplicaId): boolean {
    return this.#links.has(id);
  }

  /** Not known to be gone, and without a link as yet, or for the moment. */
  mayLink(id: ReplicaId): boolean {
    return this.membership.stateOf(id) === "alive" && !this.#links.has(id);
  }

  stateOf(id: ReplicaId): MemberState {
    return this.membership.stateOf(id);
  }

  giveUpPlace(): void {
    this.membership.giveUpPlace();
  }

  linked(): readonly ReplicaId[] {
    const ids: ReplicaId[] = [];
    for (const id of this.#links.peers()) {
      const member = this.members.get(id);
      if (member !== undefined && !isGivenUp(member)) ids.push(id);
    }
    return ids;
  }

  send(to: ReplicaId, message: Message): void {
    const link = this.#links.linkTo(to);
    if (link === undefined) return;
    if (this.lifeDurable || isLifeless(message))
      this.outbox.frames.push({ link, frame: encodeMessage(message), droppable: false });
    else this.#withheld.add(link, message);
  }

  /** Something that is kept nowhere, to one peer or to all that are linked. */
  whisper(topic: Key, bytes: Uint8Array, to?: ReplicaId): void {
    const frame = encodeMessage({ type: "whisper", topic, bytes });
    this.#broadcastFrame(to === undefined ? this.linked() : [to], frame);
  }

  #heard(whisper: Whisper): void {
    this.#emit(() => this.whispers?.heard(whisper));
  }

  /** A field that no register of a container has borne: 64 random bits. */
  uniqueField(): string {
    const view = new DataView(new ArrayBuffer(8));
    view.setUint32(0, this.#random.uint32());
    view.setUint32(4, this.#random.uint32());
    return latin1FromBytes(new Uint8Array(view.buffer));
  }

  canSend(to: ReplicaId): boolean {
    return this.lifeDurable && this.#links.has(to);
  }

  queuedBytes(to: ReplicaId): number {
    const link = this.#links.linkTo(to);
    return link === undefined ? 0 : this.queuedOn(link) + this.outbox.bytesTo(link);
  }

  /** Goes: for good when nothing is kept on disk, or when it has given up its place. */
  leave(forGood: boolean = this.#ephemeral): void {
    this.membership.leave(forGood);
    this.flush();
    for (const peer of this.links()) this.send(peer, { type: "leave", forGood });
  }

  /** What the disk has next says that this replica has left for good. */
  noteLeft(): void {
    this.members.leave(this.id);
    this.persistence.metaDirty = true;
  }

  /** Answers once the disk has what is known of members by now; where nothing is kept, at once. */
  waitForDisk(wait: DiskWait): void {
    if (this.#ephemeral) return wait.answer(true);
    this.persistence.metaDirty = true;
    this.diskWaits.add(wait, this.persistence.madeUp);
  }

  // --- Lives and quarantine ---------------------------------------------------------------------------

  #ownFacts(): MemberFacts {
    const { region, address } = this.config;
    const { id, life } = this;
    const ephemeral = this.#ephemeral;
    return {
      id,
      life,
      region,
      address,
      ephemeral,
      left: false,
      epoch: 0,
      birth: this.birth,
      rootLife: this.rootLife,
      startedAt: this.startedAt,
      givenUpLife: 0,
      displaced: placeTakenBack(this.#former?.displaced ?? 0),
      seenAgoMs: 0,
    };
  }

  links(): Iterable<ReplicaId> {
    return this.#links.peers();
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

  putAside(bytes: Uint8Array, shard: ShardId): void {
    this.outbox.salvaged.push({ keyspace: this.keyspaces.nameOf(spaceOf(shard)) ?? "system", bytes });
  }

  /** Registers that were put aside for an operator. */
  get salvaged(): number {
    return this.#doubt.salvaged;
  }

  gaveUp(id: ReplicaId): void {
    this.#serving.end(id);
    this.#endTalk(id);
  }

  livesAnew(id: ReplicaId): void {
    this.reports.forget(id);
    this.#coverage.confirmations.forget(id);
  }

  /**
   * Begins a new life that claims nothing: what is held waits, unserved, until what the peers have is here too
   * (`#reconcile`). Where dots of the life so far may belong to other writes as well, what was written under it keeps its
   * stamps and gets new dots; unless it is so old that it may have been deleted meanwhile.
   */
  quarantine(cause: Quarantine, now: number): void {
    const { reason, knownLife } = cause;
    this.quarantines++;
    const toRedot = new Map(this.shards.all.map((shard) => [shard, this.#doubt.ownWritesToRedot(shard, cause)]));
    this.life = Math.max(this.life, knownLife) + 1 + leap(this.#random);
    this.rootLife = this.life;
    this.outbox.log("error", "quarantine", { reason, life: this.life });
    this.#beginLife();
    this.members.forgive();
    this.reports.clear();
    this.#coverage.confirmations.clear();
    this.#readiness.beginAnew();
    this.#changedUntold();
    this.#serving.restart();
    this.#doubt.beginAll();
    this.#vouchers.begin(now);
    for (const shard of this.shards) {
      this.pulls.abandon(shard.id);
      if (this.#ephemeral) shard.values.discard();
      this.#doubt.begin(shard, toRedot.get(shard) ?? [], now);
      this.persistence.distrusted(shard);
    }
    this.persistence.putAllInOneBatch();
    this.membership.beginLife();
    // It speaks of what is doubted now.
    this.#withheld.take();
    this.lifeDurable = this.#ephemeral;
    if (this.lifeDurable) this.membership.announce();
    for (const peer of this.linked()) this.antiEntropy.begin(peer, now);
  }

  /**
   * Claims nothing any more of what everybody keeps, and goes on serving it: all has to be fetched once more. Shards that
   * move are left to those who hand them over: what they let go of is by what others claim.
   */
  #doubtAgain(now: number): void {
    this.outbox.log("warn", "data-doubted", { reason: "a member began anew on whose word this replica holds it" });
    for (const shard of this.shards) {
      if (!this.ownership.isEverywhere(spaceOf(shard.id))) continue;
      this.pulls.abandon(shard.id);
      shard.quarantine.distrust({ serve: !shard.quarantined, isWhole: true });
      this.persistence.distrusted(shard);
    }
    this.persistence.putAllInOneBatch();
    for (const peer of this.linked()) this.antiEntropy.begin(peer, now);
  }

  countOnFrom(epoch: number): void {
    if (epoch <= this.persistence.epoch) return;
    this.persistence.epoch = epoch;
    this.persistence.metaDirty = true;
  }

  /** How far others told that they cover an origin. */
  toldOf(shard: ShardId, origin: OriginId): number {
    return this.#coverage.coveredByAny(shard, origin);
  }

  /** How far every other member told that it covers an origin. */
  toldByAllOf(shard: ShardId, origin: OriginId): number {
    return this.#coverage.coveredByAll(shard, origin);
  }

  /** Takes in a register of a shard's space that came outside of pushes and deltas: it claims nothing. */
  takeIn(of: ShardId, records: Records, now: number): void {
    forEachRecord(records, this.shards.in(spaceOf(of)), this.limits, (shard, view, bytes, at, length) => {
      if (shard.apply(view, bytes, at, length, now) === APPLIED) this.#applied(shard, view, at, now);
    });
  }

  // --- Deltas, confirmations, reports --------------------------------------------------------------------------

  #receiveDelta(peer: ReplicaId, message: MessageOf<"delta">, now: number): void {
    const session = this.pulls.receiveDelta(peer, message, now);
    const shard = session === undefined ? undefined : this.shards.get(session.shard);
    if (shard === undefined) return;
    forEachRecord(
      message.records,
      this.shards.in(spaceOf(shard.id)),
      this.limits,
      (target, view, bytes, at, length) => {
        if (target !== shard) throw new BadBytes("register of another shard in a delta");
        this.pulls.registers++;
        if (shard.apply(view, bytes, at, length, now) === APPLIED) this.#applied(shard, view, at, now);
      },
    );
    if (message.claim === undefined) return;
    shard.claim(message.claim, message.marks);
    if (message.ready) this.movement.caughtUp(shard);
    if (shard.vector.isSealed(this.origin)) {
      // Others closed this very life without asking: all that they have not seen of it would count as seen.
      this.quarantine({ reason: "closed life", knownLife: this.life, doubtedSince: this.life }, now);
      return;
    }
    this.#reconcile(shard, now);
    this.replication.claimed(shard);
    this.acks.progressed(shard.id);
    this.#pull(now);
  }

  /** Asks for what is missing, once a life can be told of. */
  #pull(now: number): void {
    if (this.lifeDurable) this.pulls.evaluate(now);
  }

  #reconcileAll(now: number): void {
    const { unsettled } = this.agenda;
    for (const shard of [...unsettled].sort((a, b) => a.id - b.id)) {
      this.#reconcile(shard, now);
      if (shard.isSettled) unsettled.delete(shard);
    }
  }

  /** Ends the doubt about a shard, if that can be. */
  #reconcile(shard: Shard, now: number): void {
    if (shard.unconfirmed === 0 && !shard.quarantined) return;
    if (this.#recallsWhatIsInDoubt(shard)) return;
    const outcome = this.#doubt.reconcile(shard, now);
    if (outcome === "waits") return;
    this.#changedUntold(shard);
    this.outbox.log("info", "shard-reconciled", { shard: shard.id, registers: shard.table.count, outcome });
    if (outcome === "done") return;
    // What is under way was asked for by somebody who held more.
    this.pulls.abandon(shard.id);
    this.persistence.distrusted(shard);
    for (const peer of this.linked()) this.antiEntropy.begin(peer, now);
  }

  /**
   * True where values of it are away: they are taken back first. What is with nobody is dropped: nothing is claimed of it, and
   * it would stay in doubt for ever, as nobody sends it again.
   */
  #recallsWhatIsInDoubt(shard: Shard): boolean {
    if (shard.accounts.away === 0) return false;
    if (this.recalls.waiting > 0) return true;
    const slots = shard.values.unconfirmed(RECALLS_AT_ONCE);
    for (const slot of slots) {
      this.recalls.want(shard, slot, (recalled) => {
        const isGone = recalled === "gone" && shard.values.mayBeLent(slot) && shard.isAway(slot);
        if (isGone && shard.isUnconfirmed(slot)) shard.discard(slot);
      });
    }
    return slots.length > 0;
  }

  #receiveConfirm(peer: ReplicaId, message: MessageOf<"confirm">): void {
    if (message.origin !== this.origin) return;
    for (const { shard, sequence } of message.entries) {
      this.#coverage.confirmations.note(peer, shard, sequence);
      this.acks.progressed(shard);
    }
  }

  #reportFacts(now: number): ReportFacts {
    return {
      lives: this.members.livesDigest(),
      epoch: this.persistence.epoch,
      clock: now,
      correctionMs: this.clockGuard.correctionMs,
      view: this.ownership.view,
    };
  }

  #noteEpoch(peer: ReplicaId, facts: ReportFacts): void {
    if (this.members.observeEpoch(peer, facts.epoch)) this.persistence.epochsDirty = true;
  }

  // --- Death ---------------------------------------------------------------------------------------------------

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

  // --- Inside --------------------------------------------------------------------------------------------------

  /** A register came or changed: watchers hear of it. */
  #applied(shard: Shard, view: DataView, at: number, now: number): void {
    const space = spaceOf(shard.id);
    if (space === SYSTEM_SPACE && isInvalidation(view, at)) this.invalidations.learn(view, at);
    else if (space === SYSTEM_SPACE) {
      learnDefinition(this.keyspaces, view, at);
      this.#hasNewDefinitions = true;
    }
    this.audience.applied(shard, view, at, now);
    this.keyWaits.applied(shard, view, at, now);
  }

  /** What is held changed in ways that cannot be told one by one: whoever follows has to read again. `of`: in one shard. */
  #changedUntold(of?: Shard): void {
    if (of === undefined || spaceOf(of.id) === SYSTEM_SPACE) this.#learnDefinitions();
    this.audience.reset();
    this.keyWaits.reset();
  }

  #learnDefinitions(): void {
    learnDefinitions(this);
    this.#hasNewDefinitions = true;
  }

  #broadcastFrame(to: readonly ReplicaId[], frame: Uint8Array): void {
    if (!this.lifeDurable) return;
    for (const peer of to) {
      const link = this.#links.linkTo(peer);
      if (link !== undefined) this.outbox.frames.push({ link, frame, droppable: true });
    }
  }
}
