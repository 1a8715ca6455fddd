/** What one message asks for, judged and carried out. Watches, which live as long as their connection, are not here. */

import { AtollError } from "../../base/errors.ts";
import {
  type Dot,
  type PutOptions,
  type Room,
  SHORT_VALUE_BYTES_MAX,
  type Store,
  type WriteOptions,
} from "../../store.ts";
import { add, checkAmount, numberIn } from "../additions.ts";
import { authorise, type Principal } from "../auth.ts";
import {
  authoriseBatch,
  carryOut,
  dotsOf,
  dotsOfRead,
  formatInvalidation,
  formatRead,
  formatResult,
  formatWrite,
  readBatch,
} from "../batch.ts";
import type { CommandCaller } from "../door-command.ts";
import { checkConsistency, checkCursor, checkFields, checkLimit, type FieldReader, type Message } from "../fields.ts";

export type OperationName =
  | "get"
  | "put"
  | "delete"
  | "increment"
  | "invalidate"
  | "keys"
  | "batch"
  | "watch"
  | "unwatch"
  | "status";

const ALWAYS = ["id", "op", "keyspace", "session", "waitMs"];
const WRITE = ["ack", "ifAbsent", "ifPresent", "ifVersion"];

/** What a message of each operation may say; anything else is refused. */
const FIELDS = {
  get: new Set([...ALWAYS, "key", "encoding", "consistency"]),
  put: new Set([...ALWAYS, "key", "value", "encoding", "ttlMs", "contentType", "tags", ...WRITE]),
  delete: new Set([...ALWAYS, "key", "encoding", ...WRITE]),
  increment: new Set([...ALWAYS, "key", "by", "encoding", "ttlMs", "ack"]),
  invalidate: new Set([...ALWAYS, "tag", "encoding", "ack"]),
  keys: new Set([...ALWAYS, "prefix", "limit", "cursor", "encoding"]),
  batch: new Set([...ALWAYS, "operations", ...WRITE]),
  watch: new Set([...ALWAYS, "prefix", "resume", "encoding"]),
  unwatch: new Set([...ALWAYS, "watch"]),
  status: new Set(ALWAYS),
} as const satisfies Record<OperationName, ReadonlySet<string>>;

const OPERATIONS: readonly string[] = Object.keys(FIELDS);

export interface Asked {
  readonly message: Message;
  readonly reader: FieldReader;
  readonly store: Store;
  readonly principal: Principal;
  /** For what is read, until the answer is sent. */
  readonly room: Room;
  readonly commands: CommandCaller["commands"];
  /** What `store` is called. */
  readonly keyspace: string;
  /** What `store` has been told of it. */
  readonly session: CommandCaller["session"];
}

export interface Answered {
  readonly fields: Message;
  /** Nobody needs it any more once the answer is made. */
  readonly spent?: Uint8Array | undefined;
  /** What was seen, newest first. */
  readonly dots: readonly Dot[];
}

const NO_DOTS: readonly Dot[] = [];

/** The operation that a message asks for. Throws `UNKNOWN_OPERATION`, and `BAD_REQUEST` for a field that it does not have. */
export function operationOf(reader: FieldReader, message: Message): OperationName {
  const op = reader.text(message, "op");
  if (op === undefined || !isOperation(op)) {
    throw new AtollError("UNKNOWN_OPERATION", `op is one of ${OPERATIONS.join(", ")}`);
  }
  checkFields(message, FIELDS[op]);
  return op;
}

function isOperation(op: string): op is OperationName {
  return OPERATIONS.includes(op);
}

/** Only these wait for what their session has seen. */
export function isAboutKeys(name: OperationName): boolean {
  return name !== "status" && name !== "unwatch";
}

/**
 * True for operations that return values as soon as the store has read them here. A connection carries these out one
 * after the other, so that what waits to be sent never exceeds one answer beyond its bound.
 */
export function isLocalRead(name: OperationName, message: Message): boolean {
  return name === "batch" || name === "keys" || (name === "get" && message.consistency === undefined);
}

