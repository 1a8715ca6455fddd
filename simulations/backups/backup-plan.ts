/** Backups that are made in a run, and what becomes of them, as data: like operations, a list of them can be cut down and replayed. */

/** Whoever restores ends, and begins again later where it had come to: another part is told once more, perhaps to another replica. */
export interface Interruption {
  /** Chunks of the file that have been told by then. */
  readonly after: number;
  readonly forMs: number;
  readonly node: number;
}

export interface RestorePlan {
  readonly at: number;
  /** Who is asked first; whoever is not there, or does not answer, is passed over. */
  readonly node: number;
  /** Everything is written as new; otherwise registers keep their stamps. */
  readonly isOverwrite: boolean;
  /** Between two chunks. */
  readonly gapMs: number;
  /** In the order of `after`. */
  readonly interruptions: readonly Interruption[];
}

export interface BackupPlan {
  /** Unique among the backups of a plan. */
  readonly id: number;
  readonly at: number;
  readonly node: number;
  /** Between two parts, for which whoever takes them has no time. */
  readonly gapMs: number;
  /** Registers of a chunk of the file. */
  readonly chunkRecords: number;
  /** In the order of `at`. */
  readonly restores: readonly RestorePlan[];
}
