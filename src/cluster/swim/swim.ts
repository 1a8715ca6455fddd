/**
 * SWIM (Das, Gupta, Motivala 2002) with Lifeguard (Dadgar, Phillips, Currey 2018): how each member stands, as this replica
 * knows; whom it probes; what news goes out. Who exists, and in which life, others decide (`members.ts`).
 *
 *  W1. Only a member itself takes back what is said of it, with a greater incarnation. It hears of it from whoever says so:
 *      what is sent to a member that is not alive begins with that (Lifeguard's buddy system). Whoever says so still is
 *      told again.
 *  W2. Nobody is declared dead but after a suspicion, by its own word when it goes, or by the word of others.
 *  W3. Time is lived time: neither a clock that jumps nor a process that slept declares anybody anything.
 *  W4. A link that drops is a hint, and so is the suspicion of another: both make probe at once, and decide nothing.
 */

import type { ReplicaId } from "../../base/ids.ts";
import type { Random } from "../../base/random.ts";
import type { MemberState, Message, MessageOf, Rumour, StandingFacts } from "../../wire/message.ts";
import { Dissemination, transmissionsMax } from "./dissemination.ts";
import { FailureDetector, type ProbeMessage } from "./failure-detector.ts";
import { LivedTime } from "./lived-time.ts";
import { LocalHealth } from "./local-health.ts";
import { RoundTrips } from "./round-trips.ts";
import type { SwimSettings } from "./settings.ts";
import { sample } from "./shuffle.ts";
import { atBirth, isNonsense, mergeStandings, type Standing } from "./standing.ts";
import { suspicionMs } from "./suspicion.ts";

export interface SwimHost {
  readonly self: ReplicaId;
  /** Of this replica. */
  readonly life: number;
  isLinked(id: ReplicaId): boolean;
  links(): Iterable<ReplicaId>;
  /** Members that have not left, this replica included. */
  population(): number;
  /** Whom the plan of links wants linked; none of them has left. */
  neighbours(): ReadonlySet<ReplicaId>;
  hasLeft(id: ReplicaId): boolean;
  /** All that there is to say of a member; undefined where nothing may be said. */
  rumourOf(id: ReplicaId): Rumour | undefined;
  send(to: ReplicaId, message: Message): void;
  log(level: "info" | "warn", event: string, fields: Readonly<Record<string, unknown>>): void;
  /** There is another incarnation or state of somebody, this replica included. */
  stood(id: ReplicaId): void;
  /** Somebody came to be dead, or is it no more. */
  turned(id: ReplicaId): void;
}

/** News in one message, beside what its receiver has to hear of itself. */
const RUMOUR_BYTES_MAX = 1200;
/** Probe intervals in which a first link to a member may come up before its absence says anything. */
const FIRST_LINK_INTERVALS = 10;
/** Of those that hear of a suspicion so many look for themselves, on average: enough to confirm or to end it. */
const WITNESSES_WANTED = 6;

interface Row {
  standing: Standing;
  /** Since when it has been suspected, in lived ms. */
  suspectSinceMs: number;
  /** From then on silence counts, though there was no link to it yet. */
  metByMs: number;
}

export class Swim {
  readonly health: LocalHealth;
  readonly roundTrips = new RoundTrips();
  readonly detector: FailureDetector;
  readonly #host: SwimHost;
  readonly #settings: SwimSettings;
  readonly #random: Random;
  readonly #time = new LivedTime();
  readonly #news = new Dissemination();
  readonly #rowsById = new Map<ReplicaId, Row>();
  readonly #suspects = new Set<ReplicaId>();
  readonly #dead = new Set<ReplicaId>();
  /** Worked out when asked for, until something changes. */
  #candidates: ReadonlySet<ReplicaId> | undefined;
  /** Of the plan of links, when the candidates were worked out. */
  #neighbours: ReadonlySet<ReplicaId> = new Set();
  /** Somebody is not yet watched over, as a link to it may still come up. */
  #hasWaiting = false;
  #gossipDueMs = 0;
  #isGoing = false;
  /** Of this replica, in its present life. */
  incarnation = 0;
  suspicions = 0;
  deaths = 0;
  refutations = 0;
  /** Rumours that nobody can honestly have told. */
  nonsense = 0;