async function getValue({ message, reader, store, principal, room }: Asked): Promise<Answered> {
  const key = reader.key(message);
  authorise(principal, "read", key);
  const consistency = reader.text(message, "consistency");
  const options = consistency === undefined ? { room } : { consistency: checkConsistency(consistency), room };
  const outcome = await store.get(key, options);
  const fields = formatRead(reader.notation, outcome, reader.encoding(message));
  return { fields, dots: dotsOfRead(outcome), spent: outcome.entry?.value };
}

async function putValue({ message, reader, store, principal }: Asked): Promise<Answered> {
  const key = reader.key(message);
  authorise(principal, "write", key);
  const ttlMs = reader.ttlMs(message);
  const contentType = reader.contentType(message);
  const tags = reader.tags(message);
  const options: PutOptions = {
    ...writeOptions(reader, message),
    ...(ttlMs === undefined ? {} : { ttlMs }),
    ...(contentType === undefined ? {} : { contentType }),
    ...(tags === undefined ? {} : { tags }),
  };
  const outcome = await store.put(key, reader.value(message), options);
  return { fields: formatWrite(outcome), dots: [outcome.dot] };
}

async function deleteValue({ message, reader, store, principal }: Asked): Promise<Answered> {
  const key = reader.key(message);
  authorise(principal, "write", key);
  const outcome = await store.delete(key, writeOptions(reader, message));
  return { fields: formatWrite(outcome), dots: [outcome.dot] };
}

/** What it comes to tells what was there, so that both scopes are asked for. */
async function addToNumber(asked: Asked): Promise<Answered> {
  const { message, reader, principal } = asked;
  const key = reader.key(message);
  authorise(principal, "read", key);
  authorise(principal, "write", key);
  const addition = { key, by: checkAmount(message.by), ttlMs: reader.ttlMs(message) };
  const { reply, dots, acks } = await add({ ...asked, ack: reader.ack(message) }, addition);
  return { fields: { value: numberIn(reply), ...(acks !== undefined && { acks }) }, dots };
}

/** Of every key of the keyspace: nothing for a token that is limited to a prefix. */
async function invalidateTag({ message, reader, store, principal }: Asked): Promise<Answered> {
  authorise(principal, "write");
  const ack = reader.ack(message);
  const outcome = await store.invalidate(reader.tag(message), ack === undefined ? {} : { ack });
  return { fields: formatInvalidation(outcome), dots: [outcome.dot] };
}

async function listKeys({ message, reader, store, principal, room }: Asked): Promise<Answered> {
  const prefix = reader.prefix(message);
  authorise(principal, "read", prefix);
  const cursor = reader.text(message, "cursor");
  const limit = checkLimit(message.limit ?? undefined, reader.limits);
  const page = await store.keys({ prefix, limit, ...(cursor === undefined ? {} : { cursor: checkCursor(cursor) }) });
  const bytes = page.keys.reduce((sum, each) => sum + each.length, 0);
  if (bytes > SHORT_VALUE_BYTES_MAX) await room(bytes);
  const fields = { ...reader.notation.carry({ keys: page.keys }, reader.encoding(message)), cursor: page.cursor };
  return { fields, dots: NO_DOTS };
}

async function runBatch({ message, reader, store, principal, room }: Asked): Promise<Answered> {
  const batch = readBatch(reader, message);
  authoriseBatch(principal, batch);
  const options = { ...writeOptions(reader, message), readBytesMax: reader.limits.batchReadBytesMax, room };
  const results = await carryOut(store, batch, options);
  const formatted = results.map((result, place) => formatResult(reader.notation, result, batch.encodings[place]));
  return { fields: { results: formatted }, dots: dotsOf(results) };
}

async function showStatus({ store, principal }: Asked): Promise<Answered> {
  authorise(principal, "observe");
  return { fields: { status: await store.status() }, dots: NO_DOTS };
}

function writeOptions(reader: FieldReader, message: Message): WriteOptions {
  const ack = reader.ack(message);
  const condition = reader.condition(message);
  return { ...(ack === undefined ? {} : { ack }), ...(condition === undefined ? {} : { condition }) };
}

export const operations = {
  get: getValue,
  put: putValue,
  delete: deleteValue,
  increment: addToNumber,
  invalidate: invalidateTag,
  keys: listKeys,
  batch: runBatch,
  status: showStatus,
} as const satisfies Record<Exclude<OperationName, "watch" | "unwatch">, (asked: Asked) => Promise<Answered>>;
