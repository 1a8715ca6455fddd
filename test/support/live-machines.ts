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
  #timers: Timer[] = [];
  #soon: (() => void)[] = [];

  constructor(machines: Machines, names: readonly string[], limits: DocumentHubOptions["limits"] = {}) {
    this.machines = machines;
    for (const [place, name] of names.entries()) {
      const documents = documentsOf(machines, name);
      this.documents.set(name, documents);
      const random = new SeededRandom(place + 1);
      this.hubs.set(name, new DocumentHub({ store: documents, around: this.#around(name, random), limits }));
    }
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
  machines.at(name).listener = documents;
  return documents;
}
