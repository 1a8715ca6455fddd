/** What commands that run as one, or one turn of a command that takes several, may do at most: nobody else has a turn meanwhile. */

import { CommandError } from "../words/command-error.ts";

const GONE_THROUGH_MAX = 256 * 1024 * 1024;
/** Keys and members. */
export const LOOKED_MAX = 200_000;

export class TurnBounds {
  #goneThrough = 0;
  #looked = 0;

  begin(): void {
    this.#goneThrough = 0;
    this.#looked = 0;
  }

  /** Bytes that are about to be gone through one by one. Throws `CommandError`. */
  goThrough(bytes: number): void {
    this.#goneThrough += bytes;
    if (this.#goneThrough > GONE_THROUGH_MAX)
      throw new CommandError(`ERR commands that run as one go through at most ${GONE_THROUGH_MAX} bytes`);
  }

  /** Registers that were looked at. */
  looked(registers: number): void {
    this.#looked += registers;
  }

  /** At so many more, at once. Throws `CommandError`. */
  look(registers: number): void {
    this.mayLook(registers);
    this.looked(registers);
  }

  /** Whether so many more may be looked at. Throws `CommandError`. */
  mayLook(registers: number): void {
    if (this.#looked + registers > LOOKED_MAX)
      throw new CommandError(`ERR commands that run as one look at no more than ${LOOKED_MAX} keys and members`);
  }
}
