/** Shards that some members own: who that is, how they move, and what is asked of others. */

import type { PlantedBug } from "../planted-bug.ts";

export const PLACEMENT_BUGS: readonly PlantedBug[] = [
  {
    name: "owners-differ",
    rule: "-",
    broken: "each replica gives itself twice the weight of the others when it works out who owns what",
    patches: [
      {
        file: "cluster/ownership.ts",
        find: "weight: WEIGHT }",
        replace: "weight: id === this.self ? 2 : WEIGHT }",
      },
    ],
    scenario: "placement",
    seedsMax: 6,
    checkers: ["convergence"],
  },
  {
    name: "stray-lets-go-too-soon",
    rule: "M2",
    broken: "a stray lets go once all owners are ready, whatever of it they have on disk",
    patches: [
      {
        file: "cluster/movement.ts",
        find: "return isReady && this.#hasStill(id) && report.durable.dominates(shard.vector);",
        replace: "return isReady && this.#hasStill(id);",
      },
    ],
    scenario: "placement",
    seedsMax: 40,
    checkers: ["acknowledged", "convergence"],
  },
  {
    name: "retry-with-another-stamp",
    rule: "Q1",
    broken: "a write that is asked of a second owner gets another stamp there",
    patches: [
      {
        file: "replica/router.ts",
        find: "body = { ...body, mayBeDone: true };",
        replace: "body = { ...body, stamp: this.stampOf(shard, body), mayBeDone: false };",
      },
    ],
    scenario: "drill-requests",
    seedsMax: 120,
    checkers: ["acknowledged"],
  },
  {
    name: "condition-asked-twice",
    rule: "Q2",
    broken: "a write on a condition is asked of a second owner when the first does not answer",
    patches: [
      { file: "replica/router.ts", find: "if (body.stamp === undefined) throw unknownOutcome(owner);", replace: "" },
    ],
    scenario: "drill-requests",
    seedsMax: 120,
    checkers: ["acknowledged", "condition"],
  },
  {
    name: "stale-stamp-applied",
    rule: "R8",
    broken: "an owner carries out what another replica has stamped with that stamp, whatever it holds",
    patches: [
      {
        file: "replica/second-tries.ts",
        find: "if (stamp === undefined) return NEW;",
        replace: "if (stamp === undefined || stamp >= 0) return NEW;",
      },
      {
        file: "core/shard/author.ts",
        find: "return Math.max(write.stamp ?? this.#holdings.clock.next(nowMs), above + 1, least);",
        replace: "return write.stamp ?? Math.max(this.#holdings.clock.next(nowMs), above + 1, least);",
      },
    ],
    scenario: "placement",
    seedsMax: 6,
    checkers: ["convergence", "audit", "acknowledged", "local-order"],
  },
  {
    name: "guest-keeps-what-it-wrote",
    rule: "M2",
    broken: "who holds what it does not own never lets go of it",
    patches: [
      { file: "cluster/movement.ts", find: "      owners.length > 0 &&\n", replace: "      owners.length < 0 &&\n" },
    ],
    scenario: "placement",
    seedsMax: 4,
    checkers: ["convergence"],
  },
  {
    name: "purge-without-calm",
    rule: "R6",
    broken: "a tombstone of a shard that some own goes once it is old enough, whoever holds something of the shard",
    patches: [
      {
        file: "cluster/purging.ts",
        find: "const calm = calmBelow(this.#around, shard.id);",
        replace: "const calm = calmBelow(this.#around, shard.id) ?? Infinity;",
      },
    ],
    scenario: "drill-guests",
    seedsMax: 30,
    checkers: ["acknowledged", "resurrection", "convergence", "audit"],
  },
  {
    name: "guest-serves-sessions-blindly",
    rule: "-",
    broken: "a replica that can ask nobody serves a session what it has, whatever the session has seen",
    patches: [
      {
        file: "replica/keyspace.ts",
        find: "if (seen === undefined) return;",
        replace: "if (seen !== null) return;",
      },
    ],
    scenario: "drill-guests",
    seedsMax: 30,
    checkers: ["session"],
  },
  {
    name: "policies-before-their-view",
    rule: "M1",
    broken: "who owns what follows a policy as soon as that is on disk, and what was told before still counts",
    patches: [
      {
        file: "cluster/ownership.ts",
        find: "this.#comingBySpace = new Map([...policies].map((each) => [each.space, each]));",
        replace:
          "this.#comingBySpace = new Map([...policies].map((each) => [each.space, each])); this.#policiesBySpace = this.#comingBySpace;",
      },
    ],
    scenario: "drill-policies",
    seedsMax: 20,
    checkers: ["acknowledged", "handover"],
  },
  {
    name: "spent-life-writes-on",
    rule: "R4",
    broken: "a life that let go of what it wrote into a shard goes on with its sequences there",
    patches: [
      { file: "replica/local-writes.ts", find: "if (!shard.isSpent) return;", replace: "if (shard.id >= 0) return;" },
      { file: "core/shard/shard.ts", find: "!this.isSpent && !this.isLeaving,", replace: "!this.isLeaving," },
    ],
    scenario: "drill-policies",
    seedsMax: 20,
    checkers: ["audit", "convergence", "acknowledged"],
  },
  {
    name: "ready-without-what-is-claimed",
    rule: "M1",
    broken: "an owner is ready as soon as one that is has told what it covers, whatever of that is here",
    patches: [
      {
        file: "cluster/anti-entropy.ts",
        find: "if (lack === 0 && this.#isCaughtUp(entry, message)) this.#options.caughtUp(shard);",
        replace: "if (this.#isCaughtUp(entry, message)) this.#options.caughtUp(shard);",
      },
    ],
    scenario: "drill-policies",
    seedsMax: 60,
    checkers: ["acknowledged", "handover", "local-order", "condition", "session"],
  },
  {
    name: "view-comes-twice",
    rule: "M1, M2",
    broken:
      "the digest of a view is of what the policies say, and not of which came when: one that was there before is the same",
    patches: [
      {
        file: "cluster/ownership.ts",
        find: "for (const { space, version, hash: tie } of policies) sum += hash([~space, version, tie]);",
        replace: "for (const { space, hash: tie } of policies) sum += hash([~space, tie]);",
      },
    ],
    scenario: "drill-policies",
    seedsMax: 40,
    checkers: ["acknowledged", "convergence"],
  },
  {
    name: "unready-owner-answers-alone",
    rule: "-",
    broken: "an owner that is not ready answers with what it has",
    patches: [
      {
        file: "replica/local-keyspace.ts",
        find: "return shard.isReady || !ownership.owns(shard.id);",
        replace: "return shard.isReady || ownership.view >= 0;",
      },
    ],
    scenario: "drill-policies",
    seedsMax: 20,
    checkers: ["handover"],
  },
  {
    name: "unready-owner-asks-those-who-told",
    rule: "-",
    broken: "an owner that is not ready does not ask whoever has not told yet what it holds in this view",
    patches: [
      {
        file: "replica/quorum-reads.ts",
        find: "standing?.view !== ownership.view || standing.strays.has(shard)",
        replace: "standing?.strays.has(shard) === true",
      },
    ],
    scenario: "drill-policies",
    seedsMax: 80,
    checkers: ["handover"],
  },
  {
    name: "moved-key-answered-all-the-same",
    rule: "-",
    broken: "who owns a key no more when it has asked others for it answers with what it has",
    patches: [
      {
        file: "replica/local-keyspace.ts",
        find: "    await asking;\n    return this.#host.replica().ownership.owns(this.#shardOf(key).id);",
        replace: "    await asking;\n    return this.#shardOf(key).id >= 0;",
      },
      { file: "replica/sender.ts", find: "else this.#withheld.add(link, message);", replace: "" },
    ],
    scenario: "drill-policies",
    seedsMax: 40,
    checkers: ["handover"],
  },
  {
    name: "stray-goes-before-owners-are-ready",
    rule: "M2",
    broken: "a stray lets go once each owner has told anything of the shard in this view",
    patches: [
      {
        file: "cluster/movement.ts",
        find: "return isReady && this.#hasStill(id) && report.durable.dominates(shard.vector);",
        replace: "return report?.view === ownership.view && (isReady || report.readiness === NOT_READY);",
      },
    ],
    scenario: "drill-policies",
    seedsMax: 20,
    checkers: ["acknowledged"],
  },
  {
    name: "readiness-of-any-view",
    rule: "M2",
    broken: "a stray lets go once all owners have told that they are ready, in whichever view",
    patches: [
      {
        file: "cluster/movement.ts",
        find: "const isReady = report?.view === ownership.view && report.readiness === READY;",
        replace: "const isReady = report !== undefined && report.readiness === READY;",
      },
    ],
    scenario: "drill-policies",
    seedsMax: 20,
    checkers: ["acknowledged"],
  },
  {
    name: "unseen-policy-taken-for-all",
    rule: "P1",
    broken: "a keyspace that was heard of is everywhere, until its policy counts",
    patches: [
      {
        file: "cluster/ownership.ts",
        find: "return isForEverybody(space) ? POLICY_ALL : this.#policiesBySpace.get(space)?.policy;",
        replace: "return this.#policiesBySpace.get(space)?.policy ?? POLICY_ALL;",
      },
      {
        file: "cluster/ownership.ts",
        find: "return isForEverybody(space) || this.#policiesBySpace.has(space);",
        replace: "return isForEverybody(space) || true;",
      },
    ],
    scenario: "drill-definitions",
    seedsMax: 60,
    checkers: ["handover"],
  },
  {
    name: "unseen-policy-not-waited-for",
    rule: "P1",
    broken: "what clients ask of a keyspace whose policy does not count yet is answered with what is here",
    patches: [
      {
        file: "replica/policy-wait.ts",
        find: "return host.replica().ownership.isInView(space) ? undefined : look(host, space);",
        replace: "return space >= 0 ? undefined : look(host, space);",
      },
    ],
    scenario: "drill-definitions",
    seedsMax: 40,
    checkers: ["handover"],
  },
  {
    name: "leaves-before-it-has-handed-over",
    rule: "G2, G3",
    broken: "who is told to leave leaves, whatever others have of what it holds",
    patches: [
      { file: "replica/departure.ts", find: "if (this.#toHandOver() > 0) return;", replace: "" },
      {
        file: "replica/departure.ts",
        find: "return owned + strays === 0 && this.#everywhere().every(isLeft);",
        replace: "return owned + strays >= 0 || this.#everywhere().every(isLeft);",
      },
    ],
    scenario: "drill-departures",
    seedsMax: 10,
    checkers: ["copies"],
  },
  {
    name: "second-try-is-a-second-write",
    rule: "Q1",
    broken: "who carries out itself what an owner did not answer writes it above what has overwritten it since",
    patches: [
      {
        file: "replica/keyspace.ts",
        find: 'if (fate.type === "done") return this.#host.acknowledged(fate.outcome, options);',
        replace: "",
      },
    ],
    scenario: "drill-guests",
    seedsMax: 120,
    checkers: ["condition"],
  },
  {
    name: "fetched-on-the-way-told",
    rule: "W1",
    broken: "watchers hear of all that is applied here, whoever else tells of it",
    patches: [
      {
        file: "replica/watch-relay.ts",
        find: "return !this.#host.ownership.owns(shard) || this.#isTeller(shard);",
        replace: "return shard >= 0;",
      },
      {
        file: "replica/watch-relay.ts",
        find: "if (this.sourceOf(shard) !== undefined) return false;",
        replace: "",
      },
    ],
    scenario: "placement",
    seedsMax: 16,
    checkers: ["watch"],
  },
  {
    name: "expiry-by-the-followers-clock",
    rule: "W1",
    broken: "who follows a shard takes what has expired where it is held for what its own clock makes of it",
    patches: [
      {
        file: "replica/watch-relay.ts",
        find: "|| expiresAt(view, at) > now)",
        replace: "|| now > 0)",
      },
    ],
    scenario: "placement",
    seedsMax: 60,
    checkers: ["watch"],
  },
];
