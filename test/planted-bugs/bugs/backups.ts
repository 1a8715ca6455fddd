/** Bugs in backups and in what restores make of them: what is left out, and what comes back that should not. */

import type { PlantedBug } from "../planted-bug.ts";

export const BACKUP_BUGS: readonly PlantedBug[] = [
  {
    name: "backup-asks-nobody",
    rule: "-",
    broken: "a backup is read as soon as it is asked for, whatever others had acknowledged by then",
    patches: [
      {
        file: "replica/backup.ts",
        find: "await Promise.all(replica.linked().map((peer) => this.#writesOf(peer, space)))",
        replace: "await Promise.all(replica.linked().slice(0, 0).map((peer) => this.#writesOf(peer, space)))",
      },
    ],
    scenario: "backups",
    seedsMax: 30,
    checkers: ["backup"],
  },
  {
    name: "page-of-a-backup-begins-late",
    rule: "-",
    broken: "a page of a backup begins behind the key that the page before it had no room for",
    patches: [
      {
        file: "replica/record-pages.ts",
        find: "if (cut !== undefined) return { order, after: cut === NO_KEY ? undefined : cut };",
        replace:
          "if (cut !== undefined) return cut === NO_KEY ? { order } : { order: (found[end]?.order ?? order) + 1 };",
      },
    ],
    scenario: "backups",
    seedsMax: 80,
    checkers: ["backup"],
  },
  {
    name: "purged-deletion-undone-by-a-restore",
    rule: "R8",
    broken: "what was deleted since the backup comes back with a restore once its deletion has been purged",
    patches: [
      {
        file: "replica/restore-here.ts",
        find: "return this.#mode.isOurs && this.#shard.quarantine.wasForgotten(view, at);",
        replace: "return false;",
      },
    ],
    scenario: "backups",
    seedsMax: 30,
    checkers: ["backup"],
  },
  {
    name: "restore-over-what-is-newer",
    rule: "-",
    broken: "a restore by stamps writes what it has where something newer is",
    patches: [
      {
        file: "replica/restore-here.ts",
        find: '    if (held !== 0 && (this.#stampOf(held) >= timestamp || this.#isWithin(held))) return "kept";\n',
        replace: "",
      },
    ],
    scenario: "backups",
    seedsMax: 30,
    checkers: ["backup"],
  },
  {
    name: "overwrites-what-came-since",
    rule: "-",
    broken: "a restore that writes all as new does so also where something was written since it began",
    patches: [
      {
        file: "replica/restore-here.ts",
        find: '    if (held !== 0 && this.#stampOf(held) >= stamp && !(this.#isAhead(held) && !this.#isSame(held))) return "kept";\n',
        replace: "",
      },
    ],
    scenario: "backups",
    seedsMax: 80,
    checkers: ["backup"],
  },
];
