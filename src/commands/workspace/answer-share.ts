/** What the present command, or turn of one, was given of the room for answers, and what it has taken of that. */

import type { LocalWrite } from "../../core/shard/author.ts";
import { SHORT_VALUE_BYTES_MAX } from "../../store.ts";
import type { SeenTo } from "./interruption.ts";

/** What an answer holds for a member that was written, beside its bytes. */
const WRITTEN_BYTES = 192;
const STEP_MAX = 16 * 1024 * 1024;

export class AnswerShare {
  #bytes = 0;
  #max = Infinity;
  /** Of what has been begun with, all that was copied. */
  takenBytes = 0;

  /** `isLimited`: there is room for what was asked for, beside what is short; else for everything. Never for more than `max`. */
  begin(isLimited: boolean, { roomBytes, takenBytes }: SeenTo, max = Infinity): void {
    this.#max = max;
    this.#bytes = isLimited ? roomBytes + SHORT_VALUE_BYTES_MAX : Infinity;
    this.takenBytes = takenBytes;
  }

  has(bytes: number): boolean {
    return bytes <= this.#bytes && bytes <= this.#max;
  }

  /** False: more than there is. */
  take(bytes: number): boolean {
    this.takenBytes += bytes;
    return this.has(this.takenBytes);
  }

  /** What has to be asked for where it is more: so much that this is only seldom. */
  get wantedBytes(): number {
    return Math.max(this.takenBytes, Math.min(this.#max, this.#bytes + Math.min(this.#bytes, STEP_MAX)));
  }

  /** A command behind it in the same transaction may read it. */
  wrote({ field, value }: LocalWrite): void {
    this.#bytes += WRITTEN_BYTES + (field?.length ?? 0) + (value?.length ?? 0);
  }
}
