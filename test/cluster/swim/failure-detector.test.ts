/** One detector, and what it says to whom; the others are the test. */

import { beforeEach, describe, expect, it } from "vitest";
import type { ReplicaId } from "../../../src/base/ids.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import { FailureDetector, PROBES_MAX, type ProbeMessage } from "../../../src/cluster/swim/failure-detector.ts";
import { LocalHealth } from "../../../src/cluster/swim/local-health.ts";
import { RoundTrips } from "../../../src/cluster/swim/round-trips.ts";
import { swimDefaults } from "../../../src/cluster/swim/settings.ts";

const id = (name: string): ReplicaId => name as ReplicaId;
const NOW = 1_800_000_000_000;

let watched: Set<ReplicaId>;
let linked: Set<ReplicaId>;
let sent: { readonly to: ReplicaId; readonly message: ProbeMessage }[];
let unanswered: ReplicaId[];
let health: LocalHealth;
let roundTrips: RoundTrips;
let detector: FailureDetector;
let ms: number;

beforeEach(() => {
  watched = new Set([id("b")]);
  linked = new Set(["b", "c", "d", "e"].map(id));
  [sent, unanswered, ms] = [[], [], 0];
  health = new LocalHealth(swimDefaults.localHealthMax);
  roundTrips = new RoundTrips();
  detector = new FailureDetector(
    {
      isLinked: (each) => linked.has(each),
      candidates: () => watched,
      isWatched: (id) => watched.has(id),
      helpers: () => [...linked],
      send: (to, message) => void sent.push({ to, message }),
      unanswered: (each) => void unanswered.push(each),
    },
    swimDefaults,
    { random: new SeededRandom("detector"), health, roundTrips },
  );
});

function pass(forMs: number): void {
  for (const end = ms + forMs; ms < end; ) {
    ms += 50;
    detector.tick(ms, NOW + ms);
  }
}

/** Passes time until something of this kind is sent, and returns what was. */
function until(type: ProbeMessage["type"]): (typeof sent)[number] {
  for (let left = 200; left > 0; left--) {
    const found = sent.find(({ message }) => message.type === type);
    if (found !== undefined) return found;
    pass(50);
  }
  throw new Error(`no ${type}`);
}

const helpersAsked = (): ReplicaId[] =>
  sent.flatMap(({ to, message }) => (message.type === "ping-request" ? [to] : []));

describe("a probe", () => {
  it("that is answered measures the round trip, and makes nobody suspect", () => {
    const { to, message } = until("ping");
    pass(50);
    detector.receiveAck(to, message, NOW + ms + 30);
    pass(900);
    expect([unanswered, roundTrips.roundTripMs(id("b"))]).toEqual([[], 80]);
    expect(helpersAsked()).toEqual([]);
  });

  it("that is not answered in time is asked of three others, and one answer by any of them is enough", () => {
    const { message } = until("ping");
    pass(450);
    expect(helpersAsked()).toEqual([]);
    pass(50);
    expect(helpersAsked().sort()).toEqual(["c", "d", "e"]);
    detector.receiveAck(id("d"), message, NOW + ms);
    pass(950);
    expect([unanswered, roundTrips.roundTripMs(id("b"))]).toEqual([[], undefined]);
  });

  it("that nobody answers makes its member suspect", () => {
    until("ping");
    pass(500);
    expect(unanswered).toEqual([]);
    pass(900);
    expect(unanswered).toEqual(["b"]);
  });

  it("is answered by those only who were asked", () => {
    const { message } = until("ping");
    detector.receiveAck(id("c"), message, NOW + ms);
    detector.receiveAck(id("x"), message, NOW + ms);
    pass(1400);
    expect(unanswered).toEqual(["b"]);
  });

  it("goes through others at once where there is no link", () => {
    linked.delete(id("b"));
    until("ping-request");
    expect(sent.filter(({ message }) => message.type === "ping")).toEqual([]);
    expect(helpersAsked().sort()).toEqual(["c", "d", "e"]);
  });

  it("out of turn follows a hint, and none is made twice at once", () => {
    pass(50);
    sent = [];
    watched.add(id("c"));
    detector.hint(id("c"));
    detector.hint(id("nobody"));
    pass(50);
    detector.hint(id("c"));
    pass(50);
    expect(sent.filter(({ to, message }) => to === id("c") && message.type === "ping")).toHaveLength(1);
  });

  it("waits longer for a peer that is far away", () => {
    for (let i = 0; i < 20; i++) roundTrips.note(id("b"), 900);
    until("ping");
    pass(850);
    expect(helpersAsked()).toEqual([]);
  });
});

describe("local health (Lifeguard, section IV.A)", () => {
  it("does not suffer where those asked for help say that they hear this one", () => {
    const { message } = until("ping");
    pass(500);
    for (const helper of helpersAsked()) detector.receiveNack(helper, message);
    pass(900);
    expect([unanswered, health.score]).toEqual([["b"], 0]);
  });

  it("suffers by each that does not, and by an answer from nowhere at all", () => {
    const { message } = until("ping");
    pass(500);
    detector.receiveNack(id("c"), message);
    pass(900);
    expect(health.score).toBe(2);
    linked.clear();
    until("ping");
    pass(3000);
    expect(health.score).toBeGreaterThan(2);
  });

  it("stretches the time between probes, and that for an answer", () => {
    health.worsen(3);
    until("ping");
    pass(1950);
    expect(helpersAsked()).toEqual([]);
    pass(50);
    expect(helpersAsked()).toHaveLength(3);
  });

  it("suffers from sleep, which is nobody else's silence", () => {
    until("ping");
    detector.slept();
    pass(1400);
    expect(unanswered).toEqual([]);
    expect(health.score).toBe(1);
  });
});

describe("a probe for somebody else", () => {
  const request = { type: "ping-request", sequence: 77, target: id("c") } as const;

  beforeEach(() => {
    watched.clear();
  });

  it("is passed on, and its answer passed back", () => {
    detector.receiveRequest(id("b"), request);
    const [ping] = sent;
    expect(ping).toMatchObject({ to: "c", message: { type: "ping" } });
    detector.receiveAck(id("c"), ping?.message as { sequence: number }, NOW);
    expect(sent.at(-1)).toEqual({ to: "b", message: { type: "ping-ack", sequence: 77 } });
    expect(detector.underWay).toBe(0);
  });

  it("that is not answered in time is told of once, and a later answer all the same", () => {
    detector.receiveRequest(id("b"), request);
    const [ping] = sent;
    pass(600);
    const nack = { to: "b", message: { type: "ping-nack", sequence: 77 } };
    expect(sent.filter(({ message }) => message.type === "ping-nack")).toEqual([nack]);
    detector.receiveAck(id("c"), ping?.message as { sequence: number }, NOW);
    expect(sent.at(-1)?.message.type).toBe("ping-ack");
  });

  it("is refused without a link, and where too much is under way", () => {
    detector.receiveRequest(id("b"), { ...request, target: id("stranger") });
    expect(sent.map(({ message }) => message.type)).toEqual(["ping-nack"]);
    for (let sequence = 0; sequence < PROBES_MAX + 10; sequence++)
      detector.receiveRequest(id("b"), { ...request, sequence });
    expect(detector.underWay).toBe(PROBES_MAX);
    expect(sent.at(-1)?.message.type).toBe("ping-nack");
    pass(2000);
    expect(detector.underWay).toBe(0);
  });
});
