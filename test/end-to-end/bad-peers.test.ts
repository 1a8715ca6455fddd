/** Peers that must not get in, and peers that got in and misbehave: a running pair stays as it is. */

import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type ErrorCode, errorRow } from "../../src/base/errors.ts";
import type { Key, ShardId } from "../../src/base/ids.ts";
import { DEFAULT_SPACE } from "../../src/base/shard-id.ts";
import { timestampFromMs } from "../../src/core/clock.ts";
import { originOf, replicaNumber } from "../../src/core/origin.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import { RecordWriter } from "../../src/core/record/record.ts";
import { encodeMessage } from "../../src/wire/codec.ts";
import { READY, VERSIONS } from "../../src/wire/message.ts";
import { CHECKSUM_BYTES } from "../../src/wire/message-checksum.ts";
import type { Records } from "../../src/wire/records.ts";
import { sealed } from "../support/sealed.ts";
import { FakePeer, type FakePeerOptions } from "./fake-peer.ts";
import { parseVersion, writtenAt } from "./history.ts";
import { versionIn } from "./http-client.ts";
import { read } from "./load.ts";
import { createCluster, type ReplicaProcess, startAll, untilEqual, untilLinked } from "./replica-process.ts";
import { until, untilTrue } from "./until.ts";

const YEAR_MS = 365 * 86_400_000;

let a: ReplicaProcess;
let b: ReplicaProcess;
const fakes: FakePeer[] = [];

beforeAll(async () => {
  const replicas = await createCluster(["a", "b"]);
  await startAll(replicas);
  [a, b] = replicas as [ReplicaProcess, ReplicaProcess];
  expect((await a.http.put("there before", "and after", "?ack=all")).status).toBe(201);
});

afterAll(async () => {
  await Promise.all([a.kill(), b.kill()]);
});

afterEach(() => {
  for (const fake of fakes.splice(0)) fake.hangUp();
});

function fake(options: FakePeerOptions = {}): FakePeer {
  const peer = new FakePeer(a, options);
  fakes.push(peer);
  return peer;
}

/** Runs `attack`; what the pair holds, and the link between the two, are the same afterwards. */
async function undisturbed(attack: () => Promise<void>): Promise<void> {
  const before = await a.status();
  const links = linksBetween();
  await attack();
  const after = await a.status();
  expect(after.digest).toBe(before.digest);
  expect(after.ready).toBe(true);
  expect(linksBetween(), "the link between the two is still the same").toEqual(links);
  const now = String(Date.now());
  expect([201, 204]).toContain((await a.http.put("still", now)).status);
  await untilEqual([a, b]);
  expect((await read(b, "still"))?.value).toBe(now);
  expect((await read(b, "there before"))?.value).toBe("and after");
}

function linksBetween(): readonly number[] {
  const ups = (at: ReplicaProcess, to: ReplicaProcess) =>
    at.logs.filter(({ event, fields }) => event === "link-up" && fields.peer === to.id).length;
  return [ups(a, b), ups(b, a)];
}

/** One register of a fake peer's first life, as it would push it. */
function register(of: {
  readonly id: string;
  readonly key: string;
  readonly value: string;
  readonly sequence: number;
  readonly writtenAtMs: number;
  readonly life?: number;
}): Uint8Array {
  const writer = new RecordWriter();
  const length = writer.write({
    flags: 0,
    kind: KIND_PLAIN,
    key: of.key as Key,
    value: new TextEncoder().encode(of.value),
    timestamp: timestampFromMs(of.writtenAtMs),
    origin: originOf(replicaNumber(of.id as FakePeer["id"]), of.life ?? 1),
    sequence: of.sequence,
  });
  return writer.bytes.slice(0, length);
}

function records(bytes: Uint8Array): Records {
  return { bytes, view: new DataView(bytes.buffer), start: 0, end: bytes.length };
}

function push(bytes: Uint8Array): Uint8Array {
  return encodeMessage({ type: "push", confirm: false, space: DEFAULT_SPACE, records: records(bytes) });
}

