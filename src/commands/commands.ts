/** Commands over the replica of this process: the one table, and the keyspaces that they act on. */

import type { SpaceId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import { DEFAULT_SPACE, SYSTEM_SPACE } from "../base/shard-id.ts";
import { DEFAULT_KEYSPACE } from "../cluster/keyspaces.ts";
import type { CommandKeyspace, CommandStore, KeyNotice, ServerFacts } from "../command-store.ts";
import type { CommandRouter } from "../replica/command-router.ts";
import type { CommandRequest, CommandService } from "../replica/command-service.ts";
import type { KeyspaceHost } from "../replica/local-keyspace.ts";
import { memoryBytes } from "../replica/status.ts";
import type { KeyspaceStore } from "../store.ts";
import type { ResponseBody } from "../wire/request.ts";
import { commandTable, doorTable } from "./command-table.ts";
import { keptCountOf } from "./here/key-count.ts";
import { SpaceCommands } from "./here/space-commands.ts";
import { ToldCommands } from "./here/told-commands.ts";
import type { Publish } from "./placed/passed-on-client.ts";
import { PlacedCommands } from "./placed/placed-commands.ts";
import type { RefusalFor } from "./placed/refusals-for.ts";
import type { ScriptEngine } from "./rows/script-engine.ts";
import type { Scope } from "./workspace/scope.ts";

export interface CommandsOptions {
  readonly host: KeyspaceHost;
  readonly router: CommandRouter;
  /** Says which keyspaces there are. */
  readonly keyspaces: Pick<KeyspaceStore, "keyspace" | "grantKeyspace">;
  readonly random: Random;
  /** For clients of other replicas who may not do everything. */
  readonly refusalFor?: RefusalFor;
  /** Absent: scripts are not run here. */
  readonly scripts?: ScriptEngine;
  /** For scripts of clients of other replicas. */
  readonly publish?: Publish;
}

export class Commands implements CommandStore, CommandService {
  readonly commands = commandTable;
  readonly ofDoors = doorTable;
  readonly #options: CommandsOptions;
  readonly #bySpace = new Map<SpaceId, PlacedCommands>();
  readonly #told = new ToldCommands();

  constructor(options: CommandsOptions) {
    this.#options = options;
  }

  keyspace(name: string): CommandKeyspace | undefined {
    const { host, keyspaces } = this.#options;
    if (keyspaces.keyspace(name) === undefined) return undefined;
    const space = name === DEFAULT_KEYSPACE ? DEFAULT_SPACE : host.replica().keyspaces.get(name)?.space;
    return space === undefined ? undefined : this.#in(space);
  }

  grantKeyspace(name: string): Promise<void> {
    return this.#options.keyspaces.grantKeyspace(name);
  }

  async serve(request: CommandRequest): Promise<ResponseBody> {
    const { ownership } = this.#options.host.replica();
    const isKnown = request.space !== SYSTEM_SPACE && ownership.isInView(request.space);
    return isKnown ? this.#in(request.space).serve(request) : { type: "refused" };
  }

  tellOf(listener: ((notice: KeyNotice) => void) | undefined): void {
    this.#told.listener = listener;
  }

  #in(space: SpaceId): PlacedCommands {
    const known = this.#bySpace.get(space);
    if (known !== undefined) return known;
    const { host, random, router, refusalFor, scripts, publish } = this.#options;
    const isHere = (scope: Scope): boolean =>
      scope === undefined ? host.replica().ownership.isEverywhere(space) : router.isReadyIn(space, [...scope]);
    const local = new SpaceCommands(host, space, random, {
      ...{ scripts, isHere, told: space === DEFAULT_SPACE ? this.#told : undefined },
    });
    const commands = new PlacedCommands({ host, router, space, random, refusalFor, scripts, publish }, local);
    this.#bySpace.set(space, commands);
    return commands;
  }

  #lookups(): ServerFacts["lookups"] {
    let [hits, misses] = [0, 0];
    for (const { lookups } of this.#bySpace.values()) {
      hits += lookups.hits;
      misses += lookups.misses;
    }
    return { hits, misses };
  }

  facts(): ServerFacts {
    const { host } = this.#options;
    const replica = host.replica();
    const { config } = replica;
    return {
      replica: replica.id,
      region: config.region,
      startedAt: replica.startedAt,
      now: host.now(),
      peers: replica.linked().length,
      usedBytes: memoryBytes(replica),
      memoryBytesMax: config.memoryBytesMax,
      isPersistent: !replica.isEphemeral,
      isDiskFull: replica.isDiskFull(),
      expired: replica.chores.expiry.expired,
      evicted: replica.eviction.evicted,
      lookups: this.#lookups(),
      keyspaces: replica.keyspaces.all().map(({ name, space }) => {
        const shards = replica.shards.has(space) ? replica.shards.in(space) : [];
        return {
          name,
          keys: keptCountOf(shards, host.now()),
          expiring: shards.reduce((total, { accounts }) => total + accounts.expiring, 0),
        };
      }),
    };
  }
}
