/** What carries scripts out, which commands know no more of: a language, and what scripts of it see beside the commands. */

import type { Reply } from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";

export interface LoadedScript {
  /** SHA-1 of its text, 40 digits in lower case. */
  readonly digest: string;
  /** As latin1. */
  readonly text: string;
  /** It said that it writes nothing. */
  readonly isReadOnly: boolean;
}

/** What a script can reach beyond its language. */
export interface ScriptCaller {
  /** Carries a command out. What is wrong with it is the answer. Throws what ends the script, which may not go on. */
  call(words: CommandWords): Reply;
  /** The client may have the command carried out; undefined: there is none of the name. */
  may(words: CommandWords): boolean | undefined;
}

export interface ScriptEngine {
  /** Keeps it until others have taken its room. Throws `CommandError` where it cannot be understood. */
  load(text: Uint8Array): LoadedScript;
  /** By its digest, in either case. */
  find(digest: string): LoadedScript | undefined;
  /** Forgets all scripts. */
  flush(): void;
  /**
   * Runs a script that `load` or `find` gave, from its beginning to its end. What it does wrong is the answer. Throws what the caller threw.
   */
  run(script: LoadedScript, keys: CommandWords, args: CommandWords, caller: ScriptCaller): Reply;
}
