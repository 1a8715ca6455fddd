import { describe, expect, it } from "vitest";
import type { ReplicaId } from "../../../src/base/ids.ts";
import { type LinkCandidate, linkPlan } from "../../../src/cluster/swim/link-plan.ts";
import { swimDefaults } from "../../../src/cluster/swim/settings.ts";
import { replicaNumber } from "../../../src/core/origin.ts";

const all = (size: number): LinkCandidate[] =>
  Array.from({ length: size }, (_, i) => {
    const id = `m${i}` as ReplicaId;
    return { id, number: replicaNumber(id), isDead: false, isPartner: false };
  });

/** Whom each of these members links to. */
function plans(members: readonly LinkCandidate[]): Map<ReplicaId, Set<ReplicaId>> {
  return new Map(
    members.map((self) => {
      const others = members.filter(({ id }) => id !== self.id);
      return [self.id, linkPlan(self, others, swimDefaults)];
    }),
  );
}

/** Members that can be reached over links from the first one, without those that are gone. */
function reached(links: ReadonlyMap<ReplicaId, ReadonlySet<ReplicaId>>, gone: ReadonlySet<ReplicaId>): number {
  const [first] = [...links.keys()].filter((id) => !gone.has(id));
  const seen = new Set(first === undefined ? [] : [first]);
  for (const id of seen) for (const next of links.get(id) ?? []) if (!gone.has(next)) seen.add(next);
  return seen.size;
}

describe("links", () => {
  it("lead from everybody to everybody in a small cluster", () => {
    const planned = plans(all(swimDefaults.linksAllMax));
    expect(new Set([...planned.values()].map(({ size }) => size))).toEqual(new Set([swimDefaults.linksAllMax - 1]));
  });

  it("are a dozen in a large one, however large, and both ends want each", () => {
    for (const size of [100, 1000]) {
      const planned = plans(all(size));
      for (const [id, links] of planned) {
        expect(links.size).toBeGreaterThanOrEqual(6);
        expect(links.size).toBeLessThanOrEqual(2 * swimDefaults.linkRings);
        for (const other of links) expect(planned.get(other)?.has(id)).toBe(true);
      }
    }
  });

  it("hold the cluster together when a third of it is gone at once", () => {
    const planned = plans(all(300));
    const gone = new Set([...planned.keys()].filter((_, i) => i % 3 === 0));
    expect(reached(planned, gone)).toBe(200);
  });

  it("lead across to the dead, so that two halves meet again, and to the living whoever is dead", () => {
    const members = all(200).map((member, i) => ({ ...member, isDead: i >= 100 }));
    const planned = plans(members);
    const halves = [...planned].filter(([id]) => members.some((member) => member.id === id && !member.isDead));
    const isDead = (id: ReplicaId): boolean => members.some((member) => member.id === id && member.isDead);
    const across = halves.flatMap(([, links]) => [...links].filter(isDead));
    expect(across.length).toBeGreaterThan(100);
    for (const [, links] of halves) expect([...links].filter((id) => !isDead(id)).length).toBeGreaterThanOrEqual(6);
  });

  it("lead to partners, wherever they stand", () => {
    const members = all(100);
    const [self, ...others] = members.map((member, i) => ({ ...member, isPartner: i % 10 === 0 }));
    const planned = linkPlan(self as LinkCandidate, others, swimDefaults);
    for (const { id, isPartner } of others) if (isPartner) expect(planned.has(id)).toBe(true);
  });
});
