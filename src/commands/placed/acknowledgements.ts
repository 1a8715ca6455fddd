/**
 * Who has what a client wrote, wherever that was carried out: each replica that wrote for it tells how many others have all that
 * it wrote, of each group of owners by itself. The fewest of all is what they have at the least.
 */

import { AtollError } from "../../base/errors.ts";
import type { ReplicaId, SpaceId } from "../../base/ids.ts";
import type { Reply } from "../../command-reply.ts";
import type { CommandClient } from "../../command-store.ts";
import type { CommandRouter } from "../../replica/command-router.ts";
import type { KeyspaceHost } from "../../replica/local-keyspace.ts";
import type { Acks, Dot } from "../../store.ts";
import type { SpaceCommands } from "../here/space-commands.ts";
import { replyOfError } from "../words/command-error.ts";

/** Clients of one keyspace that wait for what other replicas tell. */
const WAITS_MAX = 4096;

const IN_MEMORY: Acks = { reached: 1, wanted: 1, met: true };

type Ack = NonNullable<CommandClient["ack"]>;

/** `all`: so much that any write into the keyspace may be of it. */
type Written = readonly Dot[] | "all";

interface Until {
  readonly wanted: number;
  readonly timeoutMs: number;
  /** Nobody waits for it any more. */
  readonly gone?: AbortSignal | undefined;
}

export class Acknowledgements {
  readonly #host: KeyspaceHost;
  readonly #router: CommandRouter;
  readonly #space: SpaceId;
  readonly #local: SpaceCommands;
  #waits = 0;

  constructor(host: KeyspaceHost, router: CommandRouter, space: SpaceId, local: SpaceCommands) {
    this.#host = host;
    this.#router = router;
    this.#space = space;
    this.#local = local;
  }

  /** As `CommandKeyspace.wait`. */
  async wait(client: CommandClient, wanted: number, timeoutMs: number): Promise<number> {
    const { lastWrite, written = lastWrite === undefined ? [] : [lastWrite], gone } = client;
    const until = { wanted, timeoutMs, gone };
    const own = written === "all" ? written : written.filter((dot) => this.#router.isOfSelf(dot));
    const elsewhere = written === "all" ? this.#anyWriters() : this.#writersOf(written);
    if (elsewhere.size === 0) return this.countHere(own, until);
    const here = own.length > 0 ? [this.countHere(own, until)] : [];
    return Math.min(...(await Promise.all([...here, this.#countElsewhere(elsewhere, until)])));
  }

  /** An answer, once what was written for the client has got as far as it asked for, or that has taken too long. */
  after(client: CommandClient, reply: Reply | Promise<Reply>): Reply | Promise<Reply> {
    return client.ack === undefined ? reply : this.#afterAcks(client, client.ack, reply).catch(replyOfError);
  }

  async #afterAcks(client: CommandClient, ack: Ack, replying: Reply | Promise<Reply>): Promise<Reply> {
    const reply = await replying;
    // Who carried it out elsewhere has told.
    if (reply.type !== "error" && client.acks === undefined) client.acks = await this.#reached(dotsOf(client), ack);
    return reply;
  }

  /** Of writes that are known here, whoever made them, how far the one got that got least far; undefined of none. */
  async #reached(dots: readonly Dot[], { level, timeoutMs }: Ack): Promise<Acks | undefined> {
    const options = { ack: level, ...(timeoutMs !== undefined && { ackTimeoutMs: timeoutMs }) };
    const each = await Promise.all(dots.map((dot) => this.#host.acknowledged({ dot, acks: IN_MEMORY }, options)));
    const [first, ...others] = each.map(({ acks }) => acks);
    return first && others.reduce((least, acks) => (lackOf(acks) > lackOf(least) ? acks : least), first);
  }

  /** How many others have what this replica wrote itself. */
  async countHere(own: Written, { wanted, timeoutMs, gone }: Until): Promise<number> {
    const counts = this.#byOwners(own).map((written) => {
      const part: CommandClient = { lastWrite: undefined, written, ...(gone !== undefined && { gone }) };
      return this.#local.wait(part, wanted, timeoutMs);
    });
    return counts.length === 0 ? this.#host.replica().linked().length : Math.min(...(await Promise.all(counts)));
  }

  /** Who has all of several shards can be told only of those that the same replicas keep. */
  #byOwners(own: Written): readonly (readonly Dot[])[] {
    const { ownership, shards } = this.#host.replica();
    const all = shards.in(this.#space);
    const dots = own === "all" ? all.flatMap(({ id, written }) => (written ? [{ shard: id, ...written }] : [])) : own;
    const groups = new Map<readonly ReplicaId[], Dot[]>();
    for (const dot of dots) {
      const owners = ownership.groupOf(dot.shard);
      const group = groups.get(owners);
      if (group === undefined) groups.set(owners, [dot]);
      else group.push(dot);
    }
    return [...groups.values()];
  }

  /** Undefined: who is no member any more. */
  #writersOf(written: readonly Dot[]): ReadonlyMap<ReplicaId | undefined, readonly Dot[]> {
    const writers = new Map<ReplicaId | undefined, Dot[]>();
    for (const dot of written) {
      if (this.#router.isOfSelf(dot)) continue;
      const writer = this.#router.writerOf(dot);
      const dots = writers.get(writer);
      if (dots === undefined) writers.set(writer, [dot]);
      else dots.push(dot);
    }
    return writers;
  }

  /** Whoever may have written for a client of this replica: each tells of all that it wrote. */
  #anyWriters(): ReadonlyMap<ReplicaId | undefined, readonly Dot[]> {
    const replica = this.#host.replica();
    return new Map(replica.ownership.isEverywhere(this.#space) ? [] : replica.linked().map((id) => [id, []]));
  }

  async #countElsewhere(
    writers: ReadonlyMap<ReplicaId | undefined, readonly Dot[]>,
    { wanted, timeoutMs, gone }: Until,
  ): Promise<number> {
    if (this.#waits >= WAITS_MAX)
      throw new AtollError("TOO_MANY_REQUESTS", "too many clients wait for acknowledgements");
    this.#waits++;
    try {
      const counts = [...writers].map(([writer, dots]) =>
        writer === undefined ? 0 : this.#router.wait(this.#space, writer, dots, { wanted, timeoutMs }),
      );
      const all = Promise.all(counts).then((each) => Math.min(...each));
      return await (gone === undefined ? all : Promise.race([all, untilGone(gone)]));
    } finally {
      this.#waits--;
    }
  }
}

function dotsOf({ lastWrite, written, seen = [] }: CommandClient): readonly Dot[] {
  if (written !== undefined && written !== "all" && written.length > 0) return written;
  return lastWrite === undefined ? seen : [lastWrite];
}

function lackOf({ reached, wanted }: Acks): number {
  return wanted - reached;
}

/** Nobody reads what is answered then. */
function untilGone(gone: AbortSignal): Promise<number> {
  if (gone.aborted) return Promise.resolve(0);
  return new Promise((resolve) => gone.addEventListener("abort", () => resolve(0), { once: true }));
}
