/**
 * Proves what a bound for memory promises: clients write many times what there is room for, read it back meanwhile, the replica is
 * killed in the middle and started again on its folder, and in the end everything that was acknowledged and has neither been
 * overwritten nor expired is there as it was written, what has expired is gone, and the process was never far above its bound.
 */

import type { Key } from "../../src/base/ids.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { untilTrue } from "../end-to-end/until.ts";
import { DOORS, type DoorName, openStore, type RemoteStore } from "../processes/remote-store.ts";
import { BudgetedReplica, type BudgetedReplicaOptions, type Sample } from "./budgeted-replica.ts";
import { Client, type Habits } from "./client.ts";
import type { KeyHistory } from "./key-history.ts";

export interface BudgetRunOptions extends BudgetedReplicaOptions {
  readonly seed: string;
  /** Of values and keys that are acknowledged. */
  readonly bytes: number;
  readonly clients: number;
  readonly habits: Habits;
  readonly tell?: (line: string) => void;
}

export interface BudgetRunOutcome {
  /** Nothing: all was as promised. */
  readonly failures: readonly string[];
  readonly writes: number;
  readonly reads: number;
  readonly bytesWritten: number;
  readonly refused: number;
  readonly keysThere: number;
  readonly keysGone: number;
  /** What was acknowledged from memory only, and went with the kill; how long before it the first of that was, ms. */
  readonly lost: number;
  readonly lostBeforeMs: number;
  readonly restartMs: number;
  readonly seconds: number;
  readonly samples: readonly Sample[];
}

const PAGE = 1000;
/** Less than the longer times to live, and more than the shorter ones. */
const SETTLED_MS = 15 * 60_000;
/** One client of so many talks over a WebSocket. */
const WEBSOCKET_EVERY = 4;

export async function runBudget(options: BudgetRunOptions): Promise<BudgetRunOutcome> {
  const run = new BudgetRun(options);
  try {
    return await run.run();
  } finally {
    await run.end();
  }
}

class BudgetRun {
  readonly #options: BudgetRunOptions;
  readonly #replica: BudgetedReplica;
  readonly #clients: readonly Client[];
  readonly #failures: string[] = [];
  readonly #begun = performance.now();
  #stores: RemoteStore[] = [];

  constructor(options: BudgetRunOptions) {
    const { seed, clients, habits } = options;
    const random = new SeededRandom(seed);
    this.#options = options;
    this.#replica = new BudgetedReplica(options);
    this.#clients = Array.from({ length: clients }, (_, i) => new Client(`c${i}`, random.fork(`client ${i}`), habits));
  }

