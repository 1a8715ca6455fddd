/** What came of the backups of a run: the checkers' evidence. */

import type { BackupFile } from "./backup-file.ts";
import type { BackupPlan, RestorePlan } from "./backup-plan.ts";

/** A process as it was at some moment. */
export interface Whom {
  readonly node: number;
  readonly life: number;
}

export interface BackupHistory {
  readonly plan: BackupPlan;
  /** Who was asked; undefined: nobody was there. */
  readonly by: Whom | undefined;
  /** Others to whom that one had a link. */
  linked: readonly Whom[];
  readonly askedAt: number;
  readonly askedWallMs: number;
  /** From here on all it waited for is known, virtual ms; undefined: it never got there. */
  begunAt: number | undefined;
  endedAt: number | undefined;
  endedWallMs: number | undefined;
  /** Undefined: it was not finished, which is as good as none. */
  file: BackupFile | undefined;
  readonly restores: RestoreHistory[];
}

export interface RestoreHistory {
  readonly plan: RestorePlan;
  readonly file: BackupFile;
  /** Of one that overwrites, once it has begun. */
  stamped: Stamped | undefined;
  readonly steps: RestoreStep[];
  /** All of the file was answered as restored; undefined: not all was. */
  endedAt: number | undefined;
}

export interface Stamped extends Whom {
  readonly stamp: number;
  readonly at: number;
}

/** A chunk that a replica was told. */
export interface RestoreStep extends Whom {
  readonly chunk: number;
  readonly at: number;
  readonly wallMs: number;
  /** Undefined: never answered, so nobody knows what came of it. */
  answeredAt: number | undefined;
}