describe("a stranger", () => {
  const strangers: Record<string, [ErrorCode, FakePeerOptions]> = {
    "with another secret": ["PEER_BAD_SECRET", { secret: "the secret of another cluster" }],
    "of another cluster": ["PEER_OTHER_CLUSTER", { cluster: "another" }],
    "with another number of shards": ["PEER_OTHER_SHARDS", { shards: 128 }],
    "that speaks only a later version": ["PEER_NO_COMMON_VERSION", { versions: { min: 9, max: 12 } }],
    "that speaks only the version before": ["PEER_NO_COMMON_VERSION", { versions: { min: 1, max: VERSIONS.min - 1 } }],
    "with the name of the one it dials": ["PEER_DUPLICATE_ID", { id: "a" }],
  };
  for (const [name, [code, options]] of Object.entries(strangers)) {
    it(`${name} is refused, told why, and counted`, async () => {
      await undisturbed(async () => {
        const before = await a.metric("atoll_link_refusals_total", { code });
        const outcome = await fake(options).greet();
        if (outcome !== undefined) expect(outcome).toMatchObject({ type: "refused", code, byPeer: true });
        await untilTrue("it is counted", async () => {
          return (await a.metric("atoll_link_refusals_total", { code })) > before;
        });
        expect((await a.status()).members.map(({ id }) => id)).not.toContain("mallory");
      });
    });
  }

  it("that sends garbage in place of a handshake is refused and counted", async () => {
    await undisturbed(async () => {
      const code = "PEER_BAD_FRAME";
      const before = await a.metric("atoll_link_refusals_total", { code });
      for (const garbage of [new Uint8Array(0), new Uint8Array(64).fill(0xff), new Uint8Array(3000)]) {
        const peer = await fake().opened();
        peer.sendRaw(garbage);
        await peer.closed();
      }
      expect(await a.metric("atoll_link_refusals_total", { code })).toBe(before + 3);
    });
  });
});

describe("a peer that holds the secret", () => {
  const self = "mallory" as FakePeer["id"];
  const members = encodeMessage({ type: "members", self, isAll: true, members: [], lineage: [], known: [] });
  const fields = members.subarray(CHECKSUM_BYTES);
  const sound = register({ id: "mallory", key: "sound", value: "x", sequence: 1, writtenAtMs: Date.now() });
  const changed = (at: number) => sound.map((byte, place) => (place === at ? byte ^ 1 : byte));

  /** What it says, and what it is cut for. */
  const garbage: Record<string, (peer: FakePeer) => void> = {
    "an empty message": (peer) => peer.sayBytes(new Uint8Array(0)),
    "a message of unknown type": (peer) => peer.sayBytes(sealed([250, 1, 2, 3])),
    "random bytes under a known type": (peer) => peer.sayBytes(sealed(new Uint8Array(500).fill(6))),
    "a message that changed on its way": (peer) => peer.sayBytes(members.with(5, (members[5] ?? 0) ^ 1)),
    "a message cut off": (peer) => peer.sayBytes(sealed(fields.subarray(0, fields.length - 1))),
    "a message with something behind it": (peer) => peer.sayBytes(sealed([...fields, 0])),
    "a list that claims four million members": (peer) => {
      peer.sayBytes(sealed([...fields.subarray(0, fields.length - 1), 0xff, 0xff, 0xff, 0x01]));
    },
    "a register whose checksum is wrong": (peer) => peer.sayBytes(push(changed(sound.length - 1))),
    "a register that is longer than its message": (peer) => peer.sayBytes(push(sound.slice(0, sound.length - 2))),
    "a register of a life it never announced": (peer) => {
      peer.sayBytes(
        push(register({ id: "mallory", key: "k", value: "v", sequence: 1, writtenAtMs: Date.now(), life: 7 })),
      );
    },
    "a frame of unknown kind": (peer) => peer.sendRaw(Uint8Array.of(99, 1, 2, 3)),
    "an announcement of 4 GiB": (peer) => peer.sendRaw(Uint8Array.of(1, 0xff, 0xff, 0xff, 0xff)),
    "a frame of two MiB": (peer) => peer.sendRaw(new Uint8Array(2 << 20)),
    text: (peer) => peer.sendRaw("hello"),
  };
  for (const [name, speak] of Object.entries(garbage)) {
    it(`is cut off and counted for ${name}`, async () => {
      await undisturbed(async () => {
        const before = await a.metric("atoll_link_cuts_total");
        const peer = await fake().linked();
        speak(peer);
        expect([...closeCodes, 1009]).toContain(await peer.closed());
        await untilTrue("it is counted", async () => (await a.metric("atoll_link_cuts_total")) > before);
        for (const key of ["sound", "k"]) expect(await read(a, key)).toBeUndefined();
      });
    });
  }

  it("that answers what nobody asked is ignored", async () => {
    await undisturbed(async () => {
      const peer = await fake().linked();
      const digest = { high: 1, low: 1 };
      peer.say({
        type: "delta",
        ready: false,
        session: 12345,
        claim: undefined,
        marks: undefined,
        records: records(sound),
      });
      peer.say({ type: "credit", bytes: 2 ** 40 });
      peer.say({ type: "stop", session: 9, fromSource: true });
      peer.say({ type: "read-reply", request: 77, whole: true, records: records(sound) });
      peer.say({ type: "audit-ballot", vote: 5, holds: true });
      peer.say({
        type: "shard-digests",
        askedAt: 0,
        asOf: Date.now(),
        lives: 0,
        view: 0,
        epoch: 0,
        clock: Date.now(),
        correctionMs: 0,
        rows: [
          {
            shard: 0 as ShardId,
            vector: digest,
            fingerprint: digest,
            durable: true,
            whole: true,
            swept: true,
            readiness: READY,
          },
        ],
      });
      // An answer says that all before it was taken.
      const before = await a.metric("atoll_push_records_received_total");
      peer.sayBytes(push(new Uint8Array(0)));
      await untilTrue("all is read", async () => (await a.metric("atoll_push_records_received_total")) >= before);
      expect(peer.isClosed).toBe(false);
      expect(await read(a, "sound")).toBeUndefined();
    });
  });

  it("that takes more connections than a link needs leaves room for others", async () => {
    await undisturbed(async () => {
      const peers = Array.from({ length: 40 }, () => fake({ id: "crowd" }));
      await Promise.all(peers.map((peer) => peer.opened()));
      expect(peers.filter((peer) => peer.isClosed).length).toBeGreaterThan(0);
      for (const peer of peers) peer.hangUp();
      await untilTrue("their slots are free", async () => (await a.metric("atoll_link_greetings")) === 0);
      const late = await fake({ id: "late" }).linked();
      expect(late.isClosed).toBe(false);
    });
  });
});

