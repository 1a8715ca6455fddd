import { describe, expect, it } from "vitest";
import { checkWatch } from "../../../simulations/checkers/watch.ts";
import type { Answer, HistoryEntry } from "../../../simulations/workload/history.ts";
import type { WatchEntry, WatchFact } from "../../../simulations/workload/watch-history.ts";
import type { WatchPlan } from "../../../simulations/workload/watch-plan.ts";
import type { Key } from "../../../src/base/ids.ts";
import { entry, evidence, KEY, node, readPart, version, WALL, written } from "./evidence-builder.ts";

const PLAN: WatchPlan = {
  id: 3,
  prefix: "",
  at: 0,
  node: 0,
  moves: [],
  reconnectMs: 10,
  handlingMs: 0,
  waitingMax: 10,
};

/** Writes of stamps 1 to 9, at 10 to 90 ms, each acknowledged by replica 0. */
const PUTS = Array.from({ length: 9 }, (_, i) => entry(i + 1, (i + 1) * 10, { answer: written(i + 1) }));
const connected = (isResumed = false, life = 1): WatchFact => ({ type: "connected", node: 0, life, isResumed });
const broken: WatchFact = { type: "broken", why: "moved" };
const reset = (at: number): Step => ({ type: "reset", at });

function put(stamp: number): WatchFact {
  return { type: "change", change: { type: "put", read: { ...readPart(stamp, stamp), version: version(stamp) } } };
}

function gone(type: "delete" | "expire", stamp: number, wallMs = WALL + 1000): WatchFact {
  return { type: "change", change: { type, key: KEY, version: version(stamp), wallMs } };
}

/** What was read: a value with this stamp, or nothing. */
function readAll(stamp?: number): WatchFact {
  return { type: "read", parts: stamp === undefined ? [] : [readPart(stamp, stamp)] };
}

interface Case {
  readonly history?: readonly HistoryEntry[];
  readonly final?: ReturnType<typeof readPart>;
  readonly isCurrent?: boolean;
  readonly prefix?: string;
  readonly writer?: ReturnType<typeof node>;
}

/** A fact, and when: 5 ms unless told. */
type Step = WatchFact & { readonly at?: number };

function messagesOf(
  facts: readonly Step[],
  { history = PUTS, final, isCurrent = false, prefix = "", writer = node() }: Case = {},
): string[] {
  const entries = facts.map((fact): WatchEntry => ({ at: 5, ...fact }));
  const nodes = [node(final === undefined ? {} : { final }), writer];
  const watches = [{ plan: { ...PLAN, prefix }, entries, isCurrent }];
  return checkWatch({ ...evidence(history, nodes), watches }).map((violation) => violation.message);
}

const BEGIN = [connected(), readAll()];
const FIVE = [1, 2, 3, 4, 5].map(put);

