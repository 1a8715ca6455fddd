/**
 * Compression of messages between regions, where traffic is paid for: raw DEFLATE (RFC 1951), each message by itself.
 *
 * Not `permessage-deflate` of `ws`, though it is there. It compresses a message once for each link that it goes to; unpacks a
 * megabyte out of 4 KiB for whoever has proved nothing yet; hands each frame to the thread pool and back, which takes four times
 * the CPU time at 1 KiB (`test/benchmarks/compression.ts`), breaks the writes of one turn apart and waits behind a slow disk;
 * and keeps about 300 KiB of state for every link. Here a message is compressed on the spot, so it keeps its place in the order,
 * and a link's queue counts what is sent. What that takes of the event loop is bounded by the longest message: pushes and deltas
 * are 64 KiB, 0.2 ms; a value of 16 MiB takes 80 ms.
 *
 * Where keys or values of an attacker share a message with those of others, its length tells something of them to who reads
 * along on the way, also under TLS (CRIME, 2012). Off unless told.
 */

import { deflateRawSync, inflateRawSync } from "node:zlib";
import { BadBytes } from "../base/bytes.ts";
import { COMPRESSED_MESSAGE_BYTES_MIN } from "../wire/frames.ts";

/** Fast: higher levels save a tenth more of JSON in twice the time. */
const LEVEL = 1;

/** What saves less than an eighth is not worth decompressing. */
const KEPT_MAX = 7 / 8;

/** A longer message is tried on a piece from its middle first: what does not shrink takes longest. */
const TRIAL_ABOVE_BYTES = 32 * 1024;
const TRIAL_BYTES = 4 * 1024;

/** Taken at once for what comes out; more as it comes. */
const OUTPUT_STEP_BYTES = 64 * 1024;

/** A shorter form of the message; undefined where there is none that is worth it. */
export function compress(message: Uint8Array): Uint8Array | undefined {
  if (message.length < COMPRESSED_MESSAGE_BYTES_MIN) return undefined;
  if (message.length > TRIAL_ABOVE_BYTES) {
    const middle = message.length >> 1;
    if (shrunk(message.subarray(middle, middle + TRIAL_BYTES)) === undefined) return undefined;
  }
  return shrunk(message);
}

/** Exactly `length` bytes, as `Decompress` in `wire/frames.ts` has it: throws `BadBytes` for anything else. */
export function decompress(compressed: Uint8Array, length: number): Uint8Array {
  const { buffer, engine } = inflate(compressed, length);
  if (buffer.length !== length) throw new BadBytes(`${buffer.length} bytes decompressed in place of ${length}`);
  if (engine.bytesWritten !== compressed.length) throw new BadBytes("bytes behind a compressed message");
  return plainBytes(buffer);
}

function shrunk(bytes: Uint8Array): Uint8Array | undefined {
  const compressed = deflateRawSync(bytes, { level: LEVEL, chunkSize: bytes.length });
  return compressed.length <= bytes.length * KEPT_MAX ? plainBytes(compressed) : undefined;
}

interface Inflated {
  readonly buffer: Buffer;
  /** How much of the input was used. */
  readonly engine: { readonly bytesWritten: number };
}

function inflate(compressed: Uint8Array, length: number): Inflated {
  try {
    // The types know nothing of `info`, which Node documents.
    return inflateRawSync(compressed, {
      info: true,
      maxOutputLength: length,
      chunkSize: Math.min(length, OUTPUT_STEP_BYTES),
    }) as unknown as Inflated;
  } catch (cause) {
    throw new BadBytes(`not what was compressed: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function plainBytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
