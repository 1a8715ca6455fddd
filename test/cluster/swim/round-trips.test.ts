import { expect, it } from "vitest";
import type { ReplicaId } from "../../../src/base/ids.ts";
import { RoundTrips } from "../../../src/cluster/swim/round-trips.ts";

const peer = "b" as ReplicaId;

it("smooths round trips as RFC 6298 does, section 2", () => {
  const trips = new RoundTrips();
  expect([trips.roundTripMs(peer), trips.timeoutMs(peer, 500)]).toEqual([undefined, 500]);
  trips.note(peer, 400);
  expect([trips.roundTripMs(peer), trips.timeoutMs(peer, 500)]).toEqual([400, 400 + 4 * 200]);
  trips.note(peer, 800);
  expect([trips.roundTripMs(peer), trips.timeoutMs(peer, 500)]).toEqual([450, 450 + 4 * 250]);
});

it("waits at least as long as it is told, and takes no nonsense", () => {
  const trips = new RoundTrips();
  for (let i = 0; i < 50; i++) trips.note(peer, 10);
  for (const wrong of [-1, Number.NaN, Infinity, 1e9]) trips.note(peer, wrong);
  expect(trips.timeoutMs(peer, 500)).toBe(500);
  expect(trips.roundTripMs(peer)).toBe(10);
  trips.forget(peer);
  expect(trips.roundTripMs(peer)).toBeUndefined();
});
