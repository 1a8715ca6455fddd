/**
 * What other replicas ask of this one for clients of theirs. Whoever does not own the shard by its own view passes the
 * request on, as long as it may be, to who does; what nobody else takes is carried out here. Nothing is carried out that
 * the sender has to stamp anew first.
 */

import { toAtollError } from "../base/errors.ts";
import type { Key, ReplicaId, SpaceId } from "../base/ids.ts";
import { KIND_PLAIN } from "../core/record/kind.ts";
import { recordLength } from "../core/record/record.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { WriteOutcome } from "../store.ts";
import { isAddedTo, sumOf } from "../types/counter.ts";
import type { MessageOf } from "../wire/message.ts";
import type { Records } from "../wire/records.ts";
import type {
  CommandsBody,
  CopyBody,
  ListBody,
  ReadBody,
  Request,
  ResponseBody,
  RestoreBody,
  WriteBody,
} from "../wire/request.ts";
import { copyHere, writesOf } from "./backup.ts";
import type { CommandRequest } from "./command-service.ts";
import { copyOf } from "./forwarding.ts";
import { listHere } from "./listing.ts";
import { type KeyspaceHost, LocalKeyspace } from "./local-keyspace.ts";
import { checkKey, checkSizes, partsOf, ValueAway } from "./operations.ts";
import { isPageAway, recallPage } from "./page-recall.ts";
import { stampOf } from "./register-view.ts";
import { groupOf, restoreHere } from "./restore.ts";
import { type Answer, type Here, type Router, unknownOutcome } from "./router.ts";
import { type Fate, fateOf } from "./second-tries.ts";
import { shownSum } from "./shown-record.ts";

/** Requests of one peer that wait here: for acknowledgements, sessions, or others. */
export const SERVED_MAX = 16_384;
const NOTHING: Records = { bytes: new Uint8Array(0), view: new DataView(new ArrayBuffer(0)), start: 0, end: 0 };
const LONG_BYTES = 64 * 1024;
const REFUSED: ResponseBody = { type: "refused" };

type Shown = Extract<ResponseBody, { type: "read" }>;
type Done = Extract<Fate, { type: "done" }>;
type Stale = Extract<Fate, { type: "stale" }>;

export interface RequestHost extends KeyspaceHost {
  /** Sends an answer, also while this replica stops. */
  respond(peer: ReplicaId, response: MessageOf<"response">): void;
  /** Undefined: nobody carries commands out here. */
  commands(request: CommandRequest): Promise<ResponseBody> | undefined;
}

export class RequestService {
  readonly #host: RequestHost;
  readonly #router: Router;
  readonly #waitingById = new Map<ReplicaId, number>();
  served = 0;
  passedOn = 0;

  constructor(host: RequestHost, router: Router) {
    this.#host = host;
    this.#router = router;
  }

