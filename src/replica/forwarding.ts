/**
 * Requests to other replicas that are under way. Each is answered once, or lost: with its link, or because it took too
 * long; then nobody knows whether it was carried out. Requests are numbered from anywhere: what was asked by a process that
 * is gone may still be answered to the one that came after it.
 */

import { BadBytes } from "../base/bytes.ts";
import { Copies } from "../base/copies.ts";
import { isDue } from "../base/deadline.ts";
import type { ReplicaId } from "../base/ids.ts";
import { ResponseTimes } from "../cluster/routing/response-times.ts";
import { checkRecord } from "../core/containers/record-check.ts";
import { KIND_PLAIN } from "../core/record/kind.ts";
import { kindAt } from "../core/record/record.ts";
import type { MessageOf } from "../wire/message.ts";
import type { Records } from "../wire/records.ts";
import type { Request, RequestBody, ResponseBody } from "../wire/request.ts";
import type { Random } from "./ports.ts";
import { keyOf } from "./register-view.ts";
import type { Replica } from "./replica.ts";

/** Requests under way, to all peers together. */
export const FORWARDED_MAX = 65_536;

interface Pending {
  readonly peer: ReplicaId;
  readonly body: RequestBody;
  readonly sentAt: number;
  dueAt: number;
  readonly waitMaxMs: number;
  readonly patience: Patience;
  readonly resolve: (answer: Answered) => void;
}

/** Whatever settles a request. */
export type Answered = Exclude<ResponseBody, { type: "taken" }> | "lost";

/** How long a peer may take until it says anything, and from then on until it has answered, ms. */
export interface Patience {
  readonly firstMs: number;
  readonly thenMs: number;
  /** It is held until something comes, so that it says nothing of how busy or how slow the peer is. */
  readonly isHeld?: boolean | undefined;
}

export class Forwarding {
  readonly times = new ResponseTimes();
  readonly #pending = new Map<number, Pending>();
  readonly #waitingById = new Map<ReplicaId, number>();
  readonly #random: Random;
  #next: number | undefined;
  sent = 0;
  lost = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  get waiting(): number {
    return this.#pending.size;
  }

  waitingFor(peer: ReplicaId): number {
    return this.#waitingById.get(peer) ?? 0;
  }

  /** Asks a linked peer, within a step. Resolves once the outbox is carried out. */
  ask(
    replica: Replica,
    peer: ReplicaId,
    { space, hops, after, waitMs, body }: Omit<Request, "request">,
    patience: Patience,
    now: number,
  ): Promise<Answered> {
    const number = this.#next ?? this.#random.uint32();
    this.#next = number + 1;
    this.sent++;
    replica.send(peer, { type: "request", request: number, space, hops, after, waitMs, body });
    return new Promise((resolve) => {
      const waitMaxMs = 2 * (patience.firstMs + patience.thenMs);
      const dueAt = now + patience.firstMs;
      this.#pending.set(number, { peer, body, sentAt: now, dueAt, waitMaxMs, patience, resolve });
      if (patience.isHeld !== true) this.#waitingById.set(peer, this.waitingFor(peer) + 1);
    });
  }

  /** Throws `BadBytes`, with nothing changed. An answer that came too late, or to nothing, is dropped. */
  receive(replica: Replica, peer: ReplicaId, { request, body }: MessageOf<"response">, now: number): void {
    const pending = this.#pending.get(request);
    if (pending?.peer !== peer) return;
    if (body.type === "taken") {
      pending.dueAt = now + pending.patience.thenMs;
      return;
    }
    if (!ANSWERS[pending.body.type].has(body.type)) {
      throw new BadBytes(`an answer "${body.type}" to a ${pending.body.type}`);
    }
    const kept = keptAnswer(body, pending.body, replica);
    if (pending.patience.isHeld !== true) this.times.note(peer, now - pending.sentAt);
    this.#settle(request, pending, kept, replica);
  }

  linkDown(replica: Replica, peer: ReplicaId): void {
    this.times.forget(peer);
    for (const [request, pending] of this.#pending) if (pending.peer === peer) this.#lose(request, pending, replica);
  }

  tick(replica: Replica, now: number): void {
    for (const [request, pending] of this.#pending) {
      if (!isDue(pending, now)) continue;
      // So much at least: who does not answer is not to look better than who does.
      this.times.note(pending.peer, now - pending.sentAt);
      this.#lose(request, pending, replica);
    }
  }

  #lose(request: number, pending: Pending, replica: Replica): void {
    this.lost++;
    this.#settle(request, pending, "lost", replica);
  }

  #settle(request: number, { peer, resolve, patience }: Pending, answer: Answered, { outbox }: Replica): void {
    this.#pending.delete(request);
    outbox.answers.push(() => resolve(answer));
    if (patience.isHeld === true) return;
    const waiting = this.waitingFor(peer) - 1;
    if (waiting > 0) this.#waitingById.set(peer, waiting);
    else this.#waitingById.delete(peer);
  }
}

const ANSWERS: Readonly<Record<RequestBody["type"], ReadonlySet<ResponseBody["type"]>>> = {
  read: new Set(["read", "refused", "error"]),
  write: new Set(["written", "stale", "refused", "error"]),
  list: new Set(["listed", "refused", "error"]),
  writes: new Set(["wrote", "refused", "error"]),
  copy: new Set(["copied", "refused", "error"]),
  restore: new Set(["restored", "refused", "error"]),
  commands: new Set(["replied", "refused", "error"]),
};

/** What was answered is read at once. */
const answers = new Copies(16 * 1024);

/** What outlives the frame that it came in. */
function keptAnswer<Body extends ResponseBody>(body: Body, asked: RequestBody, replica: Replica): Body {
  if (body.type === "read") return { ...body, records: keptRecord(body.records, asked, replica) };
  if (body.type !== "copied") return body;
  const { view, start, end } = body.records;
  for (let at = start; at < end; ) at += checkRecord(view, at, end, replica.limits);
  return { ...body, records: copyOf(body.records) };
}

/** A copy that outlives the frame: the one register that was asked for, sound, or none. */
function keptRecord({ bytes, view, start, end }: Records, asked: RequestBody, { limits }: Replica): Records {
  if (end > start) {
    if (checkRecord(view, start, end, limits) !== end - start) throw new BadBytes("more than one register");
    if (asked.type !== "read" || kindAt(view, start) !== KIND_PLAIN || keyOf(view, start) !== asked.key)
      throw new BadBytes("the register of another key");
  }
  return copyOf({ bytes, view, start, end });
}

/** Outlives the frame. */
export function copyOf({ bytes, start, end }: Records): Records {
  const copy = answers.of(bytes.subarray(start, end));
  return { bytes: copy, view: new DataView(copy.buffer, copy.byteOffset, copy.byteLength), start: 0, end: copy.length };
}
