import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BadBytes } from "../../src/base/bytes.ts";
import type { Key, OriginId, ReplicaId, ShardId, SpaceId, Timestamp } from "../../src/base/ids.ts";
import { SHARD_ID_MAX, SPACE_MAX } from "../../src/base/shard-id.ts";
import { arrayReply, bulkReply, NOTHING } from "../../src/command-reply.ts";
import { msOfTimestamp, TIMESTAMP_MAX, timestampFromMs } from "../../src/core/clock.ts";
import { ORDER_MAX } from "../../src/core/key-order.ts";
import { LIFE_MAX, originOf } from "../../src/core/origin.ts";
import { BUCKETS } from "../../src/core/record/bucket.ts";
import * as kinds from "../../src/core/record/kind.ts";
import { tagsOf } from "../../src/core/record/tags.ts";
import { PurgeMarks } from "../../src/core/shard/purge-marks.ts";
import { VersionVector } from "../../src/core/version-vector.ts";
import { versionOf } from "../../src/replica/register-view.ts";
import { ACK_LEVELS, type Condition } from "../../src/store.ts";
import { decodeMessage, encodeMessage } from "../../src/wire/codec.ts";
import {
  HALF_READY,
  INCARNATION_MAX,
  INSTANT_MAX,
  type MemberFacts,
  type Message,
  type MessageOf,
  NOT_READY,
  READY,
  ROSTER_BUCKETS,
  type Rumour,
  SLICES_MAX,
  VERSIONS,
} from "../../src/wire/message.ts";
import { CHECKSUM_BYTES } from "../../src/wire/message-checksum.ts";
import { typeOfFrame } from "../../src/wire/message-type.ts";
import { finishPush, PUSH_HEADER_BYTES } from "../../src/wire/push-codec.ts";
import type { Records } from "../../src/wire/records.ts";
import type { RequestBody, ResponseBody } from "../../src/wire/request.ts";
import { HOPS_MAX } from "../../src/wire/request-codec.ts";
import { KEEP_MAX } from "../../src/wire/version-facts.ts";
import { sealed } from "../support/sealed.ts";
import { facts } from "../support/surroundings.ts";

const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const number = fc.oneof(fc.maxSafeNat(), fc.constantFrom(0, 127, 128, 2 ** 32, Number.MAX_SAFE_INTEGER));
const shard = fc.oneof(
  fc.integer({ min: 0, max: 65_535 }),
  fc.integer({ min: 0, max: SHARD_ID_MAX }),
) as fc.Arbitrary<ShardId>;
const space = fc.integer({ min: 0, max: SPACE_MAX }) as fc.Arbitrary<SpaceId>;
const origin = fc
  .tuple(uint32, fc.integer({ min: 1, max: LIFE_MAX }))
  .map(([replica, life]) => originOf(replica, life));
const digest = fc.record({ high: uint32, low: uint32 });
const id = fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/) as fc.Arbitrary<ReplicaId>;
const latin1 = (maxLength: number) =>
  fc.array(fc.integer({ min: 0, max: 255 }), { maxLength }).map((codes) => String.fromCharCode(...codes));
const entry = fc.record({ elementHigh: uint32, elementLow: uint32 });
const versionFacts = fc.record({
  shard,
  kind: fc.integer({ min: 0, max: 255 }),
  key: latin1(30) as fc.Arbitrary<Key>,
  timestamp: fc.integer({ min: 0, max: TIMESTAMP_MAX }) as fc.Arbitrary<Timestamp>,
  origin,
  sequence: number,
  checksum: uint32,
});
const buckets = fc.array(fc.integer({ min: 0, max: 4096 }), { maxLength: 5 });

const vector: fc.Arbitrary<VersionVector> = fc
  .tuple(
    fc.array(fc.tuple(origin, fc.integer({ min: 1, max: 2 ** 48 })), { maxLength: 4 }),
    fc.array(fc.tuple(uint32, fc.integer({ min: 1, max: LIFE_MAX + 1 })), { maxLength: 2 }),
  )
  .map(([entries, sealed]) => {
    const made = new VersionVector();
    for (const [replica, life] of sealed) made.seal(replica, life);
    for (const [each, sequence] of entries) made.advance(each, sequence);
    return made;
  });

