/**
 * Where commands are carried out whose keys this replica does not keep, or not yet: as a whole at the best replica that owns
 * all of their keys, or as a guest here where none can be reached (Q1 to Q3 in `router.ts` are for single writes).
 *
 *  C1. What may write is asked for once more only where nobody can have carried it out; where an answer is lost its fate is
 *      unknown, and nothing else becomes of it. What only reads is asked of others.
 *  C2. Each side tells the other its clock, so that a write is stamped above all that was seen where it was asked for, and
 *      what is written there afterwards above it.
 */

import { bytesFromLatin1 } from "../base/bytes.ts";
import { AtollError } from "../base/errors.ts";
import type { ReplicaId, SpaceId } from "../base/ids.ts";
import { replicaOf } from "../core/origin.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { Dot } from "../store.ts";
import type { CommandsBody, Request, ResponseBody } from "../wire/request.ts";
import type { Circumstances } from "./circumstances.ts";
import type { Answered } from "./forwarding.ts";
import type { KeyspaceHost } from "./local-keyspace.ts";
import { Refusals } from "./refusals.ts";
import { type Router, triedBefore, unknownOutcome } from "./router.ts";

type Replied = Extract<ResponseBody, { type: "replied" }>;
type Failed = Extract<ResponseBody, { type: "error" }>;

/** What is asked for, and where it is about. */
export interface AskedCommands {
  readonly body: Omit<CommandsBody, "clock">;
  /** Of all their keys, or those that a command about all keys is to look at. */
  readonly shards: readonly Shard[];
  readonly isReadonly: boolean;
  /** Who alone may be asked: it told the versions of the watched keys. */
  readonly only?: ReplicaId | undefined;
  /** How long they may wait for something by themselves, ms. */
  readonly waitMs?: number | undefined;
  /** For all of that, until something comes. */
  readonly isHeld?: boolean | undefined;
}

export interface CommandAnswer {
  readonly from: ReplicaId;
  readonly answer: Replied | Failed;
}

/** Whoever is asked last may be silent for so long, ms. */
const LAST_MS = 5000;
/** For acknowledgements, however long it may be. */
const WAIT_MS_MAX = 10 * 60_000;
/** Of a word, its length. */
const WORD_BYTES = 5;
/** What surrounds values in a message. */
const AROUND_BYTES = 32 * 1024;

export class CommandRouter {
  readonly #host: KeyspaceHost;
  readonly #router: Router;

  constructor(host: KeyspaceHost, router: Router) {
    this.#host = host;
    this.#router = router;
  }

  /** Commands, and what they answer, have at most so many bytes on their way. */
  get bytesMax(): number {
    return this.#host.replica().config.valueBytesMax + AROUND_BYTES;
  }

  /** True where this replica has all there is of these shards, and answers for them. */
  isReadyIn(space: SpaceId, shards: readonly Shard[]): boolean {
    return shards.every((shard) => this.#router.isReadyHere(shard, space));
  }

  /** Those who own all of these shards, in no order; shards that nobody owns left out. */
  commonOwners(shards: readonly Shard[]): readonly ReplicaId[] {
    const [first = [], ...others] = this.#groupsOf(shards);
    return first.filter((id) => others.every((group) => group.includes(id)));
  }

  /** Nobody owns all of these shards, though each is owned. */
  areApart(shards: readonly Shard[]): boolean {
    return this.#groupsOf(shards).length > 1 && this.commonOwners(shards).length === 0;
  }

  #groupsOf(shards: readonly Shard[]): readonly (readonly ReplicaId[])[] {
    const { ownership } = this.#host.replica();
    return [...new Set(shards.map(({ id }) => ownership.groupOf(id)))].filter((group) => group.length > 0);
  }

