/** The keyspaces that this replica knows of, by name. */

import { AtollError } from "../base/errors.ts";
import type { SpaceId } from "../base/ids.ts";
import { DEFAULT_SPACE, spaceOf } from "../base/shard-id.ts";
import { spaceOfName } from "../cluster/keyspaces.ts";
import type { Dot, KeyspaceSettings, KeyspaceStatus } from "../store.ts";
import { Keyspace } from "./keyspace.ts";
import { defineKeyspace, grantKeyspace } from "./keyspace-definitions.ts";
import type { KeyspaceHost } from "./local-keyspace.ts";
import type { Router } from "./router.ts";

export class KeyspaceDirectory {
  readonly default: Keyspace;
  readonly #host: KeyspaceHost;
  readonly #router: Router;
  readonly #isReady: () => boolean;
  readonly #bySpace = new Map<SpaceId, Keyspace>();

  /** `isReady`: this replica is in sync, as far as it can know. */
  constructor(host: KeyspaceHost, router: Router, isReady: () => boolean) {
    this.#host = host;
    this.#router = router;
    this.#isReady = isReady;
    this.default = new Keyspace(host, router, DEFAULT_SPACE);
    this.#bySpace.set(DEFAULT_SPACE, this.default);
  }

  /** Undefined: there is none of this name. Throws `NOT_READY`. */
  of(name: string, seen: readonly Dot[]): Keyspace | undefined {
    const space = this.#host.replica().keyspaces.get(name)?.space;
    if (space === undefined) {
      this.#checkUnheardOf(name, seen);
      return undefined;
    }
    const keyspace = this.#bySpace.get(space) ?? new Keyspace(this.#host, this.#router, space);
    this.#bySpace.set(space, keyspace);
    return keyspace;
  }

  /** Throws where there may well be a keyspace of a name that is not known here. */
  #checkUnheardOf(name: string, seen: readonly Dot[]): void {
    const space = spaceOfName(name);
    if (!this.#isReady())
      throw new AtollError("NOT_READY", "this replica knows no keyspace of this name, and is not ready");
    const isHeardOf = this.#host.replica().heardSpaces.has(space, this.#host.now());
    if (isHeardOf || seen.some((dot) => spaceOf(dot.shard) === space))
      throw new AtollError("NOT_READY", "this keyspace was created elsewhere just now, and is on its way here");
  }

  /** From now on there is one of this name, with the settings of `default` until it is defined; resolves once that is on disk. */
  async grant(name: string): Promise<void> {
    const replica = this.#host.replica();
    if (replica.keyspaces.get(name) !== undefined) return;
    this.#checkUnheardOf(name, []);
    const outcome = this.#host.step((now) => grantKeyspace(replica, name, now));
    if (outcome !== undefined) await this.#host.acknowledged(outcome, { ack: "disk" });
  }

  /** Resolves once it is on disk. */
  async define(
    name: string,
    settings: KeyspaceSettings,
  ): Promise<{ readonly existed: boolean; readonly keyspace: KeyspaceStatus }> {
    const replica = this.#host.replica();
    const existed = replica.keyspaces.get(name) !== undefined;
    const { outcome, keyspace } = this.#host.step((now) => defineKeyspace(replica, name, settings, now));
    await this.#host.acknowledged(outcome, { ack: "disk" });
    return { existed, keyspace };
  }
}