/** Bytes in the middle of others, as a page of the arena would have them. */
const places = fc
  .uniqueArray(fc.integer({ min: 0, max: KEEP_MAX - 1 }), { maxLength: 5 })
  .map((unordered) => unordered.sort((a, b) => a - b));
const records: fc.Arbitrary<Records> = fc
  .tuple(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 0, max: 5 }))
  .map(([body, start]) => {
    const bytes = new Uint8Array(body.length + start + 3);
    bytes.set(body, start);
    return { bytes, view: new DataView(bytes.buffer), start, end: start + body.length };
  });

const member: fc.Arbitrary<MemberFacts> = fc.record({
  id,
  life: fc.integer({ min: 0, max: LIFE_MAX - 1024 }),
  region: latin1(20),
  address: latin1(20),
  ephemeral: fc.boolean(),
  left: fc.boolean(),
  epoch: number,
  birth: uint32,
  rootLife: fc.integer({ min: 0, max: LIFE_MAX }),
  startedAt: number,
  givenUpLife: fc.integer({ min: 0, max: LIFE_MAX }),
  displaced: fc.integer({ min: 0, max: 2 ** 48 }),
  seenAgoMs: fc.option(fc.nat(), { nil: undefined }),
});

const suspectedBy = fc.array(id, { maxLength: 4 });
const standing = fc.oneof(
  fc.record({ state: fc.constant("suspect" as const), suspectedBy }),
  fc.record({ state: fc.constantFrom("alive" as const, "dead" as const), suspectedBy: fc.constant([]) }),
);
const rumour: fc.Arbitrary<Rumour> = fc
  .tuple(member, standing, fc.integer({ min: 0, max: INCARNATION_MAX }))
  .map(([who, more, incarnation]) => ({ ...who, ...more, incarnation }));
const rumours = fc.array(rumour, { maxLength: 4 });

const lineage = fc.array(fc.record({ life: fc.integer({ min: 0, max: LIFE_MAX }), birth: uint32 }), { maxLength: 4 });

const none = fc.constant(undefined);
const marks = fc.option(
  fc.array(fc.tuple(fc.integer({ min: 0, max: BUCKETS - 1 }), number), { minLength: 1, maxLength: 4 }).map((list) => {
    const made = new PurgeMarks();
    for (const [bucket, mark] of list) made.raise(bucket, Math.min(Math.max(1, mark), TIMESTAMP_MAX));
    return made;
  }),
  { nil: undefined },
);