  async run(): Promise<BudgetRunOutcome> {
    const { bytes } = this.#options;
    await this.#start();
    this.#tell("writing");
    await Promise.all([this.#write(bytes), this.#killOnceWritten(bytes / 2)]);
    const killedAt = Date.now();
    const restartBegun = performance.now();
    await this.#start();
    const restartMs = performance.now() - restartBegun;
    this.#tell(`started again within ${Math.round(restartMs)} ms, reading`);
    await this.#readAll();
    const lost = this.#clients.flatMap((client) => client.lost);
    this.#tell(`${lost.length} of what memory alone had is lost, writing`);
    await this.#write(bytes);
    this.#tell("reading");
    await this.#awaitExpiry();
    await this.#readAll();
    const { there, gone } = await this.#compareListing();
    return {
      failures: [...this.#failures, ...this.#clients.flatMap((client) => client.failures)],
      writes: this.#sum((client) => client.writes),
      reads: this.#sum((client) => client.reads),
      bytesWritten: this.#bytesWritten,
      refused: this.#sum((client) => client.refused),
      keysThere: there,
      keysGone: gone,
      lost: lost.length,
      lostBeforeMs: lost.length === 0 ? 0 : killedAt - Math.min(...lost),
      restartMs,
      seconds: (performance.now() - this.#begun) / 1000,
      samples: this.#replica.samples,
    };
  }

  async end(): Promise<void> {
    for (const store of this.#stores) store.close();
    await this.#replica.kill();
  }

  async #start(): Promise<void> {
    await this.#replica.start();
    const { port } = this.#replica;
    const address = { host: "127.0.0.1", port, shards: 256, token: undefined };
    this.#stores = this.#clients.map((_, i) => openStore(doorOf(i), address));
    const store = this.#anyStore();
    await untilTrue("the replica is ready", async () => (await store.status()).ready, { withinMs: 60_000 });
  }

  async #write(bytes: number): Promise<void> {
    const isEnough = () => this.#bytesWritten >= bytes;
    await Promise.all(this.#clients.map((client, i) => client.run(this.#storeOf(i), isEnough)));
  }

  async #killOnceWritten(bytes: number): Promise<void> {
    const isDue = () => this.#bytesWritten >= bytes || this.#clients.some(({ failures }) => failures.length > 0);
    await untilTrue("half of it is written", isDue, { withinMs: Infinity });
    for (const client of this.#clients) client.killed();
    await this.#replica.kill();
    for (const store of this.#stores) store.close();
    this.#tell("killed");
  }

  async #readAll(): Promise<void> {
    await Promise.all(this.#clients.map((client, i) => client.readAll(this.#storeOf(i))));
  }

  /** Until each key is there, or gone, for longer than all that follows takes. */
  async #awaitExpiry(): Promise<void> {
    const histories = this.#clients.flatMap((client) => [...client.keys.values()]);
    const isSettled = (history: KeyHistory) => {
      const isThere = history.isThere(Date.now());
      return isThere !== undefined && isThere === history.isThere(Date.now() + SETTLED_MS);
    };
    const isDone = () => histories.every(isSettled);
    const describe = () => histories.filter((history) => !isSettled(history)).slice(0, 3);
    await untilTrue("what expires soon has expired", isDone, { withinMs: 60_000, describe });
  }

  /** Keys are listed exactly where they are there. */
  async #compareListing(): Promise<{ readonly there: number; readonly gone: number }> {
    const listed = new Set(await this.#listed());
    let there = 0;
    let gone = 0;
    for (const client of this.#clients) {
      for (const [key, history] of client.keys) {
        const isThere = history.isThere(Date.now());
        if (isThere !== undefined && isThere !== listed.has(key)) {
          this.#failures.push(`${key} is ${isThere ? "not " : ""}listed`);
        }
        if (isThere === true) there++;
        else gone++;
      }
    }
    return { there, gone };
  }

  async #listed(): Promise<Key[]> {
    const keys: Key[] = [];
    const store = this.#anyStore();
    let cursor: string | undefined;
    do {
      const page = await store.keys({ prefix: "", limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
      keys.push(...page.keys);
      cursor = page.cursor;
    } while (cursor !== undefined);
    return keys;
  }

  get #bytesWritten(): number {
    return this.#sum((client) => client.bytesWritten);
  }

  #sum(of: (client: Client) => number): number {
    return this.#clients.reduce((sum, client) => sum + of(client), 0);
  }

  #storeOf(client: number): RemoteStore {
    return this.#stores[client] as RemoteStore;
  }

  #anyStore(): RemoteStore {
    return this.#storeOf(0);
  }

  #tell(what: string): void {
    const last = this.#replica.samples.at(-1)?.ownBytes ?? 0;
    const most = Math.max(...this.#replica.samples.map(({ ownBytes }) => ownBytes), 0);
    const seconds = ((performance.now() - this.#begun) / 1000).toFixed(1);
    const megabytes = (bytes: number) => Math.round(bytes / 2 ** 20);
    this.#options.tell?.(
      `${seconds} s: ${what}; ${megabytes(this.#bytesWritten)} MB written, ${megabytes(last)} MB of memory, at most ${megabytes(most)}`,
    );
  }
}

function doorOf(client: number): DoorName {
  return client % WEBSOCKET_EVERY === WEBSOCKET_EVERY - 1 ? DOORS[1] : DOORS[0];
}