  constructor(host: SwimHost, settings: SwimSettings, random: Random) {
    this.#host = host;
    this.#settings = settings;
    this.#random = random;
    this.health = new LocalHealth(settings.localHealthMax);
    const { health, roundTrips } = this;
    this.detector = new FailureDetector(
      {
        isLinked: (id) => host.isLinked(id),
        candidates: () => this.#watched(),
        isWatched: (id) => this.#isWatched(id),
        helpers: () => [...host.links()].filter((id) => this.stateOf(id) === "alive" && !host.hasLeft(id)),
        send: (to, message) => this.#sendProbe(to, message),
        unanswered: (id) => this.#suspect(id),
      },
      settings,
      { random, health, roundTrips },
    );
  }

  // --- Who stands how ------------------------------------------------------------------------------------------

  standingOf(id: ReplicaId): Standing | undefined {
    return id === this.#host.self ? this.#ownStanding() : this.#rowsById.get(id)?.standing;
  }

  stateOf(id: ReplicaId): MemberState {
    return this.standingOf(id)?.state ?? "alive";
  }

  #ownStanding(): Standing {
    const state = this.#isGoing ? "dead" : "alive";
    return { life: this.#host.life, incarnation: this.incarnation, state, suspectedBy: [] };
  }

  /** Members of which there is news to send. */
  get news(): number {
    return this.#news.size;
  }

  countOf(state: Exclude<MemberState, "alive">): number {
    return state === "dead" ? this.#dead.size : this.#suspects.size;
  }

  /** There is a member, or it lives another life: it begins that alive. */
  lives(id: ReplicaId, life: number): void {
    const known = this.#rowsById.get(id);
    if (known !== undefined && known.standing.life >= life) return;
    const graceMs = this.#host.isLinked(id) ? 0 : this.#graceMs;
    const row = known ?? { standing: atBirth(life), suspectSinceMs: 0, metByMs: 0 };
    row.metByMs = this.#time.ms + graceMs;
    this.#rowsById.set(id, row);
    this.#stand(id, row, atBirth(life));
    this.changed();
  }

  /** Takes what somebody tells of another member in the life that is known. */
  hear(id: ReplicaId, told: Standing): void {
    const row = this.#rowsById.get(id);
    if (row === undefined || told.life !== row.standing.life) return;
    if (isNonsense(told, row.standing)) {
      this.nonsense++;
      return;
    }
    const merged = mergeStandings(row.standing, told);
    if (merged === row.standing) return;
    this.#stand(id, row, merged);
    this.tell(id);
  }

