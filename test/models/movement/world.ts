/**
 * The world of the model: replicas, what is under way between them, cuts and time; and what must hold in it, at any time
 * and once all is healed.
 */

import { SeededRandom } from "../../../src/base/random.ts";
import { type Facts, isGivenUp, membersOf } from "./facts.ts";
import type { Envelope } from "./message.ts";
import { Replica } from "./replica.ts";
import type { Holds } from "./rules.ts";
import { beats, type Register } from "./shard.ts";
import { lifeOf, replicaOf } from "./vector.ts";

/** How many times all exchange everything once they are healed, and how much time goes by each time. */
const SETTLING_ROUNDS = 14;
/** So many at least: what comes undone does so late. */
const CALM_ROUNDS = 3;
const SETTLING_STEP = 60;

export class World {
  random: SeededRandom;
  readonly #seed: number;
  readonly replicas: Replica[] = [];
  readonly keys: number;
  readonly trace: string[] = [];
  readonly #traces: boolean;
  readonly #protagonists: readonly Replica[];
  #inFlight: Envelope[] = [];
  readonly #cuts = new Set<string>();
  /** Writes that were acknowledged: on the disk of whoever took them. */
  readonly #acknowledged = new Set<Register>();
  /** Deletions that were on a disk: they may stand, acknowledged or not. */
  readonly #deletions = new Set<Register>();
  /** Deletions that somebody purged. */
  readonly #purged = new Set<Register>();
  #broken: string | undefined;
  /** Whose place in the view was changed last; the number of members: the policy. */
  lastChanged: number;
  now = 100;

  constructor(seed: number, rules: Holds, options: { traces: boolean } = { traces: false }) {
    this.#seed = seed;
    this.random = new SeededRandom(seed);
    this.#traces = options.traces;
    const count = this.random.pick([3, 3, 4, 5]);
    this.keys = this.chance(0.7) ? 1 : 2;
    this.lastChanged = count;
    const replication = 1 + this.random.below(2);
    const founders = count - this.random.below(2);
    const skewMax = this.chance(0.5) ? 0 : 12;
    for (let id = 0; id < count; id++) {
      const isFounder = id < founders;
      const knows = (member: number) => (isFounder ? member < founders : member === id);
      const ones = Array.from({ length: count }, (_, member) => (knows(member) ? 1 : 0));
      const facts: Facts = { versions: [...ones, 0], lives: [...ones], roots: [...ones], givenUp: ones.map(() => 0) };
      const skew = this.random.below(2 * skewMax + 1) - skewMax;
      const send = (envelope: Envelope) => this.#inFlight.push(envelope);
      this.replicas.push(new Replica(id, { facts, replication, skew, rules, send }));
    }
    this.#protagonists = this.random.shuffle([...this.replicas]).slice(0, 2 + this.random.below(2));
  }

