/** What has gone by of a file, as its end has to say. */

import { mix32 } from "../base/hash.ts";
import type { ArchiveEnd } from "./description.ts";
import type { Frame } from "./frame.ts";

export class Tally {
  #chunks = 0;
  #records = 0;
  #bytes = 0;
  #checksum = 0;

  /** A header. */
  begin(frame: Frame): void {
    this.#sum(frame);
  }

  chunk(frame: Frame): void {
    this.#chunks++;
    this.#records += frame.records;
    this.#bytes += frame.rawLength;
    this.#sum(frame);
  }

  end(): ArchiveEnd {
    return { chunks: this.#chunks, records: this.#records, bytes: this.#bytes, checksum: this.#checksum };
  }

  /** Depends on the order. */
  #sum({ checksum }: Frame): void {
    this.#checksum = (Math.imul(mix32(this.#checksum), 31) ^ checksum) >>> 0;
  }
}
