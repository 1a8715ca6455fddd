/** One keyspace of the replica in this process, as its clients see it: what is not held here is asked of those who hold it. */

import { AtollError, toAtollError } from "../base/errors.ts";
import type { Key, ShardId, SpaceId } from "../base/ids.ts";
import { SYSTEM_SPACE, spaceOf } from "../base/shard-id.ts";
import type { ClusterStatus } from "../cluster-status.ts";
import { KIND_PLAIN } from "../core/record/kind.ts";
import { expiresAt, FLAG_DEAD, FLAG_GONE, flagsAt, tagsAt, timestampAt } from "../core/record/record.ts";
import type { Shard } from "../core/shard/shard.ts";
import {
  type BatchOperation,
  type BatchOptions,
  type BatchResult,
  type Dot,
  type InvalidateOutcome,
  type KeyPage,
  type KeysOptions,
  type PutOptions,
  type ReadOptions,
  type ReadOutcome,
  SHORT_VALUE_BYTES_MAX,
  type Store,
  type Watch,
  type WatchEvent,
  type WatchOptions,
  type WriteOptions,
  type WriteOutcome,
} from "../store.ts";
import type { WriteBody } from "../wire/request.ts";
import { type Circumstances, FROM_CLIENT, type Seen } from "./circumstances.ts";
import { listKeys } from "./listing.ts";
import { type KeyspaceHost, LocalKeyspace } from "./local-keyspace.ts";
import { ACK_TIMEOUT_MS, checkKey, checkWrite, type KeyWrite, type Write } from "./operations.ts";
import { untilInView } from "./policy-wait.ts";
import { dotAt, entryAt, stampOf, versionOf } from "./register-view.ts";
import { type Answer, type Here, type Router, unknownOutcome } from "./router.ts";
import { fateOf } from "./second-tries.ts";
import { invalidateTag, invalidationKeys, staleDot } from "./tag-invalidation.ts";

const BATCH_OPERATIONS_MAX = 10_000;
/** So often a request follows a key that goes to other owners while others are asked for it; then what is here has to do. */
const MOVES_MAX = 5;

type Written = Extract<Answer, { type: "written" }>;
type Shown = Extract<Answer, { type: "read" }>;

export class Keyspace implements Store {
  readonly #host: KeyspaceHost;
  readonly #router: Router;
  readonly #space: SpaceId;
  readonly #seen: Seen | undefined;
  readonly #local: LocalKeyspace;

  /** `seen`: by the session of the one client that this is for. */
  constructor(host: KeyspaceHost, router: Router, space: SpaceId, seen?: Seen) {
    this.#host = host;
    this.#router = router;
    this.#space = space;
    this.#seen = seen;
    this.#local = new LocalKeyspace(host, space);
  }

  async get(key: Key, options: ReadOptions = {}): Promise<ReadOutcome> {
    const since = this.#host.now();
    const read = await this.#read(key, options);
    return options.consistency === "quorum" ? this.#judgedByMajority(read, since) : read;
  }