const closeCodes = (["PEER_BAD_FRAME", "PEER_FRAME_TOO_LARGE"] as const).map((code) => errorRow(code).close);

describe("a peer whose clock is a year ahead", () => {
  it("is believed, not followed, and beaten by the next local write", { timeout: 180_000 }, async () => {
    const ahead = Date.now() + YEAR_MS;
    const before = await a.metric("atoll_stamps_beyond_bound_total");
    const peer = await fake({ id: "ahead" }).linked();
    peer.sayBytes(push(register({ id: "ahead", key: "poisoned", value: "later", sequence: 1, writtenAtMs: ahead })));
    for (const replica of [a, b]) {
      const poisoned = await until(`it is at ${replica.id}`, () => read(replica, "poisoned"));
      expect(poisoned.value).toBe("later");
      expect(writtenAt(poisoned.version)).toBe(ahead);
      expect(await replica.metric("atoll_stamps_beyond_bound_total")).toBeGreaterThan(replica === a ? before : 0);
    }
    await expectTrueClock(a, "fresh/a");
    await expectTrueClock(b, "fresh/b");

    await beats(a, "poisoned", "from a");
    await beats(b, "poisoned", "from b");
    expect((await a.http.delete("poisoned")).status).toBe(204);
    await untilEqual([a, b]);
    expect([await read(a, "poisoned"), await read(b, "poisoned")]).toEqual([undefined, undefined]);
    await beats(b, "poisoned", "again");

    // What lies on disk moves the clock of the next life no more than what came over a link.
    for (const replica of [a, b]) {
      expect((await replica.http.put("barrier", replica.id, "?ack=disk")).status).not.toBe(202);
      await replica.kill();
      await replica.start();
      await untilLinked([a, b]);
      await expectTrueClock(replica, `fresh/${replica.id}/after a restart`);
      await beats(replica, "poisoned", `from ${replica.id} after a restart`);
    }
  });

  async function expectTrueClock(replica: ReplicaProcess, key: string): Promise<void> {
    const answer = await replica.http.put(key, "now");
    const offMs = writtenAt(versionIn(answer) ?? "") - Date.now();
    expect(Math.abs(offMs), `a new write at ${replica.id} is stamped ${offMs} ms off`).toBeLessThan(5000);
  }

  /** A write at one replica is what both have in the end, under a greater stamp. */
  async function beats(replica: ReplicaProcess, key: string, value: string): Promise<void> {
    await untilEqual([a, b]);
    const held = await read(replica, key);
    const { status } = await replica.http.put(key, value);
    expect([201, 204]).toContain(status);
    await untilEqual([a, b]);
    for (const each of [a, b]) {
      const answered = await read(each, key);
      expect(answered?.value, `${key} at ${each.id}`).toBe(value);
      if (held !== undefined && answered !== undefined) {
        expect(parseVersion(answered.version).timestamp).toBeGreaterThan(parseVersion(held.version).timestamp);
      }
    }
  }
});
