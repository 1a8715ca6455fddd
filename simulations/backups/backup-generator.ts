/** Draws when backups are made, and when and how they come back. */

import type { SeededRandom } from "../../src/base/random.ts";
import { uniform } from "../simulator/draws.ts";
import type { BackupPlan, Interruption, RestorePlan } from "./backup-plan.ts";

export interface BackupsProfile {
  readonly count: number;
  /** Of each, at most. */
  readonly restoresMax: number;
  readonly overwriteShare: number;
  /** From a backup to a restore, at most. */
  readonly restoreAfterMsMax: number;
  readonly chunkRecords: number;
  readonly gapMsMax: number;
  /** How likely a restore is interrupted. */
  readonly interruptedShare: number;
}

interface Room {
  readonly nodes: number;
  readonly fromMs: number;
  readonly untilMs: number;
}

const INTERRUPTED_MS_MAX = 3000;
/** Chunks after which a restore is interrupted, at most. */
const AFTER_MAX = 4;

export function generateBackups(random: SeededRandom, profile: BackupsProfile, room: Room): BackupPlan[] {
  return Array.from({ length: profile.count }, (_, id) => {
    // The second half is for what comes back.
    const at = uniform(random, room.fromMs, (room.fromMs + room.untilMs) / 2);
    const restores = Array.from({ length: random.between(1, profile.restoresMax) }, () =>
      drawRestore(random, profile, { ...room, fromMs: at }),
    );
    return {
      id,
      at,
      node: random.below(room.nodes),
      gapMs: uniform(random, 0, profile.gapMsMax),
      chunkRecords: profile.chunkRecords,
      restores: restores.sort((a, b) => a.at - b.at),
    };
  }).sort((a, b) => a.at - b.at);
}

function drawRestore(random: SeededRandom, profile: BackupsProfile, { nodes, fromMs, untilMs }: Room): RestorePlan {
  const interruption = (): Interruption => ({
    after: random.between(1, AFTER_MAX),
    forMs: uniform(random, 0, INTERRUPTED_MS_MAX),
    node: random.below(nodes),
  });
  return {
    at: Math.min(untilMs, fromMs + uniform(random, 0, profile.restoreAfterMsMax)),
    node: random.below(nodes),
    isOverwrite: random.chance(profile.overwriteShare),
    gapMs: uniform(random, 0, profile.gapMsMax),
    interruptions: random.chance(profile.interruptedShare) ? [interruption()] : [],
  };
}
