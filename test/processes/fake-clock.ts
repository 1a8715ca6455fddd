/** A wall clock that jumps while its process runs (libfaketime): timers and the monotonic clock go on as they are. */

import { existsSync, renameSync, writeFileSync } from "node:fs";

const LIBRARIES = ["x86_64", "aarch64"].map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketimeMT.so.1`);
const library = LIBRARIES.find((path) => existsSync(path));

/** Why no clock can be set here, for `skip`; nothing where one can. */
export const whyNoFakeClock =
  library === undefined ? "SKIPPED: needs libfaketime (Debian package libfaketime)" : undefined;

export class FakeClock {
  readonly #file: string;
  #offsetMs = 0;

  /** `file` is this clock's own; the process reads it at each look at the time. */
  constructor(file: string) {
    this.#file = file;
    this.set(0);
  }

  get offsetMs(): number {
    return this.#offsetMs;
  }

  set(offsetMs: number): void {
    this.#offsetMs = offsetMs;
    const sign = offsetMs < 0 ? "-" : "+";
    // As a whole: a reader that finds half of it would be somewhen.
    writeFileSync(`${this.#file}.new`, `${sign}${Math.abs(offsetMs) / 1000}s\n`);
    renameSync(`${this.#file}.new`, this.#file);
  }

  /** What a process has to be started with. */
  environment(): Readonly<Record<string, string>> {
    if (library === undefined) throw new Error(whyNoFakeClock);
    return {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      DONT_FAKE_MONOTONIC: "1",
    };
  }
}
