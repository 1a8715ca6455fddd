/**
 * Plays: a few faults and operations at the very moments at which a rule is needed. Random schedules hardly ever put
 * them together; every scenario mixes some into its noise. Each play says which rule of ARCHITECTURE.md it aims at.
 */

import { wrongClocks } from "./plays/clocks.ts";
import { conflict, expiring, fastClock, tie } from "./plays/conflicts.ts";
import {
  crashBeforeSync,
  ghostPush,
  lateDuplicate,
  lateOlderWrite,
  newcomer,
  slowOlderWrite,
  writeAfterPurge,
} from "./plays/deletions.ts";
import { cutDelta, filledGap, longDelta, lostPush, overwrittenDelta } from "./plays/deltas.ts";
import { fullDisk, lostDisk, oldCopy, powerCutAtSync, powerCutOfReceiver, stopWhileCut } from "./plays/disks.ts";
import {
  crashAfterSnapshot,
  deletionComesLate,
  deletionRacesEdit,
  editAfterPurge,
  editBeforeWhatItStandsOn,
  leaseEnds,
  leaseProlonged,
  snapshotInDelta,
  snapshotOverGap,
  snapshotsOfTwo,
} from "./plays/documents.ts";
import {
  ackedBehindGap,
  awayTooLong,
  crashAfterPush,
  crashWhenBegunAnew,
  longAbsence,
  restartsInARow,
  shortLives,
  splitLife,
} from "./plays/lives.ts";
import { goesAndComes, longGone, longPause } from "./plays/members.ts";
import { overwrittenBeforePush } from "./plays/pushes.ts";
import type { Scene, Stage } from "./plays/stage.ts";

export const PLAYS = {
  "late-duplicate": lateDuplicate,
  "late-older-write": lateOlderWrite,
  "ghost-push": ghostPush,
  "slow-older-write": slowOlderWrite,
  "crash-after-push": crashAfterPush,
  "crash-before-sync": crashBeforeSync,
  "write-after-purge": writeAfterPurge,
  "restarts-in-a-row": restartsInARow,
  "cut-delta": cutDelta,
  "long-absence": longAbsence,
  conflict,
  tie,
  expiring,
  "fast-clock": fastClock,
  "wrong-clocks": wrongClocks,
  "long-delta": longDelta,
  "overwritten-delta": overwrittenDelta,
  "lost-push": lostPush,
  "filled-gap": filledGap,
  "overwritten-before-push": overwrittenBeforePush,
  "short-lives": shortLives,
  "split-life": splitLife,
  "acked-behind-gap": ackedBehindGap,
  "away-too-long": awayTooLong,
  "crash-when-begun-anew": crashWhenBegunAnew,
  "power-cut-at-sync": powerCutAtSync,
  "power-cut-of-receiver": powerCutOfReceiver,
  "full-disk": fullDisk,
  "stop-while-cut": stopWhileCut,
  newcomer,
  "lost-disk": lostDisk,
  "old-copy": oldCopy,
  "snapshot-in-delta": snapshotInDelta,
  "deletion-races-edit": deletionRacesEdit,
  "snapshots-of-two": snapshotsOfTwo,
  "lease-prolonged": leaseProlonged,
  "lease-ends": leaseEnds,
  "crash-after-snapshot": crashAfterSnapshot,
  "edit-after-purge": editAfterPurge,
  "deletion-comes-late": deletionComesLate,
  "edit-before-its-base": editBeforeWhatItStandsOn,
  "snapshot-over-gap": snapshotOverGap,
  "long-gone": longGone,
  "long-pause": longPause,
  "goes-and-comes": goesAndComes,
} as const satisfies Record<string, (stage: Stage) => Scene>;

export type PlayName = keyof typeof PLAYS;

/** Weights that leave every play out. */
export const NO_PLAYS = Object.fromEntries(Object.keys(PLAYS).map((name) => [name, 0])) as Record<PlayName, number>;