  /** Takes what somebody tells of this replica in its present life, and refutes it (W1). */
  hearOfOneself(told: StandingFacts): void {
    const own = this.#ownStanding();
    if (this.#isGoing) return;
    if (told.incarnation < own.incarnation) {
      // Whoever says so has missed that it was taken back, and others may have stopped telling of that.
      if (told.state !== "alive") this.tell(this.#host.self);
      return;
    }
    if (isNonsense(told, own)) {
      this.nonsense++;
      return;
    }
    if (told.state === "alive") {
      this.incarnation = told.incarnation;
      this.#host.stood(this.#host.self);
      return;
    }
    this.incarnation = told.incarnation + 1;
    this.#host.stood(this.#host.self);
    this.refutations++;
    this.health.worsen(1);
    this.tell(this.#host.self);
    this.#host.log("info", "member-refuted", { told: told.state, incarnation: this.incarnation });
  }

  /** There is something new to say of a member, and it is said with the next tick: what waits at each step comes late everywhere. */
  tell(id: ReplicaId): void {
    this.#news.add(id);
    this.#gossipDueMs = 0;
  }

  /** This replica began another life. */
  beginLife(): void {
    this.incarnation = 0;
    this.#host.stood(this.#host.self);
    this.tell(this.#host.self);
  }

  /** A member says that it goes, and will be back: that is no suspicion (W2). */
  goes(id: ReplicaId): void {
    const standing = this.#rowsById.get(id)?.standing;
    if (standing !== undefined) this.hear(id, { ...standing, state: "dead", suspectedBy: [] });
  }

  /** From now on this replica says that it is gone. */
  go(): void {
    this.#isGoing = true;
    this.#host.stood(this.#host.self);
  }

  /** A member has left for good: nobody watches over it, and the rest is told once. */
  left(id: ReplicaId): void {
    this.#suspects.delete(id);
    this.#dead.delete(id);
    this.roundTrips.forget(id);
    this.detector.forget(id);
    this.tell(id);
    this.changed();
  }

  forget(id: ReplicaId): void {
    this.left(id);
    this.#news.remove(id);
    this.#rowsById.delete(id);
  }

  /** Who is to be linked, or is a member at all, changed. */
  changed(): void {
    this.#candidates = undefined;
  }

  get #graceMs(): number {
    return FIRST_LINK_INTERVALS * this.#settings.probeIntervalMs;
  }

  #stand(id: ReplicaId, row: Row, standing: Standing): void {
    const before = row.standing.state;
    row.standing = standing;
    this.#host.stood(id);
    const { state } = standing;
    if (before === state || this.#host.hasLeft(id)) return;
    if (before === "suspect") this.#suspects.delete(id);
    if (before === "dead") {
      this.#dead.delete(id);
      // Word of it may come before a link does.
      if (!this.#host.isLinked(id)) row.metByMs = this.#time.ms + this.#graceMs;
    }
    if (state === "suspect") this.#begunSuspicion(id, row);
    if (state === "dead") this.#dead.add(id);
    this.#host.log(state === "dead" ? "warn" : "info", `member-${state}`, { member: id, life: standing.life });
    if (before !== "dead" && state !== "dead") return;
    this.changed();
    this.#host.turned(id);
  }

  #begunSuspicion(id: ReplicaId, row: Row): void {
    this.#suspects.add(id);
    row.suspectSinceMs = this.#time.ms;
    if (row.standing.suspectedBy.includes(this.#host.self)) return;
    const watchers = Math.max(1, this.#watched().size);
    if (this.#random.uint32() / 2 ** 32 < WITNESSES_WANTED / watchers) this.detector.hint(id);
  }

  #suspect(id: ReplicaId): void {
    const standing = this.#rowsById.get(id)?.standing;
    if (standing === undefined || standing.state === "dead") return;
    const isNew = !standing.suspectedBy.includes(this.#host.self);
    if (isNew) this.suspicions++;
    this.hear(id, { ...standing, state: "suspect", suspectedBy: [this.#host.self] });
  }

  // --- Links and time ------------------------------------------------------------------------------------------

  linkUp(id: ReplicaId): void {
    const row = this.#rowsById.get(id);
    if (row !== undefined) row.metByMs = 0;
    this.changed();
  }

  linkDown(id: ReplicaId): void {
    this.changed();
    this.detector.hint(id);
  }

  tick(now: number): void {
    if (this.#isGoing) return;
    if (this.#time.step(now)) this.detector.slept();
    if (this.#hasWaiting) this.changed();
    this.detector.tick(this.#time.ms, now);
    this.#endSuspicions();
    if (this.#time.ms < this.#gossipDueMs) return;
    this.#gossipDueMs = this.#time.ms + this.#settings.gossipMs;
    this.#gossip();
  }

  /** Of somebody that is linked. Where links come up by the hundred all candidates are not worked out for each message. */
  #isWatched(id: ReplicaId): boolean {
    const areMany = this.#host.population() > this.#settings.linksAllMax;
    return this.#candidates === undefined && areMany ? this.#isMember(id) : this.#watched().has(id);
  }

  #isMember(id: ReplicaId): boolean {
    return !this.#host.hasLeft(id) && this.#rowsById.has(id);
  }

  /** Those that the plan wants linked and who may still answer; of the others those that are linked all the same. */
  #watched(): ReadonlySet<ReplicaId> {
    if (this.#candidates !== undefined) return this.#candidates;
    this.#hasWaiting = false;
    const watched = new Set<ReplicaId>();
    for (const id of this.#host.links()) if (this.#isMember(id)) watched.add(id);
    const neighbours = this.#host.neighbours();
    for (const id of neighbours) if (this.#isOverdue(id, this.#neighbours.has(id))) watched.add(id);
    this.#neighbours = neighbours;
    this.#candidates = watched;
    return watched;
  }

  #isOverdue(id: ReplicaId, wasNeighbour: boolean): boolean {
    const row = this.#rowsById.get(id);
    if (row === undefined || row.standing.state === "dead") return false;
    // It came to be a neighbour as others went: there has been no time for a link.
    if (!wasNeighbour && !this.#host.isLinked(id)) row.metByMs = Math.max(row.metByMs, this.#time.ms + this.#graceMs);
    if (row.metByMs <= this.#time.ms) return true;
    this.#hasWaiting = true;
    return false;
  }

  #endSuspicions(): void {
    if (this.#suspects.size === 0) return;
    const members = this.#members();
    for (const id of [...this.#suspects]) {
      const row = this.#rowsById.get(id);
      if (row === undefined) continue;
      const witnesses = row.standing.suspectedBy.length;
      if (this.#time.ms - row.suspectSinceMs < suspicionMs({ members, witnesses }, this.#settings)) continue;
      this.deaths++;
      this.hear(id, { ...row.standing, state: "dead", suspectedBy: [] });
    }
  }

  /** Alive or suspect, this replica included. */
  #members(): number {
    return Math.max(1, this.#host.population() - this.#dead.size);
  }

  // --- Messages ------------------------------------------------------------------------------------------------

  receive(from: ReplicaId, message: MessageOf<"ping" | "ping-ack" | "ping-request" | "ping-nack">, now: number): void {
    switch (message.type) {
      case "ping":
        return this.detector.receivePing(from, message);
      case "ping-ack":
        return this.detector.receiveAck(from, message, now);
      case "ping-request":
        return this.detector.receiveRequest(from, message);
      case "ping-nack":
        return this.detector.receiveNack(from, message);
    }
  }

  #sendProbe(to: ReplicaId, message: ProbeMessage): void {
    if (message.type === "ping-request" || message.type === "ping-nack") this.#host.send(to, message);
    else this.#host.send(to, { ...message, rumours: this.#rumoursFor(to) });
  }

  #gossip(): void {
    if (this.#news.size === 0) return;
    for (const to of sample([...this.#host.links()], this.#settings.gossipPeers, this.#random)) {
      const rumours = this.#rumoursFor(to);
      if (rumours.length > 0) this.#host.send(to, { type: "gossip", rumours });
    }
  }

  /** What goes to a peer with the next message: first what it has to refute, then what was sent least. */
  #rumoursFor(to: ReplicaId): Rumour[] {
    const rumours: Rumour[] = [];
    let left = RUMOUR_BYTES_MAX;
    const own = this.stateOf(to) === "alive" ? undefined : this.#host.rumourOf(to);
    if (own !== undefined) rumours.push(own);
    this.#news.take(transmissionsMax(this.#members(), this.#settings.retransmitMultiplier), (id) => {
      const rumour = id === to ? undefined : this.#host.rumourOf(id);
      if (rumour === undefined) return id === to;
      left -= rumourBytes(rumour);
      if (left < 0) return false;
      rumours.push(rumour);
      return true;
    });
    return rumours;
  }
}

/** About as many bytes as it takes on the wire. */
function rumourBytes({ id, region, address, suspectedBy }: Rumour): number {
  return 45 + id.length + region.length + address.length + suspectedBy.reduce((sum, each) => sum + each.length + 1, 0);
}