const correctionMs = fc.integer({ min: -INSTANT_MAX, max: INSTANT_MAX });
const asOf = number.map((each) => Math.min(each, INSTANT_MAX));
const report = { lives: uint32, view: uint32, epoch: number, clock: asOf, correctionMs };
const early = fc.array(fc.record({ origin, seen: number, held: uint32 }), { maxLength: 3 });
const readiness = fc.constantFrom(NOT_READY, HALF_READY, READY);
const vectorEntry = fc.oneof(
  fc.record({ shard, vector, durable: vector, early, doubtful: fc.boolean(), readiness }),
  fc
    .record({ shard, vector, early, doubtful: fc.boolean(), readiness })
    .map((each) => ({ ...each, durable: each.vector })),
);
const row = fc.record({
  shard,
  vector: digest,
  fingerprint: digest,
  durable: fc.boolean(),
  whole: fc.boolean(),
  swept: fc.boolean(),
  readiness,
});
const keyName = latin1(20) as fc.Arbitrary<Key>;
const stamp = fc.integer({ min: 0, max: TIMESTAMP_MAX }) as fc.Arbitrary<Timestamp>;
const version = fc.tuple(stamp, origin).map(([at, by]) => versionOf(at, by));
const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({ type: fc.constantFrom("absent" as const, "present" as const) }),
  fc.record({ type: fc.constant("version" as const), versions: fc.array(version, { maxLength: 3 }) }),
);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const order = fc.integer({ min: 0, max: ORDER_MAX });
const number16 = fc.integer({ min: 0, max: 65_535 });
const requestBody: fc.Arbitrary<RequestBody> = fc.oneof(
  fc.record({ type: fc.constant("read" as const), key: keyName, quorum: fc.boolean() }),
  fc
    .record({
      type: fc.constant("write" as const),
      key: keyName,
      value: maybe(fc.uint8Array({ maxLength: 40 })),
      contentType: maybe(latin1(20)),
      tags: maybe(fc.array(latin1(10), { maxLength: 4 }).map((some) => tagsOf(some.filter((tag) => tag !== "")))),
      above: maybe(stamp),
      expiresAt: maybe(fc.integer({ min: 0, max: INSTANT_MAX })),
      stamp: maybe(stamp),
      mayBeDone: fc.boolean(),
      condition: maybe(condition),
      ack: fc.constantFrom(...ACK_LEVELS),
      ackTimeoutMs: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    })
    .map((each) => ({
      ...each,
      mayBeDone: each.mayBeDone && each.condition === undefined,
      tags: each.value === undefined ? undefined : each.tags,
    })),
  fc.record({
    type: fc.constant("list" as const),
    prefix: latin1(10),
    limit: fc.integer({ min: 1, max: 65_536 }),
    shards: fc.array(number16, { minLength: 1, maxLength: 4 }),
    order,
    after: maybe(latin1(10)),
  }),
  fc.record({ type: fc.constant("writes" as const) }),
  fc.record({
    type: fc.constant("copy" as const),
    bytesMax: fc.integer({ min: 1, max: 2 ** 24 }),
    shards: fc.array(number16, { minLength: 1, maxLength: 4 }),
    order,
    after: maybe(latin1(10)),
  }),
  fc.record({ type: fc.constant("restore" as const), stamp: maybe(stamp), isOurs: fc.boolean(), records }),
  fc
    .record({
      type: fc.constant("commands" as const),
      commands: fc.array(fc.array(fc.uint8Array({ maxLength: 10 }), { minLength: 1, maxLength: 4 }), { minLength: 1 }),
      form: fc.constantFrom("single", "pipeline", "transaction"),
      isBehindRefused: fc.boolean(),
      watched: fc.array(fc.record({ key: keyName, version: latin1(29) }), { maxLength: 3 }),
      shards: fc.array(number16, { maxLength: 4 }),
      ack: maybe(fc.record({ level: fc.constantFrom(...ACK_LEVELS), timeoutMs: fc.nat() })),
      allowance: maybe(fc.record({ scopes: fc.array(latin1(10), { maxLength: 3 }), prefix: latin1(10) })),
      clock: stamp,
    })
    .map(({ form, commands, watched, ack, ...each }) => ({
      ...each,
      ack: form === "pipeline" ? undefined : ack,
      isTransaction: form === "transaction",
      isPipeline: form === "pipeline",
      commands: form === "single" ? commands.slice(0, 1) : commands,
      watched: form === "transaction" ? watched : [],
    })),
);
const dots = fc.array(fc.record({ shard, origin, sequence: number }), { maxLength: 3 });
const acks = fc.record({ reached: number, wanted: number, met: fc.boolean() });
const responseBody: fc.Arbitrary<ResponseBody> = fc.oneof(
  fc.record({ type: fc.constant("read" as const), beside: dots, records }),
  fc.record({
    type: fc.constant("written" as const),
    timestamp: stamp,
    origin,
    sequence: number,
    existed: fc.boolean(),
    acks,
  }),
  fc.record({ type: fc.constant("stale" as const), above: stamp }),
  fc.record({ type: fc.constantFrom("refused" as const, "taken" as const) }),
  fc.record({
    type: fc.constant("error" as const),
    code: fc.constantFrom("QUORUM_UNREACHABLE" as const, "PRECONDITION_FAILED" as const),
    message: latin1(40),
  }),
  fc.record({
    type: fc.constant("listed" as const),
    pages: fc.array(
      fc.record({
        shard: number16,
        keys: fc.array(keyName, { maxLength: 3 }),
        next: maybe(fc.record({ order, after: maybe(latin1(10)) })),
      }),
      { maxLength: 3 },
    ),
  }),
  fc.record({
    type: fc.constant("wrote" as const),
    dots: fc.array(fc.record({ shard, origin, sequence: number }), { maxLength: 3 }),
  }),
  fc.record({
    type: fc.constant("copied" as const),
    done: fc.integer({ min: 0, max: 65_536 }),
    order,
    after: maybe(latin1(10)),
    records,
  }),
  fc.record({
    type: fc.constant("restored" as const),
    restored: number,
    kept: number,
    forgotten: number,
    expired: number,
  }),
  fc.record({
    type: fc.constant("replied" as const),
    reply: fc.uint8Array({ maxLength: 20 }).map((value) => arrayReply([bulkReply(value), NOTHING])),
    dots: fc.array(fc.record({ shard, origin, sequence: number }), { maxLength: 3 }),
    acks: maybe(acks),
    clock: stamp,
  }),
);
const type = <Type extends Message["type"]>(name: Type) => ({ type: fc.constant(name) });

