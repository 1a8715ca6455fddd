import fc from "fast-check";
import { expect, it } from "vitest";
import type { ReplicaId } from "../../src/base/ids.ts";
import { Members } from "../../src/cluster/members.ts";
import { rosterBucketOf, rosterBuckets } from "../../src/cluster/roster.ts";
import { RosterDigests } from "../../src/cluster/roster-digests.ts";
import { atBirth, type Standing } from "../../src/cluster/swim/standing.ts";
import type { Rumour } from "../../src/wire/message.ts";
import { NOW } from "../support/shards.ts";
import { facts } from "../support/surroundings.ts";

/** A roster, and how many of its rows have been asked for. */
class Source {
  readonly members = new Members(facts("a"));
  readonly standings = new Map<ReplicaId, Standing>();
  asked = 0;
  readonly digests = new RosterDigests({
    members: this.members,
    rumourOf: (id) => {
      this.asked++;
      return this.rumourOf(id);
    },
  });

  constructor() {
    this.members.onChange = (id) => this.digests.changed(id);
  }

  stand(id: ReplicaId, standing: Partial<Standing>): void {
    this.standings.set(id, { ...atBirth(1), ...standing });
    this.digests.changed(id);
  }

  rumourOf(id: ReplicaId): Rumour | undefined {
    const member = this.members.get(id);
    return member === undefined ? undefined : { ...member, ...(this.standings.get(id) ?? atBirth(member.life)) };
  }

  rumours(): Rumour[] {
    return this.members.all().flatMap(({ id }) => this.rumourOf(id) ?? []);
  }
}

const changes = fc.array(
  fc.tuple(
    fc.constantFrom("learn", "leave", "giveUp", "forget", "dies", "refutes"),
    fc.constantFrom("b", "c", "d", "e"),
    fc.integer({ min: 1, max: 3 }),
  ),
  { maxLength: 20 },
);

it("are those of all rows, whatever became of them since the last time", () => {
  fc.assert(
    fc.property(changes, (list) => {
      const source = new Source();
      for (const [what, name, life] of list) {
        const id = name as ReplicaId;
        if (what === "learn") source.members.learn(facts(name, { life }), NOW);
        else if (what === "giveUp") source.members.giveUp(id, life);
        else if (what === "dies") source.stand(id, { state: "dead" });
        else if (what === "refutes") source.stand(id, { incarnation: life });
        else source.members[what](id);
        expect(source.digests.buckets()).toEqual(rosterBuckets(source.rumours()));
      }
    }),
  );
});

it("cost a look at the rows that changed", () => {
  const source = new Source();
  for (let i = 0; i < 1000; i++) source.members.learn(facts(`m${i}`), NOW);
  source.digests.buckets();
  source.asked = 0;
  source.members.observeEpoch("m7" as ReplicaId, 3);
  source.stand("m8" as ReplicaId, { state: "dead" });
  source.digests.buckets();
  expect(source.asked).toBe(2);
});

it("have rows that are told by the parts in which they stand", () => {
  const source = new Source();
  for (let i = 0; i < 100; i++) source.members.learn(facts(`m${i}`), NOW);
  source.members.leave("m1" as ReplicaId);
  const buckets = [rosterBucketOf("m1" as ReplicaId), rosterBucketOf("m2" as ReplicaId)];
  const told = source.digests.rumoursIn(buckets).map(({ id }) => id);
  expect(told).toEqual(source.rumours().flatMap(({ id }) => (buckets.includes(rosterBucketOf(id)) ? [id] : [])));
  expect(told).toEqual(expect.arrayContaining(["m1", "m2"]));
});
