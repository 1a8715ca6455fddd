/** Clients that write to every replica through every door at once, and remember what they were told. */

import { SeededRandom } from "../../src/base/random.ts";
import type { AckLevel } from "../../src/store.ts";
import { DOORS, type DoorName, openDoor, type Told, type Write } from "./doors.ts";
import { type Answered, type Attempt, History } from "./history.ts";
import { versionIn } from "./http-client.ts";
import type { ReplicaProcess } from "./replica-process.ts";
import { untilTrue } from "./until.ts";

export interface LoadOptions {
  readonly seed: string;
  readonly doors?: readonly DoorName[];
  readonly hotKeys?: number;
  readonly coldKeys?: number;
  /** How a level of acknowledgement is chosen: one of these, each as likely. */
  readonly acks?: readonly AckLevel[];
  /** Longest of the short lives that some values are given. */
  readonly shortTtlMsMax?: number;
  /** Of all keys. */
  readonly prefix?: string;
}

const LONG_TTL_MS = 3_600_000;
const READS_AT_ONCE = 16;

export interface Noted {
  /** Writes that were answered before this one. */
  readonly number: number;
  readonly attempt: Omit<Attempt, "isPromised">;
  readonly replica: ReplicaProcess;
  /** Kills of that replica before the write was sent. */
  readonly kills: number;
  readonly ack: AckLevel;
  /** That level was reached. */
  readonly isMet: boolean;
}

/** Which of the answered writes must be there in the end, whatever the test did. */
export type Promises = (noted: Noted) => boolean;

/** All that was answered, but what a replica that was killed later had promised from memory. */
export const whatKillsMayNotTake: Promises = ({ replica, kills, ack, isMet }) =>
  (ack !== "memory" && isMet) || replica.kills === kills;

/** What must be on the disk of one replica, whatever it hears from others. */
export function onDiskOf(replica: ReplicaProcess): Promises {
  return (noted) => noted.replica === replica && noted.ack === "disk" && noted.isMet;
}

export class Load {
  readonly #options: Required<LoadOptions>;
  readonly #noted: Noted[] = [];
  /** Replicas that take no writes at present; their clients wait for the gate to open. */
  readonly #gates = new Map<ReplicaProcess, { readonly opened: Promise<void>; readonly open: () => void }>();
  readonly #running: Promise<void>[] = [];
  readonly #replicas: ReplicaProcess[] = [];
  /** Of clients that wait for an answer. */
  readonly #underWay = new Set<Promise<readonly Told[]>>();
  #isStopping = false;
  #values = 0;
  /** Until all that was given a short life has expired, unix ms. */
  #lastDeathAt = 0;
  readonly answered = new Map<ReplicaProcess, number>();