const messages: { readonly [Type in Message["type"]]: fc.Arbitrary<MessageOf<Type>> } = {
  members: fc.record({
    ...type("members"),
    self: id,
    isAll: fc.boolean(),
    members: rumours,
    lineage,
    known: lineage,
  }),
  push: fc.record({ ...type("push"), confirm: fc.boolean(), space, records }),
  confirm: fc.record({
    ...type("confirm"),
    origin,
    entries: fc.array(fc.record({ shard, sequence: number }), { maxLength: 4 }),
  }),
  digest: fc
    .record({
      ...type("digest"),
      ...report,
      reply: fc.boolean(),
      askedAt: fc.nat(),
      asOf,
      vectors: digest,
      fingerprints: digest,
      durable: fc.boolean(),
      whole: fc.boolean(),
      swept: fc.boolean(),
      ready: fc.boolean(),
      departures: fc.nat(),
      stamp: fc.integer({ min: 0, max: 2 ** 40 }).map((ms) => timestampFromMs(msOfTimestamp(0 as Timestamp) + ms)),
      strays: fc.uniqueArray(shard, { maxLength: 4 }).map((shards) => shards.sort((x, y) => x - y)),
    })
    .map((message) => ({ ...message, askedAt: message.reply ? message.askedAt : 0 })),
  "shard-digests": fc.record({
    ...type("shard-digests"),
    ...report,
    askedAt: fc.nat(),
    asOf,
    rows: fc
      .uniqueArray(row, { maxLength: 4, selector: ({ shard }) => shard })
      .map((rows) => rows.sort((a, b) => a.shard - b.shard)),
  }),
  vectors: fc.record({
    ...type("vectors"),
    ...report,
    reply: fc.boolean(),
    entries: fc.array(vectorEntry, { maxLength: 3 }),
  }),
  pull: fc.record({ ...type("pull"), session: number, shard, credit: number, view: uint32, vector }),
  delta: fc.oneof(
    fc.record({ ...type("delta"), session: number, claim: vector, ready: fc.boolean(), marks, records }),
    fc.record({ ...type("delta"), session: number, claim: none, ready: fc.constant(false), marks: none, records }),
  ),
  credit: fc.record({ ...type("credit"), bytes: number }),
  stop: fc.record({ ...type("stop"), session: number, fromSource: fc.boolean() }),
  "audit-buckets": fc.record({
    ...type("audit-buckets"),
    shard,
    asOf,
    vector: digest,
    buckets: fc.array(digest, { maxLength: 5 }),
  }),
  "audit-entries": fc
    .record({
      ...type("audit-entries"),
      shard,
      asOf,
      vector: digest,
      buckets,
      slices: fc.integer({ min: 1, max: SLICES_MAX }),
      slice: fc.nat(),
      entries: fc.array(entry, { maxLength: 5 }),
    })
    .map((each) => ({ ...each, slice: each.slice % each.slices })),
  "audit-fetch": fc.record({ ...type("audit-fetch"), shard, buckets, entries: fc.array(entry, { maxLength: 5 }) }),
  "audit-records": fc.record({ ...type("audit-records"), shard, records }),
  "audit-vote": fc.record({ ...type("audit-vote"), vote: number, shard, records }),
  "audit-ballot": fc.record({ ...type("audit-ballot"), vote: number, holds: fc.boolean() }),
  "audit-forget": fc.record({ ...type("audit-forget"), shard, records }),
  read: fc.record({
    ...type("read"),
    request: number,
    shard,
    kind: fc.integer({ min: 0, max: 255 }),
    key: latin1(30),
  }),
  "read-reply": fc.record({ ...type("read-reply"), request: number, whole: fc.boolean(), records }),
  keep: fc.record({
    ...type("keep"),
    question: number,
    isGoing: fc.boolean(),
    versions: fc.array(versionFacts, { maxLength: 5 }),
  }),
  kept: fc.record({
    ...type("kept"),
    question: number,
    isWhole: fc.boolean(),
    noRoom: places,
    isGoing: fc.boolean(),
    places,
  }),
  fetch: fc.record({ ...type("fetch"), request: number, version: versionFacts }),
  fetched: fc.record({ ...type("fetched"), request: number, isSure: fc.boolean(), records }),
  quarantine: fc.record({
    ...type("quarantine"),
    givenUpLife: fc.integer({ min: 0, max: LIFE_MAX }),
    rootLife: fc.integer({ min: 0, max: LIFE_MAX }),
    half: fc.array(fc.record({ id, rootLife: fc.integer({ min: 0, max: LIFE_MAX }) }), { maxLength: 4 }),
    givenUp: fc.array(fc.record({ id, life: fc.integer({ min: 0, max: LIFE_MAX }) }), { maxLength: 4 }),
  }),
  leave: fc.record({ ...type("leave"), forGood: fc.boolean() }),
  whisper: fc.record({
    ...type("whisper"),
    topic: latin1(64).map((text) => text as Key),
    bytes: fc.uint8Array({ maxLength: 300 }),
  }),
  follow: fc.record({ ...type("follow"), space, shards: fc.array(number16, { maxLength: 5 }) }),
  followed: fc.record({ ...type("followed"), space, shards: fc.array(number16, { maxLength: 5 }) }),
  news: fc.record({ ...type("news"), space, records }),
  relay: fc.record({ ...type("relay"), to: fc.array(id, { maxLength: 3 }), confirm: fc.boolean(), space, records }),
  relayed: fc.record({ ...type("relayed"), of: id, confirm: fc.boolean(), space, records }),
  request: fc.record({
    ...type("request"),
    request: number,
    space,
    hops: fc.integer({ min: 0, max: HOPS_MAX }),
    after: fc.array(fc.record({ shard, origin, sequence: number }), { maxLength: 3 }),
    waitMs: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    body: requestBody,
  }),
  response: fc.record({ ...type("response"), request: number, body: responseBody }),
  ping: fc.record({ ...type("ping"), sequence: number, rumours }),
  "ping-ack": fc.record({ ...type("ping-ack"), sequence: number, rumours }),
  "ping-request": fc.record({ ...type("ping-request"), sequence: number, target: id }),
  "ping-nack": fc.record({ ...type("ping-nack"), sequence: number }),
  gossip: fc.record({ ...type("gossip"), rumours }),
  roster: fc.record({ ...type("roster"), isReply: fc.boolean(), digest }),
  "roster-buckets": fc.record({
    ...type("roster-buckets"),
    buckets: fc.array(uint32, { minLength: ROSTER_BUCKETS, maxLength: ROSTER_BUCKETS }),
  }),
  "roster-rows": fc.record({
    ...type("roster-rows"),
    isReply: fc.boolean(),
    buckets: fc.array(fc.integer({ min: 0, max: ROSTER_BUCKETS - 1 }), { maxLength: 4 }),
    members: rumours,
  }),
};

