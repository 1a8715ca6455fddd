/** Receives a request's body within a limit that is checked before anything is held, and again at every chunk. */

import type { IncomingMessage, ServerResponse } from "node:http";
import { AtollError } from "../../base/errors.ts";
import { giveBack, giveBackWhole } from "../../base/give-back.ts";
import { SHORT_VALUE_BYTES_MAX } from "../../store.ts";
import { TEXT_COPIES } from "../byte-account.ts";
import { ClientGone } from "../client-gone.ts";
import type { DoorLimits } from "../limits.ts";
import { messageBytesMax } from "../limits.ts";
import type { DoorMetrics } from "../metrics.ts";
import type { BodyKind } from "./route.ts";

export interface BodySource {
  readonly request: IncomingMessage;
  /** Set when the client waits for `100 Continue` before it sends its body. */
  readonly continues: ServerResponse | undefined;
}

const NOTHING: Buffer = Buffer.alloc(0);

/** What a body is received within. */
export interface BodyBounds {
  readonly limits: DoorLimits;
  readonly metrics: DoorMetrics;
  /** Resolves once there is room for a long body; `cutOff` is told when that takes too long to come. Rejects as `readBody`. */
  readonly lend: (bytes: number, cutOff: () => void) => Promise<void>;
}

/**
 * A long one is received once there is room for it: what it says to be long, or for one that does not say, what it may be. Throws
 * `VALUE_TOO_LARGE`, `BODY_TOO_LARGE`, `UNSUPPORTED_ENCODING`, `TOO_MANY_REQUESTS`, `MEMORY_FULL`, `TIMEOUT`, `ClientGone`.
 */
export function readBody(source: BodySource, kind: BodyKind, bounds: BodyBounds): Promise<Buffer> {
  const { request } = source;
  checkEncoding(request);
  const bytesMax = bodyBytesMax(kind, bounds.limits);
  const told = Number(request.headers["content-length"] ?? 0);
  if (told > bytesMax) throw bodyTooLarge(kind, bytesMax);
  if (request.destroyed) throw new ClientGone();
  return new Promise((resolve, reject) => {
    const body = new Body(kind, bytesMax, told, bounds);
    const refuse = (error: Error): void => {
      request.removeAllListeners("data");
      body.drop();
      // What still comes is dropped: who cannot send it all never reads why it is refused.
      request.resume();
      reject(error);
    };
    const makeRoom = (bytes: number, then: () => void): void => {
      const cutOff = () =>
        refuse(new AtollError("TIMEOUT", "others wait for the room of this body, and it does not come"));
      bounds.lend(bytes * copiesOf(kind), cutOff).then(then, refuse);
    };
    const receive = (chunk: Buffer): void => {
      const error = body.take(chunk);
      if (error !== undefined) refuse(error);
      else if (body.isLong && !body.hasRoom) {
        body.hasRoom = true;
        request.pause();
        makeRoom(bytesMax, () => request.resume());
      }
    };
    request.on("end", () => resolve(body.end()));
    request.on("close", () => {
      // All of it may have come and lie unread.
      if (!request.readableEnded) refuse(new ClientGone());
    });
    const begin = (): void => {
      source.continues?.writeContinue();
      request.on("data", receive);
    };
    if (!body.isLong) begin();
    else {
      body.hasRoom = true;
      makeRoom(told, begin);
    }
  });
}

/** What is there of a body. */
class Body {
  readonly #kind: BodyKind;
  readonly #bytesMax: number;
  readonly #told: number;
  readonly #bounds: BodyBounds;
  /** What came, in one: a piece by itself takes some hundred bytes, and a client may send pieces of one. */
  #held: Buffer = NOTHING;
  #length = 0;
  #shortLength = 0;
  hasRoom = false;

  constructor(kind: BodyKind, bytesMax: number, told: number, bounds: BodyBounds) {
    this.#kind = kind;
    this.#bytesMax = bytesMax;
    this.#told = told;
    this.#bounds = bounds;
  }