  chance(share: number): boolean {
    return this.random.below(1000) < share * 1000;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.random.below(from.length)] as T;
  }

  get up(): Replica[] {
    return this.replicas.filter(({ isUp }) => isUp);
  }

  log(words: () => string): void {
    if (this.#traces) this.trace.push(`${this.now} ${words()}`);
  }

  // --- Steps ---------------------------------------------------------------------------------------------------

  /** Each step draws from a stream of its own, so that a schedule can do without any of them. */
  beginStep(number: number): void {
    this.random = new SeededRandom(this.#seed * 1000 + number);
    this.pass(1 + this.random.below(3));
  }

  pass(time: number): void {
    this.now += time;
    for (const replica of this.replicas) replica.tell(this.now);
  }

  /** Whoever acts next: most often one of the few that the schedule is about. */
  actor(): Replica {
    return this.pick(this.chance(0.8) ? this.#protagonists : this.replicas);
  }

  /** Some of those that are up. */
  some(): Replica[] {
    const out = this.chance(0.6) ? this.random.below(this.replicas.length) : -1;
    return this.up.filter(({ id }) => id !== out);
  }

  isCut(a: number, b: number): boolean {
    return this.#cuts.has(`${Math.min(a, b)}-${Math.max(a, b)}`);
  }

  cut(a: number, b: number): void {
    this.#cuts.add(`${Math.min(a, b)}-${Math.max(a, b)}`);
    this.log(() => `cut ${a}-${b}`);
  }

  heal(): void {
    this.#cuts.clear();
    this.log(() => "heal");
  }

  /** Something that is under way comes: pushes in any order, all else in the order in which it was sent. */
  deliver(): void {
    if (this.#inFlight.length === 0) return;
    const chosen = this.random.below(this.#inFlight.length);
    const { from, to, message } = this.#inFlight[chosen] as Envelope;
    const isFirst = (each: Envelope) => each.from === from && each.to === to && each.message.type !== "push";
    this.deliverAt(message.type === "push" ? chosen : this.#inFlight.findIndex(isFirst));
  }

  deliverAt(at: number): void {
    const [envelope] = this.#inFlight.splice(at, 1) as [Envelope];
    const { from, to } = envelope;
    const receiver = this.replicas[to] as Replica;
    if (!receiver.isUp || this.isCut(from, to)) return;
    const before = receiver.facts.roots[to];
    receiver.receive(envelope);
    this.log(() => `${to} hears of ${from}: ${describe(envelope)} -> ${show(receiver)}`);
    if (receiver.facts.roots[to] !== before) this.#excuse(receiver);
  }

  /** All that is no push and under way between these comes, answers included. */
  drain(isBetween: (envelope: Envelope) => boolean): void {
    for (let left = 200; left > 0; left--) {
      const at = this.#inFlight.findIndex((envelope) => envelope.message.type !== "push" && isBetween(envelope));
      if (at < 0) return;
      this.deliverAt(at);
    }
  }

  crash(replica: Replica): void {
    if (!replica.isUp) return;
    replica.crash();
    this.log(() => `${replica.id} crashes`);
  }

  start(replica: Replica): void {
    if (replica.isUp) return;
    replica.start();
    this.log(() => `${replica.id} starts: ${show(replica)}`);
  }

  lose(): void {
    if (this.#inFlight.length > 0) this.#inFlight.splice(this.random.below(this.#inFlight.length), 1);
  }

  /** One tells another all that it knows. */
  tell(from: Replica, to: Replica): void {
    if (!from.isUp) return;
    from.report(to.id);
    this.drain((envelope) => envelope.message.type === "report" && envelope.from === from.id && envelope.to === to.id);
  }

  /** All of these tell each other, and hear it. */
  gossip(among: readonly Replica[]): void {
    for (const from of among) for (const to of among) if (from !== to) from.report(to.id);
    this.drain(({ message }) => message.type === "report");
  }

  /** Owners among these fetch from all of these. */
  repairAll(among: readonly Replica[]): void {
    for (const to of among) for (const from of among) if (to !== from && to.isOwner) this.repair(to, from);
  }

  act(replica: Replica): void {
    if (!replica.isUp) return;
    for (const register of replica.drop()) this.#acknowledged.add(register);
    for (const register of replica.purge()) this.#purged.add(register);
    replica.seal();
    this.log(() => `acts ${show(replica)}`);
  }

  repair(to: Replica, from: Replica): void {
    if (!to.isUp || !from.isUp) return;
    to.pull(from.id);
    this.drain(({ from: a, to: b }) => (a === to.id && b === from.id) || (a === from.id && b === to.id));
  }

  sync(replica: Replica): void {
    if (!replica.isUp) return;
    for (const register of replica.sync()) this.#acknowledged.add(register);
    for (const register of replica.disk.registers) if (register?.dead) this.#deletions.add(register);
    this.log(() => `syncs ${show(replica)}`);
  }

  /** Whoever was given up drops what it held: what nobody else has on disk may be lost. */
  #excuse(outcast: Replica): void {
    this.#purged.clear();
    const others = this.replicas.filter((replica) => replica !== outcast);
    for (const register of this.#acknowledged) {
      const has = ({ shard, disk }: Replica) =>
        [shard, disk].every(({ registers }) => registers[register.key] === register);
      if (!others.some(has)) this.#acknowledged.delete(register);
    }
  }

  // --- The end -------------------------------------------------------------------------------------------------

  settle(): void {
    this.heal();
    for (const replica of this.replicas) this.start(replica);
    for (let round = 0; round < SETTLING_ROUNDS; round++) {
      if (round >= CALM_ROUNDS && this.violation() === undefined) return;
      this.pass(SETTLING_STEP);
      while (this.#inFlight.length > 0) this.deliverAt(0);
      for (const replica of this.replicas) comeBack(replica);
      this.gossip(this.replicas);
      this.gossip(this.replicas);
      for (const replica of this.replicas) replica.beginReady();
      this.repairAll(this.replicas);
      for (const replica of this.replicas) this.sync(replica);
      this.gossip(this.replicas);
      for (const replica of this.replicas) this.act(replica);
      for (const replica of this.replicas) this.sync(replica);
    }
  }

  /**
   * What must hold at any time: a ready holder covers every deletion that was ever purged, or late words bring back what
   * it deleted; and somebody is ready, or the owners would begin with nothing.
   */
  watch(): void {
    const { replicas } = this;
    const hadOutcast = replicas.some(({ facts }) => facts.givenUp.some((life) => life > 0));
    if (!hadOutcast && replicas.every(({ shard, disk }) => !shard.ready && !disk.ready))
      this.#broken ??= "nobody is ready any more";
    for (const { origin, sequence } of this.#purged) {
      for (const { id, isUp, shard, facts } of replicas) {
        // Who has met nobody, or was given up and has not heard of it yet, is nobody's concern.
        if (membersOf(facts).length === 1 || replicas.some((other) => isGivenUp(other.facts, id))) continue;
        const isBehind = isUp && shard.ready && shard.vector.get(origin) < sequence;
        if (isBehind) this.#broken ??= `${id} is ready, and does not cover a deletion that was purged`;
      }
    }
  }

  /** What does not hold, once settled. */
  violation(): string | undefined {
    if (this.#broken !== undefined) return this.#broken;
    const [first] = this.replicas as [Replica];
    const owners = this.replicas.filter(({ isOwner }) => isOwner);
    const one = owners[0] as Replica;
    for (const replica of this.replicas) {
      if (replica.owners.join() !== first.owners.join()) return "views differ";
      if (!owners.includes(replica) && replica.shard.holds) return `${replica.id} is no owner and not empty`;
    }
    for (const owner of owners) {
      const { shard } = owner;
      if (!shard.ready) return `owner ${owner.id} is not ready`;
      if (shard.vector.toString() !== one.shard.vector.toString()) return "vectors of owners differ";
      for (let key = 0; key < this.keys; key++) {
        const held = shard.registers[key];
        if (held !== one.shard.registers[key]) return `owners differ in key ${key}`;
        if (held?.dead) return `the deletion of key ${key} is never purged`;
        const lost = this.#lost(key, held);
        if (lost !== undefined) return lost;
      }
      for (const origin of shard.vector.sequences.keys()) {
        if (lifeOf(origin) < (owner.facts.lives[replicaOf(origin)] as number)) return "an ended life is never sealed";
      }
    }
    return undefined;
  }

  #lost(key: number, held: Register | undefined): string | undefined {
    let last: Register | undefined;
    for (const register of this.#acknowledged) {
      if (register.key === key && (last === undefined || beats(register, last))) last = register;
    }
    if (last === undefined || held === last || (held !== undefined && beats(held, last))) return undefined;
    if (held !== undefined) return `key ${key} went back behind an acknowledged ${last.dead ? "deletion" : "write"}`;
    for (const deletion of this.#deletions) {
      if (deletion.key === key && (deletion === last || beats(deletion, last))) return undefined;
    }
    return `the last write of key ${key} was lost`;
  }
}

/** A member that hears it was displaced, and lives, is placed again. */
function comeBack(replica: Replica): void {
  const version = replica.facts.versions[replica.id] as number;
  if (version % 2 === 0) replica.facts.versions[replica.id] = version + 1;
}

export function show({ id, life, shard, disk, facts, owners }: Replica): string {
  const registers = (held: typeof shard.registers) =>
    held.map((register) => (register === undefined ? "-" : nameOf(register)));
  const one = (of: typeof shard) => `${of.ready ? "ready" : ""}[${registers(of.registers)}] ${of.vector}`;
  return `#${id}.${life} view ${facts.versions.join("")} owners ${owners.join("")} ${one(shard)} disk ${one(disk)}`;
}

export function nameOf({ key, dead, stamp, origin, sequence }: Register): string {
  return `k${key}${dead ? "x" : "="}${origin}:${sequence}@${stamp}`;
}

function describe({ message }: Envelope): string {
  if (message.type === "push" || message.type === "chunk") return `${message.type} ${nameOf(message.register)}`;
  if (message.type === "claim") return `claim ${message.vector}${message.ready ? " ready" : ""}`;
  return message.type;
}