const cases = Object.entries(messages) as [Message["type"], fc.Arbitrary<Message>][];
/** Types whose last field is records: cut short, they are shorter records, which are checked by whoever reads them. */
const OPEN_ENDED = new Set<Message["type"]>([
  "push",
  "delta",
  "audit-records",
  "audit-vote",
  "audit-forget",
  "read-reply",
  "news",
  "relay",
  "relayed",
]);

/** Vectors as their entries and records as their bytes, so that two messages can be compared. */
function plain(value: unknown): unknown {
  if (value instanceof VersionVector) {
    return { sealed: [...value.sealedEntries()].sort(), entries: [...value.entries()].sort() };
  }
  if (value instanceof PurgeMarks) return Array.from({ length: BUCKETS }, (_, bucket) => value.of(bucket));
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  if ("start" in value) {
    const { bytes, start, end } = value as Records;
    return [...bytes.subarray(start, end)];
  }
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]));
}

function recordBytesOf(message: Message): number {
  return "records" in message ? message.records.end - message.records.start : 0;
}

/** What stands between the checksum and the records, and the records. */
function partsOf(message: Message): readonly [Uint8Array, Uint8Array] {
  const bytes = encodeMessage(message);
  const headEnd = bytes.length - recordBytesOf(message);
  return [bytes.slice(CHECKSUM_BYTES, headEnd), bytes.slice(headEnd)];
}

