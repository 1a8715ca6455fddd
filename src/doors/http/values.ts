/** PUT, GET, HEAD and DELETE of one key. */

import { parseDurationMs } from "../../base/duration.ts";
import { AtollError } from "../../base/errors.ts";
import { isTtlMs } from "../../base/ttl.ts";
import type { AckLevel, Entry, PutOptions, ReadOptions, WriteOptions, WriteOutcome } from "../../store.ts";
import { dotsOfRead } from "../batch.ts";
import { checkAck, checkConsistency, checkContentType } from "../fields.ts";
import { type Answer, problemAnswer } from "./answer.ts";
import type { Call } from "./call.ts";
import { formatEtag, isUnchanged, parseCondition } from "./etag.ts";
import type { Query } from "./query.ts";
import { formatTags, parseTags } from "./tags.ts";

/** Made once: in a cache, misses are as frequent as hits. */
const MISS = problemAnswer(new AtollError("NOT_FOUND", "no such key"));
const DEFAULT_CONTENT_TYPE = "application/octet-stream";

/** 201 new, 204 replaced, 202 kept but the asked-for acks did not come in time. */
export async function putValue(call: Call): Promise<Answer> {
  const ack = ackOf(call.query);
  const outcome = await call.store.put(call.key, call.body, putOptions(call, ack));
  const headers = ["ETag", formatEtag(outcome.version)];
  if (!outcome.acks.met) return writeAnswer(202, headers, ack, outcome);
  return writeAnswer(outcome.existed ? 204 : 201, headers, ack, outcome);
}

/** 204 whether it was there or not, 202 as for PUT. */
export async function deleteValue(call: Call): Promise<Answer> {
  const ack = ackOf(call.query);
  const outcome = await call.store.delete(call.key, writeOptions(call, ack));
  return writeAnswer(outcome.acks.met ? 204 : 202, [], ack, outcome);
}

/** 200 with the value, 304 where `If-None-Match` names it, 404. */
export async function getValue(call: Call): Promise<Answer> {
  const consistency = call.query.get("consistency");
  const options: ReadOptions = {
    consistency: consistency === undefined ? "local" : checkConsistency(consistency),
    room: call.room,
  };
  const read = await call.store.get(call.key, options);
  const { entry } = read;
  const dots = dotsOfRead(read);
  if (entry === undefined) return { ...MISS, headers: [...MISS.headers], dots };
  const headers = entryHeaders(entry);
  if (isUnchanged(call.headers["if-none-match"], entry.version)) return { status: 304, headers, dots };
  headers.push("Content-Length", String(entry.value.length));
  return { status: 200, headers, body: entry.value, isBodySpent: true, dots };
}

function entryHeaders(entry: Entry): string[] {
  const headers = ["ETag", formatEtag(entry.version), "Content-Type", entry.contentType ?? DEFAULT_CONTENT_TYPE];
  if (entry.expiresAt !== undefined) headers.push("Atoll-Expires-At", new Date(entry.expiresAt).toISOString());
  if (entry.tags !== undefined) headers.push("Atoll-Tags", formatTags(entry.tags));
  // A writer chose this type: a browser that opens the value must not run it as a page of ours.
  if (entry.contentType !== undefined) {
    headers.push("X-Content-Type-Options", "nosniff", "Content-Security-Policy", "sandbox");
  }
  return headers;
}

export function writeAnswer(
  status: number,
  headers: string[],
  ack: AckLevel | undefined,
  outcome: WriteOutcome,
): Answer {
  if (ack !== undefined) headers.push("Atoll-Acks", `${outcome.acks.reached}/${outcome.acks.wanted}`);
  if (status !== 204) headers.push("Content-Length", "0");
  return { status, headers, dots: [outcome.dot] };
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

function putOptions(call: Call, ack: AckLevel | undefined): PutOptions {
  const options: Mutable<PutOptions> = writeOptions(call, ack);
  const ttlMs = ttlOf(call.query);
  if (ttlMs !== undefined) options.ttlMs = ttlMs;
  const contentType = call.headers["content-type"];
  // What a value without a type is answered with need not be kept.
  if (contentType !== undefined && contentType !== DEFAULT_CONTENT_TYPE) {
    options.contentType = checkContentType(contentType);
  }
  const header = call.headers["atoll-tags"];
  const tags = header === undefined ? undefined : parseTags(String(header));
  if (tags !== undefined) options.tags = tags;
  return options;
}

export function writeOptions(call: Call, ack: AckLevel | undefined): Mutable<WriteOptions> {
  const options: Mutable<WriteOptions> = {};
  if (ack !== undefined) options.ack = ack;
  const condition = parseCondition(call.headers);
  if (condition !== undefined) options.condition = condition;
  return options;
}

export function ackOf(query: Query): AckLevel | undefined {
  const ack = query.get("ack");
  return ack === undefined ? undefined : checkAck(ack);
}

/** Undefined where none is asked for. Throws `BAD_TTL`. */
export function ttlOf(query: Query): number | undefined {
  const text = query.get("ttl");
  if (text === undefined) return undefined;
  const ttlMs = parseDurationMs(text);
  if (isTtlMs(ttlMs)) return ttlMs;
  throw new AtollError("BAD_TTL", "ttl is a whole number with ms, s, m, h or d, from 1ms to 10 years");
}
