/**
 * Commands whose effect on keys is told of, each as a whole, to whoever wants that. The registers that one writes are marked for
 * those who watch (`isOfCommand`), so that nobody is told of a key twice.
 */

import type { Key } from "../../base/ids.ts";
import type { KeyNotice, QueuedCommand } from "../../command-store.ts";
import { isDeletion } from "../../core/containers/container-part.ts";
import { FLAG_DEAD, FLAG_GONE, flagsAt } from "../../core/record/record.ts";
import type { Audience } from "../../replica/audience.ts";
import { keyOf } from "../../replica/register-view.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { type KeyChange, noticesOf } from "./notices.ts";

export class ToldCommands {
  /** Told once a command is done. Absent: nobody wants to know, and nothing is noted. */
  listener: ((notice: KeyNotice) => void) | undefined;

  /** Undefined: nobody wants to know. */
  begin(audience: Audience, command: QueuedCommand): Telling | undefined {
    return this.listener && new Telling(this.listener, audience, command);
  }

  /** Carries out `run`, which is the command. What it has done is told of also where it throws. */
  around<T>(workspace: Workspace, audience: Audience, command: QueuedCommand, run: () => T): T {
    const telling = this.begin(audience, command);
    if (telling === undefined) return run();
    let isDone = false;
    try {
      const result = telling.during(run);
      isDone = true;
      return result;
    } finally {
      telling.end(workspace, isDone);
    }
  }
}

/** Of one command, in however many turns it is carried out. */
class Telling {
  readonly #listener: (notice: KeyNotice) => void;
  readonly #audience: Audience;
  readonly #command: QueuedCommand;
  /** Of all turns so far. */
  readonly #changes = new Map<Key, KeyChange>();

  constructor(listener: (notice: KeyNotice) => void, audience: Audience, command: QueuedCommand) {
    this.#listener = listener;
    this.#audience = audience;
    this.#command = command;
  }

  /** Carries out a turn of it. */
  during<T>(run: () => T): T {
    const audience = this.#audience;
    const around = audience.ofCommand;
    audience.ofCommand = (view, at) => noteChange(this.#changes, view, at);
    try {
      return run();
    } finally {
      audience.ofCommand = around;
    }
  }

  /** Of one that is not done, and has changed nothing, there is nothing to tell. */
  end(workspace: Workspace, isDone: boolean): void {
    if (!isDone && this.#changes.size === 0) return;
    const isThere = (key: Key): boolean => workspace.typeOf(key) !== undefined;
    for (const notice of noticesOf(this.#command, this.#changes, isThere)) this.#listener(notice);
  }
}

function noteChange(changes: Map<Key, KeyChange>, view: DataView, at: number): void {
  const key = keyOf(view, at);
  let change = changes.get(key);
  if (change === undefined) {
    change = { isWritten: false, isTaken: false };
    changes.set(key, change);
  }
  const isTaken = (flagsAt(view, at) & (FLAG_DEAD | FLAG_GONE)) !== 0 || isDeletion(view, at);
  if (isTaken) change.isTaken = true;
  else change.isWritten = true;
}
