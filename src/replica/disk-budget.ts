/**
 * What of a bounded data folder is for registers. A folder is larger than what it holds: what was overwritten or deleted
 * stays until the database rewrites the files that it lies in. So where the folder comes near its bound it is rewritten
 * first; and only if it is too large even then values have to go.
 *
 *  - From `COMPACT_SHARE` of the bound the folder is rewritten, whenever so much has been written or let go since the last
 *    time that there may be something to get back.
 *  - What it then takes for each byte that it holds says how much may stay, from then on. Until that is known as much as would
 *    fit if there were nothing in vain, so that writing can go on.
 *  - At the bound itself clients' values are refused, and nothing else: what peers send has to be taken.
 */

/** Of the bound: from here on there is something to do ... */
const COMPACT_SHARE = 0.85;
/** ... until the folder, once rewritten, is of this share. */
const AIM_SHARE = 0.75;
/** A folder below this share may hold more than it was last found to. */
const RELEASE_SHARE = 0.65;
/** Of the bound, what may be in vain: written, or let go, since the folder was last rewritten. */
const REWRITE_SHARE = 0.05;
/** A folder of compressed values takes less than they, one of small ones more; never beyond these. */
const FOLDER_PER_RECORD_MIN = 0.05;
const FOLDER_PER_RECORD_MAX = 2;

export interface FolderMeasure {
  readonly folderBytes: number;
  /** Of the records that are in it, tombstones included. */
  readonly recordBytes: number;
  /** Written since the process began, in records. */
  readonly writtenBytes: number;
}

export class DiskBudget {
  readonly bytesMax: number;
  /** Of registers that stand, bytes: what is above has to go. */
  standingBytesMax = Infinity;
  folderBytes = 0;
  /** As of the last measure. */
  #writtenBytes = 0;
  /** It is being rewritten since: the next measure is the first after that. */
  #rewriting: FolderMeasure | undefined;
  /** When it was last rewritten. */
  #rewritten: FolderMeasure | undefined;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  /** Nothing that need not be written is, as `writtenBytes` have been by now: what came since the last measure has come on top. */
  isSpent(writtenBytes: number): boolean {
    return this.folderBytes + writtenBytes - this.#writtenBytes >= this.bytesMax;
  }

  /** It is to be looked at often. */
  get isAtBound(): boolean {
    return this.#isNear || this.standingBytesMax < Infinity;
  }

  /** There is something to do. */
  get #isNear(): boolean {
    return this.folderBytes >= this.bytesMax * COMPACT_SHARE;
  }

  /** Takes a measure in; true: the folder is to be rewritten, and measured once more. */
  note(measure: FolderMeasure): boolean {
    const { folderBytes, recordBytes } = measure;
    this.folderBytes = folderBytes;
    this.#writtenBytes = measure.writtenBytes;
    if (folderBytes < this.bytesMax * RELEASE_SHARE) this.standingBytesMax = Infinity;
    const since = this.#rewriting;
    this.#rewriting = undefined;
    if (!this.#isNear) return false;
    if (since !== undefined) {
      // What came meanwhile may be in vain already, up to a half of all.
      const writtenBytes = Math.min(measure.writtenBytes - since.writtenBytes, folderBytes / 2);
      this.#aimAt((folderBytes - writtenBytes) / Math.max(1, recordBytes));
      return false;
    }
    if (this.#inVainSince(measure) < this.bytesMax * REWRITE_SHARE) return false;
    if (this.standingBytesMax === Infinity) this.#aimAt(Math.min(1, folderBytes / Math.max(1, recordBytes)));
    this.#rewritten = measure;
    this.#rewriting = measure;
    return true;
  }

  /** A measure while it is rewritten. */
  saw({ folderBytes, writtenBytes }: FolderMeasure): void {
    this.folderBytes = folderBytes;
    this.#writtenBytes = writtenBytes;
  }

  /** That came to nothing: what the folder takes now says nothing, and it is to be done again. */
  notRewritten(): void {
    this.#rewriting = undefined;
    this.#rewritten = undefined;
  }

  #aimAt(folderPerRecord: number): void {
    const perRecord = Math.min(FOLDER_PER_RECORD_MAX, Math.max(FOLDER_PER_RECORD_MIN, folderPerRecord));
    this.standingBytesMax = (this.bytesMax * AIM_SHARE) / perRecord;
  }

  /** Bytes of the folder that may be of no use, at the most. */
  #inVainSince({ recordBytes, writtenBytes }: FolderMeasure): number {
    if (this.#rewritten === undefined) return Infinity;
    return writtenBytes - this.#rewritten.writtenBytes + Math.max(0, this.#rewritten.recordBytes - recordBytes);
  }
}
