/** Bugs of collections and counters: of members, of what removes them, of deletions of the whole, and of what is added up. */

import type { PlantedBug } from "../planted-bug.ts";

export const COLLECTION_BUGS: readonly PlantedBug[] = [
  {
    name: "late-member-outlives-its-deletion",
    rule: "-",
    broken: "what the deletion of a whole collection saw falls only where it is held when the deletion comes",
    patches: [
      {
        file: "core/containers/containers.ts",
        find: "    return container !== undefined && covererOf(container, view, at, 0) !== 0;",
        replace: "    return container === undefined && at < 0;",
      },
    ],
    scenario: "collections",
    seedsMax: 60,
    checkers: ["members", "audit", "convergence"],
  },
  {
    name: "removal-by-the-clock",
    rule: "R8",
    broken: "a member is removed with a stamp of the clock, and what was added meanwhile elsewhere goes with it",
    patches: [
      {
        file: "types/collection.ts",
        find: "field: fieldOfName(name), isRemoval: true };",
        replace: "field: fieldOfName(name) };",
      },
    ],
    scenario: "collections",
    seedsMax: 20,
    checkers: ["members"],
  },
  {
    name: "seen-member-forgotten",
    rule: "-",
    broken: "what the deletion of a whole collection saw is dropped, and with it what it had surpassed",
    patches: [
      {
        file: "core/shard/falling.ts",
        find: "      const length = writer.write(fallen(table.viewOf(slot), table.offsetOf(slot)));\n      this.#holdings.store(slot, writer.view, writer.bytes, 0, length);",
        replace:
          "      writer.write(fallen(table.viewOf(slot), table.offsetOf(slot)));\n      this.#holdings.discard(slot);",
      },
    ],
    scenario: "collections",
    seedsMax: 40,
    checkers: ["members", "audit", "convergence"],
  },
  {
    name: "nothing-stands-in",
    rule: "M1",
    broken: "a member whose own register does not stand is not there, whatever was added to it",
    patches: [
      {
        file: "core/containers/member-places.ts",
        find: "base === 0 ? standInAmong(this.#table, counted, from) : 0",
        replace: "base < 0 ? standInAmong(this.#table, counted, from) : 0",
      },
    ],
    scenario: "collections",
    seedsMax: 20,
    checkers: ["counters"],
  },
  {
    name: "seen-increments-count-again",
    rule: "-",
    broken: "what a value has seen of a run of increments counts once more with what was added since",
    patches: [
      {
        file: "core/containers/increments.ts",
        find: "  return isLater(tally, seen) ? addAmounts(tally.sum, negated(seen.sum)) : undefined;",
        replace: "  return isLater(tally, seen) ? addAmounts(tally.sum, negated(NOTHING)) : undefined;",
      },
      {
        file: "core/containers/increments.ts",
        find: "import { type Amount, addAmounts, negated } from",
        replace: "import { type Amount, addAmounts, NOTHING, negated } from",
      },
    ],
    scenario: "collections",
    seedsMax: 20,
    checkers: ["counters"],
  },
  {
    name: "part-of-a-number-goes",
    rule: "F3",
    broken: "of a number that several replicas added to only what one of them added is evicted",
    patches: [
      {
        file: "replica/local-writes.ts",
        find: "sum.death, false",
        replace: "sum.removals[0] ?? sum.death, false",
      },
      {
        file: "replica/local-writes.ts",
        find: "of sum.removals)",
        replace: "of [])",
      },
    ],
    scenario: "scant-collections",
    seedsMax: 20,
    checkers: ["counters"],
  },
  {
    name: "evicted-run-goes-on",
    rule: "M2",
    broken:
      "a collection goes, and what was seen of its members counts once more with what others add to them meanwhile",
    patches: [
      {
        file: "types/collection.ts",
        find: "[...beyond, ...namesAddedToElsewhere(shard, container)]",
        replace: "beyond",
      },
      {
        file: "types/collection.ts",
        find: "import { namesAddedToElsewhere, summedValue }",
        replace: "import { summedValue }",
      },
    ],
    scenario: "scant-collections",
    seedsMax: 40,
    checkers: ["counters"],
  },
  {
    name: "evicts-without-counting",
    rule: "F3",
    broken: "what goes is not counted, so that others go in its place until there are none",
    patches: [
      {
        file: "replica/eviction.ts",
        find: "      excess.memory -= inMemory;",
        replace: "      excess.memory -= 0 * inMemory;",
      },
    ],
    scenario: "scant-collections",
    seedsMax: 40,
    checkers: ["eviction"],
  },
  {
    name: "takes-what-there-is-no-room-for",
    rule: "E4",
    broken: "clients' values are taken where there is no room for anything, in memory or on a bounded disk",
    patches: [
      {
        file: "replica/local-writes.ts",
        find: "if (residency?.isFull === true)",
        replace: "if (residency === null)",
      },
      {
        file: "replica/local-writes.ts",
        find: "if (eviction.disk?.isSpent(persistence.writtenBytes) === true)",
        replace: "if (eviction === null)",
      },
    ],
    scenario: "scant-collections",
    seedsMax: 20,
    checkers: ["eviction"],
  },
  {
    name: "refuses-what-peers-send",
    rule: "E4",
    broken: "a replica without room takes neither what clients put nor what peers send, evictions among it",
    patches: [
      {
        file: "replica/inbox.ts",
        find: '    switch (message.type) {\n      case "push":\n',
        replace:
          '    if ((message.type === "push" || message.type === "delta") && Object(host).residency?.isFull) return;\n    switch (message.type) {\n      case "push":\n',
      },
    ],
    scenario: "scant-collections",
    seedsMax: 40,
    checkers: ["eviction", "convergence"],
  },
  {
    name: "restored-number-counts-twice",
    rule: "N2",
    broken:
      "a number that comes back out of a backup does not say what of additions it has, and those that arrive later count once more",
    patches: [
      {
        file: "replica/restored-sight.ts",
        find: "isOurs ? sightAt(view, at)",
        replace: "isOurs && at < 0 ? sightAt(view, at)",
      },
    ],
    scenario: "counted-backups",
    seedsMax: 60,
    checkers: ["counters"],
  },
];
