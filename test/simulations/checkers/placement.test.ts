/** What each checker holds of a keyspace that some of the replicas keep, and what it leaves them. */

import { describe, expect, it } from "vitest";
import { checkAcknowledged } from "../../../simulations/checkers/acknowledged.ts";
import { checkAvailability } from "../../../simulations/checkers/availability.ts";
import { checkClock } from "../../../simulations/checkers/clock.ts";
import { checkCondition } from "../../../simulations/checkers/condition.ts";
import { areEqualDumps, checkConvergence } from "../../../simulations/checkers/convergence.ts";
import { checkDigest } from "../../../simulations/checkers/digest.ts";
import type { Checker, Evidence } from "../../../simulations/checkers/evidence.ts";
import { checkHandover } from "../../../simulations/checkers/handover.ts";
import { checkListing } from "../../../simulations/checkers/listing.ts";
import { checkLocalOrder } from "../../../simulations/checkers/local-order.ts";
import { checkQuorum } from "../../../simulations/checkers/quorum.ts";
import { checkResurrection } from "../../../simulations/checkers/resurrection.ts";
import { checkSession } from "../../../simulations/checkers/session.ts";
import { EPOCH_MS } from "../../../simulations/simulator/clock.ts";
import { ClockCourse } from "../../../simulations/simulator/clock-course.ts";
import type { LifeEnd } from "../../../simulations/simulator/node.ts";
import type { Answer, HistoryEntry } from "../../../simulations/workload/history.ts";
import { timestampFromMs } from "../../../src/core/clock.ts";
import { crash, entry, KEY, node, readPart, register, version, WALL } from "./evidence-builder.ts";
import { dotAt, look, NOT_OWNED, nodesOf, originAt, placed, placedDump, placedSample } from "./placed.ts";
import { sampledRegister } from "./samples.ts";

function messages(check: Checker, evidence: Evidence): string[] {
  return check(evidence).map(({ message }) => message);
}

/** Written by a node, whoever was asked. */
function by(writer: number, timestamp: number, changes: { isDelete?: boolean; reached?: number } = {}): Answer {
  const { isDelete = false, reached = 1 } = changes;
  const origin = originAt(writer);
  const part = { key: KEY, isDelete, version: version(timestamp, origin), isAckMet: true, reached, ttlMs: undefined };
  return { type: "written", parts: [{ ...part, dot: dotAt(writer, timestamp) }] };
}

function seen(writer: number, timestamp: number | undefined, author = 1): Answer {
  const read = readPart(timestamp, author);
  if (timestamp === undefined) return { type: "read", read };
  return {
    type: "read",
    read: { ...read, version: version(timestamp, originAt(writer)), dot: dotAt(writer, timestamp) },
  };
}

/** Asked of node 2, which asks others, unless told. */
function asked(id: number, at: number, answer: Answer | undefined, changes: Partial<HistoryEntry> = {}): HistoryEntry {
  const isRead = answer?.type === "read";
  const made = entry(id, at, { node: 2, answer, type: isRead ? "get" : "put" });
  const operation = { ...made.operation, ...changes.operation };
  return { ...made, isAlone: false, ...changes, operation };
}

describe("convergence", () => {
  const held = [register(5)];
  it("is content where the owners hold the same, and nobody else anything", () => {
    const dumps = [placedDump(held), placedDump(held), placedDump([], NOT_OWNED)];
    expect(messages(checkConvergence, placed([], { nodes: nodesOf(...dumps), keys: [] }))).toEqual([]);
    expect(areEqualDumps(dumps, WALL)).toBe(true);
  });

  it.each([
    [
      "an owner that lacks something",
      [placedDump(held), placedDump([]), placedDump([], NOT_OWNED)],
      "which replica 1 lacks",
    ],
    ["an owner that is not ready", [placedDump(held), placedDump(held, { isReady: false })], "is not ready"],
    [
      "one that holds what it does not own",
      [placedDump(held), placedDump([], { ...NOT_OWNED, isHeld: true })],
      "still holds",
    ],
    ["other owners", [placedDump(held), placedDump(held, { owners: [] })], "for its owners"],
    ["claims that differ", [placedDump(held), placedDump(held, { vector: "1:8" })], "replica 1 claims 1:8"],
  ] as const)("catches %s", (_, dumps, message) => {
    expect(messages(checkConvergence, placed([], { nodes: nodesOf(...dumps), keys: [] })).join()).toContain(message);
    expect(areEqualDumps(dumps, WALL)).toBe(false);
  });

  it("compares any two owners, not each with the first replica", () => {
    const dumps = [placedDump([], NOT_OWNED), placedDump(held), placedDump([])];
    expect(areEqualDumps(dumps, WALL)).toBe(false);
  });

  it("catches a last read that nobody answered", () => {
    const nodes = nodesOf(placedDump(held), placedDump(held), placedDump([], NOT_OWNED));
    expect(messages(checkConvergence, placed([], { nodes }))[0]).toContain("did not answer the last reads of 1 keys");
  });
});

