/**
 * A command that waits for what others may write, perhaps for ever. Meanwhile the connection is read on for a while: else nobody
 * would notice that the client has gone, and what comes would be taken for it and lost.
 */

import type { Reply } from "../../command-reply.ts";
import type { BlockedCommand } from "../../command-store.ts";

/** What comes behind such a command and is read. */
const AHEAD_BYTES_MAX = 64 * 1024;

export class ReadAhead {
  #command: BlockedCommand | undefined;
  #bytes = 0;
  #isClosed = false;
  readonly #began: () => void;

  /** `began`: more is read from now on, and of the words of the command only copies are kept. */
  constructor(began: () => void) {
    this.#began = began;
  }

  get isBlocked(): boolean {
    return this.#command !== undefined;
  }

  get readsAhead(): boolean {
    return this.isBlocked && this.#bytes <= AHEAD_BYTES_MAX;
  }

  begin(command: BlockedCommand): void {
    if (this.#isClosed) return command.end();
    this.#command = command;
    this.#bytes = 0;
    this.#began();
  }

  took(bytes: number): void {
    this.#bytes += bytes;
  }

  /** False: none waits. */
  end(reply?: Reply): boolean {
    const command = this.#command;
    this.#command = undefined;
    command?.end(reply);
    return command !== undefined;
  }

  /** The client has gone. */
  close(): void {
    this.#isClosed = true;
    this.end();
  }

  /** It has been answered. */
  done(): void {
    this.#command = undefined;
  }
}
