import { beforeEach, describe, expect, it } from "vitest";
import type { Key, ReplicaId, ShardId } from "../../src/base/ids.ts";
import { Serving } from "../../src/cluster/serving.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import { VersionVector } from "../../src/core/version-vector.ts";
import { NOW, origin } from "../support/shards.ts";
import { TestSurroundings } from "../support/surroundings.ts";

const b = "b" as ReplicaId;
const VALUE_BYTES = 10_000;
const REGISTERS = 60;
const CHUNK_BYTES = 64 * 1024;
const SESSIONS_MAX = 16;

let around: TestSurroundings;
let serving: Serving;

beforeEach(() => {
  around = new TestSurroundings("a", ["b"]);
  serving = new Serving(around);
  for (const { shard } of around.looseShards) shard.beginLife(origin(1));
  for (let i = 0; i < REGISTERS; i++) write(0, `k${i}`, VALUE_BYTES);
});

function write(shard: number, key: string, bytes: number): void {
  const value = new Uint8Array(bytes);
  around.looseShards[shard]?.shard.write({ kind: KIND_PLAIN, key: key as Key, value }, NOW);
}

function pull(session: number, credit: number, shard = 0): void {
  serving.receivePull(b, {
    type: "pull",
    view: 0,
    session,
    shard: shard as ShardId,
    credit,
    vector: new VersionVector(),
  });
}

/** Bytes of records sent since the last call, and whether the claim came with the last of them. */
function taken(): { readonly bytes: number; readonly claims: number; readonly stops: number } {
  let [bytes, claims, stops] = [0, 0, 0];
  for (const { message } of around.sent) {
    if (message.type === "stop") stops++;
    if (message.type !== "delta") continue;
    bytes += message.records.end - message.records.start;
    if (message.claim !== undefined) claims++;
  }
  around.sent = [];
  return { bytes, claims, stops };
}

describe("a session", () => {
  it("never has more under way than the credit and one chunk", () => {
    const credit = 50_000;
    pull(1, credit);
    let total = 0;
    for (let round = 0; ; round++) {
      const { bytes, claims } = taken();
      expect(bytes).toBeLessThanOrEqual(credit + CHUNK_BYTES);
      total += bytes;
      if (claims === 1) break;
      expect(bytes).toBeGreaterThan(0);
      expect(round).toBeLessThan(100);
      serving.receiveCredit(b, { type: "credit", bytes });
    }
    expect(total).toBeGreaterThan(REGISTERS * VALUE_BYTES);
  });

  it("has what it sent beyond the credit counted, at most a chunk, until there is credit for it or the link goes", () => {
    pull(1, 1);
    const { bytes } = taken();
    expect(serving.overdrawnBytes).toBe(bytes - 1);
    expect(bytes).toBeLessThanOrEqual(CHUNK_BYTES);
    serving.receiveCredit(b, { type: "credit", bytes: 1000 });
    expect(taken().bytes).toBe(0);
    expect(serving.overdrawnBytes).toBe(bytes - 1001);
    serving.linkDown(b);
    expect(serving.overdrawnBytes).toBe(0);
  });

  it("makes its claim once, and is over then", () => {
    pull(1, 10_000_000);
    expect(taken().claims).toBe(1);
    serving.receiveCredit(b, { type: "credit", bytes: 100 });
    expect(taken()).toEqual({ bytes: 0, claims: 0, stops: 0 });
  });

  it("makes it in a message of its own behind a record that fills one", () => {
    write(1, "long", 200_000);
    pull(1, 10_000_000, 1);
    const deltas = around.sent.flatMap(({ message }) => (message.type === "delta" ? [message] : []));
    expect(deltas.map(({ claim, records }) => [records.end > 200_000, claim !== undefined])).toEqual([
      [true, false],
      [false, true],
    ]);
  });

  it("makes it also when there is nothing to send", () => {
    pull(1, 1, 1);
    expect(taken()).toEqual({ bytes: 0, claims: 1, stops: 0 });
  });

  it("sends nothing without credit, nor after a stop, nor after its link went", () => {
    pull(1, 0);
    expect(taken().bytes).toBe(0);
    serving.receiveStop(b, { type: "stop", session: 1, fromSource: false });
    pull(2, 0);
    serving.linkDown(b);
    serving.receiveCredit(b, { type: "credit", bytes: 100_000 });
    expect(taken()).toEqual({ bytes: 0, claims: 0, stops: 0 });
  });

  it("ends with a word to its peer where that is not to be fed any more, and the credit that it gave counts on", () => {
    pull(1, 0);
    pull(2, 0, 1);
    serving.end(b);
    expect(taken()).toEqual({ bytes: 0, claims: 0, stops: 2 });
    serving.refusePull(b, {
      type: "pull",
      view: 0,
      session: 3,
      shard: 0 as ShardId,
      credit: 50_000,
      vector: new VersionVector(),
    });
    expect(taken()).toEqual({ bytes: 0, claims: 0, stops: 1 });
    pull(4, 0);
    expect(taken().bytes).toBeGreaterThan(10_000);
  });

  it("is refused beyond sixteen a peer, twice under one number, and for a shard that is not there", () => {
    for (let session = 1; session <= SESSIONS_MAX; session++) pull(session, 0);
    expect(taken().stops).toBe(0);
    pull(SESSIONS_MAX + 1, 0);
    expect(around.sent).toEqual([{ to: b, message: { type: "stop", session: SESSIONS_MAX + 1, fromSource: true } }]);
    taken();
    serving.receiveStop(b, { type: "stop", session: 1, fromSource: false });
    pull(2, 0);
    pull(99, 0, 7);
    expect(taken().stops).toBe(2);
    pull(1, 0);
    expect(taken().stops).toBe(0);
  });
});

