import { describe, expect, it } from "vitest";
import type { ReplicaId } from "../../../src/base/ids.ts";
import { Dissemination, transmissionsMax } from "../../../src/cluster/swim/dissemination.ts";

const id = (name: string): ReplicaId => name as ReplicaId;

/** Takes so many. */
function take(news: Dissemination, room: number, transmissions = 3): ReplicaId[] {
  const taken: ReplicaId[] = [];
  news.take(transmissions, (each) => {
    if (taken.length === room) return false;
    taken.push(each);
    return true;
  });
  return taken;
}

describe("news", () => {
  it("goes out so often and no more", () => {
    const news = new Dissemination();
    news.add(id("a"));
    expect(Array.from({ length: 5 }, () => take(news, 9))).toEqual([["a"], ["a"], ["a"], [], []]);
    expect(news.size).toBe(0);
  });

  it("that was sent least goes first, what came last as what is new of it (SWIM, section 4.1)", () => {
    const news = new Dissemination();
    for (const name of ["a", "b", "c"]) news.add(id(name));
    expect(take(news, 2)).toEqual(["a", "b"]);
    expect(take(news, 2)).toEqual(["c", "a"]);
    news.add(id("a"));
    expect(take(news, 2)).toEqual(["a", "b"]);
  });

  it("of one member is one piece, and is gone with it", () => {
    const news = new Dissemination();
    for (let i = 0; i < 10; i++) news.add(id("a"));
    expect(news.size).toBe(1);
    news.remove(id("a"));
    expect(take(news, 9)).toEqual([]);
  });

  it("is sent a multiple of the logarithm of the cluster, at least once", () => {
    expect([0, 1, 9, 99, 999].map((members) => transmissionsMax(members, 4))).toEqual([1, 2, 4, 8, 12]);
  });
});
