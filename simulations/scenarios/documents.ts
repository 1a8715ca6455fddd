/** What scenarios have of documents. */

import type { SeededRandom } from "../../src/base/random.ts";
import type { DocumentsProfile } from "../documents/document-generator.ts";
import { NO_FAULTS } from "../faults/generator.ts";
import type { ScenarioProfile } from "./build.ts";
import { NO_PLAYS } from "./plays.ts";

export const DOCUMENTS: DocumentsProfile = {
  keys: 3,
  clients: 4,
  spellsPerSecond: 0.3,
  editsPerSpell: 6,
  editsPerSecond: 8,
  moveChance: 0.3,
  types: { insert: 10, erase: 3, set: 3, read: 4 },
  deletesPerSecond: 0.08,
  leasesPerSecond: 0.1,
  leaseMsMax: 6000,
  acks: { memory: 6, disk: 2, region: 1, quorum: 1, all: 1 },
  lengthMax: 200,
};

/** Links that are cut, and replicas that end, for long enough that every side compacts what it has. */
export const DOCUMENT_FAULTS: Omit<ScenarioProfile["faults"], "meanGapMs" | "cuts"> = {
  types: {
    ...NO_FAULTS,
    cut: 6,
    flapping: 1,
    break: 1,
    stall: 1,
    "late-copy": 1,
    crash: 3,
    stop: 1,
    pause: 1,
    "disk-slow": 1,
    "clock-jump": 1,
  },
  longestMs: 8000,
  clockJumpMs: 300,
};

export const DOCUMENT_PLAYS: ScenarioProfile["plays"] = {
  ...NO_PLAYS,
  "snapshot-in-delta": 1,
  "deletion-races-edit": 2,
  "snapshots-of-two": 1,
  "lease-prolonged": 1,
  "crash-after-snapshot": 1,
  "deletion-comes-late": 1,
  "edit-before-its-base": 1,
};

/** Of some seeds, and from a stream of its own: the others are what they are without. */
export function drawDocuments(random: SeededRandom): Pick<ScenarioProfile, "documents"> | undefined {
  if (!random.chance(0.3)) return undefined;
  return {
    documents: {
      ...DOCUMENTS,
      keys: random.pick([1, 3]),
      clients: random.pick([2, 5]),
      moveChance: random.pick([0.1, 0.5, 1]),
      deletesPerSecond: random.pick([0, 0.1]),
      leasesPerSecond: random.pick([0, 0.1]),
      lengthMax: random.pick([20, 2000]),
    },
  };
}