describe("sessions", () => {
  it("share the credit of their peer, and are served one after the other", () => {
    for (let i = 0; i < 30; i++) write(1, `k${i}`, VALUE_BYTES);
    pull(1, 100_000);
    pull(2, 0, 1);
    const order: (number | undefined)[] = [];
    for (let round = 0; round < 20; round++) {
      const deltas = around.sent.flatMap(({ message }) => (message.type === "delta" ? [message] : []));
      order.push(...deltas.map(({ session }) => session));
      const bytes = deltas.reduce((sum, { records }) => sum + records.end - records.start, 0);
      around.sent = [];
      serving.receiveCredit(b, { type: "credit", bytes });
    }
    expect(order).toEqual(order.toSorted());
    expect(new Set(order)).toEqual(new Set([1, 2]));
  });

  it("wait for a link that has too much queued, and go on when it has drained", () => {
    around.queued = 13 * 1024 * 1024;
    pull(1, 10_000_000);
    serving.tick(NOW);
    expect(taken().bytes).toBe(0);
    around.queued = 0;
    serving.tick(NOW);
    expect(taken().claims).toBe(1);
  });

  it("do not fill a queue beyond that by themselves, whatever credit they are given", () => {
    for (let i = 0; i < 9; i++) write(1, `k${i}`, 5 * 1024 * 1024);
    pull(1, 2 ** 40, 1);
    const { bytes } = taken();
    expect(bytes).toBeGreaterThan(10 * 1024 * 1024);
    expect(bytes).toBeLessThan(18 * 1024 * 1024);
  });

  it("wait while what is sent is dropped", () => {
    around.isMute = true;
    pull(1, 10_000_000);
    expect(taken().bytes).toBe(0);
    around.isMute = false;
    serving.tick(NOW);
    expect(taken().claims).toBe(1);
  });

  it("begin anew with what is claimed by then when what was held is not to be served", () => {
    pull(1, 100_000);
    expect(taken().claims).toBe(0);
    around.shards.all[0]?.quarantine.distrust({ serve: false });
    serving.restart();
    serving.receiveCredit(b, { type: "credit", bytes: 100_000 });
    const [delta] = around.sent.flatMap(({ message }) => (message.type === "delta" ? [message] : []));
    expect([delta?.records.end, delta?.claim?.size]).toEqual([0, 0]);
  });
});

describe("a delta of what peers have", () => {
  const away = 3;

  beforeEach(() => {
    const { shard } = around.looseShards[0] ?? {};
    const slot = shard?.find(KIND_PLAIN, `k${away}` as Key) ?? 0;
    shard?.values.letGo(slot);
  });

  it("waits until that is here, and claims all", () => {
    pull(1, 10_000_000);
    expect(taken().claims).toBe(0);
    const [recalled] = around.recalled;
    const { shard, slots } = recalled ?? {};
    expect(slots).toHaveLength(1);
    shard?.write({ kind: KIND_PLAIN, key: `k${away}` as Key, value: new Uint8Array(5) }, NOW);
    recalled?.then("look again");
    expect(taken().claims).toBe(1);
  });

  it("leaves out what nobody gives, and ends without a claim; nor is it begun again soon", () => {
    pull(1, 10_000_000);
    around.recalled[0]?.then("nowhere");
    const records = around.sent.flatMap(({ message }) => (message.type === "delta" ? [message.records] : []));
    const bytes = records.reduce((sum, { start, end }) => sum + end - start, 0);
    expect(bytes).toBeGreaterThan((REGISTERS - 1) * VALUE_BYTES);
    expect(bytes).toBeLessThan(REGISTERS * VALUE_BYTES);
    expect(around.sent.at(-1)?.message).toEqual({ type: "stop", session: 1, fromSource: true });
    expect(taken().claims).toBe(0);
    pull(2, 0);
    expect(around.sent.map(({ message }) => message)).toEqual([{ type: "stop", session: 2, fromSource: true }]);
    serving.tick(NOW + 60_000);
    around.sent = [];
    around.recalled.length = 0;
    pull(3, 10_000_000);
    expect(around.recalled).toHaveLength(1);
  });
});