describe("digest", () => {
  it("does not compare a replica that has not heard of the keyspace with one that has", () => {
    const [one, other] = [placedSample(0, undefined, []), placedSample(1, undefined, [])];
    const unaware = { ...other, vectors: new Map(), vectorDigest: "of less" };
    expect(messages(checkDigest, placed([], { samples: [look(1, one, unaware)] }))).toEqual([]);
    const aware = { ...other, vectorDigest: "another" };
    expect(messages(checkDigest, placed([], { samples: [look(1, one, aware)] }))).toHaveLength(1);
  });
});

describe("acknowledged", () => {
  const nodes = (ends: Record<number, Partial<ReturnType<typeof node>>>) =>
    [0, 1, 2].map((i) => node({ final: readPart(undefined), ...ends[i] }));
  const write = asked(1, 10, by(0, 100));

  it("holds a write to whoever wrote it, not to whoever was asked", () => {
    expect(messages(checkAcknowledged, placed([write], { nodes: nodes({}) }))).toHaveLength(3);
    expect(messages(checkAcknowledged, placed([write], { nodes: nodes({ 2: { ends: [crash(20)] } }) }))).toHaveLength(
      3,
    );
    expect(messages(checkAcknowledged, placed([write], { nodes: nodes({ 0: { ends: [crash(20)] } }) }))).toEqual([]);
  });

  it("does not know which process wrote what was asked for while one ended", () => {
    const slow = { ...asked(1, 10, by(0, 100)), answeredAt: 30 };
    expect(messages(checkAcknowledged, placed([slow], { nodes: nodes({ 0: { ends: [crash(20)] } }) }))).toEqual([]);
    const durable = crash(20, 100);
    expect(messages(checkAcknowledged, placed([slow], { nodes: nodes({ 0: { ends: [durable] } }) }))).toHaveLength(3);
  });

  it("takes one write under two origins for one", () => {
    const final = { ...readPart(100), version: version(100, originAt(1)), dot: dotAt(1, 100) };
    const both = [0, 1, 2].map(() => node({ final }));
    expect(messages(checkAcknowledged, placed([write], { nodes: both }))).toEqual([]);
    const later = { ...final, version: version(101, originAt(1)) };
    expect(messages(checkAcknowledged, placed([write], { nodes: [node({ final: later })] }))[0]).toContain(
      "another stamp",
    );
  });

  it("asks nothing of a write that was answered with the dot of another", () => {
    const other = { ...asked(2, 12, by(0, 100)), operation: { ...write.operation, id: 2 } };
    expect(messages(checkAcknowledged, placed([write, other], { nodes: nodes({}) }))).toEqual([]);
  });
});

describe("resurrection", () => {
  const put = asked(1, 10, by(0, 100));
  const removal = asked(2, 20, by(0, 200, { isDelete: true }), { operation: { type: "delete" } as never });
  const covering = [[originAt(0), 200]] as const;
  const gone = [
    placedSample(0, undefined, covering),
    placedSample(1, undefined, covering),
    placedSample(2, undefined, []),
  ];
  const back = sampledRegister(100);

  it("counts as buried what all owners cover, whatever is held by nobody else", () => {
    const shown = look(90, placedSample(0, undefined, covering), placedSample(1, back, covering), gone[2]);
    const samples = [look(50, ...gone), shown];
    expect(messages(checkResurrection, placed([put, removal], { samples }))).toHaveLength(1);
    const behind = [gone[0], placedSample(1, undefined, []), gone[2]];
    expect(messages(checkResurrection, placed([put, removal], { samples: [look(50, ...behind), shown] }))).toEqual([]);
  });

  it("is not of what a replica held all the time that had asked for it, though it claims nothing", () => {
    const asker = placedSample(2, back, []);
    const samples = [look(50, gone[0], gone[1], asker), look(90, gone[0], gone[1], asker)];
    expect(messages(checkResurrection, placed([put, removal], { samples }))).toEqual([]);
    const later = [look(50, ...gone), look(90, gone[0], gone[1], asker)];
    expect(messages(checkResurrection, placed([put, removal], { samples: later }))).toHaveLength(1);
  });

  it("asks of all to remember: whoever does not own a key shows what others have", () => {
    const read = asked(3, 100, seen(0, 100));
    const samples = [look(50, ...gone)];
    expect(messages(checkResurrection, placed([put, removal, read], { samples }))).toHaveLength(1);
    const nodes = [node(), node({ ends: [crash(60)] }), node()];
    expect(messages(checkResurrection, placed([put, removal, read], { samples, nodes }))).toEqual([]);
  });

  it("leaves a write that was under way when all was gone", () => {
    const slow = { ...put, answeredAt: 70 };
    const samples = [look(50, ...gone), look(90, gone[0], placedSample(1, back, covering), gone[2])];
    expect(messages(checkResurrection, placed([slow, removal], { samples }))).toEqual([]);
  });
});

