/** Receives a request's body within a limit that is checked before anything is held, and again at every chunk. */

import type { IncomingMessage, ServerResponse } from "node:http";
import { AtollError } from "../../base/errors.ts";
import { giveBackWhole } from "../../base/give-back.ts";
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
  /** A long one that says how long it is gets its buffer at once: to join what came would take its length twice. */
  #whole: Buffer | undefined;
  #chunks: Buffer[] = [];
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
    if (this.#told <= SHORT_VALUE_BYTES_MAX) this.#chunks.push(chunk);
    else {
      this.#whole ??= Buffer.allocUnsafeSlow(this.#told);
      this.#whole.set(chunk, at);
    }
    return undefined;
  }

  /** What has come; it is received no more. */
  end(): Buffer {
    this.#leave();
    const chunks = this.#chunks;
    const whole = this.#whole;
    this.#chunks = [];
    this.#whole = undefined;
    if (whole !== undefined) return whole;
    const [first] = chunks;
    return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
  }

  /** Nobody wants what has come; any number of times. */
  drop(): void {
    this.#leave();
    this.#chunks = [];
    if (this.#whole !== undefined) giveBackWhole(this.#whole);
    this.#whole = undefined;
  }

  #leave(): void {
    const { metrics } = this.#bounds;
    metrics.bodyBytesInFlight -= this.#length;
    metrics.shortBodyBytesInFlight -= this.#shortLength;
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
