/**
 * Replica machines connected directly, without driver, sockets or disks: frames go from outbox to machine in a seeded
 * random order (in order on each link), time is a number, a disk is a map that takes whole batches.
 */

import { latin1FromBytes } from "../../src/base/bytes.ts";
import type { Key, ReplicaId, SpaceId } from "../../src/base/ids.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { DEFAULT_SPACE } from "../../src/base/shard-id.ts";
import { type ReplicaConfig, replicaDefaults } from "../../src/replica/config.ts";
import { inspectReplica } from "../../src/replica/inspect.ts";
import { readKey, ValueAway, type Write, writeKey } from "../../src/replica/operations.ts";
import type { OutgoingFrame } from "../../src/replica/outbox.ts";
import type { LinkId, Storage, StorageEntry, StorageOperation } from "../../src/replica/ports.ts";
import type { Replica } from "../../src/replica/replica.ts";
import { startReplica } from "../../src/replica/start-up.ts";
import type { PutOptions, ReadOutcome, WriteOptions, WriteOutcome } from "../../src/store.ts";

export type Disk = Map<string, StorageEntry>;

/** What a disk did not take yet stays with the machine; `write` is the only way in. */
export class DiskStorage implements Storage {
  readonly durable = true;
  readonly disk: Disk;

  constructor(disk: Disk) {
    this.disk = disk;
  }

  async open() {
    return { type: "clean" } as const;
  }

  async *entries(range: { readonly from: Uint8Array; readonly to: Uint8Array }) {
    const [from, to] = [latin1FromBytes(range.from), latin1FromBytes(range.to)];
    const keys = [...this.disk.keys()].filter((key) => key >= from && key < to).sort();
    yield keys.flatMap((key) => this.disk.get(key) ?? []);
  }

  async read(key: Uint8Array) {
    return this.disk.get(latin1FromBytes(key))?.value;
  }

  async size(): Promise<number> {
    let bytes = 0;
    for (const { key, value } of this.disk.values()) bytes += key.length + value.length;
    return bytes;
  }

  async compact(): Promise<void> {}

  async write(operations: readonly StorageOperation[]): Promise<void> {
    applyOperations(this.disk, operations);
  }

  async close(): Promise<void> {}
}

export function applyOperations(disk: Disk, operations: readonly StorageOperation[]): void {
  for (const { key, value } of operations) {
    if (value === undefined) disk.delete(latin1FromBytes(key));
    else disk.set(latin1FromBytes(key), { key, value });
  }
}

interface Machine {
  readonly id: ReplicaId;
  replica: Replica | undefined;
  /** Of its start: what handshakes go on telling. */
  life: number;
  disk: Disk;
  /** False: batches are taken in time but the disk holds back, until it is true again. */
  diskWorks: boolean;
  readonly logs: string[];
  readonly salvaged: Uint8Array[];
}

/** One direction of a link. */
interface Pipe {
  readonly to: ReplicaId;
  readonly link: LinkId;
  frames: { readonly bytes: Uint8Array; readonly dueAt: number }[];
}

const TICK_MS = 50;
/** More frames than this without time passing: they answer each other for ever. */
const FRAMES_MAX = 200_000;

export const id = (name: string): ReplicaId => name as ReplicaId;

/** The default space unless told. */
interface InSpace {
  readonly space?: SpaceId;
}

export class Machines {
  now = 1_800_000_000_000;
  readonly random: SeededRandom;
  /** Frames that `drop` says yes to are lost if they may be, as in a full queue. */
  drop: (from: ReplicaId, to: ReplicaId) => boolean = () => false;
  /** How long frames are under way. */
  latencyMs = 0;
  /** Sees every frame that is put on its way. */
  spy: (frame: Uint8Array) => void = () => {};
  readonly #config: Partial<ReplicaConfig>;
  readonly #machines = new Map<ReplicaId, Machine>();
  /** By link: the pipe out of each end. */
  readonly #pipes = new Map<string, Pipe>();
  readonly #cut = new Set<string>();
  #nextLink = 1;
  /** Machines for which no time passes. Cut them off first: frames reach them all the same. */
  readonly sleeping = new Set<ReplicaId>();
  /** How far a machine's clock is ahead. */
  readonly skewMs = new Map<ReplicaId, number>();

  constructor(seed: number | string, config: Partial<ReplicaConfig> = {}) {
    this.random = new SeededRandom(seed);
    this.#config = { shards: 4, retentionMs: 60_000, ...config };
  }

  /** Starts machines, links them with those that run, and lets them settle. */
  static async started(names: readonly string[], seed: number | string, config: Partial<ReplicaConfig> = {}) {
    const machines = new Machines(seed, config);
    for (const name of names) await machines.start(name);
    machines.run(3000);
    return machines;
  }