function refusal(bytes: Uint8Array): unknown {
  try {
    decodeMessage(bytes);
    return undefined;
  } catch (error) {
    return error;
  }
}

describe.each(cases)("a message %s", (name, message) => {
  it("comes back as it was, the same object where the disk holds all", () => {
    fc.assert(
      fc.property(message, (sent) => {
        const received = decodeMessage(encodeMessage(sent));
        expect(plain(received)).toEqual(plain(sent));
        expect(typeOfFrame(encodeMessage(sent))).toBe(sent.type);
        if (sent.type !== "vectors" || received.type !== "vectors") return;
        const isShared = (each: { vector: VersionVector; durable: VersionVector }) => each.durable === each.vector;
        expect(received.entries.map(isShared)).toEqual(sent.entries.map(isShared));
      }),
    );
  });

  it("is refused when cut short anywhere and sealed again, and with a byte too many", () => {
    fc.assert(
      fc.property(message, (sent) => {
        const [fields] = partsOf(sent);
        for (let length = 0; length < fields.length; length++) {
          expect(refusal(sealed(fields.subarray(0, length)))).toBeInstanceOf(BadBytes);
        }
        if (OPEN_ENDED.has(name)) return;
        expect(refusal(sealed([...fields, 0]))).toBeInstanceOf(BadBytes);
      }),
      { numRuns: 50 },
    );
  });

  it("throws nothing but BadBytes when one byte is another and it was sealed so", () => {
    fc.assert(
      fc.property(message, fc.nat(), fc.integer({ min: 0, max: 255 }), (sent, at, byte) => {
        const [fields, records] = partsOf(sent);
        fields[at % fields.length] = byte;
        const error = refusal(sealed(fields, records));
        if (error !== undefined) expect(error).toBeInstanceOf(BadBytes);
      }),
    );
  });

  it("is refused when it was damaged on its way: a bit, two bytes that changed places, an end that is missing", () => {
    fc.assert(
      fc.property(message, fc.nat(), fc.nat(), fc.nat({ max: 7 }), (sent, one, other, bit) => {
        const bytes = encodeMessage(sent);
        expect(refusal(bytes.subarray(0, one % bytes.length))).toBeInstanceOf(BadBytes);
        // Records are summed by themselves.
        const headEnd = bytes.length - recordBytesOf(sent);
        const [a, b] = [one % headEnd, other % headEnd];
        const flipped = bytes.with(a, (bytes[a] as number) ^ (1 << bit));
        expect(refusal(flipped)).toBeInstanceOf(BadBytes);
        const swapped = bytes.with(a, bytes[b] as number).with(b, bytes[a] as number);
        if (bytes[a] !== bytes[b]) expect(refusal(swapped)).toBeInstanceOf(BadBytes);
      }),
    );
  });
});

