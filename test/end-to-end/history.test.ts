import { describe, expect, it } from "vitest";
import { type Answered, type Attempt, History, parseVersion, writtenAt } from "./history.ts";

const NOW = Date.UTC(2026, 0, 1);
const first = { version: version(NOW, 1), value: "one" };
const second = { version: version(NOW + 1, 2), value: "two" };

function version(ms: number, origin: number): string {
  return `${((ms - Date.UTC(2020, 0, 1)) * 4096).toString(16)}-${origin.toString(16)}`;
}

function attempt(changes: Partial<Attempt>): Attempt {
  return { key: "k", sentAt: NOW, outcome: "kept", isPromised: true, ...changes };
}

function violations(attempts: readonly Attempt[], ...answers: Answered[]): string[] {
  const history = new History();
  for (const each of attempts) history.add(each);
  return history.violations(new Map([["k", answers]]), NOW + 60_000).map((text) => text.slice(0, 2));
}

describe("a history", () => {
  it("reads versions back", () => {
    expect(parseVersion(version(NOW, 77)).origin).toBe(77);
    expect(writtenAt(version(NOW, 77))).toBe(NOW);
  });

  it("takes the greatest promised write on all replicas", () => {
    expect(violations([attempt(first), attempt(second)], second, second)).toEqual([]);
  });

  it("finds replicas that differ", () => {
    expect(violations([attempt({ ...first, isPromised: false }), attempt(second)], first, second)).toContain("C1");
  });

  it("finds values from nowhere, refused ones, and those under another version", () => {
    expect(violations([attempt(first)], second)).toContain("C2");
    expect(violations([attempt({ ...first, outcome: "refused", isPromised: false })], first)).toEqual(["C2"]);
    expect(violations([attempt(first)], { ...first, version: second.version })).toEqual(["C2"]);
  });

  it("finds lost writes", () => {
    expect(violations([attempt(first), attempt(second)], first, first)).toEqual(["C3"]);
    expect(violations([attempt(first)], undefined)).toEqual(["C4"]);
  });

  it("lets go of what was never promised", () => {
    expect(violations([attempt({ ...first, isPromised: false })], undefined)).toEqual([]);
  });

  it("finds deleted keys that came back, by version or by time", () => {
    const put = attempt(first);
    expect(violations([put, attempt({ version: second.version })], first)).toEqual(["C3"]);
    expect(violations([put, attempt({ sentAt: NOW + 1 })], first)).toEqual(["C3"]);
    expect(violations([put, attempt({ version: second.version })], undefined)).toEqual([]);
  });

  it("finds a deletion that took what was newer than it", () => {
    expect(violations([attempt({ version: first.version }), attempt(second)], undefined)).toEqual(["C4"]);
  });

  it("lets live win over dead at the same stamp", () => {
    const stamp = { version: first.version };
    expect(violations([attempt(stamp), attempt(first)], first)).toEqual([]);
    expect(violations([attempt(stamp), attempt(first)], undefined)).toEqual(["C4"]);
  });

  it("finds what has outlived its time, and lets the rest go", () => {
    const mortal = attempt({ ...first, deadBy: NOW + 1000 });
    expect(violations([mortal], first)).toEqual(["C5"]);
    expect(violations([mortal], undefined)).toEqual([]);
  });

  it("takes a write without an answer for done or not done", () => {
    const lost = attempt({ value: "one", outcome: "unknown", isPromised: false });
    expect(violations([lost], first)).toEqual([]);
    expect(violations([lost], undefined)).toEqual([]);
  });
});