  at(name: string): Replica {
    const replica = this.#machines.get(id(name))?.replica;
    if (replica === undefined) throw new Error(`${name} does not run`);
    return replica;
  }

  machine(name: string): Machine {
    const machine = this.#machines.get(id(name));
    if (machine === undefined) throw new Error(`no ${name}`);
    return machine;
  }

  clockOf(name: string): number {
    return this.now + (this.skewMs.get(id(name)) ?? 0);
  }

  /** `ephemeral`: keeps nothing on disk. */
  async start(name: string, { ephemeral = false, address = `${name}:1` } = {}): Promise<Replica> {
    const fresh: Machine = {
      id: id(name),
      replica: undefined,
      life: 0,
      disk: new Map(),
      diskWorks: true,
      logs: [],
      salvaged: [],
    };
    const machine = this.#machines.get(id(name)) ?? fresh;
    this.#machines.set(id(name), machine);
    const replica = await startReplica({
      config: { ...replicaDefaults, address, id: id(name), ...this.#config },
      ephemeral,
      clock: { now: () => this.clockOf(name) },
      random: this.random.fork(`${name} ${this.now}`),
      storage: new DiskStorage(machine.disk),
      log: (_level, event) => machine.logs.push(event),
    });
    machine.replica = replica;
    machine.life = replica.life;
    replica.seeksPeers = true;
    for (const other of this.#machines.keys()) this.#connect(id(name), other);
    return replica;
  }

  /** Stops without a word; what the disk has not taken is lost. */
  crash(name: string): void {
    for (const other of this.#machines.keys()) this.#disconnect(id(name), other);
    this.machine(name).replica = undefined;
  }

  /** Cuts the links between two groups. */
  cut(some: readonly string[], others: readonly string[]): void {
    for (const a of some) {
      for (const b of others) {
        this.#disconnect(id(a), id(b));
        this.#cut.add(pair(a, b));
      }
    }
  }

  healBetween(a: string, b: string): void {
    this.#cut.delete(pair(a, b));
    this.#connect(id(a), id(b));
  }

  heal(): void {
    this.#cut.clear();
    for (const a of this.#machines.keys()) for (const b of this.#machines.keys()) if (a < b) this.#connect(a, b);
  }

  // --- Clients -------------------------------------------------------------------------------------------------

  put(name: string, key: string, value: string, options: PutOptions & InSpace = {}): WriteOutcome {
    return this.#write(name, options.space, key, { value: new TextEncoder().encode(value), options });
  }

  delete(name: string, key: string, options: WriteOptions & InSpace = {}): WriteOutcome {
    return this.#write(name, options.space, key, { options });
  }

  /** The value, or undefined. */
  get(name: string, key: string, { space = DEFAULT_SPACE }: InSpace = {}): string | undefined {
    const read = readKey(this.at(name), space, key as Key, this.clockOf(name));
    if (read instanceof ValueAway) throw new Error(`${name} has the value of ${key} on disk only`);
    const { entry } = read as ReadOutcome;
    return entry === undefined ? undefined : new TextDecoder().decode(entry.value);
  }

  #write(name: string, space: SpaceId = DEFAULT_SPACE, key: string, write: Write): WriteOutcome {
    const outcome = writeKey(this.at(name), space, key as Key, write, this.clockOf(name));
    this.carryOut(id(name));
    return outcome;
  }

  // --- Time ----------------------------------------------------------------------------------------------------

  /** Lets time pass: pushes go, frames arrive, disks write. */
  run(ms: number): void {
    for (const end = this.now + ms; this.now < end; ) {
      this.now += TICK_MS;
      for (const name of this.#running()) {
        if (this.sleeping.has(name)) continue;
        this.flush(name);
        this.at(name).tick(this.clockOf(name));
        this.carryOut(name);
        this.sync(name);
      }
      this.deliverAll();
    }
  }

  /** Lets every frame arrive that is due. */
  deliverAll(): void {
    for (let left = FRAMES_MAX; this.deliverOne(); left--) {
      if (left === 0) throw new Error("frames without end");
    }
  }

  /** Lets the first frame of a random link arrive; false when none is due. */
  deliverOne(): boolean {
    const waiting = [...this.#pipes.values()].filter(
      ({ frames: [first] }) => first !== undefined && first.dueAt <= this.now,
    );
    if (waiting.length === 0) return false;
    const pipe = this.random.pick(waiting);
    const frame = pipe.frames.shift();
    if (frame === undefined) return false;
    this.at(pipe.to).receive(pipe.link, frame.bytes, this.clockOf(pipe.to));
    this.carryOut(pipe.to);
    return true;
  }

  /** Lets all that is under way to one machine arrive, and nothing else. */
  deliverTo(name: string): void {
    for (const pipe of this.#pipes.values()) {
      if (pipe.to !== id(name)) continue;
      for (let frame = pipe.frames.shift(); frame !== undefined; frame = pipe.frames.shift()) {
        this.at(name).receive(pipe.link, frame.bytes, this.clockOf(name));
        this.carryOut(pipe.to);
      }
    }
  }

  /** Sends the pushes that wait. */
  flush(name: string): void {
    this.at(name).flush();
    this.carryOut(id(name));
  }

  /** The disk takes what it lacks, if it works. */
  sync(name: string): void {
    const machine = this.machine(name);
    const { replica } = machine;
    if (replica === undefined || replica.isEphemeral || !machine.diskWorks) return;
    const batch = replica.persistence.take();
    if (batch === undefined) return;
    applyOperations(machine.disk, batch.operations);
    replica.persisted(batch);
    this.carryOut(id(name));
  }

  /** Carries out what a machine's outbox holds. */
  carryOut(name: ReplicaId): void {
    const { outbox } = this.at(name);
    const machine = this.machine(name);
    const { frames, closes, answers, deliveries, logs, salvaged } = outbox;
    Object.assign(outbox, { frames: [], closes: [], answers: [], deliveries: [], logs: [], salvaged: [] });
    for (const frame of frames) this.#carry(name, frame);
    for (const { link } of closes)
      for (const pipe of [...this.#pipes.values()]) if (pipe.link === link) this.#down(pipe);
    for (const answer of answers) answer();
    for (const deliver of deliveries) deliver();
    machine.logs.push(...logs.map(({ event }) => event));
    machine.salvaged.push(...salvaged.map(({ bytes }) => bytes));
  }

  #carry(from: ReplicaId, { link, frame, droppable }: OutgoingFrame): void {
    for (const pipe of this.#pipes.values()) {
      if (pipe.link !== link || pipe.to === from) continue;
      if (droppable && this.drop(from, pipe.to)) continue;
      this.spy(frame);
      pipe.frames.push({ bytes: frame, dueAt: this.now + this.latencyMs });
    }
  }

  // --- What they hold ------------------------------------------------------------------------------------------

  /** Ways in which running machines differ, in words; empty when they are equal. */
  differences(): string[] {
    return this.differencesOf(this.#running());
  }

  differencesOf(names: readonly string[]): string[] {
    const [first, ...others] = names;
    if (first === undefined) return [];
    return others.flatMap((other) =>
      this.dump(first) === this.dump(other) ? [] : [`${first}: ${this.dump(first)}\n${other}: ${this.dump(other)}`],
    );
  }

  /** Live registers and version vectors, as a text that is equal exactly when they are. */
  dump(name: string): string {
    const { registers, shards } = inspectReplica(this.at(name));
    const live = registers.filter((each) => !each.isDead && !each.isGone && each.expiresAt > this.clockOf(name));
    const lines = live.map((each) => `${each.key}=${each.timestamp}/${each.origin}/${each.sequence}/${each.checksum}`);
    return [...lines.sort(), ...shards.map(({ shard, vector }) => `${shard}: ${vector}`)].join("\n");
  }

  #running(): ReplicaId[] {
    return [...this.#machines].filter(([, machine]) => machine.replica !== undefined).map(([name]) => name);
  }

  // --- Links ---------------------------------------------------------------------------------------------------

  #connect(a: ReplicaId, b: ReplicaId): void {
    if (a === b || this.#cut.has(pair(a, b)) || this.#pipes.has(`${a}>${b}`)) return;
    const [one, other] = [this.#machines.get(a), this.#machines.get(b)];
    if (one?.replica === undefined || other?.replica === undefined) return;
    const link = this.#nextLink++;
    this.#pipes.set(`${a}>${b}`, { to: b, link, frames: [] });
    this.#pipes.set(`${b}>${a}`, { to: a, link, frames: [] });
    const [aFacts, bFacts] = [factsOf(one.replica, one.life), factsOf(other.replica, other.life)];
    one.replica.linkUp(link, bFacts, this.clockOf(a));
    other.replica.linkUp(link, aFacts, this.clockOf(b));
    this.carryOut(a);
    this.carryOut(b);
  }

  #disconnect(a: ReplicaId, b: ReplicaId): void {
    for (const name of [`${a}>${b}`, `${b}>${a}`]) {
      const pipe = this.#pipes.get(name);
      if (pipe !== undefined) this.#down(pipe);
    }
  }

  /** Ends one direction: what was under way is lost. */
  #down(pipe: Pipe): void {
    for (const [name, each] of this.#pipes) if (each === pipe) this.#pipes.delete(name);
    this.#machines.get(pipe.to)?.replica?.linkDown(pipe.link, "cut");
  }
}

function pair(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}

/** As the handshake tells them. */
function factsOf(replica: Replica, life: number) {
  const { region, address } = replica.config;
  return { id: replica.id, life, region, address };
}
