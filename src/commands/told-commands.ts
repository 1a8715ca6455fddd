/**
 * Commands whose effect on keys is told of, each as a whole, to whoever wants that. The registers that one writes are marked for
 * those who watch (`isOfCommand`), so that nobody is told of a key twice.
 */

import type { Key } from "../base/ids.ts";
import type { KeyNotice, QueuedCommand } from "../command-store.ts";
import { isDeletion } from "../core/container-part.ts";
import { FLAG_DEAD, FLAG_GONE, flagsAt } from "../core/record.ts";
import type { Audience } from "../replica/audience.ts";
import { keyOf } from "../replica/register-view.ts";
import { type KeyChange, noticesOf } from "./notices.ts";
import type { Workspace } from "./workspace.ts";

export class ToldCommands {
  /** Told once a command is done. Absent: nobody wants to know, and nothing is noted. */
  listener: ((notice: KeyNotice) => void) | undefined;

  /** Carries out `run`, which is the command or a turn of it. What it has done is told of also where it throws. */
  around<T>(workspace: Workspace, audience: Audience, command: QueuedCommand, run: () => T): T {
    const { listener } = this;
    if (listener === undefined) return run();
    const changes = new Map<Key, KeyChange>();
    let isDone = false;
    const around = audience.ofCommand;
    audience.ofCommand = (view, at) => noteChange(changes, view, at);
    try {
      const result = run();
      isDone = true;
      return result;
    } finally {
      audience.ofCommand = around;
      if (isDone || changes.size > 0) {
        const isThere = (key: Key): boolean => workspace.typeOf(key) !== undefined;
        for (const notice of noticesOf(command, changes, isThere)) listener(notice);
      }
    }
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
