/**
 * A backup: what is live in keyspaces, whoever keeps them. This replica tells what it is ready in itself, and asks owners,
 * page by page, for the rest, so that no more than a page is held at a time.
 *
 * Before anything is read all replicas in reach say how far they have written. Whoever tells a shard holds that first, so
 * that everything that any of them had acknowledged is in the backup, or something newer of the same key.
 *
 * A value that is absent (`fetches.ts`, 3) is left out and counted, as reads are told that there is none: whoever had it would
 * be waited for in vain. One that cannot be had at the moment fails the backup. What others tell has no absent values: there
 * are none but of the keyspace that this replica keeps itself (`ghosts.ts`).
 */

import type { Backup, BackupFacts, BackupPart } from "../backup-store.ts";
import { AtollError, toAtollError } from "../base/errors.ts";
import type { ReplicaId, SpaceId } from "../base/ids.ts";
import { numberOf } from "../base/shard-id.ts";
import { replicaNumber, replicaOf } from "../core/origin.ts";
import { keyAt, recordLength } from "../core/record/record.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { Dot } from "../store.ts";
import type { CopiedBody, CopyBody } from "../wire/request.ts";
import { birthsOf } from "./births.ts";
import type { Place } from "./key-pages.ts";
import { keyspaceStatuses } from "./keyspace-definitions.ts";
import type { KeyspaceHost } from "./local-keyspace.ts";
import { isPageAway, type PageAway, type PageRecalled, recallPage } from "./page-recall.ts";
import { pageOfRecords, type RecordPage } from "./record-pages.ts";
import type { Replica } from "./replica.ts";
import { recordsOf } from "./restore.ts";
import type { Router } from "./router.ts";

/** Of records, in a page. */
const PAGE_BYTES = 256 * 1024;
/** Of one key that has more, in a part of a backup. */
const PART_BYTES_MAX = 1024 * 1024;
/** Registers that an owner looks at for one answer. */
const LOOKED_MAX = 8192;
/** As many as one request takes of what whoever carries it out must hold first. */
const DOTS_MAX = 1000;
/** For so long replicas may lack what others had acknowledged, and owners be looked for, ms. */
const BEHIND_MS_MAX = 30_000;
const OWNERS_MS_MAX = 30_000;
const PAUSE_MS = 250;
/** For so long values that are not in memory may not be had, ms. */
const AWAY_MS_MAX = 30_000;
const PATIENCE = { firstMs: 5_000, thenMs: BEHIND_MS_MAX + 5_000 };
/** Under way at once. */
const BACKUPS_MAX = 4;

/** A keyspace that is to be copied, with how far replicas have written into its shards. */
interface Source {
  readonly name: string;
  readonly space: SpaceId;
  readonly dotsByShard: ReadonlyMap<number, readonly Dot[]>;
}

export class Backups {
  readonly #host: KeyspaceHost;
  readonly #router: Router;
  underWay = 0;

  constructor(host: KeyspaceHost, router: Router) {
    this.#host = host;
    this.#router = router;
  }

  /** As `BackupStore` has it, at a replica that is ready. */
  async begin(names: readonly string[] | undefined): Promise<Backup> {
    if (this.underWay >= BACKUPS_MAX) {
      throw new AtollError("TOO_MANY_REQUESTS", `there are already ${BACKUPS_MAX} backups under way`);
    }
    const facts = factsOf(this.#host.replica(), names);
    const sources: Source[] = [];
    for (const { name } of facts.keyspaces) sources.push(await this.#source(name));
    const left: LeftOut = { absent: 0 };
    return {
      facts,
      parts: this.#parts(sources, left),
      get absent() {
        return left.absent;
      },
    };
  }

  async #source(name: string): Promise<Source> {
    const replica = this.#host.replica();
    const space = replica.keyspaces.get(name)?.space;
    if (space === undefined) throw new AtollError("UNKNOWN_KEYSPACE", `there is no keyspace ${name}`);
    const dotsByShard = new Map<number, Dot[]>();
    for (const dots of await Promise.all(replica.linked().map((peer) => this.#writesOf(peer, space)))) {
      for (const dot of dots) {
        const number = numberOf(dot.shard);
        dotsByShard.set(number, [...(dotsByShard.get(number) ?? []), dot]);
      }
    }
    return { name, space, dotsByShard };
  }

  /** Of who does not answer nothing is known: it is as good as out of reach. */
  async #writesOf(peer: ReplicaId, space: SpaceId): Promise<readonly Dot[]> {
    const request = { space, hops: 0, after: [], waitMs: 0, body: { type: "writes" } } as const;
    const answer = await this.#router.ask(peer, request, PATIENCE);
    return answer !== "lost" && answer.type === "wrote" ? answer.dots : [];
  }

  async *#parts(sources: readonly Source[], left: LeftOut): AsyncGenerator<BackupPart> {
    this.underWay++;
    try {
      for (const source of sources) yield* this.#partsOf(source, left);
      if (left.absent > 0) this.#tell(left);
    } finally {
      this.underWay--;
    }
  }

  #tell({ absent }: LeftOut): void {
    const reason = "whoever has some values alone is away: they were left out";
    this.#host.step(() => this.#host.replica().outbox.log("warn", "backup-incomplete", { absent, reason }));
  }

