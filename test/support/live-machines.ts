/** Documents that are open at replica machines, in virtual time. */

import type { Key } from "../../src/base/ids.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { DocumentHub, type DocumentHubOptions } from "../../src/documents/document-hub.ts";
import { Documents } from "../../src/replica/documents.ts";
import { id, type Machines } from "./machines.ts";

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** Hubs of machines by name, and the time that moves all of them. */
export class LiveMachines {
  readonly machines: Machines;
  readonly documents = new Map<string, Documents>();
  readonly hubs = new Map<string, DocumentHub>();
  readonly #limits: NonNullable<DocumentHubOptions["limits"]>;
  #timers: Timer[] = [];
  #soon: (() => void)[] = [];

  constructor(machines: Machines, names: readonly string[], limits: DocumentHubOptions["limits"] = {}) {
    this.machines = machines;
    this.#limits = limits;
    for (const [place, name] of names.entries()) this.#serve(name, new SeededRandom(place + 1));
  }

  /** Ends a machine with what its disk has not taken, and starts it again on the rest. */
  async restart(name: string): Promise<void> {
    this.hub(name).close();
    this.machines.crash(name);
    await this.machines.start(name);
    this.#serve(name, new SeededRandom(`${name} ${this.machines.now}`));
  }

  hub(name: string): DocumentHub {
    return this.hubs.get(name) as DocumentHub;
  }

  open(name: string, key: string) {
    return this.hub(name).open(key as Key);
  }

  /** Moves time on, for replicas and documents. */
  run(ms: number, stepMs = 100): void {
    for (let left = ms; left > 0; left -= stepMs) {
      this.#turn();
      this.machines.run(Math.min(left, stepMs));
      const due = this.#timers.filter(({ at }) => at <= this.machines.now);
      this.#timers = this.#timers.filter(({ at }) => at > this.machines.now);
      for (const { run } of due) run();
      this.#turn();
    }
  }

  #serve(name: string, random: SeededRandom): void {
    const documents = documentsOf(this.machines, name);
    this.documents.set(name, documents);
    const options = { store: documents, around: this.#around(name, random), limits: this.#limits };
    this.hubs.set(name, new DocumentHub(options));
  }

  #turn(): void {
    for (const run of this.#soon.splice(0)) run();
  }

  #around(name: string, random: SeededRandom): DocumentHubOptions["around"] {
    return {
      clock: { now: () => this.machines.clockOf(name) },
      random,
      scheduler: {
        after: (delayMs, run) => {
          const timer = { at: this.machines.now + delayMs, run };
          this.#timers.push(timer);
          return () => {
            this.#timers = this.#timers.filter((each) => each !== timer);
          };
        },
        soon: (run) => void this.#soon.push(run),
      },
      log: () => {},
    };
  }
}

/** The documents of one machine. */
export function documentsOf(machines: Machines, name: string): Documents {
  const documents = new Documents({
    replica: () => machines.at(name),
    step: (run) => {
      const result = run(machines.clockOf(name));
      machines.carryOut(id(name));
      return result;
    },
    acknowledged: async (outcome) => outcome,
    isDelivering: () => machines.at(name).outbox.deliveries.length > 0,
  });
  machines.at(name).audience.listener = documents;
  machines.at(name).whispers = documents;
  return documents;
}
