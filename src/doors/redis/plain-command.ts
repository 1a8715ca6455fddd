/** `GET key` and `SET key value` as they lie in what a client sent: of each where its words are, and nothing else is made. */

import type { PlainWords } from "../../base/plain-words.ts";

export const NO_BYTES = new DataView(new ArrayBuffer(0));

/** As many are read at once, and looked at ahead of being carried out. */
const RUN_MAX = 16;

/** One of them, which. Each is used again for another. */
export class PlainCommand implements PlainWords {
  bytes: DataView = NO_BYTES;
  isSet = false;
  keyStart = 0;
  keyEnd = 0;
  valueStart = 0;
  valueEnd = 0;
  start = 0;
  end = 0;
}

/** Some that come one behind the other. */
export class PlainRun {
  readonly commands: readonly PlainCommand[] = Array.from({ length: RUN_MAX }, () => new PlainCommand());
  count = 0;
  #next = 0;
  #isNew = false;
  /** So many commands have bytes, of this run or of one before it. */
  #filled = 0;

  /** Nothing of it counts any more, and the bytes that it lies in are kept no longer. */
  clear(): void {
    for (let i = 0; i < this.#filled; i++) (this.commands[i] as PlainCommand).bytes = NO_BYTES;
    this.#filled = 0;
    this.count = 0;
    this.#next = 0;
    this.#isNew = false;
  }

  /** So many have been read into `commands`. */
  begin(count: number): void {
    this.count = count;
    this.#filled = Math.max(this.#filled, count);
    this.#next = 0;
    this.#isNew = true;
  }

  /** The one that begins at `at`; those before it have been read otherwise. */
  at(at: number): PlainCommand | undefined {
    for (; this.#next < this.count; this.#next++) {
      const command = this.commands[this.#next] as PlainCommand;
      if (command.start === at) return command;
    }
    return undefined;
  }

  /** True once, where it is a run of several. */
  takeNew(): boolean {
    const isNew = this.#isNew && this.count > 1;
    this.#isNew = false;
    return isNew;
  }
}