  get isLong(): boolean {
    return Math.max(this.#told, this.#length) > SHORT_VALUE_BYTES_MAX;
  }

  /** Returns what it is refused with. */
  take(chunk: Buffer): AtollError | undefined {
    const { metrics, limits } = this.#bounds;
    metrics.bodyBytesInFlight += chunk.length;
    if (!this.hasRoom) {
      metrics.shortBodyBytesInFlight += chunk.length;
      this.#shortLength += chunk.length;
    }
    const at = this.#length;
    this.#length += chunk.length;
    if (this.#length > this.#bytesMax) return bodyTooLarge(this.#kind, this.#bytesMax);
    if (metrics.shortBodyBytesInFlight > limits.bodyBytesInFlightMax && !this.hasRoom) return tooMuchAtOnce();
    // Most come in one piece, which need not be copied.
    if (at === 0 && Math.max(this.#told, chunk.length) <= SHORT_VALUE_BYTES_MAX) this.#held = chunk;
    else this.#append(chunk, at);
    return undefined;
  }

  #append(chunk: Buffer, at: number): void {
    if (this.#length > this.#held.length) {
      const before = this.#held;
      // What is never written to takes no memory.
      this.#held = Buffer.allocUnsafeSlow(this.#told || (this.isLong ? this.#bytesMax : 2 * this.#length));
      this.#held.set(before.subarray(0, at));
    }
    this.#held.set(chunk, at);
  }

  /** What has come; it is received no more. */
  end(): Buffer {
    const body = this.#held.subarray(0, this.#length);
    this.#leave();
    if (body.length === body.buffer.byteLength || body.length <= SHORT_VALUE_BYTES_MAX) return body;
    const whole = Buffer.allocUnsafeSlow(body.length);
    whole.set(body);
    giveBack(body.buffer);
    return whole;
  }

  /** Nobody wants what has come; any number of times. */
  drop(): void {
    giveBackWhole(this.#held);
    this.#leave();
  }

  #leave(): void {
    const { metrics } = this.#bounds;
    metrics.bodyBytesInFlight -= this.#length;
    metrics.shortBodyBytesInFlight -= this.#shortLength;
    this.#held = NOTHING;
    this.#length = 0;
    this.#shortLength = 0;
  }
}

/** Of JSON there are several for a moment. */
function copiesOf(kind: BodyKind): number {
  return kind === "batch" ? TEXT_COPIES : 1;
}

/**
 * A body of any length, piece by piece: the next is taken from the connection once the last one is done with. Throws
 * `UNSUPPORTED_ENCODING`, and as it is read `ClientGone`.
 */
export function streamBody({ request, continues }: BodySource): AsyncIterable<Uint8Array> {
  checkEncoding(request);
  return pieces(request, continues);
}

async function* pieces(
  request: IncomingMessage,
  continues: ServerResponse | undefined,
): AsyncGenerator<Uint8Array, void> {
  continues?.writeContinue();
  try {
    // Whoever refuses what comes still has to answer on this connection.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) yield chunk as Buffer;
  } catch (error) {
    if (request.complete) throw error;
    throw new ClientGone();
  }
}

function checkEncoding(request: IncomingMessage): void {
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding.toLowerCase() !== "identity") {
    throw new AtollError("UNSUPPORTED_ENCODING", "send the body as it is, without Content-Encoding");
  }
}

function bodyBytesMax(kind: BodyKind, limits: DoorLimits): number {
  if (kind === "value") return limits.valueBytesMax;
  if (kind === "document") return limits.documentMessageBytesMax;
  return kind === "batch" ? messageBytesMax(limits) : limits.smallBodyBytesMax;
}

function bodyTooLarge(kind: BodyKind, bytesMax: number): AtollError {
  if (kind === "value") return new AtollError("VALUE_TOO_LARGE", `a value has at most ${bytesMax} bytes`);
  if (kind === "document") return new AtollError("UPDATE_TOO_LARGE", `an update has at most ${bytesMax} bytes`);
  return new AtollError("BODY_TOO_LARGE", `the body has at most ${bytesMax} bytes here`);
}

function tooMuchAtOnce(): AtollError {
  return new AtollError("TOO_MANY_REQUESTS", "too many bytes are being received at once");
}

/** By what its head says; one that does not say how long it is, is. */
export function isBodyOver(request: IncomingMessage, bytes: number): boolean {
  if (request.headers["transfer-encoding"] !== undefined) return true;
  return Number(request.headers["content-length"] ?? 0) > bytes;
}