  get waiting(): number {
    return [...this.#waitingById.values()].reduce((sum, each) => sum + each, 0);
  }

  /** Answers in its time. The bytes of the message are valid during this call only. */
  receive(peer: ReplicaId, message: MessageOf<"request">): void {
    const { request } = message;
    const waiting = this.#waitingById.get(peer) ?? 0;
    if (waiting >= SERVED_MAX) {
      this.#answer(peer, request, { type: "error", code: "TOO_MANY_REQUESTS", message: "too many requests at once" });
      return;
    }
    this.served++;
    const answer = this.#answerAtOnce(message);
    if (answer !== undefined) return this.#answer(peer, request, answer);
    this.#waitingById.set(peer, waiting + 1);
    void this.#see(peer, message);
  }

  /**
   * The answer to what takes neither others nor time, which is nearly all that an owner is asked. It is made without the
   * promises that everything else goes through: they took a seventh of a forwarded request, links left out. Undefined: it
   * is one of those others.
   */
  #answerAtOnce(message: MessageOf<"request">): ResponseBody | undefined {
    const { space, after, body } = message;
    if (after.length > 0 || (body.type !== "read" && body.type !== "write")) return undefined;
    try {
      const shard = this.#shardOf(space, body.key);
      if (shard === undefined || !this.#router.isReadyHere(shard, space)) return undefined;
      if (body.type === "read")
        return body.quorum || isAway(shard, body.key)
          ? undefined
          : shortAnswer(shownAs(shard, body.key, this.#host.now()));
      if (body.ack !== "memory" || new LocalKeyspace(this.#host, space).heldUntil(body.key) !== undefined)
        return undefined;
      checkSizes(this.#host.replica(), body);
      const fate = this.#carryOut(message, shard, body);
      return fate.type === "done" ? written(fate.outcome) : fate;
    } catch (error) {
      return failure(error);
    }
  }

  /** In its time. */
  async #see(peer: ReplicaId, message: MessageOf<"request">): Promise<void> {
    try {
      await this.#serve(peer, message);
    } catch (error) {
      this.#answer(peer, message.request, failure(error));
    } finally {
      this.#done(peer);
    }
  }

  #done(peer: ReplicaId): void {
    const waiting = (this.#waitingById.get(peer) ?? 1) - 1;
    if (waiting > 0) this.#waitingById.set(peer, waiting);
    else this.#waitingById.delete(peer);
  }

  #serve(peer: ReplicaId, { request, space, hops, after, waitMs, body }: MessageOf<"request">): Promise<void> {
    const around = { request, space, hops, after, waitMs };
    switch (body.type) {
      case "read":
        return this.#read(peer, around, body);
      case "write":
        return this.#write(peer, around, { ...body, value: body.value?.slice() });
      case "list":
        return this.#list(peer, around, body);
      case "writes":
        return this.#writes(peer, around);
      case "copy":
        return this.#copy(peer, around, body);
      case "restore":
        return this.#restore(peer, around, { ...body, records: copyOf(body.records) });
      case "commands":
        return this.#commands(peer, around, body);
    }
  }

  async #read(peer: ReplicaId, around: Omit<Request, "body">, body: ReadBody): Promise<void> {
    const { request, space } = around;
    const shard = this.#shardOf(space, body.key);
    if (shard === undefined) return this.#answer(peer, request, REFUSED);
    const passed = await this.#passOn(peer, around, shard, (circumstances) =>
      this.#router.read(space, shard, body, circumstances),
    );
    if (passed.type !== "here") return this.#answer(peer, request, passed);
    if (this.#knowsNothing(shard)) return this.#answer(peer, request, REFUSED);
    await this.#caughtUp(peer, around);
    if (!(await this.#isAsked(peer, around, body.key, body.quorum))) return this.#answer(peer, request, REFUSED);
    if (isAway(shard, body.key) && !(await this.#isRecalled(peer, around, shard, body.key)))
      return this.#answer(peer, request, REFUSED);
    // It is long under way where the link is slow.
    const now = this.#host.now();
    if (shortAnswer(shownAs(shard, body.key, now)) === undefined) this.#answer(peer, request, { type: "taken" });
    // The machine has gone on meanwhile.
    this.#answer(peer, request, shownAs(shard, body.key, now));
  }

  /** Resolves once the value of a key is in memory; false: nobody has it. Throws as `LocalKeyspace.bringBack`. */
  async #isRecalled(
    peer: ReplicaId,
    { request, space }: Omit<Request, "body">,
    shard: Shard,
    key: Key,
  ): Promise<boolean> {
    const local = new LocalKeyspace(this.#host, space);
    while (isAway(shard, key)) {
      const bringing = local.bringBack(key, new ValueAway(shard, shard.find(KIND_PLAIN, key)));
      if (!(await this.#waitFor(peer, request, bringing))) return false;
    }
    return true;
  }

  async #write(peer: ReplicaId, around: Omit<Request, "body">, body: WriteBody): Promise<void> {
    const { request, space } = around;
    const shard = this.#shardOf(space, body.key);
    if (shard === undefined) return this.#answer(peer, request, REFUSED);
    checkSizes(this.#host.replica(), body);
    const passed = await this.#passOn(peer, around, shard, (circumstances) =>
      this.#router.write(space, shard, body, circumstances),
    );
    if (passed.type !== "here") return this.#answer(peer, request, passed);
    const { mayBeDone = body.mayBeDone } = passed;
    // Where an owner that was asked from here may have carried it out, who asked has to be told more than that it is not for here.
    const isInDoubt = mayBeDone && !body.mayBeDone;
    if (!isInDoubt && this.#knowsNothing(shard)) return this.#answer(peer, request, REFUSED);
    try {
      await this.#caughtUp(peer, around);
    } catch (error) {
      throw mayBeDone ? unknownOutcome() : error;
    }
    await this.#writeHere(peer, around, shard, { ...body, mayBeDone });
  }

  /** What the session of the client has seen is here. */
  async #writeHere(peer: ReplicaId, around: Omit<Request, "body">, shard: Shard, body: WriteBody): Promise<void> {
    const { request } = around;
    if (!(await this.#isAsked(peer, around, body.key))) return this.#answer(peer, request, REFUSED);
    const local = new LocalKeyspace(this.#host, around.space);
    for (let until = local.heldUntil(body.key); until !== undefined; until = local.heldUntil(body.key))
      await this.#waitFor(peer, request, until);
    const fate = this.#carryOut(around, shard, body);
    if (fate.type === "stale") return this.#answer(peer, request, fate);
    const { ack, ackTimeoutMs } = body;
    const acknowledged = this.#host.acknowledged(fate.outcome, { ack, ackTimeoutMs });
    const isAtOnce = ack === "memory";
    this.#answer(peer, request, written(await (isAtOnce ? acknowledged : this.#waitFor(peer, request, acknowledged))));
  }

  /** Without asking anybody, or waiting for them. Throws `OUTCOME_UNKNOWN`, and what a write may be refused for. */
  #carryOut({ space, after }: Omit<Request, "body">, shard: Shard, body: WriteBody): Done | Stale {
    const { id, time } = this.#host.replica();
    const fate = fateOf(shard, body, { after, toldStamp: time.toldStamp, now: this.#host.now() });
    if (fate.type === "unknown") throw unknownOutcome(id);
    if (fate.type !== "new") return fate;
    return { type: "done", outcome: new LocalKeyspace(this.#host, space).writeNow(body, body.stamp) };
  }

  /**
   * It was asked by who sees another view, and reaches nobody who owns the shard in its own: to answer that there is
   * nothing, or to take a write as the first, is for who asked, who may hold it, or know of others.
   */
  #knowsNothing(shard: Shard): boolean {
    const replica = this.#host.replica();
    return !replica.ownership.owns(shard.id) && !replica.isHeld(shard);
  }

  /** Asks others for a key where it has to. False: meanwhile it is for others to answer. */
  #isAsked(peer: ReplicaId, { request, space }: Omit<Request, "body">, key: Key, quorum = false): Promise<boolean> {
    const local = new LocalKeyspace(this.#host, space);
    const asking = local.ask(key, quorum);
    return local.isAsked(asking === undefined ? undefined : this.#waitFor(peer, request, asking), key);
  }

  async #list(peer: ReplicaId, { request, space }: Omit<Request, "body">, body: ListBody): Promise<void> {
    const replica = this.#host.replica();
    const isWhole = this.#isReadyIn(space, body.shards);
    this.#answer(
      peer,
      request,
      isWhole ? { type: "listed", pages: listHere(replica, space, body, this.#host.now()) } : REFUSED,
    );
  }

  async #writes(peer: ReplicaId, { request, space }: Omit<Request, "body">): Promise<void> {
    this.#answer(peer, request, { type: "wrote", dots: writesOf(this.#host.replica(), space) });
  }

  async #copy(peer: ReplicaId, around: Omit<Request, "body">, body: CopyBody): Promise<void> {
    const { request, space } = around;
    if (!this.#isReadyIn(space, body.shards)) return this.#answer(peer, request, REFUSED);
    await this.#caughtUp(peer, around);
    // Meanwhile others may have come to own some of it.
    while (this.#isReadyIn(space, body.shards)) {
      const copied = copyHere(this.#host.replica(), space, body, this.#host.now());
      if (!isPageAway(copied)) return this.#answer(peer, request, copied);
      await this.#waitFor(peer, request, recallPage(this.#host, copied));
    }
    this.#answer(peer, request, REFUSED);
  }

  async #restore(peer: ReplicaId, { request, space }: Omit<Request, "body">, body: RestoreBody): Promise<void> {
    const { stamp, isOurs, records } = body;
    const replica = this.#host.replica();
    const group = replica.shards.has(space) ? groupOf(replica, space, records) : undefined;
    const isHere = group !== undefined && this.#router.isReadyHere(group.shard, space);
    if (!isHere) return this.#answer(peer, request, REFUSED);
    const mode = { stamp, isOurs, begun: { name: "" } };
    const counts = await this.#waitFor(peer, request, restoreHere(this.#host, group.shard, group, mode));
    this.#answer(peer, request, { type: "restored", ...counts });
  }

  async #commands(peer: ReplicaId, around: Omit<Request, "body">, body: CommandsBody): Promise<void> {
    const { request } = around;
    const taken = (): void => this.#answer(peer, request, { type: "taken" });
    const passedOn = (): void => void this.passedOn++;
    const answer = this.#host.commands({ ...around, from: peer, body, taken, passedOn });
    this.#answer(peer, request, answer === undefined ? REFUSED : await answer);
  }

  #isReadyIn(space: SpaceId, numbers: readonly number[]): boolean {
    const { shards } = this.#host.replica();
    const all = shards.has(space) ? shards.in(space) : [];
    return numbers.every((number) => {
      const shard = all[number];
      return shard !== undefined && this.#router.isReadyHere(shard, space);
    });
  }

  async #caughtUp(peer: ReplicaId, { request, after, waitMs }: Omit<Request, "body">): Promise<void> {
    if (after.length > 0) await this.#waitFor(peer, request, this.#host.catchUp(after, waitMs));
  }

  /** What takes others is not waited for in silence: whoever asked knows that somebody is at it. */
  #waitFor<T>(peer: ReplicaId, request: number, waiting: Promise<T>): Promise<T> {
    this.#answer(peer, request, { type: "taken" });
    return waiting;
  }

  async #passOn(
    peer: ReplicaId,
    { request, hops, after, waitMs }: Omit<Request, "body">,
    shard: Shard,
    ask: (circumstances: Parameters<Router["read"]>[3]) => ReturnType<Router["read"]>,
  ): Promise<Answer | Here> {
    if (hops === 0 || this.#host.replica().ownership.owns(shard.id)) return { type: "here" };
    const seen = after.length === 0 ? undefined : { dots: after, waitMs };
    const answer = await this.#waitFor(peer, request, ask({ hops, seen, from: peer }));
    if (answer.type !== "here") this.passedOn++;
    return answer;
  }

  #shardOf(space: SpaceId, key: Key): Shard | undefined {
    const replica = this.#host.replica();
    checkKey(replica, key);
    // Of a keyspace that was defined elsewhere just now nothing can be said here.
    return replica.ownership.isInView(space) ? replica.shardOfKey(key, space) : undefined;
  }

  #answer(peer: ReplicaId, request: number, body: ResponseBody): void {
    this.#host.respond(peer, { type: "response", request, body });
  }
}

function isAway(shard: Shard, key: Key): boolean {
  const slot = shard.find(KIND_PLAIN, key);
  return slot !== 0 && shard.isAway(slot);
}

/** Valid until the machine goes on. */
function shownAs(shard: Shard, key: Key, now: number): Shown {
  const beside = isAddedTo(shard, key) ? partsOf(shard, key, undefined) : [];
  return { type: "read", beside, records: recordsOf(shard, key, now) };
}

function recordsOf(shard: Shard, key: Key, now: number): Records {
  const sum = isAddedTo(shard, key) ? sumOf(shard, key, now) : undefined;
  if (sum !== undefined && sum.from.length > 0) return shownSum(shard, key, sum);
  const slot = shard.find(KIND_PLAIN, key);
  if (slot === 0) return NOTHING;
  shard.values.used(slot);
  const view = shard.table.viewOf(slot);
  const start = shard.table.offsetOf(slot);
  return { bytes: shard.table.bytesOf(slot), view, start, end: start + recordLength(view, start) };
}

/** Undefined where that is long. */
function shortAnswer(shown: Shown): ResponseBody | undefined {
  return shown.records.end - shown.records.start > LONG_BYTES ? undefined : shown;
}

function written({ version, dot, existed, acks }: WriteOutcome): ResponseBody {
  const { origin, sequence } = dot;
  return { type: "written", timestamp: stampOf(version), origin, sequence, existed, acks };
}

/** What ends with this process can still be had elsewhere. */
function failure(error: unknown): ResponseBody {
  const { code, message } = toAtollError(error);
  return code === "SHUTTING_DOWN" || code === "NOT_READY" ? REFUSED : { type: "error", code, message };
}
