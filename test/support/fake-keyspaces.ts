/** Keyspaces in a Map, for tests of the doors: what is asked for is what there is, of one member in `eu`. */

import { AtollError } from "../../src/base/errors.ts";
import type { Dot, KeyspaceSettings, KeyspaceStatus, KeyspaceStore, Store } from "../../src/store.ts";
import { FakeStore } from "./fake-store.ts";

export class FakeKeyspaces implements KeyspaceStore {
  readonly #stores = new Map<string, FakeStore>();
  readonly #statuses = new Map<string, KeyspaceStatus>();

  constructor(names: readonly string[] = []) {
    for (const name of names) this.#define(name, { replication: "all" });
  }

  /** `coming` is on its way, as far as a session knows. */
  keyspace(name: string, seen: readonly Dot[] = []): Store | undefined {
    if (name === "coming" && seen.length > 0) throw new AtollError("NOT_READY", "this keyspace is on its way here");
    return this.#stores.get(name);
  }

  /** One that is there. */
  store(name: string): FakeStore {
    return this.#stores.get(name) as FakeStore;
  }

  keyspaces(): readonly KeyspaceStatus[] {
    return [...this.#statuses.values()];
  }

  async defineKeyspace(name: string, settings: KeyspaceSettings) {
    if (name === "clash") throw new AtollError("KEYSPACE_CLASH", "another name has its space");
    const existed = this.#statuses.has(name);
    return { existed, keyspace: this.#define(name, settings) };
  }

  async grantKeyspace(name: string): Promise<void> {
    if (!this.#stores.has(name)) this.#define(name, { replication: "all" });
  }

  #define(name: string, settings: KeyspaceSettings): KeyspaceStatus {
    const { replication } = settings;
    const isShort = typeof replication === "number" && replication > 1;
    const keyspace = { name, ...settings, underReplicated: isShort ? [{ wanted: replication, has: 1 }] : [] };
    this.#statuses.set(name, keyspace);
    this.#stores.set(name, this.#stores.get(name) ?? new FakeStore());
    return keyspace;
  }
}
