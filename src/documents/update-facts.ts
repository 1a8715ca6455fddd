/** What there is to know of a Yjs update before anything is made of it (`update-check.ts`). */

/** What an update brings of one client. */
export interface ClockRange {
  /** Of the first struct that is no skip. */
  readonly clock: number;
  /** One past the last clock. */
  readonly end: number;
  /** Skips apart. */
  readonly structs: number;
}

export interface UpdateFacts {
  readonly bytes: number;
  /** Items, collected items and skips. */
  readonly structs: number;
  /** Ranges of the delete set. */
  readonly deletes: number;
  readonly values: number;
  readonly types: number;
  readonly subdocuments: number;
  /** Different names of shared types at the top. */
  readonly roots: number;
  /** A value holds bytes: Yjs keeps all of the update in memory for as long as it keeps that value. */
  readonly holdsBytes: boolean;
  /** By client, in the order of the update; a client with nothing but skips is left out. */
  readonly ranges: ReadonlyMap<number, ClockRange>;
  /** By client, the clock up to which everything must be there before all structs can be applied; only above 0. */
  readonly needs: ReadonlyMap<number, number>;
  /** By client, the clock up to which everything must be there before all deletions can be applied. */
  readonly deletesUpTo: ReadonlyMap<number, number>;
}