  async *#partsOf(source: Source, left: LeftOut): AsyncGenerator<BackupPart> {
    const shards = this.#host.replica().shards.in(source.space);
    const elsewhere: Shard[] = [];
    for (const shard of shards) {
      if (this.#router.isReadyHere(shard, source.space)) yield* this.#copyHere(source, shard, elsewhere, left);
      else elsewhere.push(shard);
    }
    if (elsewhere.length > 0) yield* this.#copyElsewhere(source, elsewhere);
  }

  async *#copyHere(source: Source, shard: Shard, elsewhere: Shard[], left: LeftOut): AsyncGenerator<BackupPart> {
    await this.#caughtUp(source.dotsByShard.get(numberOf(shard.id)) ?? []);
    let place: Place | undefined = { order: 0 };
    let recalled: PageRecalled | undefined;
    let deadline = this.#host.now() + AWAY_MS_MAX;
    while (place !== undefined) {
      // Others came to own it: all of it is read there, since nobody knows what of it went first.
      if (!this.#router.isReadyHere(shard, source.space)) return void elsewhere.push(shard);
      const page: RecordPage = pageOfRecords(shard, place, PAGE_BYTES, this.#host.now(), recalled?.absent);
      left.absent += page.absent;
      if (page.count + page.absent > 0) deadline = this.#host.now() + AWAY_MS_MAX;
      else if (page.away.length > 0 && this.#host.now() > deadline) throw unreadable(recalled);
      yield* partsOf(source.name, page.records);
      place = page.next;
      recalled = undefined;
      // What is absent is so for whoever looks at once.
      if (page.away.length > 0) recalled = await recallPage(this.#host, { type: "away", shard, slots: page.away });
      else await this.#host.pause(0);
    }
  }

  /** From whoever owns them, one owner after the other. */
  async *#copyElsewhere(source: Source, shards: readonly Shard[]): AsyncGenerator<BackupPart> {
    let left: readonly Shard[] = shards;
    let place: Place = { order: 0 };
    let tried = new Set<ReplicaId>();
    let deadline = this.#host.now() + OWNERS_MS_MAX;
    while (left.length > 0) {
      const next = this.#nextRequest(source, left, tried);
      const copied = next === undefined ? undefined : await this.#copy(source, next, place);
      if (copied === undefined) {
        if (next?.owner !== undefined) tried.add(next.owner);
        else if (this.#host.now() > deadline) {
          throw new AtollError("OWNERS_UNREACHABLE", `no owner of some keys of ${source.name} can be reached`);
        } else {
          await this.#host.pause(PAUSE_MS);
          tried = new Set();
        }
        continue;
      }
      deadline = this.#host.now() + OWNERS_MS_MAX;
      tried = new Set();
      const { records, done, order, after } = copied;
      yield* partsOf(source.name, records.bytes.subarray(records.start, records.end));
      const isDone = new Set(next?.shards.slice(0, done));
      const rest = next?.shards[done];
      left = [...(rest === undefined ? [] : [rest]), ...left.filter((shard) => shard !== rest && !isDone.has(shard))];
      place = { order, after };
      await this.#host.pause(0);
    }
  }

  /**
   * The first shard that is left, and as many others as the same replica can tell of; `owner` undefined: this one, which has come
   * to own it. Undefined: nobody can be asked for the first.
   */
  #nextRequest(source: Source, left: readonly Shard[], tried: ReadonlySet<ReplicaId>): CopyRequest | undefined {
    const tellerOf = (shard: Shard) =>
      this.#router.isReadyHere(shard, source.space) ? HERE : this.#router.nearestOwner(shard, tried);
    const [first] = left;
    const teller = first === undefined ? undefined : tellerOf(first);
    if (teller === undefined) return undefined;
    const shards: Shard[] = [];
    const after: Dot[] = [];
    for (const shard of left) {
      const dots = source.dotsByShard.get(numberOf(shard.id)) ?? [];
      if (shards.length > 0 && after.length + dots.length > DOTS_MAX) break;
      if (tellerOf(shard) !== teller) continue;
      shards.push(shard);
      after.push(...dots);
    }
    return { owner: teller === HERE ? undefined : teller, shards, after: after.slice(0, DOTS_MAX) };
  }

  /** Undefined: somebody else is to be asked. */
  async #copy(source: Source, request: CopyRequest, place: Place): Promise<CopiedBody | undefined> {
    const { owner, shards, after } = request;
    const { space } = source;
    const numbers = shards.map(({ id }) => numberOf(id));
    const body = { type: "copy", bytesMax: PAGE_BYTES, shards: numbers, ...place } as const;
    if (owner === undefined) {
      await this.#caughtUp(after);
      return this.#copyFromHere(space, body);
    }
    const answer = await this.#router.ask(owner, { space, hops: 0, after, waitMs: BEHIND_MS_MAX, body }, PATIENCE);
    return answer !== "lost" && answer.type === "copied" && answer.done <= shards.length ? answer : undefined;
  }

