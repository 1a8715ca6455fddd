/** Bugs between the replica and its clients: sessions, watches, majorities, listings, conditions, stores of the doors. */

import type { PlantedBug } from "../planted-bug.ts";

export const CLIENT_BUGS: readonly PlantedBug[] = [
  {
    name: "session-forgets-shards",
    rule: "-",
    broken: "a token keeps one dot of each origin, of whichever shard",
    patches: [
      {
        file: "doors/session.ts",
        find: "const slot = ",
        replace: "const slot = String(dot.origin) || ",
      },
    ],
    scenario: "drill-sessions",
    seedsMax: 8,
    checkers: ["session"],
  },
  {
    name: "session-forgets-origins",
    rule: "-",
    broken: "a token keeps one dot of each shard, of whichever origin",
    patches: [
      {
        file: "doors/session.ts",
        find: "const slot = ",
        replace: "const slot = String(dot.shard) || ",
      },
    ],
    scenario: "drill-sessions",
    seedsMax: 14,
    checkers: ["session"],
  },
  {
    name: "session-keeps-the-last-answer-only",
    rule: "-",
    broken: "a token names what the last answer showed, and nothing of what came before",
    patches: [
      {
        file: "doors/session.ts",
        find: "  for (const dot of earlier) keepGreater(newest, dot);\n",
        replace: "",
      },
    ],
    scenario: "drill-sessions",
    seedsMax: 22,
    checkers: ["session"],
  },
  {
    name: "catch-up-does-not-wait",
    rule: "-",
    broken: "a replica that is behind a session asks its peers, and answers at once",
    patches: [
      {
        file: "replica/driver.ts",
        find: "    await this.#sessions.wait(",
        replace: "    if (waitMs >= 0) return;\n    await this.#sessions.wait(",
      },
    ],
    scenario: "drill-sessions",
    seedsMax: 6,
    checkers: ["session"],
  },
  {
    name: "catch-up-waits-for-one",
    rule: "-",
    broken: "a session is caught up with as soon as one of its dots is there",
    patches: [
      {
        file: "replica/session-waits.ts",
        find: "return dots.every((dot) => {",
        replace: "return dots.some((dot) => {",
      },
    ],
    scenario: "drill-sessions",
    seedsMax: 6,
    checkers: ["session"],
  },
  {
    name: "resume-off-by-one",
    rule: "-",
    broken: "a watch goes on with the second change after its token",
    patches: [
      {
        file: "replica/changes.ts",
        find: "for (let number = after + 1; number < this.#next; number++) {",
        replace: "for (let number = after + 2; number < this.#next; number++) {",
      },
    ],
    scenario: "drill-watches",
    seedsMax: 6,
    checkers: ["watch"],
  },
  {
    name: "resume-of-another-life",
    rule: "-",
    broken: "a token of an earlier process is taken for one of this process, as long as its number could be",
    patches: [
      {
        file: "replica/changes.ts",
        find: "if (life !== this.#life || !Number",
        replace: "if (life === undefined || !Number",
      },
    ],
    scenario: "drill-watches",
    seedsMax: 6,
    checkers: ["watch"],
  },
  {
    name: "watch-skips-expiry",
    rule: "-",
    broken: "watchers do not hear of what expires",
    patches: [
      {
        file: "replica/chores.ts",
        find: "fell: (shard, slot, at) =>\n          host.tidings.applied(",
        replace: "fell: (shard, slot, at) =>\n          at < 0 && host.tidings.applied(",
      },
    ],
    scenario: "drill-watches",
    seedsMax: 6,
    checkers: ["watch"],
  },
  {
    name: "watch-skips-deltas",
    rule: "-",
    broken: "watchers hear of pushes, and not of what comes in deltas",
    patches: [
      {
        file: "replica/intake.ts",
        find: "      pulls.registers++;\n      const isKnown = isSaidAnew(shard, view, at, now);\n      if (shard.apply(view, bytes, at, length, now) === APPLIED && !isKnown) tidings.applied(shard, view, at, now);",
        replace:
          "      pulls.registers++;\n      const isKnown = isSaidAnew(shard, view, at, now);\n      if (shard.apply(view, bytes, at, length, now) === APPLIED && !isKnown) this.#host.audience.changesOf(0).skip();",
      },
    ],
    scenario: "drill-watches",
    seedsMax: 16,
    checkers: ["watch"],
  },
  {
    name: "history-wraps-off-by-one",
    rule: "-",
    broken: "when the older half of the kept changes goes, numbers shift by one",
    patches: [
      {
        file: "replica/changes.ts",
        find: "this.#first += dropped.length;",
        replace: "this.#first += dropped.length - 1;",
      },
    ],
    scenario: "drill-long-history",
    seedsMax: 8,
    checkers: ["watch"],
  },
  {
    name: "ack-waits-twice-as-long",
    rule: "-",
    broken: "a write waits for others twice as long as was said",
    patches: [{ file: "replica/operations.ts", find: "ACK_TIMEOUT_MS = 5000;", replace: "ACK_TIMEOUT_MS = 10_000;" }],
    scenario: "split-brain",
    seedsMax: 8,
    checkers: ["availability"],
  },
  {
    name: "quorum-read-forgets-answers",
    rule: "-",
    broken: "a read of a majority counts the answers, and returns what was here before",
    patches: [
      {
        file: "replica/quorum-reads.ts",
        find: "    this.#host.intake.takeIn(read.shard, message.records, now);\n",
        replace: "    void now;\n",
      },
    ],
    scenario: "drill-majorities",
    seedsMax: 22,
    checkers: ["quorum"],
  },
  {
    name: "quorum-read-counts-itself-twice",
    rule: "-",
    broken: "the replica that is asked counts itself twice for a majority",
    patches: [
      {
        file: "replica/quorum-reads.ts",
        find: "majority - (this.#isWhole(shard) ? 1 : 0);",
        replace: "majority - (this.#isWhole(shard) ? 2 : 0);",
      },
    ],
    scenario: "drill-majorities",
    seedsMax: 6,
    checkers: ["quorum"],
  },
  {
    name: "quorum-ack-one-too-few",
    rule: "-",
    broken: "less than half counts as a majority for acknowledgements",
    patches: [{ file: "replica/acks.ts", find: "Math.floor(all / 2) + 1);", replace: "Math.floor(all / 2));" }],
    scenario: "drill-majorities",
    seedsMax: 8,
    checkers: ["quorum"],
  },
  {
    name: "acks-of-linked-only",
    rule: "-",
    broken: "who is not linked at the moment does not count for a majority",
    patches: [
      {
        file: "replica/coverage.ts",
        find: '.filter((member) => level !== "region" || member.region === this.#host.config.region)',
        replace:
          '.filter((member) => this.#host.isLinked(member.id) && (level !== "region" || member.region === this.#host.config.region))',
      },
    ],
    scenario: "drill-majorities",
    seedsMax: 14,
    checkers: ["quorum"],
  },
  {
    name: "ack-counts-pushes-behind-a-gap",
    rule: "-",
    broken: "a replica confirms the greatest sequence that it has seen, not how far it covers",
    patches: [
      {
        file: "cluster/replication.ts",
        find: "const entries = shards.map((shard) => ({ shard: shard.id, sequence: shard.vector.get(origin) }));",
        replace:
          "const seen = (shard: Shard): number => Math.max(shard.vector.get(origin), ...shard.early().map((each) => each.seen));\n    const entries = shards.map((shard) => ({ shard: shard.id, sequence: seen(shard) }));",
      },
    ],
    scenario: "drill-acked-behind-gap",
    seedsMax: 16,
    checkers: ["quorum", "acknowledged"],
  },
  {
    name: "oneself-counted-twice",
    rule: "-",
    broken: "a replica counts itself twice for an acknowledgement",
    patches: [{ file: "replica/acks.ts", find: "const reached = own +", replace: "const reached = 2 * own +" }],
    scenario: "drill-majorities",
    seedsMax: 8,
    checkers: ["quorum", "acknowledged"],
  },
  {
    name: "cursor-off-by-one",
    rule: "-",
    broken: "a listing goes on behind the first key of the next page",
    patches: [
      {
        file: "replica/key-pages.ts",
        find: "if (order < place.order) continue;",
        replace: "if (order < place.order || (order === place.order && order > 0)) continue;",
      },
    ],
    scenario: "drill-listings",
    seedsMax: 6,
    checkers: ["listing"],
  },
  {
    name: "listing-skips-a-shard",
    rule: "-",
    broken: "a page that ends with a shard goes on with the one after the next",
    patches: [
      {
        file: "replica/key-pages.ts",
        find: "from = { shard: from.shard + 1, order: 0 }",
        replace: "from = { shard: from.shard + (keys.length === limit ? 2 : 1), order: 0 }",
      },
    ],
    scenario: "drill-listings",
    seedsMax: 6,
    checkers: ["listing"],
  },
  {
    name: "absent-not-asked",
    rule: "-",
    broken: "a put on condition that nothing is there is carried out whatever is there",
    patches: [
      {
        file: "replica/operations.ts",
        find: "      ? version === undefined\n",
        replace: "      ? version === undefined || version !== undefined\n",
      },
    ],
    scenario: "drill-conditions",
    seedsMax: 6,
    checkers: ["condition"],
  },
  {
    name: "version-ignored",
    rule: "-",
    broken: "a compare and set is carried out whatever version is there",
    patches: [
      {
        file: "replica/operations.ts",
        find: 'condition.type === "present" || condition.versions.includes(version)',
        replace: 'condition.type === "present" || condition.versions.length > 0',
      },
    ],
    scenario: "drill-conditions",
    seedsMax: 6,
    checkers: ["condition"],
  },
  {
    name: "version-never-there",
    rule: "-",
    broken: "a compare and set is refused whatever version is there",
    patches: [
      {
        file: "replica/operations.ts",
        find: 'condition.type === "present" || condition.versions.includes(version)',
        replace: 'condition.type === "present"',
      },
    ],
    scenario: "drill-conditions",
    seedsMax: 6,
    checkers: ["condition"],
  },
  {
    name: "conditions-never-hold",
    rule: "-",
    broken: "every conditional write is refused",
    patches: [{ file: "replica/operations.ts", find: "  if (!holds) {\n", replace: "  if (!holds || holds) {\n" }],
    scenario: "drill-conditions",
    seedsMax: 6,
    checkers: ["condition"],
  },
  {
    name: "catch-up-always-refuses",
    rule: "-",
    broken: "a replica that is behind a session never catches up",
    patches: [
      {
        file: "replica/driver.ts",
        find: "    await this.#sessions.wait(",
        replace:
          '    if (waitMs >= 0) throw new AtollError("SESSION_BEHIND", "never");\n    await this.#sessions.wait(',
      },
    ],
    scenario: "drill-levels",
    seedsMax: 12,
    checkers: ["levels"],
  },
  {
    name: "quorum-read-always-refuses",
    rule: "-",
    broken: "no read of a majority ever reaches one",
    patches: [
      {
        file: "replica/quorum-reads.ts",
        find: "if (missing === 0 || !isMajorityKnown) {",
        replace: "if (missing >= 0 || !isMajorityKnown) {",
      },
    ],
    scenario: "drill-levels",
    seedsMax: 6,
    checkers: ["levels"],
  },
  {
    name: "acks-never-met",
    rule: "-",
    broken: "a level that needs others is never met",
    patches: [
      {
        file: "replica/acks.ts",
        find: "return { reached, wanted, met: reached >= wanted };",
        replace: "return { reached, wanted, met: false };",
      },
    ],
    scenario: "drill-levels",
    seedsMax: 6,
    checkers: ["levels"],
  },
  {
    name: "resume-always-resets",
    rule: "-",
    broken: "no token is good: each watch that comes back has to read everything anew",
    patches: [
      {
        file: "replica/changes.ts",
        find: "if (life !== this.#life || !Number",
        replace: "if (life !== undefined || !Number",
      },
    ],
    scenario: "drill-watches",
    seedsMax: 6,
    checkers: ["watch"],
  },
  {
    name: "fifth-change-dropped-for-a-reset",
    rule: "-",
    broken: "every fifth change is not told of: watchers are sent a reset in its place",
    patches: [
      {
        file: "replica/changes.ts",
        find: "    const number = this.#next++;\n",
        replace: "    if (this.#next % 5 === 0) return this.reset();\n    const number = this.#next++;\n",
      },
    ],
    scenario: "drill-watches",
    seedsMax: 6,
    checkers: ["watch"],
  },
];
