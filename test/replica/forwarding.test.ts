/** Requests to other replicas that are under way. */

import { expect, it } from "vitest";
import type { ReplicaId, SpaceId } from "../../src/base/ids.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { Forwarding } from "../../src/replica/forwarding.ts";
import type { Replica } from "../../src/replica/replica.ts";

const PEER = "peer" as ReplicaId;

it.each([
  [true, 0, undefined],
  [false, 1, 4000],
])("of one that is held it is not concluded how busy or slow the peer is: %s", (isHeld, waiting, smoothedMs) => {
  const forwarding = new Forwarding(new SeededRandom("held"));
  const sent: { request: number }[] = [];
  const replica = {
    send: (_peer: ReplicaId, message: { request: number }) => sent.push(message),
    outbox: { answers: [] },
  } as unknown as Replica;
  const request = { space: 1 as SpaceId, hops: 0, after: [], waitMs: 0, body: { type: "writes" } } as const;
  void forwarding.ask(replica, PEER, request, { firstMs: 1000, thenMs: 5000, isHeld }, 0);
  expect([forwarding.waiting, forwarding.waitingFor(PEER)]).toEqual([1, waiting]);
  const number = sent[0]?.request as number;
  forwarding.receive(replica, PEER, { type: "response", request: number, body: { type: "taken" } }, 10);
  forwarding.receive(replica, PEER, { type: "response", request: number, body: { type: "wrote", dots: [] } }, 4000);
  expect(forwarding.times.smoothedMs(PEER)).toBe(smoothedMs);
  expect([forwarding.waiting, forwarding.waitingFor(PEER)]).toEqual([0, 0]);
});