  async #copyFromHere(space: SpaceId, body: CopyBody): Promise<CopiedBody> {
    let recalled: PageRecalled | undefined;
    for (const deadline = this.#host.now() + AWAY_MS_MAX; ; ) {
      const copied = copyHere(this.#host.replica(), space, body, this.#host.now());
      if (!isPageAway(copied)) return copied;
      if (this.#host.now() > deadline) throw unreadable(recalled);
      recalled = await recallPage(this.#host, copied);
    }
  }

  async #caughtUp(dots: readonly Dot[]): Promise<void> {
    if (dots.length === 0) return;
    try {
      await this.#host.catchUp(dots, BEHIND_MS_MAX);
    } catch (error) {
      if (toAtollError(error).code !== "SESSION_BEHIND") throw error;
      throw new AtollError("OWNERS_UNREACHABLE", "what other replicas had acknowledged has not come in time");
    }
  }
}

/** How much is not in a backup. */
interface LeftOut {
  absent: number;
}

function unreadable(recalled: PageRecalled | undefined): AtollError {
  if (recalled?.error?.code === "NOT_READY")
    return new AtollError("OWNERS_UNREACHABLE", "whoever has some values cannot be reached at the moment");
  return new AtollError("DISK_FAILED", "values that are on disk only cannot be read from there");
}

const HERE = Symbol("this replica");

interface CopyRequest {
  readonly owner: ReplicaId | undefined;
  readonly shards: readonly Shard[];
  /** What is to be held first. */
  readonly after: readonly Dot[];
}

/** Throws `UNKNOWN_KEYSPACE`. */
function factsOf(replica: Replica, names: readonly string[] | undefined): BackupFacts {
  const statuses = keyspaceStatuses(replica);
  const unknown = names?.find((name) => !statuses.some((status) => status.name === name));
  if (unknown !== undefined) throw new AtollError("UNKNOWN_KEYSPACE", `there is no keyspace ${unknown}`);
  const { cluster, shards } = replica.config;
  return {
    ...{ cluster, shards, replica: replica.id, births: birthsOf(replica) },
    keyspaces: statuses
      .filter(({ name }) => names?.includes(name) !== false)
      .map(({ name, underReplicated: _, emptyRegions: __, ...settings }) => ({ name, settings })),
  };
}

/** A page, cut where one key alone has more than a part holds. */
function* partsOf(keyspace: string, records: Uint8Array): Generator<BackupPart> {
  const { view, end } = recordsOf(records);
  let [from, last, count] = [0, 0, 0];
  for (let at = 0; at < end; at += recordLength(view, at)) {
    if (count > 0 && at + recordLength(view, at) - from > PART_BYTES_MAX) {
      const continues = keyAt(view, records, last) === keyAt(view, records, at);
      yield { keyspace, records: records.slice(from, at), count, continues };
      [from, count] = [at, 0];
    }
    last = at;
    count++;
  }
  if (count > 0) yield { keyspace, records: records.slice(from), count, continues: false };
}

/** How far this replica has written into the shards of a space, in any life that is not sealed. */
export function writesOf(replica: Replica, space: SpaceId): Dot[] {
  const dots: Dot[] = [];
  if (!replica.shards.has(space)) return dots;
  const number = replicaNumber(replica.id);
  for (const { id, vector } of replica.shards.in(space)) {
    for (const [origin, sequence] of vector.entries()) {
      if (replicaOf(origin) === number) dots.push({ shard: id, origin, sequence });
    }
  }
  return dots;
}

/** What this replica holds of these shards, up to a limit of bytes and of work. */
export function copyHere(replica: Replica, space: SpaceId, body: CopyBody, now: number): CopiedBody | PageAway {
  const shards = replica.shards.in(space);
  const pages: Uint8Array[] = [];
  let [bytes, looked] = [body.bytesMax, LOOKED_MAX];
  let next: Place | undefined = { order: body.order, after: body.after };
  let done = 0;
  while (done < body.shards.length && bytes > 0 && looked > 0) {
    const shard = shards[body.shards[done] as number];
    if (shard === undefined) break;
    const page: RecordPage = pageOfRecords(shard, next ?? { order: 0 }, bytes, now);
    if (page.away.length > 0 && bytes === body.bytesMax && page.count === 0)
      return { type: "away", shard, slots: page.away };
    pages.push(page.records);
    bytes -= page.records.length;
    looked -= page.looked;
    next = page.next;
    if (next !== undefined) break;
    done++;
  }
  const { order, after } = next ?? { order: 0, after: undefined };
  return { type: "copied", done, order, after, records: recordsOf(joined(pages)) };
}

function joined(pages: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pages.reduce((length, page) => length + page.length, 0));
  let at = 0;
  for (const page of pages) {
    all.set(page, at);
    at += page.length;
  }
  return all;
}