it("throws nothing but BadBytes on noise of every type", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 40 }), fc.uint8Array({ maxLength: 80 }), (first, rest) => {
      const error = refusal(sealed([first, ...rest]));
      if (error !== undefined) expect(error).toBeInstanceOf(BadBytes);
    }),
    { numRuns: 3000 },
  );
});

it("refuses what no member can be: a state that is not known, an incarnation beyond all, a suspicion of the living", () => {
  const told = { ...facts("m"), incarnation: 0, state: "alive", suspectedBy: [] } as const;
  const fields = encodeMessage({ type: "gossip", rumours: [told] }).subarray(CHECKSUM_BYTES);
  const sound = [...fields];
  expect(sound.slice(-3)).toEqual([0, 0, 0]);
  const withEnd = (...end: number[]): Uint8Array => sealed([...sound.slice(0, -3), ...end]);
  expect(refusal(withEnd(5, 2, 0))).toBeUndefined();
  expect(refusal(withEnd(0, 3, 0))).toBeInstanceOf(BadBytes);
  expect(refusal(withEnd(128, 128, 128, 128, 128, 128, 128, 15, 0, 0))).toBeInstanceOf(BadBytes);
  expect(refusal(withEnd(0, 1, 1, 1, 0x61))).toBeUndefined();
  expect(refusal(withEnd(0, 0, 1, 1, 0x61))).toBeInstanceOf(BadBytes);
});

it("refuses a roster with a part too many or too few, and parts that there are none of", () => {
  const buckets = (count: number): Uint8Array => sealed([29, count, ...Array(count * 4).fill(0)]);
  expect(refusal(buckets(ROSTER_BUCKETS))).toBeUndefined();
  expect(refusal(buckets(ROSTER_BUCKETS - 1))).toBeInstanceOf(BadBytes);
  expect(refusal(buckets(ROSTER_BUCKETS + 1))).toBeInstanceOf(BadBytes);
  expect(refusal(sealed([30, 0, 1, ROSTER_BUCKETS - 1, 0]))).toBeUndefined();
  expect(refusal(sealed([30, 0, 1, ROSTER_BUCKETS, 0]))).toBeInstanceOf(BadBytes);
});

it("refuses types it does not know, and nothing at all", () => {
  for (const bytes of [[], [0], [22], [255, 1, 2]]) expect(refusal(sealed(bytes))).toBeInstanceOf(BadBytes);
  for (let length = 0; length <= CHECKSUM_BYTES; length++) {
    expect(refusal(new Uint8Array(length))).toBeInstanceOf(BadBytes);
  }
});