describe("watch checker", () => {
  it("is content with every change in order, and with some once more after a resumed connection", () => {
    expect(messagesOf([...BEGIN, ...FIVE])).toEqual([]);
    expect(messagesOf([...BEGIN, ...FIVE, broken, connected(true), put(4), put(5), put(6)])).toEqual([]);
  });

  it("takes the deletion of what an invalidation made stale for one that it explains, and misses none of its own", () => {
    const answer = written(8, { type: "delete" });
    const invalidation = entry(20, 80, { type: "invalidate", tag: "t", answer });
    const history = [...PUTS.slice(0, 5), invalidation, ...PUTS.slice(8)];
    expect(messagesOf([...BEGIN, ...FIVE, gone("delete", 6), put(9)], { history })).toEqual([]);
    expect(messagesOf([...BEGIN, ...FIVE, put(9)], { history })).toEqual([]);
    expect(messagesOf([...BEGIN, ...FIVE, gone("delete", 9)], { history }).join()).toContain("which nothing explains");
  });

  it("takes what was stale when it came for as high as its value", () => {
    const history = [...PUTS, entry(20, 95, { type: "invalidate", tag: "t", answer: written(20, { type: "delete" }) })];
    expect(messagesOf([...BEGIN, ...FIVE, gone("delete", 6), gone("delete", 6)], { history })).toEqual([]);
    expect(messagesOf([...BEGIN, ...FIVE, gone("delete", 4)], { history }).join()).toContain("told of");
  });

  it("catches stamps out of order, also when repeats turn back", () => {
    expect(messagesOf([...BEGIN, put(1), put(3), put(2)]).join()).toContain("told of");
    const repeated = [...BEGIN, ...FIVE, broken, connected(true), put(5), put(4)];
    expect(messagesOf(repeated)[0]).toContain("4 by 1 after 5");
  });

  it("accepts a lower stamp than that of a deletion, where its replica had just begun with nothing", () => {
    const late = (life: number) => entry(2, 60, { node: 1, life, answer: written(2) });
    const facts = [...BEGIN, gone("delete", 5), put(2)];
    const removal = entry(5, 50, { type: "delete", answer: written(5, { type: "delete" }) });
    const messages = (life: number, durable: boolean) =>
      messagesOf(facts, { history: [removal, late(life)], writer: node({ durable }) });
    expect(messages(2, false)).toEqual([]);
    expect(messages(2, true)[0]).toContain("2 by 1 after 5");
    expect(messages(1, false)[0]).toContain("2 by 1 after 5");
    const value = entry(5, 50, { answer: written(5) });
    const overtaken = { history: [value, late(2)], writer: node({ durable: false }) };
    expect(messagesOf([...BEGIN, put(5), put(2)], overtaken)[0]).toContain("2 by 1 after 5");
  });

  it("accepts older ones after a reset, where all is read again", () => {
    expect(messagesOf([...BEGIN, ...FIVE, broken, connected(true), reset(22), readAll(2), put(3)])).toEqual([]);
  });

  it("catches a change of its own replica that it was not told of, though it heard of later ones", () => {
    expect(messagesOf([...BEGIN, put(1), put(2), put(4)])[0]).toContain("operation 3");
    expect(messagesOf([...BEGIN, put(1), put(2), broken, connected(true), put(4)])[0]).toContain("operation 3");
    const current = { isCurrent: true, final: readPart(5, 5) };
    expect(messagesOf([...BEGIN, ...FIVE], current)[0]).toContain("operation 6");
  });

  it("owes nothing of what came while nobody watched, to another life, or under another prefix", () => {
    expect(messagesOf([...BEGIN, put(1), broken, connected(true), reset(35), readAll(3), put(4)])).toEqual([]);
    expect(messagesOf([connected(false, 2), readAll(), put(1), put(4)])).toEqual([]);
    const anew: Step = { ...connected(), at: 75 };
    expect(messagesOf([...BEGIN, ...FIVE, broken, anew, readAll(7), put(8)])).toEqual([]);
    expect(messagesOf(BEGIN, { isCurrent: true })).not.toEqual([]);
    expect(messagesOf(BEGIN, { isCurrent: true, prefix: "x" })).toEqual([]);
  });

  it("takes a resumed connection for none to where a reading in between was broken off", () => {
    const elsewhere: WatchFact = { type: "connected", node: 1, life: 1, isResumed: true };
    const there: Step[] = [elsewhere, reset(25), broken];
    const history = PUTS.map((put, i) =>
      i < 2 ? put : entry(i + 1, (i + 1) * 10, { node: 1, answer: written(i + 1) }),
    );
    const back: Step = { ...connected(true), at: 26 };
    expect(messagesOf([...BEGIN, put(1), broken, ...there, back, put(2), put(5)], { history })).toEqual([]);
    expect(messagesOf([...BEGIN, put(1), broken, ...there, readAll(2), put(5)], { history })[0]).toContain(
      "operation 3",
    );
  });

  it("takes the version of another key's write for no news of this one", () => {
    const answer = written(2) as Extract<Answer, { readonly type: "written" }>;
    const twin = { ...answer, parts: answer.parts.map((part) => ({ ...part, key: "other" as Key })) };
    const history = [...PUTS, entry(10, 200, { key: "other" as Key, answer: twin })];
    expect(messagesOf([...BEGIN, put(1), put(2)], { history })).toEqual([]);
  });

  it("catches a value that nobody wrote so, or with an expiry that nobody asked for", () => {
    expect(messagesOf([...BEGIN, put(77)])[0]).toContain("which it did not");
    const other = {
      type: "change",
      change: { type: "put", read: { ...readPart(1, 2), version: version(1) } },
    } as const;
    expect(messagesOf([...BEGIN, other])[0]).toContain("operation 2");
    const expiring = { ...readPart(1, 1, WALL + 50), version: version(1) };
    expect(messagesOf([...BEGIN, { type: "change", change: { type: "put", read: expiring } }])[0]).toContain(
      "never set",
    );
  });

  it("catches a deletion or an expiry that nothing explains", () => {
    const deletion = [...PUTS, entry(10, 100, { type: "delete", answer: written(10, { type: "delete" }) })];
    const all = [...BEGIN, ...PUTS.map((_, i) => put(i + 1))];
    expect(messagesOf([...all, gone("delete", 10)], { history: deletion })).toEqual([]);
    expect(messagesOf([...BEGIN, gone("delete", 5)], { history: deletion })[0]).toContain("nothing explains");
    expect(messagesOf([...BEGIN, gone("delete", 9)], { history: [entry(1, 10, { type: "delete" })] })).toEqual([]);
    const expiring = [entry(1, 10, { ttlMs: 100, answer: written(1, { ttlMs: 100 }) })];
    expect(messagesOf([...BEGIN, put(1), gone("expire", 1)].slice(0, 2), { history: expiring })).toEqual([]);
    expect(messagesOf([...BEGIN, gone("expire", 1, WALL + 120)], { history: expiring })).toEqual([]);
    expect(messagesOf([...BEGIN, gone("expire", 1, WALL + 50)], { history: expiring })[0]).toContain(
      "nothing explains",
    );
  });

  it("catches a picture that is not what is there at the end", () => {
    const history = PUTS.slice(0, 2);
    const at = (final: ReturnType<typeof readPart>): Case => ({ history, final, isCurrent: true });
    expect(messagesOf([...BEGIN, put(1), put(2)], at(readPart(2, 2)))).toEqual([]);
    expect(messagesOf([...BEGIN, put(1), put(2)], at(readPart(undefined)))[0]).toContain("and it is nothing");
    expect(messagesOf([connected(), readAll(1)], { ...at(readPart(2, 2)), history: [] })[0]).toContain("takes");
    expect(messagesOf([connected(), readAll(2)], { ...at(readPart(2, 2)), history: [] })).toEqual([]);
    expect(messagesOf([connected(), readAll(1)], { ...at(readPart(2, 2)), history: [], isCurrent: false })).toEqual([]);
  });

  it("waits for the sweep before it misses an expiry", () => {
    const read = { ...readPart(1, 1, WALL + 9900), version: version(1) };
    const facts: WatchFact[] = [connected(), { type: "read", parts: [read] }];
    expect(messagesOf(facts, { history: [], final: readPart(undefined), isCurrent: true })).toEqual([]);
    const long = { ...read, expiresAt: WALL + 9000 };
    const late: WatchFact[] = [connected(), { type: "read", parts: [long] }];
    expect(messagesOf(late, { history: [], final: readPart(undefined), isCurrent: true })).toHaveLength(1);
  });
});
