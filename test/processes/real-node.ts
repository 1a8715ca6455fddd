/** One node of a run of real processes: a folder and a port that outlive processes, and at most one process at a time. */

import type { LifeEnd } from "../../simulations/simulator/node.ts";
import type { StageNode } from "../../simulations/workload/stage.ts";
import type { ReplicaDump } from "../../src/replica/inspect.ts";
import { wholeDump } from "../end-to-end/plain-dump.ts";
import type { ReplicaProcess } from "../end-to-end/replica-process.ts";
import type { FakeClock } from "./fake-clock.ts";
import { type DoorName, openStore, type RemoteStore } from "./remote-store.ts";

interface Life {
  readonly number: number;
  ended: boolean;
  /** A real process that is paused takes requests all the same: it answers them when it goes on. */
  readonly pausedUntil: 0;
  readonly store: RemoteStore;
}

export interface RealNodeOptions {
  readonly index: number;
  readonly process: ReplicaProcess;
  /** Undefined: the machine's. */
  readonly fakeClock: FakeClock | undefined;
  /** The door that its clients use. */
  readonly door: DoorName;
  readonly doorHost: string;
  /** Ms since the run began. */
  readonly now: () => number;
  readonly lifeEnded: (node: number, life: number) => void;
}

export class RealNode implements StageNode {
  readonly index: number;
  readonly process: ReplicaProcess;
  readonly fakeClock: FakeClock | undefined;
  readonly ends: LifeEnd[] = [];
  /** Its wall clock. What it corrects that by is not seen from outside, and is within what clocks are apart. */
  get clockTime(): number {
    return Date.now() + (this.fakeClock?.offsetMs ?? 0);
  }
  readonly #options: RealNodeOptions;
  #life: Life | undefined;
  #lives = 0;
  #isTaking = false;
  /** Its processes are started and ended one after another, whatever a schedule asks for. */
  #turn: Promise<void> = Promise.resolve();

  constructor(options: RealNodeOptions) {
    this.#options = options;
    this.index = options.index;
    this.process = options.process;
    this.fakeClock = options.fakeClock;
  }

  get doorHost(): string {
    return this.#options.doorHost;
  }

  get life(): Life | undefined {
    return this.#life;
  }

  get replica(): RemoteStore | undefined {
    return this.#isTaking ? this.#life?.store : undefined;
  }

  /** True when a process that nobody ended is gone. */
  get hasDied(): boolean {
    return this.#life !== undefined && !this.process.isRunning;
  }

  start(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#life !== undefined) return;
      const { door, doorHost } = this.#options;
      const { port, config, token } = this.process;
      await this.process.start();
      const store = openStore(door, { host: doorHost, port, shards: config.shards, token });
      this.#life = { number: ++this.#lives, ended: false, pausedUntil: 0, store };
      this.#isTaking = true;
    });
  }

  /** SIGKILL. What the kernel was handed is kept; what was still in the process is not. */
  kill(): Promise<void> {
    return this.#inTurn(async () => {
      const life = this.#life;
      if (life === undefined) return;
      this.#isTaking = false;
      life.ended = true;
      await this.process.kill();
      this.#end(life, "crash");
    });
  }

  /** SIGTERM. Throws unless it leaves as it should. */
  stop(): Promise<void> {
    return this.#inTurn(async () => {
      const life = this.#life;
      if (life === undefined) return;
      this.#isTaking = false;
      const code = await this.process.stop();
      if (code !== 0) throw new Error(`replica ${this.index} ended with ${code} when it was asked to stop`);
      this.#end(life, "stop");
    });
  }

  pause(): void {
    if (this.process.isRunning) this.process.pause();
  }

  resume(): void {
    if (this.process.isRunning) this.process.resume();
  }

  /** All that it holds now. */
  async inspect(): Promise<ReplicaDump> {
    return wholeDump(await this.process.inspect());
  }

  #end(life: Life, type: LifeEnd["type"]): void {
    life.ended = true;
    life.store.close();
    this.#life = undefined;
    // Nobody knows which batch was handed over last: only what waited for the disk counts as being there.
    this.ends.push({ life: life.number, at: this.#options.now(), type, durableUpTo: 0 });
    this.#options.lifeEnded(this.index, life.number);
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(act);
    this.#turn = done.catch(() => {});
    return done;
  }
}