  /** A majority may know of an invalidation that has not come here: its registers are read as any are. */
  async #judgedByMajority(read: ReadOutcome, since: number): Promise<ReadOutcome> {
    const { entry, dot } = read;
    if (entry?.tags === undefined || dot === undefined) return read;
    const system = new LocalKeyspace(this.#host, SYSTEM_SPACE);
    const keys = invalidationKeys(this.#host.replica(), this.#space, entry.tags);
    await Promise.all(keys.map((key) => system.askQuorum(key, since)));
    const staleBy = staleDot(this.#host.replica(), this.#space, entry.tags, stampOf(entry.version));
    return staleBy === undefined ? read : { dot, staleBy };
  }

  async #read(key: Key, options: ReadOptions): Promise<ReadOutcome> {
    const replica = this.#host.replica();
    if (replica.ownership.isEverywhere(this.#space)) return this.#local.get(key, options);
    const coming = untilInView(this.#host, this.#space);
    if (coming !== undefined) return coming.then(() => this.#read(key, options));
    checkKey(replica, key);
    const shard = replica.shardOfKey(key, this.#space);
    const body = { type: "read", key, quorum: options.consistency === "quorum" } as const;
    const circumstances = this.#circumstances(shard);
    for (let moves = 0; ; moves++) {
      const answer = await this.#router.read(this.#space, shard, body, circumstances);
      if (answer.type !== "here") return this.#readFrom(shard, key, expectAnswer(answer, "read"), options);
      await this.#catchUpHere(circumstances, answer);
      if ((await this.#local.isAsked(this.#local.ask(key, body.quorum), key)) || moves === MOVES_MAX)
        return this.#local.read(key, options.room);
    }
  }

  put(key: Key, value: Uint8Array, options: PutOptions = {}): Promise<WriteOutcome> {
    return this.#write(key, { value, options });
  }

  delete(key: Key, options: WriteOptions = {}): Promise<WriteOutcome> {
    return this.#write(key, { options });
  }

  async invalidate(tag: string, options: Omit<WriteOptions, "condition"> = {}): Promise<InvalidateOutcome> {
    const replica = this.#host.replica();
    const outcome = this.#host.step((now) => invalidateTag(replica, this.#space, tag, options, now));
    return this.#host.acknowledged(outcome, options);
  }

  async batch(operations: readonly BatchOperation[], options: BatchOptions = {}): Promise<readonly BatchResult[]> {
    if (operations.length > BATCH_OPERATIONS_MAX) {
      throw new AtollError("BATCH_TOO_LARGE", `a batch has at most ${BATCH_OPERATIONS_MAX} operations`);
    }
    await untilInView(this.#host, this.#space);
    // All are carried out before the first is awaited: the writes of one batch go out together. What waits with a key that is
    // held has those wait which come behind it.
    const latest = new Map<Key, Promise<BatchResult>>();
    const results = operations.map((operation) => {
      const before = this.#local.heldUntil(operation.key) === undefined ? undefined : latest.get(operation.key);
      const result = before?.then(() => this.#operate(operation, options)) ?? this.#operate(operation, options);
      latest.set(operation.key, result);
      return result;
    });
    return Promise.all(results);
  }

  keys(options: KeysOptions): Promise<KeyPage> {
    return listKeys(this.#host, this.#router, this.#space, options);
  }

  watch(options: WatchOptions, listener: (event: WatchEvent) => void): Watch {
    const replica = this.#host.replica();
    return this.#host.step((now) => {
      const watch = replica.audience.changesOf(this.#space).watch(options, listener, now);
      replica.watchRelay.evaluate(now);
      return watch;
    });
  }

  async catchUp(dots: readonly Dot[], waitMs: number): Promise<Store> {
    await untilInView(this.#host, this.#space);
    const { ownership, shards } = this.#host.replica();
    const isHere = ({ shard }: Dot) => {
      const space = spaceOf(shard);
      // Of a keyspace that is not known here yet nobody else can be asked, either.
      if (ownership.isEverywhere(space) || !ownership.isInView(space)) return true;
      return ownership.owns(shard) && shards.get(shard)?.isReady === true;
    };
    await this.#host.catchUp(dots.filter(isHere), waitMs);
    // Whoever decides on a condition for this session has to know what it has invalidated, too.
    const isDecidedElsewhere = !ownership.isEverywhere(this.#space);
    const elsewhere = dots.filter((dot) => !isHere(dot) || (isDecidedElsewhere && isOfSystem(dot)));
    return elsewhere.length === 0
      ? this
      : new Keyspace(this.#host, this.#router, this.#space, { dots: elsewhere, waitMs });
  }

  status(): Promise<ClusterStatus> {
    return this.#host.status();
  }

  async #write(key: Key, write: Write): Promise<WriteOutcome> {
    const replica = this.#host.replica();
    if (replica.ownership.isEverywhere(this.#space)) return this.#local.write(key, write);
    const coming = untilInView(this.#host, this.#space);
    if (coming !== undefined) return coming.then(() => this.#write(key, write));
    const checked = checkWrite(replica, this.#space, key, write, this.#host.now());
    const shard = replica.shardOfKey(key, this.#space);
    const { ack = "memory", ackTimeoutMs = ACK_TIMEOUT_MS, condition } = write.options;
    const circumstances = this.#circumstances(shard, condition !== undefined);
    const isOwn = this.#router.isOwn(shard, this.#space, circumstances.seen);
    const stamp = isOwn || condition !== undefined ? undefined : this.#router.stampOf(shard, checked);
    let body: WriteBody = { type: "write", ...checked, stamp, mayBeDone: false, ack, ackTimeoutMs };
    for (let moves = 0; ; moves++) {
      const answer = await this.#router.write(this.#space, shard, body, circumstances);
      if (answer.type !== "here") return writtenAt(shard.id, expectAnswer(answer, "written"));
      await this.#catchUpHere(circumstances, answer);
      if ((await this.#isAskedHere(checked, answer)) || moves === MOVES_MAX)
        return this.#carryOutHere(checked, answer, write.options, circumstances.seen?.dots ?? []);
      const asked = answer.stamp ?? (condition === undefined ? this.#router.stampOf(shard, checked) : undefined);
      body = { ...body, stamp: asked, mayBeDone: answer.mayBeDone ?? false };
    }
  }

  async #isAskedHere({ key }: KeyWrite, here: Here): Promise<boolean> {
    return openIfDone(here, () => this.#local.isAsked(this.#local.ask(key), key));
  }

  async #carryOutHere(
    write: KeyWrite,
    here: Here,
    options: WriteOptions,
    after: readonly Dot[],
  ): Promise<WriteOutcome> {
    return openIfDone(here, async () => {
      for (let until = this.#local.heldUntil(write.key); until !== undefined; until = this.#local.heldUntil(write.key))
        await until;
      const { mayBeDone = false, stamp } = here;
      const { time, id } = this.#host.replica();
      const shard = this.#host.replica().shardOfKey(write.key, this.#space);
      const fate = fateOf(
        shard,
        { key: write.key, tags: write.tags, stamp, mayBeDone },
        { after, toldStamp: time.toldStamp, now: this.#host.now() },
      );
      if (fate.type === "unknown") throw unknownOutcome(id);
      if (fate.type === "done") return this.#host.acknowledged(fate.outcome, options);
      return this.#local.carryOut(write, fate.type === "new" ? stamp : undefined, options);
    });
  }

  /** Where nobody else can be asked, this replica itself has to have what the session has seen. */
  async #catchUpHere({ seen }: Circumstances, { mayBeDone = false }: Here): Promise<void> {
    if (seen === undefined) return;
    try {
      await this.#host.catchUp(seen.dots, seen.waitMs);
    } catch (error) {
      throw mayBeDone ? unknownOutcome() : error;
    }
  }

  /** What an owner holds of a key; or what is here, where that is newer: a guest's writes have a way to go. */
  async #readFrom(shard: Shard, key: Key, { beside, records }: Shown, { room }: ReadOptions): Promise<ReadOutcome> {
    const { view, start, end } = records;
    if (end - start > SHORT_VALUE_BYTES_MAX) await room?.(end - start);
    const now = this.#host.now();
    const replica = this.#host.replica();
    const stamp = end > start ? timestampAt(view, start) : 0;
    const held = shard.find(KIND_PLAIN, key);
    const heldStamp = held === 0 ? 0 : timestampAt(shard.table.viewOf(held), shard.table.offsetOf(held));
    if (held !== 0 && Math.max(heldStamp, shard.graves.markOf(KIND_PLAIN, key)) > stamp)
      return this.#local.read(key, room);
    const parts = beside.length === 0 ? {} : { beside };
    if (end === start) return parts;
    replica.clock.observe(timestampAt(view, start), now);
    return { ...this.#outcomeAt(shard, view, start, now), ...parts };
  }

  #outcomeAt(shard: Shard, view: DataView, at: number, now: number): ReadOutcome {
    const dot = dotAt(shard.id, view, at);
    if ((flagsAt(view, at) & (FLAG_DEAD | FLAG_GONE)) !== 0 || expiresAt(view, at) <= now) return { dot };
    const tags = tagsAt(view, new Uint8Array(view.buffer, view.byteOffset, view.byteLength), at);
    if (tags === undefined) return { dot, entry: entryAt(view, at) };
    shard.invalidations.saw(timestampAt(view, at));
    if (!shard.invalidations.isStale(view, at)) return { dot, entry: entryAt(view, at) };
    const staleBy = staleDot(this.#host.replica(), this.#space, tags, timestampAt(view, at));
    return staleBy === undefined ? { dot } : { dot, staleBy };
  }

  #circumstances(shard: Shard, isConditional = false): Circumstances {
    if (this.#seen === undefined) return FROM_CLIENT;
    const dots = this.#seen.dots.filter((dot) => dot.shard === shard.id || (isConditional && isOfSystem(dot)));
    return dots.length === 0 ? FROM_CLIENT : { ...FROM_CLIENT, seen: { ...this.#seen, dots } };
  }

  async #operate(operation: BatchOperation, { room, ...options }: BatchOptions): Promise<BatchResult> {
    try {
      if (operation.type === "get")
        return { type: "get", ...(await this.get(operation.key, room === undefined ? {} : { room })) };
      if (operation.type === "delete") return { type: "delete", ...(await this.delete(operation.key, options)) };
      const { key, value, ttlMs, contentType, tags } = operation;
      const more = {
        ...(ttlMs === undefined ? {} : { ttlMs }),
        ...(contentType === undefined ? {} : { contentType }),
        ...(tags === undefined ? {} : { tags }),
      };
      return { type: "put", ...(await this.put(key, value, { ...options, ...more })) };
    } catch (error) {
      const { code, message } = toAtollError(error);
      return { type: "error", code, message };
    }
  }
}

/** What ends with this process leaves open what an owner did that was asked before. */
async function openIfDone<T>({ mayBeDone }: Here, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (mayBeDone !== true) throw error;
    throw new AtollError("OUTCOME_UNKNOWN", "an owner may have carried the write out, or not", { cause: error });
  }
}

function writtenAt(shard: ShardId, { timestamp, origin, sequence, existed, acks }: Written): WriteOutcome {
  return { version: versionOf(timestamp, origin), dot: { shard, origin, sequence }, existed, acks };
}

function isOfSystem({ shard }: Dot): boolean {
  return spaceOf(shard) === SYSTEM_SPACE;
}

/** Throws what the owner answered with. */
function expectAnswer<Kind extends Answer["type"]>(answer: Answer, type: Kind): Extract<Answer, { type: Kind }> {
  if (answer.type === "error") throw new AtollError(answer.code, answer.message);
  if (answer.type !== type)
    throw new AtollError("INTERNAL", `an owner answered "${answer.type}" where "${type}" was due`);
  return answer as Extract<Answer, { type: Kind }>;
}
