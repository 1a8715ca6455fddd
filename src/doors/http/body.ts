/** Receives a request's body within a limit that is checked before anything is held, and again at every chunk. */

import type { IncomingMessage, ServerResponse } from "node:http";
import { AtollError } from "../../base/errors.ts";
import type { DoorLimits } from "../limits.ts";
import { messageBytesMax } from "../limits.ts";
import type { DoorMetrics } from "../metrics.ts";
import type { BodyKind } from "./route.ts";

/** The client went away in the middle: there is nobody to answer. */
export class ClientGone extends Error {}

export interface BodySource {
  readonly request: IncomingMessage;
  /** Set when the client waits for `100 Continue` before it sends its body. */
  readonly continues: ServerResponse | undefined;
}

/** Throws `VALUE_TOO_LARGE`, `BODY_TOO_LARGE`, `UNSUPPORTED_ENCODING`, `TOO_MANY_REQUESTS`, `ClientGone`. */
export function readBody(
  source: BodySource,
  kind: BodyKind,
  limits: DoorLimits,
  metrics: DoorMetrics,
): Promise<Buffer> {
  const { request } = source;
  checkEncoding(request);
  const bytesMax = bodyBytesMax(kind, limits);
  if (Number(request.headers["content-length"] ?? 0) > bytesMax) throw bodyTooLarge(kind, bytesMax);
  source.continues?.writeContinue();
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const settle = (): void => {
      metrics.bodyBytesInFlight -= length;
      length = 0;
    };
    const refuse = (error: Error): void => {
      request.removeAllListeners("data");
      chunks.length = 0;
      settle();
      reject(error);
    };
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
      metrics.bodyBytesInFlight += chunk.length;
      if (length > bytesMax) refuse(bodyTooLarge(kind, bytesMax));
      else if (metrics.bodyBytesInFlight > limits.bodyBytesInFlightMax) refuse(tooMuchAtOnce());
      else chunks.push(chunk);
    });
    request.on("end", () => {
      settle();
      const [first] = chunks;
      resolve(chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks));
    });
    request.on("close", () => {
      if (!request.complete) refuse(new ClientGone());
    });
  });
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
