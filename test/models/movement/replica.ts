/**
 * A replica of the model: one shard, what is on its disk, what it knows of the others, and what it may do with that.
 * Rules are asked for by name, so that each can be broken.
 */

import { copyOf, digestOf, type Facts, isGivenUp, lifeNow, livesOf, membersOf, mergeFacts, ownersOf } from "./facts.ts";
import type { Envelope, Message, Report } from "./message.ts";
import type { Holds } from "./rules.ts";
import { type Register, Shard } from "./shard.ts";
import { lifeOf, originOf, replicaOf, type Vector } from "./vector.ts";

const TICKS = 16;
/** How far ahead of its own a stamp may be for the clock to follow it. */
const FOLLOWS = 4;

export class Replica {
  readonly id: number;
  readonly #rules: Holds;
  readonly #replication: number;
  readonly #skew: number;
  readonly #send: (envelope: Envelope) => void;
  facts: Facts;
  shard = new Shard();
  isUp = true;
  readonly reports = new Map<number, Report>();
  /** Own writes that are not on the disk yet. */
  unsynced: Register[] = [];
  #disk: { shard: Shard; facts: Facts };
  readonly #sessions = new Map<number, { session: number; chunks: number }>();
  #nextSession = 0;
  #turn = 0;
  #stamp = 0;
  #ownSequence = 0;
  #now = 0;

  constructor(
    id: number,
    options: { facts: Facts; replication: number; skew: number; rules: Holds; send: (envelope: Envelope) => void },
  ) {
    this.id = id;
    this.facts = options.facts;
    this.#replication = options.replication;
    this.#skew = options.skew;
    this.#rules = options.rules;
    this.#send = options.send;
    this.shard.ready = this.isOwner;
    this.#disk = { shard: this.shard.clone(), facts: copyOf(this.facts) };
  }

  get life(): number {
    return this.facts.lives[this.id] as number;
  }

  get owners(): number[] {
    return ownersOf(this.facts, this.#replication);
  }

  get isOwner(): boolean {
    return this.owners.includes(this.id);
  }

  get disk(): Shard {
    return this.#disk.shard;
  }

  tell(now: number): void {
    this.#now = now;
  }

  // --- Disk and lives ------------------------------------------------------------------------------------------

  /** All that changed goes to the disk; returns the own writes that are safe now. */
  sync(): Register[] {
    this.#disk = { shard: this.shard.clone(), facts: copyOf(this.facts) };
    const safe = this.unsynced;
    this.unsynced = [];
    return safe;
  }

  crash(): void {
    this.isUp = false;
    this.unsynced = [];
  }

  start(): void {
    this.isUp = true;
    this.shard = this.#disk.shard.clone();
    this.facts = copyOf(this.#disk.facts);
    this.reports.clear();
    this.#sessions.clear();
    this.#stamp = 0;
    this.#beginLife();
  }

  #beginLife(): void {
    this.facts.lives[this.id] = this.life + 1;
    this.#disk.facts.lives[this.id] = this.life;
    this.#ownSequence = 0;
    this.#turn = 0;
  }

  /** It was given up: it drops what it held, and comes back as another. */
  #beginAnew(): void {
    this.shard = new Shard();
    this.unsynced = [];
    this.reports.clear();
    this.#sessions.clear();
    this.#beginLife();
    this.facts.roots[this.id] = this.life;
    this.sync();
  }

  #saveFacts(): void {
    if (this.#rules("a view is kept over a restart")) this.#disk.facts = copyOf(this.facts);
  }

  // --- Clients -------------------------------------------------------------------------------------------------

