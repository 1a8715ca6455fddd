/** The first line of a script may begin with `#!lua` and say what the script keeps to: `#!lua flags=no-writes,allow-stale`. */

import { CommandError } from "../commands/words/command-error.ts";

/** What Redis knows; all but the first change nothing here. */
const FLAGS = new Set(["no-writes", "allow-oom", "allow-stale", "no-cluster", "allow-cross-slot-keys"]);

export interface ScriptHead {
  /** Where the script itself begins: the end of the line stays, so that its lines are counted as they were sent. */
  readonly bodyAt: number;
  readonly isReadOnly: boolean;
}

/** Throws `CommandError`. */
export function headOf(text: string): ScriptHead {
  if (!text.startsWith("#!")) return { bodyAt: 0, isReadOnly: false };
  const bodyAt = text.indexOf("\n");
  if (bodyAt < 0) throw new CommandError("ERR Invalid script shebang");
  const [engine = "", ...parts] = text.slice(0, bodyAt).split(" ");
  if (engine !== "#!lua") throw new CommandError(`ERR Unexpected engine in script shebang: ${engine}`);
  let isReadOnly = false;
  for (const part of parts.filter((each) => each !== "")) {
    if (!part.startsWith("flags=")) throw new CommandError(`ERR Unknown lua shebang option: ${part}`);
    for (const flag of part.slice("flags=".length).split(",")) {
      if (flag === "") continue;
      if (!FLAGS.has(flag)) throw new CommandError(`ERR Unexpected flag in script shebang: ${flag}`);
      if (flag === "no-writes") isReadOnly = true;
    }
  }
  return { bodyAt, isReadOnly };
}
