import { describe, expect, it } from "vitest";
import { KeyHistory, type State } from "./key-history.ts";
import { bytesOf, type Value } from "./values.ts";

const NOW = 1_000_000;

function stateOf(number: number, expires = Infinity): State {
  return { value: ofWrite(number), expiresFrom: expires, expiresTo: expires + 10, knownAt: NOW };
}

function ofWrite(number: number): Value {
  return { number, length: 20 };
}

const deleted: State = { expiresFrom: Infinity, expiresTo: Infinity, knownAt: NOW };

function read(number: number | undefined, at = NOW) {
  return { bytes: number === undefined ? undefined : bytesOf(ofWrite(number)), askedAt: at, answeredAt: at };
}

describe("what a client expects of a key", () => {
  it("is what was acknowledged last, and nothing else", () => {
    const history = new KeyHistory();
    expect(history.check(read(undefined))).toEqual({});
    history.acknowledged(stateOf(1), false);
    history.acknowledged(stateOf(2), true);
    expect(history.check(read(2))).toEqual({});
    expect(history.check(read(1)).wrong).toContain("found 20 bytes");
    expect(history.check(read(undefined)).wrong).toContain("found nothing");
    history.acknowledged(deleted, false);
    expect(history.check(read(undefined))).toEqual({});
    expect(history.check(read(2)).wrong).toBeDefined();
  });

  it("is a value until it expires, either while it does, and nothing behind that", () => {
    const history = new KeyHistory();
    history.acknowledged(stateOf(1, NOW), true);
    expect([history.isThere(NOW - 100), history.isThere(NOW + 5), history.isThere(NOW + 100)]).toEqual([
      true,
      undefined,
      false,
    ]);
    expect(history.check(read(undefined, NOW - 100)).wrong).toBeDefined();
    expect([history.check(read(undefined, NOW + 5)), history.check(read(1, NOW + 5))]).toEqual([{}, {}]);
    expect(history.check(read(1, NOW + 100)).wrong).toBeDefined();
  });

  it("is after a kill anything since what the disk had, then what was found, and tells what was lost", () => {
    const killed = () => {
      const history = new KeyHistory();
      history.acknowledged(stateOf(1), false);
      history.acknowledged(stateOf(2), true);
      history.acknowledged(stateOf(3), false);
      history.begin(() => stateOf(4));
      history.killed(NOW);
      return history;
    };
    expect(killed().check(read(1)).wrong).toBeDefined();
    expect(killed().check(read(undefined)).wrong).toBeDefined();
    expect(killed().check(read(2))).toEqual({ lostSince: NOW });
    expect([killed().check(read(3)), killed().check(read(4))]).toEqual([{}, {}]);
    const history = killed();
    history.check(read(3));
    expect(history.check(read(4)).wrong).toBeDefined();
  });

  it("is what was written after a kill, whatever that left in doubt", () => {
    const history = new KeyHistory();
    history.acknowledged(stateOf(1), false);
    history.killed(NOW);
    history.acknowledged(stateOf(2), false);
    expect(history.check(read(2))).toEqual({});
    expect(history.check(read(1)).wrong).toBeDefined();
  });
});