describe("session", () => {
  const inSession = (id: number, at: number, answer: Answer) => {
    const made = asked(id, at, answer);
    return { ...made, operation: { ...made.operation, session: 1 }, carried: [dotAt(0, 100)] };
  };

  it("holds across replicas what whoever wrote it must still know", () => {
    const history = [inSession(1, 10, by(0, 100)), inSession(2, 20, seen(1, 90))];
    expect(messages(checkSession, placed(history))).toHaveLength(1);
    const lost = [node({ ends: [crash(15)] }), node(), node()];
    expect(messages(checkSession, placed(history, { nodes: lost }))).toEqual([]);
    const asking = [node(), node(), node({ ends: [{ ...crash(15), life: 1 }] })];
    expect(messages(checkSession, placed(history, { nodes: asking }))).toHaveLength(1);
  });

  it("holds of what was read as long as nobody may have lost it", () => {
    const history = [inSession(1, 10, seen(0, 100)), inSession(2, 20, seen(1, 90))];
    expect(messages(checkSession, placed(history))).toHaveLength(1);
    const nodes = [node(), node({ ends: [crash(15)] }), node()];
    expect(messages(checkSession, placed(history, { nodes }))).toEqual([]);
  });

  it("takes one write under two origins for one", () => {
    const [high, low] = originAt(0) > originAt(1) ? [0, 1] : [1, 0];
    const history = [inSession(1, 10, by(high, 100)), inSession(2, 20, seen(low, 100))];
    expect(messages(checkSession, placed(history))).toEqual([]);
  });

  it("lets a write that was asked for twice be told as it was asked for, where another had overwritten it", () => {
    const { parts } = by(1, 90) as Extract<Answer, { type: "written" }>;
    const again: Answer = { type: "written", parts: parts.map((part) => ({ ...part, dot: dotAt(1, 120) })) };
    const history = [inSession(1, 10, by(0, 100)), inSession(3, 20, again)];
    expect(messages(checkSession, placed(history))).toHaveLength(1);
    expect(messages(checkSession, placed([...history, asked(2, 15, by(1, 120))]))).toEqual([]);
    expect(messages(checkSession, placed([...history, asked(2, 15, undefined)]))).toEqual([]);
    const twice = { ...asked(2, 15, by(0, 130)), answeredAt: 300 };
    expect(messages(checkSession, placed([...history, twice]))).toEqual([]);
    expect(messages(checkSession, placed([...history, { ...twice, answeredAt: 100 }]))).toHaveLength(1);
  });

  it("does not take what was read for a deletion that was told with the dot of what had overwritten it", () => {
    const parts = (answer: Answer) => (answer as Extract<Answer, { type: "written" }>).parts;
    const gone = parts(by(1, 90, { isDelete: true })).map((part) => ({ ...part, dot: dotAt(0, 100) }));
    const read: Answer = { type: "read", read: { ...readPart(undefined), dot: dotAt(0, 100) } };
    const history = [
      asked(3, 5, { type: "written", parts: gone }),
      inSession(1, 10, by(0, 100)),
      inSession(2, 20, read),
    ];
    expect(messages(checkSession, placed(history)).filter((message) => message.includes("(dead)"))).toEqual([]);
  });
});

describe("local order", () => {
  it("is owed by reads of an owner that has all there is, and not by who asks others", () => {
    const history = (isAlone: boolean) => [
      asked(1, 10, seen(0, 100), { isAlone }),
      asked(2, 20, seen(0, 90), { isAlone }),
      asked(3, 30, seen(0, undefined), { isAlone }),
    ];
    expect(messages(checkLocalOrder, placed(history(true)))).toHaveLength(2);
    expect(messages(checkLocalOrder, placed(history(false)))).toEqual([]);
  });

  it("is owed by stamps everywhere, but of what is written elsewhere on a condition", () => {
    const history = (type: "put" | "put-absent") => [
      asked(1, 10, seen(0, 100)),
      asked(2, 20, by(1, 90), { operation: { type } as never }),
    ];
    expect(messages(checkLocalOrder, placed(history("put")))).toHaveLength(1);
    expect(messages(checkLocalOrder, placed(history("put-absent")))).toEqual([]);
  });
});