/** Bytes up to where a count stands, for every list in the protocol. */
const counts: readonly (readonly [string, readonly number[]])[] = [
  ["members", [1, 1, 0x61, 1]],
  ["confirmed shards", [3, 0, 0, 0, 0, 1]],
  ["shard digests", [5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
  ["vectors", [6, 0, 0, 0, 0, 0, 0, 0, 0]],
  ["entries of a vector", [7, 1, 1, 1, 0]],
  ["sealed lives of a vector", [7, 1, 1, 1]],
  ["buckets", [11, 0, 0, ...Array(8).fill(0)]],
  ["audit entries", [13, 0, 0]],
  ["rumours", [27]],
  ["parts of a roster", [29]],
  ["rows of a roster", [30, 0, 0]],
];

it.each(counts)("refuses more %s than bytes are left before making room for them", (_what, head) => {
  // 4,096 and 65,536 are within every bound on counts: only the bytes that are left can tell.
  for (const count of [
    [128, 32],
    [128, 128, 4],
  ]) {
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 200; i++) expect(refusal(sealed([...head, ...count, 0]))).toBeInstanceOf(BadBytes);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(50e6);
  }
});

/** Of a digest whose clock reads the first millisecond that there are stamps of: what stands between its flags and its stamp. */
const digestUpToStamp = [...Array(9).fill(0), 128, 208, 155, 243, 245, 45, 0, 0, ...Array(16).fill(0)];

it.each([
  ["a flag that is neither 0 nor 1", [2, 2]],
  ["a replica id with a space", [1, 1, 0x20, 0]],
  ["an empty replica id", [1, 0, 0]],
  ["a shard of a space over 2^31 - 1", [14, 128, 128, 128, 128, 128, 128, 32]],
  ["a push of such a space", [2, 0, 0, 0, 0, 128]],
  ["strays of a digest that are none", [4, 64, ...digestUpToStamp, 0, 0]],
  ["a stamp behind the clock by nothing", [4, 128, ...digestUpToStamp, 0]],
  ["a stamp of before there were any", [4, 128, ...digestUpToStamp, 1]],
  ["a purge mark of 2^53 - 1", [8, 1, 1, 0, 0, 1, 0, 255, 255, 255, 255, 255, 255, 255, 15]],
  ["a slice that there is none of", [12, 0, 0, ...Array(8).fill(0), 0, 2, 2, 0]],
  ["slices of nothing", [12, 0, 0, ...Array(8).fill(0), 0, 0, 0, 0]],
  ["a session over 2^53", [9, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]],
])("refuses %s", (_what, bytes) => {
  expect(refusal(sealed(bytes))).toBeInstanceOf(BadBytes);
});

it("knows a push that was written in place", () => {
  for (const confirm of [true, false]) {
    const frame = new Uint8Array(PUSH_HEADER_BYTES + 2).fill(9);
    finishPush(frame, SPACE_MAX as SpaceId, confirm);
    expect(plain(decodeMessage(frame))).toEqual({ type: "push", confirm, space: SPACE_MAX, records: [9, 9] });
  }
});

it("keeps a round between equal replicas under 100 bytes", () => {
  // In 2089 there are no stamps any more.
  const clock = Date.UTC(2088, 0);
  const facts = { lives: 2 ** 32 - 1, epoch: 2 ** 40, clock, correctionMs: 0 };
  const both = { high: 1, low: 1 };
  const more = { view: 2 ** 32 - 1, ready: true, departures: 0, stamp: timestampFromMs(clock - 10_000), strays: [] };
  const round = {
    ...facts,
    asOf: clock,
    vectors: both,
    fingerprints: both,
    durable: true,
    whole: true,
    swept: true,
    ...more,
  };
  const bytes = [2 ** 32 - 1, 0].map(
    (askedAt) => encodeMessage({ type: "digest", reply: askedAt > 0, askedAt, ...round }).length,
  );
  expect((bytes[0] ?? 0) + (bytes[1] ?? 0)).toBeLessThan(100);
});

it("carries origins of 53 bits", () => {
  const origin = originOf(2 ** 32 - 1, LIFE_MAX);
  expect(origin).toBe(Number.MAX_SAFE_INTEGER as OriginId);
  const sent = { type: "confirm", origin, entries: [] } as const;
  expect(decodeMessage(encodeMessage(sent))).toEqual(sent);
});

/** Of what each message is in bytes, with the kinds of records that are in some: another one is another version of the protocol. */
const FRAMES = { version: 6, sum: "2b000163b83305134ddc5595a5fecfa4aef924856c46fa60003144a2586d05af" };

it("has the bytes that its version of the protocol has", () => {
  const hash = createHash("sha256").update(JSON.stringify(kinds));
  for (const [, arbitrary] of cases)
    for (const message of fc.sample(arbitrary, { seed: 1, numRuns: 25 })) hash.update(encodeMessage(message));
  expect({ version: VERSIONS.max, sum: hash.digest("hex") }).toEqual(FRAMES);
});
