import { describe, expect, it } from "vitest";
import { ClientSession } from "../../../simulations/workload/client-session.ts";
import type { OriginId, ShardId } from "../../../src/base/ids.ts";
import type { Dot } from "../../../src/store.ts";

function dot(sequence: number): Dot {
  return { shard: 0 as ShardId, origin: 7 as OriginId, sequence };
}

const PLACE = { node: 0, life: 1 };

describe("a client of a session", () => {
  it("carries what its answers showed to its next request", () => {
    const session = new ClientSession();
    expect(session.carried).toEqual([]);
    session.answered(session.carried, [dot(3)]);
    session.answered(session.carried, [dot(2)]);
    expect(session.carried).toEqual([dot(3)]);
  });

  it("asks one thing after the other, and leaves undone what comes due while one waits", () => {
    const session = new ClientSession();
    const begun: number[] = [];
    const ask = (id: number): void =>
      session.inTurn(() => {
        begun.push(id);
        session.sent(PLACE);
      });
    for (const id of [1, 2, 3]) ask(id);
    expect(begun).toEqual([1]);
    session.answered([], []);
    expect(begun).toEqual([1, 2]);
    session.answered([], []);
    expect(begun).toEqual([1, 2]);
  });

  it("goes on when the process that it had asked ends, and only then", () => {
    const session = new ClientSession();
    let isBegun = false;
    session.sent(PLACE);
    session.inTurn(() => {
      isBegun = true;
    });
    session.broken(0, 2);
    session.broken(1, 1);
    expect(isBegun).toBe(false);
    session.broken(0, 1);
    expect(isBegun).toBe(true);
  });
});