describe("condition", () => {
  const conditional = (id: number, at: number, answer: Answer, expected?: HistoryEntry["expected"]) => {
    const type = expected === undefined ? "put-absent" : "update";
    return asked(id, at, answer, {
      operation: { type } as never,
      ...(expected !== undefined && { expected }),
    });
  };

  it("is decided by an owner: what was shown to whoever asks says nothing", () => {
    const history = (isAlone: boolean) => [
      { ...asked(1, 10, seen(0, 100)), isAlone },
      { ...conditional(2, 20, by(1, 110)), isAlone },
    ];
    expect(messages(checkCondition, placed(history(true)))).toHaveLength(1);
    expect(messages(checkCondition, placed(history(false)))).toEqual([]);
  });

  it("is carried out once for each version by one owner, whoever asks", () => {
    const expected = { version: version(100, originAt(0)), isFresh: true };
    const [one, same, other] = [by(0, 110), by(0, 111), by(1, 112)];
    const swaps = (second: Answer) => [conditional(1, 10, one, expected), conditional(2, 20, second, expected)];
    expect(messages(checkCondition, placed(swaps(same)))).toHaveLength(1);
    expect(messages(checkCondition, placed(swaps(other)))).toEqual([]);
  });
});

describe("quorum", () => {
  const write = asked(1, 10, by(0, 100, { reached: 2 }), { operation: { ack: "quorum" } as never });
  const read = asked(2, 60, seen(0, 90), { operation: { consistency: "quorum" } as never });
  const looks = (view: number) =>
    [5, 50, 100].map((at) => look(at, placedSample(0, undefined, []), placedSample(1, undefined, [], { view })));

  it("has a majority of the owners in common, while all see the same ones", () => {
    expect(messages(checkQuorum, placed([write, read], { samples: looks(7) }))).toHaveLength(1);
    expect(messages(checkQuorum, placed([write, read], { samples: looks(8) }))).toEqual([]);
    expect(messages(checkQuorum, placed([write, read]))).toEqual([]);
  });

  it("leaves out who may have forgotten", () => {
    const one = [node({ ends: [crash(20)] }), node(), node()];
    expect(messages(checkQuorum, placed([write, read], { samples: looks(7), nodes: one }))).toHaveLength(1);
    const both = [node({ ends: [crash(20)] }), node({ ends: [crash(20)] }), node()];
    expect(messages(checkQuorum, placed([write, read], { samples: looks(7), nodes: both }))).toEqual([]);
  });
});

describe("listing", () => {
  const listing = asked(
    1,
    10,
    { type: "listed", keys: [], throughout: [KEY] },
    { operation: { type: "keys" } as never },
  );

  it("leaves nothing out where all is quiet; cut off, a replica lists what it has", () => {
    expect(messages(checkListing, placed([listing], { quiet: [{ from: 0, to: 100 }] }))).toHaveLength(1);
    expect(messages(checkListing, placed([listing]))).toEqual([]);
  });
});

describe("handover", () => {
  const quiet = [{ from: 0, to: 9000 }];
  const write = asked(1, 100, by(0, 500));
  const judged = (history: readonly HistoryEntry[], spans = quiet) =>
    messages(checkHandover, placed(history, { quiet: spans }));

  it("has whoever is asked show what was acknowledged a second ago, whoever wrote it", () => {
    expect(judged([write, asked(2, 1200, seen(0, 500))])).toEqual([]);
    expect(judged([write, asked(2, 1200, seen(1, 501, 3))])).toEqual([]);
    const [message] = judged([write, asked(2, 1200, seen(0, undefined))]);
    expect(message).toContain(`operation 2 (read at replica 2, 1.200s) showed nothing at "${KEY}", yet operation 1`);
    expect(judged([asked(3, 50, by(0, 400)), write, asked(2, 1200, seen(0, 400, 3))])).toHaveLength(1);
  });

  it("takes one write under two origins for one", () => {
    expect(judged([asked(1, 100, by(1, 500)), asked(2, 1200, seen(0, 500))])).toEqual([]);
  });

  it("says nothing of what was acknowledged just now, nor of what was disturbed since", () => {
    const late = asked(2, 1000, seen(0, undefined));
    expect(judged([write, late])).toEqual([]);
    const read = asked(2, 1200, seen(0, undefined));
    expect(judged([write, read], [{ from: 101, to: 9000 }])).toEqual([]);
    expect(judged([write, read], [{ from: 0, to: 1201 }])).toEqual([]);
  });

  it("lets a key be gone that somebody may have deleted, and a deletion show nothing", () => {
    const read = asked(2, 1200, seen(0, undefined));
    const deletion = asked(3, 1100, by(0, 600, { isDelete: true }), {
      operation: { ...write.operation, id: 3, type: "delete" },
    });
    expect(judged([write, deletion, read])).toEqual([]);
    const deleted = { ...deletion, invokedAt: 100, answeredAt: 101 };
    expect(judged([deleted, read])).toEqual([]);
    expect(judged([asked(1, 50, by(0, 500)), deleted, asked(2, 1200, seen(0, 500))])).toHaveLength(1);
  });

  it("is for a keyspace that some keep", () => {
    const { placement: _, ...everywhere } = placed([write, asked(2, 1200, seen(0, undefined))], { quiet });
    expect(checkHandover(everywhere)).toEqual([]);
  });
});