  write(key: number, dead: boolean): Register {
    // Spent: dots of this life are not covered any more.
    if (this.shard.vector.get(originOf(this.id, this.life)) < this.#ownSequence) {
      if (this.#rules("a spent shard is written in a new life")) this.#beginLife();
    }
    const origin = originOf(this.id, this.life);
    const mark = this.#rules("written above what was purged") ? this.shard.markOf(key) : 0;
    const stamp = Math.max(this.#clock(), mark, this.shard.registers[key]?.stamp ?? 0) + 1;
    this.#stamp = Math.max(this.#stamp, this.#clock() + 1);
    const register = { key, dead, stamp, origin, sequence: ++this.#ownSequence };
    this.shard.registers[key] = register;
    this.shard.vector.advance(origin, register.sequence);
    this.unsynced.push(register);
    for (const to of membersOf(this.facts)) {
      const isInterested = this.owners.includes(to) || this.reports.get(to)?.ready === true;
      if (to !== this.id && isInterested) this.#post(to, { type: "push", facts: copyOf(this.facts), register });
    }
    return register;
  }

  #clock(): number {
    return Math.max(this.#stamp, (this.#now + this.#skew) * TICKS);
  }

  #follow(register: Register): void {
    if (register.stamp < (this.#now + this.#skew + FOLLOWS) * TICKS)
      this.#stamp = Math.max(this.#stamp, register.stamp);
  }

  // --- What is said --------------------------------------------------------------------------------------------

  report(to: number): void {
    if (to === this.id) return;
    this.#note(this.#ownReport());
    this.#post(to, { type: "report", facts: copyOf(this.facts), reports: [...this.reports.values()] });
  }

  #ownReport(): Report {
    const { shard, disk } = this;
    this.#saveFacts();
    this.#stamp = this.#clock();
    const holdsOnDisk = disk.holds && this.#rules("a drop is told once it is on disk");
    return {
      of: this.id,
      life: this.life,
      turn: ++this.#turn,
      digest: digestOf(this.facts, this.#rules),
      lives: livesOf(this.facts),
      clock: this.#stamp,
      ready: this.#rules("dropped once the owners have it on disk") ? shard.ready && disk.ready : shard.ready,
      durable: disk.vector.clone(),
      mayBeReady: shard.ready || disk.ready,
      holds: shard.holds || holdsOnDisk,
      vector: shard.vector.clone(),
      early: shard.early(),
    };
  }

  #note(report: Report): void {
    if (report.life < (this.facts.lives[report.of] as number)) return;
    const known = this.reports.get(report.of);
    const isOlder =
      known !== undefined && (known.life > report.life || (known.life === report.life && known.turn >= report.turn));
    if (!isOlder) this.reports.set(report.of, report);
  }

  pull(from: number): void {
    if (from === this.id) return;
    if (!this.isOwner && this.#rules("a holder that is no owner fetches nothing")) return;
    const session = ++this.#nextSession;
    this.#sessions.set(from, { session, chunks: 0 });
    const facts = this.#rules("a pull bears the view") ? copyOf(this.facts) : undefined;
    this.#post(from, { type: "pull", facts, session, vector: this.shard.vector.clone() });
  }

  #post(to: number, message: Message): void {
    this.#send({ from: this.id, life: this.life, to, message });
  }

  // --- What is heard -------------------------------------------------------------------------------------------

  receive({ from, life, message }: Envelope): void {
    if (message.facts !== undefined) this.#learn(message.facts);
    if (life < (this.facts.lives[from] as number) && message.type !== "push") return;
    const isRefused = isGivenUp(this.facts, from) && this.#rules("nothing is taken from who was given up");
    if (isRefused) {
      // It hears why.
      if (message.type !== "report" || message.facts.givenUp[from] === 0) this.report(from);
      return;
    }
    switch (message.type) {
      case "report":
        for (const report of message.reports) if (report.of !== this.id) this.#note(report);
        return;
      case "push":
        return this.#receivePush(message.register);
      case "pull":
        return this.#serve(from, message.session, message.vector);
      case "chunk":
        return this.#receiveChunk(from, message);
      case "claim":
        return this.#receiveClaim(from, message);
    }
  }

  #learn(facts: Facts): void {
    const wasAlone = membersOf(this.facts).length === 1;
    if (!mergeFacts(this.facts, facts)) return;
    const isNewcomer = wasAlone && this.shard.vector.isEmpty && membersOf(this.facts).length > 1;
    if (isNewcomer && this.#rules("a newcomer is not ready")) this.shard.ready = false;
    for (const [of, report] of this.reports)
      if (report.life < (this.facts.lives[of] as number)) this.reports.delete(of);
    if (isGivenUp(this.facts, this.id)) this.#beginAnew();
    if (!this.isOwner && this.#rules("a holder that is no owner fetches nothing")) this.#sessions.clear();
  }

  #receivePush(register: Register): void {
    const hasEnded = lifeOf(register.origin) < lifeNow(this.facts, replicaOf(register.origin));
    if (hasEnded && this.#rules("an end of a life stops its pushes")) return;
    const isForUs = this.#rules("pushes are for ready holders") ? this.shard.ready : this.shard.ready || this.isOwner;
    if (!isForUs) return;
    this.#follow(register);
    this.shard.applyPushed(register, this.#rules);
  }

  #serve(to: number, session: number, vector: Vector): void {
    if (!this.shard.holds) return;
    this.#saveFacts();
    const facts = copyOf(this.facts);
    const { shard } = this;
    const lacking = shard.above(vector);
    for (const [at, register] of lacking.entries()) this.#post(to, { type: "chunk", facts, session, at, register });
    const claim = { vector: shard.vector.clone(), marks: [...shard.marks], ready: shard.ready };
    this.#post(to, { type: "claim", facts, session, at: lacking.length, ...claim });
  }

  #receiveChunk(from: number, { session, at, register }: Extract<Message, { type: "chunk" }>): void {
    const open = this.#sessions.get(from);
    if (open?.session !== session || open.chunks !== at) return;
    open.chunks++;
    this.#follow(register);
    this.shard.apply(register, this.#rules);
  }

  #receiveClaim(from: number, { session, at, vector, marks, ready }: Extract<Message, { type: "claim" }>): void {
    const open = this.#sessions.get(from);
    if (open?.session !== session || open.chunks !== at) return;
    this.#sessions.delete(from);
    this.shard.claim(vector, marks);
    if (ready || !this.#rules("ready after the claim of a ready holder only"))
      this.shard.ready = this.shard.ready || this.isOwner;
  }

  // --- What follows from it ------------------------------------------------------------------------------------

  /** Nobody is ready, and all have said so: then an owner may begin. */
  beginReady(): void {
    if (!this.isOwner || this.shard.ready) return;
    const others = membersOf(this.facts).filter((id) => id !== this.id);
    const digest = digestOf(this.facts, this.#rules);
    const isNobody = others.every((id) => {
      if (!this.#rules("nobody is ready only when all have said so")) return true;
      const report = this.reports.get(id);
      return report !== undefined && report.digest === digest && !report.mayBeReady;
    });
    if (isNobody) this.shard.ready = true;
  }

  /** Hands a stray over, once the owners have it all; returns the own writes that are safe with them. */
  drop(): Register[] {
    const { shard, owners } = this;
    if (!shard.holds || owners.length === 0 || owners.includes(this.id)) return [];
    const digest = digestOf(this.facts, this.#rules);
    const isHandedOver = owners.every((id) => {
      const report = this.reports.get(id);
      if (report === undefined) return false;
      const covers = this.#rules("dropped once the owners have it on disk") ? report.durable : report.vector;
      if (!covers.dominates(shard.vector) && this.#rules("dropped once every owner covers it")) return false;
      if (!report.ready && this.#rules("dropped once every owner is ready")) return false;
      return report.digest === digest || !this.#rules("dropped in the view of the owners");
    });
    if (!isHandedOver) return [];
    this.shard = new Shard();
    this.#sessions.clear();
    const safe = this.unsynced;
    this.unsynced = [];
    return safe;
  }

  /** The reports of the other owners, where all members have told, in our view, that they do not stray. */
  #calm(kind: "purged" | "sealed"): Report[] | undefined {
    const { owners } = this;
    if (!this.shard.ready || !owners.includes(this.id)) return undefined;
    const digest = digestOf(this.facts, this.#rules);
    const told: Report[] = [];
    for (const id of membersOf(this.facts)) {
      if (id === this.id) continue;
      const isOwner = owners.includes(id);
      const report = this.reports.get(id);
      const isInView = report !== undefined && report.digest === digest;
      if (!isInView && (isOwner || this.#rules(`${kind} once every member is in our view`))) return undefined;
      if (report === undefined) continue;
      if (!isOwner && report.holds && this.#rules(`${kind} once nobody strays`)) return undefined;
      if (isOwner) told.push(report);
    }
    return told;
  }

  /** Forgets what nobody needs any more; returns that. */
  purge(): Register[] {
    const told = this.#calm("purged");
    if (told === undefined) return [];
    const { shard, disk } = this;
    const isWhole = told.every(({ durable }) => disk.vector.dominates(durable));
    if (!isWhole && this.#rules("purged once we cover what the owners told")) return [];
    const purged: Register[] = [];
    const clocks = membersOf(this.facts)
      .filter((id) => id !== this.id)
      .map((id) => this.reports.get(id)?.clock ?? 0);
    const clock = this.#rules("purged once every member told a later clock")
      ? Math.min(this.#clock(), ...clocks)
      : Infinity;
    for (const [key, register] of shard.registers.entries()) {
      if (register === undefined || !register.dead || register.stamp >= clock) continue;
      const covers = (vector: Vector) => vector.get(register.origin) >= register.sequence;
      const onDisk = (report: Report) =>
        covers(this.#rules("purged once every owner has it on disk") ? report.durable : report.vector);
      if (!covers(disk.vector) || !told.every(onDisk)) continue;
      shard.purge(key);
      purged.push(register);
    }
    return purged;
  }

  seal(): void {
    const told = this.#calm("sealed");
    if (told === undefined) return;
    const lives = livesOf(this.facts);
    if (this.#rules("sealed once the owners know the same lives") && told.some((report) => report.lives !== lives))
      return;
    const { shard, disk } = this;
    const own = { vector: shard.vector, durable: disk.vector, early: shard.early() };
    const sealable = new Map<number, boolean>();
    for (const origin of this.#ended([own, ...told])) {
      const end = own.vector.get(origin);
      const held = own.early.get(origin)?.held ?? 0;
      const isAgreed = told.every(
        ({ vector, early }) => vector.get(origin) === end && (early.get(origin)?.held ?? 0) === held,
      );
      const seen = Math.max(...[own, ...told].map(({ early }) => early.get(origin)?.seen ?? 0));
      if (isAgreed && own.early.has(origin)) shard.vector.advance(origin, seen);
      const onDisk = ({ durable }: { durable: Vector }) =>
        durable.get(origin) >= end || !this.#rules("sealed once every owner has it on disk");
      const isEverywhere = isAgreed && !own.early.has(origin) && [own, ...told].every(onDisk);
      const replica = replicaOf(origin);
      sealable.set(replica, (sealable.get(replica) ?? true) && isEverywhere);
    }
    for (const [replica, isSealable] of sealable) {
      const isBehind = told.some(({ vector }) => vector.sealedFor(replica) > shard.vector.sealedFor(replica));
      if (isSealable && !isBehind) shard.vector.seal(replica, lifeNow(this.facts, replica));
    }
  }

  #ended(views: readonly Pick<Report, "vector" | "early">[]): Set<number> {
    const ended = new Set<number>();
    for (const { vector, early } of views) {
      for (const origin of [...vector.sequences.keys(), ...early.keys()]) {
        if (lifeOf(origin) < lifeNow(this.facts, replicaOf(origin))) ended.add(origin);
      }
    }
    return ended;
  }
}