  /**
   * Undefined: to be carried out here. Throws `OUTCOME_UNKNOWN`, `KEYS_APART`, `TOO_MANY_REQUESTS`, `VALUE_TOO_LARGE`,
   * `NOT_READY`, and `OWNERS_UNREACHABLE` where `only` somebody may be asked, or somebody is linked and does not answer.
   */
  async carry(space: SpaceId, asked: AskedCommands, circumstances: Circumstances): Promise<CommandAnswer | undefined> {
    const { shards, isReadonly, only, body } = asked;
    this.#checkLength(body);
    let tried = triedBefore(circumstances);
    const refusals = new Refusals(circumstances.from === undefined);
    /** Who may come to answer yet: what it has to say is not what is here. */
    let silent: ReplicaId | undefined;
    for (;;) {
      if (only === undefined && this.isReadyIn(space, shards)) return undefined;
      const peer = this.#choose(asked, tried);
      if (peer === undefined) {
        if (only !== undefined) throw new AtollError("OWNERS_UNREACHABLE", `replica ${only} cannot be asked any more`);
        if (!refusals.mayBeTaken) return this.#here(asked, silent);
        await refusals.pause(this.#host);
        tried = triedBefore(circumstances);
        continue;
      }
      tried.add(peer);
      const isLast = !isReadonly || this.commonOwners(shards).every((id) => tried.has(id) || !this.#isLinked(id));
      const answer = await this.#ask(peer, space, asked, circumstances, isLast);
      refusals.note(answer);
      if (answer === "lost") {
        this.#router.wentUnanswered(
          peer,
          shards.map(({ id }) => id),
        );
        if (!isReadonly) throw unknownOutcome(peer);
        silent = peer;
      } else if (answer.type === "replied" || answer.type === "error") {
        if (answer.type === "replied") this.#took(peer, answer);
        return { from: peer, answer };
      }
    }
  }

  /** True of what a client has written here. */
  isOfSelf({ origin }: Dot): boolean {
    return replicaOf(origin) === replicaOf(this.#host.replica().origin);
  }

  /** The member that wrote it; undefined where that is none any more. */
  writerOf({ origin }: Dot): ReplicaId | undefined {
    const { members } = this.#host.replica();
    return members.all().find(({ number }) => number === replicaOf(origin))?.id;
  }

  /**
   * How many others have what another replica wrote for a client of this one, as that one tells; 0 where it cannot. No dots: all
   * that it ever wrote of the keyspace.
   */
  async wait(
    space: SpaceId,
    writer: ReplicaId,
    dots: readonly Dot[],
    { wanted, timeoutMs }: { readonly wanted: number; readonly timeoutMs: number },
  ): Promise<number> {
    const replica = this.#host.replica();
    if (!replica.isLinked(writer)) return 0;
    const commands = [["wait", String(wanted), String(timeoutMs)].map(bytesFromLatin1)];
    const clock = replica.clock.next(this.#host.now());
    const body = { type: "commands", commands, isTransaction: false, watched: [], shards: [], clock } as const;
    const patience = this.#router.patience(writer, timeoutMs === 0 ? WAIT_MS_MAX : Math.min(timeoutMs, WAIT_MS_MAX));
    const answer = await this.#router.ask(writer, { space, hops: 0, after: dots, waitMs: 0, body }, patience);
    const reply = answer !== "lost" && answer.type === "replied" ? answer.reply : undefined;
    return reply?.type === "integer" ? Number(reply.value) : 0;
  }

  #choose({ shards, isReadonly, only }: AskedCommands, tried: ReadonlySet<ReplicaId>): ReplicaId | undefined {
    const replica = this.#host.replica();
    const common = this.commonOwners(shards);
    if (this.areApart(shards)) throw keysApart();
    const owners = common.filter((id) => replica.isLinked(id));
    if (only !== undefined) return owners.includes(only) && !tried.has(only) ? only : undefined;
    const best = this.#router.bestOf(owners, shards, tried);
    if (best !== undefined) return best;
    return isReadonly ? this.#holder(shards, tried) : undefined;
  }

  /** Who holds something of all these shards that it does not own: better than nothing for what only reads. */
  #holder(shards: readonly Shard[], tried: ReadonlySet<ReplicaId>): ReplicaId | undefined {
    const replica = this.#host.replica();
    const [holder, ...others] = new Set(shards.map((shard) => this.#router.holder(shard, tried)));
    if (holder === undefined || others.length > 0) return undefined;
    return replica.isLinked(holder) ? holder : undefined;
  }

  /** Nobody else can be asked. */
  #here({ shards, isReadonly }: AskedCommands, silent: ReplicaId | undefined): undefined {
    const { ownership } = this.#host.replica();
    if (silent !== undefined && this.#host.replica().isLinked(silent))
      throw new AtollError("OWNERS_UNREACHABLE", `replica ${silent} does not answer in time`);
    if (!isReadonly && !shards.every(({ id }) => ownership.owns(id))) this.#router.guestWrites++;
  }

  #isLinked(id: ReplicaId): boolean {
    return this.#host.replica().isLinked(id);
  }

  /** `isLast`: nobody else is asked where this one takes long; that it is gone shows in its link. */
  #ask(
    peer: ReplicaId,
    space: SpaceId,
    { body, waitMs = 0, isHeld }: AskedCommands,
    { hops, seen }: Circumstances,
    isLast: boolean,
  ): Promise<Answered> {
    const clock = this.#host.replica().clock.next(this.#host.now());
    const after = seen?.dots ?? [];
    const request: Omit<Request, "request"> = {
      ...{ space, hops: hops - 1, after, waitMs: seen?.waitMs ?? 0 },
      body: { ...body, clock },
    };
    const ackMs = body.ack === undefined || body.ack.level === "memory" ? 0 : body.ack.timeoutMs;
    const { firstMs, thenMs } = this.#router.patience(peer, waitMs + ackMs + request.waitMs, lengthOf(body));
    return this.#router.ask(peer, request, { firstMs: isLast ? Math.max(firstMs, LAST_MS) : firstMs, thenMs, isHeld });
  }

  /** C2; and what is read next through here is read from who took a write. */
  #took(peer: ReplicaId, { dots, clock }: Replied): void {
    const replica = this.#host.replica();
    replica.clock.observe(clock, this.#host.now());
    for (const { shard } of dots) this.#router.took(replica, { id: shard }, peer, clock);
  }

  #checkLength(body: AskedCommands["body"]): void {
    if (lengthOf(body) <= this.bytesMax) return;
    throw new AtollError("VALUE_TOO_LARGE", `what is passed on to another replica has at most ${this.bytesMax} bytes`);
  }
}

export function keysApart(): AtollError {
  return new AtollError("KEYS_APART", "no replica keeps all of these keys: a {tag} in them keeps keys together");
}

function lengthOf({ commands }: Pick<CommandsBody, "commands">): number {
  return commands.reduce((bytes, words) => bytes + lengthOfWords(words), 0);
}

/** On their way. */
export function lengthOfWords(words: CommandsBody["commands"][number]): number {
  let bytes = 0;
  for (const word of words) bytes += word.length + WORD_BYTES;
  return bytes;
}
