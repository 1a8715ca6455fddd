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
        replace: "weight: id === this.#self ? 2 : WEIGHT }",
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
        find: "return isReady && report.durable.dominates(shard.vector);",
        replace: "return isReady;",
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
        replace: "body = { ...body, stamp: this.stampOf(shard, body.key), mayBeDone: false };",
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
        file: "replica/request-service.ts",
        find: "return stamp > above ? undefined : (above as Timestamp);",
        replace: "return above < 0 ? (above as Timestamp) : undefined;",
      },
      {
        file: "core/shard.ts",
        find: "const timestamp = Math.max(write.stamp ?? this.#clock.next(nowMs), (write.above ?? 0) + 1, least);",
        replace: "const timestamp = write.stamp ?? Math.max(this.#clock.next(nowMs), (write.above ?? 0) + 1, least);",
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
];