  constructor(options: LoadOptions) {
    this.#options = {
      doors: DOORS,
      hotKeys: 8,
      coldKeys: 2000,
      acks: ["memory", "memory", "disk"],
      shortTtlMsMax: 1500,
      prefix: "",
      ...options,
    };
  }

  start(replicas: readonly ReplicaProcess[]): void {
    for (const replica of replicas) {
      this.#replicas.push(replica);
      for (const door of this.#options.doors) this.#running.push(this.#client(replica, door));
    }
  }

  /** Writes that were answered, at all replicas or one. */
  progress(replica?: ReplicaProcess): number {
    if (replica !== undefined) return this.answered.get(replica) ?? 0;
    return [...this.answered.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Resolves when so many more writes have been answered. */
  async proceeds(writes: number, replica?: ReplicaProcess): Promise<void> {
    const goal = this.progress(replica) + writes;
    await untilTrue(`${writes} more writes are answered`, () => this.progress(replica) >= goal, { withinMs: 60_000 });
  }

  /** From here on its clients wait. What is under way goes on. */
  shut(replica: ReplicaProcess): void {
    let open = () => {};
    const opened = new Promise<void>((resolve) => (open = resolve));
    this.#gates.set(replica, { opened, open });
  }

  open(replica: ReplicaProcess): void {
    this.#gates.get(replica)?.open();
    this.#gates.delete(replica);
  }

  /** Ends all clients, waits until what lives shortly has expired, and returns what happened. */
  async stop(): Promise<History> {
    this.#isStopping = true;
    for (const { open } of this.#gates.values()) open();
    await Promise.all(this.#running);
    await untilTrue("what lives shortly has expired", () => Date.now() > this.#lastDeathAt);
    return this.history();
  }

  /** What was answered so far; without what was sent after `sentBy`, in unix ms. */
  history(promises: Promises = whatKillsMayNotTake, sentBy = Infinity): History {
    const history = new History();
    for (const noted of this.#noted) {
      const { attempt } = noted;
      if (attempt.sentAt > sentBy) continue;
      history.add({ ...attempt, isPromised: attempt.outcome === "kept" && promises(noted) });
    }
    return history;
  }

  /** Answers so far: the `number` of the next. */
  get answers(): number {
    return this.#noted.length;
  }

  /** Resolves once all that is under way now has been answered. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
    // Who waited for the answer notes it first.
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Lets no client write any more, until `resume`, and waits until all is answered and what lives shortly has died. */
  async rest(): Promise<void> {
    for (const replica of this.#replicas) if (!this.#gates.has(replica)) this.shut(replica);
    await untilTrue("nothing is under way", () => this.#underWay.size === 0, { withinMs: 60_000 });
    await untilTrue("what lives shortly has expired", () => Date.now() > this.#lastDeathAt);
  }

  resume(): void {
    for (const replica of [...this.#gates.keys()]) this.open(replica);
  }

  async #client(replica: ReplicaProcess, name: DoorName): Promise<void> {
    const random = new SeededRandom(`${this.#options.seed}/${replica.id}/${name}`);
    const door = openDoor(name, replica);
    try {
      while (!this.#isStopping) {
        await this.#gates.get(replica)?.opened;
        if (this.#isStopping) break;
        const writes = Array.from({ length: random.between(1, door.writesAtOnce) }, () => this.#write(random));
        const ack = random.chance(0.02) ? "quorum" : random.pick(this.#options.acks);
        const { kills } = replica;
        const sentAt = Date.now();
        const asked = door.write(writes, ack);
        this.#underWay.add(asked);
        const told = await asked;
        this.#underWay.delete(asked);
        writes.forEach((write, place) => {
          this.#note(write, told[place], { replica, kills, sentAt, ack });
        });
      }
    } finally {
      door.close();
    }
  }

  #write(random: SeededRandom): Write {
    const { hotKeys, coldKeys, shortTtlMsMax, prefix } = this.#options;
    const name = random.chance(0.3) ? `hot/${random.below(hotKeys)}` : `cold/${random.below(coldKeys)}`;
    const key = `${prefix}${name}`;
    if (random.chance(0.2)) return { key };
    const padding = random.chance(0.01) ? 20_000 : random.below(200);
    const value = `${++this.#values}:${"x".repeat(padding)}`;
    if (random.chance(0.15)) return { key, value, ttlMs: random.between(50, shortTtlMsMax) };
    return random.chance(0.1) ? { key, value, ttlMs: LONG_TTL_MS } : { key, value };
  }

  #note(
    write: Write,
    told: Told | undefined,
    { replica, kills, sentAt, ack }: Pick<Noted, "replica" | "kills" | "ack"> & { readonly sentAt: number },
  ): void {
    const { outcome, version, isMet } = told ?? { outcome: "unknown", isMet: false };
    const now = Date.now();
    // Some time is left to what no answer came for: it may still be on its way.
    const deadBy = now + this.#options.shortTtlMsMax + (outcome === "unknown" ? 1000 : 2);
    const isShort = write.ttlMs !== undefined && write.ttlMs < LONG_TTL_MS;
    if (isShort) this.#lastDeathAt = Math.max(this.#lastDeathAt, deadBy);
    const { key, value } = write;
    this.#noted.push({
      number: this.#noted.length,
      attempt: {
        key,
        sentAt,
        outcome,
        ...(value === undefined ? {} : { value }),
        ...(version === undefined ? {} : { version }),
        ...(isShort ? { deadBy } : {}),
      },
      replica,
      kills,
      ack,
      isMet,
    });
    if (outcome !== "unknown") this.answered.set(replica, (this.answered.get(replica) ?? 0) + 1);
  }
}

/** What these replicas answer that must not be (see `History`). */
export async function violationsAt(replicas: readonly ReplicaProcess[], history: History): Promise<string[]> {
  // What expires while it is being read may have been read before.
  const now = Date.now();
  return history.violations(await readEverywhere(history.keys(), replicas), now);
}

/** What each replica answers over HTTP for every one of these keys. */
export async function readEverywhere(
  keys: readonly string[],
  replicas: readonly ReplicaProcess[],
): Promise<Map<string, Answered[]>> {
  const answers = new Map<string, Answered[]>(keys.map((key) => [key, []]));
  await Promise.all(
    replicas.map(async (replica, place) => {
      const left = [...keys];
      const reader = async () => {
        for (let key = left.pop(); key !== undefined; key = left.pop()) {
          const row = answers.get(key) ?? [];
          row[place] = await read(replica, key);
        }
      };
      await Promise.all(Array.from({ length: READS_AT_ONCE }, reader));
    }),
  );
  return answers;
}

export async function read(replica: ReplicaProcess, key: string): Promise<Answered> {
  const answer = await replica.http.get(key);
  if (answer.status === 404) return undefined;
  const version = versionIn(answer);
  if (answer.status !== 200 || version === undefined) throw new Error(`GET ${key} at ${replica.id}: ${answer.status}`);
  return { version, value: answer.body.toString() };
}