describe("availability", () => {
  const failed = (code: string, changes: Partial<HistoryEntry> = {}) => asked(2, 50, { type: "failed", code }, changes);

  it("leaves open what an owner was asked for that did not answer, while something is disturbed", () => {
    expect(messages(checkAvailability, placed([failed("OUTCOME_UNKNOWN")]))).toEqual([]);
    expect(
      messages(checkAvailability, placed([failed("OUTCOME_UNKNOWN")], { quiet: [{ from: 0, to: 100 }] })),
    ).toHaveLength(1);
    expect(messages(checkAvailability, placed([failed("OUTCOME_UNKNOWN", { isAlone: true })]))).toHaveLength(1);
    expect(messages(checkAvailability, placed([failed("TOO_MANY_REQUESTS")]))).toHaveLength(1);
  });

  it("lets a replica say that it does not know the keyspace, until it has answered for it", () => {
    const unknown = failed("UNKNOWN_KEYSPACE");
    expect(messages(checkAvailability, placed([unknown]))).toEqual([]);
    expect(messages(checkAvailability, placed([failed("NOT_READY")]))).toEqual([]);
    for (const code of ["UNKNOWN_KEYSPACE", "NOT_READY"]) {
      expect(messages(checkAvailability, placed([asked(1, 10, seen(0, 100)), failed(code)]))).toHaveLength(1);
    }
    const forgetting = (end: LifeEnd) =>
      placed([asked(1, 10, seen(0, 100)), failed("NOT_READY")], { nodes: [node(), node(), node({ ends: [end] })] });
    expect(messages(checkAvailability, forgetting(crash(20)))).toEqual([]);
    expect(messages(checkAvailability, forgetting(crash(20, 15)))).toHaveLength(1);
    const listing = { limit: 5, gapMs: 0, nodes: [2, 1] };
    const pages = { ...unknown, operation: { ...unknown.operation, type: "keys" as const, listing } };
    expect(messages(checkAvailability, placed([asked(1, 10, seen(0, 100)), pages]))).toEqual([]);
    const both = [asked(1, 10, seen(0, 100)), asked(3, 10, seen(0, 100), { node: 1 }), pages];
    expect(messages(checkAvailability, placed(both))).toHaveLength(1);
  });

  it("gives whoever asks others the time to ask each of them", () => {
    const slow = { ...asked(1, 10, seen(0, 100)), answeredAt: 3000 };
    expect(messages(checkAvailability, placed([slow]))).toEqual([]);
    expect(messages(checkAvailability, placed([{ ...slow, isAlone: true }]))).toHaveLength(1);
    expect(messages(checkAvailability, placed([{ ...slow, answeredAt: 40_000 }]))).toHaveLength(1);
  });
});

describe("clock", () => {
  it("lets an owner stamp what is passed on to be written on a condition", () => {
    const clockOf = (offsetMs: number) => node({ time: new ClockCourse([{ at: 0, offsetMs, rate: 1 }]) });
    const nodes = [clockOf(0), clockOf(0), clockOf(200)];
    const stamped = (type: "put" | "put-absent") =>
      asked(1, 10, by(0, timestampFromMs(EPOCH_MS + 10)), { operation: { type } as never });
    expect(messages(checkClock, placed([stamped("put-absent")], { nodes }))).toEqual([]);
    expect(messages(checkClock, placed([stamped("put")], { nodes }))).toHaveLength(1);
  });
});
