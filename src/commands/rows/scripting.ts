/** Scripts: one command that carries out others, with nothing in between. */

import { bytesFromLatin1, latin1FromBytes } from "../../base/bytes.ts";
import { arrayReply, errorReply, integerReply, OK, type Reply, statusReply, textReply } from "../../command-reply.ts";
import type { CommandFacts, CommandWords } from "../../command-store.ts";
import { CommandError } from "../words/command-error.ts";
import { expectNumber } from "../words/number-text.ts";
import { optionOf, wordOf } from "../words/words.ts";
import { rowsOf } from "./command-row.ts";
import type { LoadedScript, ScriptCaller, ScriptEngine } from "./script-engine.ts";

const TABLE = `
eval       -3 noscript,stale,skip_monitor,may_replicate,no_mandatory_keys,movablekeys          0 0 0@2  2.6.0 Execute a Lua script server side
evalsha    -3 noscript,stale,skip_monitor,may_replicate,no_mandatory_keys,movablekeys          0 0 0@2  2.6.0 Execute a Lua script server side
eval_ro    -3 readonly,noscript,stale,skip_monitor,no_mandatory_keys,movablekeys               0 0 0@2  7.0.0 Execute a read-only Lua script server side
evalsha_ro -3 readonly,noscript,stale,skip_monitor,no_mandatory_keys,movablekeys               0 0 0@2  7.0.0 Execute a read-only Lua script server side
script     -2 noscript                                                                         0 0 0    2.6.0 A container for Lua scripts management commands
`;

const NO_SCRIPT = "NOSCRIPT No matching script. Please use EVAL.";
const DIGEST_LENGTH = 40;
/** What is the same of the text as one of these is of its digest. */
const OF_TEXT: Readonly<Record<string, string>> = { evalsha: "eval", evalsha_ro: "eval_ro" };

const HELP = [
  "SCRIPT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
  "DEBUG (YES|SYNC|NO)",
  "    Set the debug mode for subsequent scripts executed.",
  "EXISTS <sha1> [<sha1> ...]",
  "    Return information about the existence of the scripts in the script cache.",
  "FLUSH [ASYNC|SYNC]",
  "    Flush the Lua scripts cache. Very dangerous on replicas.",
  "    When called without the optional mode argument, the behavior is determined by the",
  "    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
  "    * ASYNC: Asynchronously flush the scripts cache.",
  "    * SYNC: Synchronously flush the scripts cache.",
  "KILL",
  "    Kill the currently executing Lua script.",
  "LOAD <script>",
  "    Load a script into the scripts cache without executing it.",
  "HELP",
  "    Prints this help.",
];

/** What a command about scripts is carried out with. */
export interface ScriptWork {
  readonly engine: ScriptEngine;
  /** For one script. */
  caller(isReadOnly: boolean): ScriptCaller;
}

export type ScriptCommand = (work: ScriptWork, words: CommandWords) => Reply;

/** The script is looked up only once its keys are told from its arguments. */
function run(work: ScriptWork, words: CommandWords, find: () => LoadedScript, isReadOnly: boolean): Reply {
  const count = expectNumber(words[2]);
  if (count > words.length - 3) throw new CommandError("ERR Number of keys can't be greater than number of args");
  if (count < 0) throw new CommandError("ERR Number of keys can't be negative");
  const script = find();
  const caller = work.caller(isReadOnly || script.isReadOnly);
  return work.engine.run(script, words.slice(3, 3 + count), words.slice(3 + count), caller);
}

function ofText(isReadOnly: boolean): ScriptCommand {
  return (work, words) => run(work, words, () => work.engine.load(wordOf(words, 1)), isReadOnly);
}

function ofDigest(isReadOnly: boolean): ScriptCommand {
  return (work, words) => run(work, words, () => expectScript(work.engine, words), isReadOnly);
}

function expectScript(engine: ScriptEngine, words: CommandWords): LoadedScript {
  const script = findScript(engine, words);
  if (script === undefined) throw new CommandError(NO_SCRIPT);
  return script;
}

function findScript(engine: ScriptEngine, words: CommandWords): LoadedScript | undefined {
  const digest = wordOf(words, 1);
  return digest.length === DIGEST_LENGTH ? engine.find(latin1FromBytes(digest)) : undefined;
}

/**
 * A command as another replica is asked to carry it out: scripts are loaded where their clients are, so one that is known here goes
 * as its text.
 */
export function withScript(
  words: CommandWords,
  { name }: CommandFacts,
  engine: ScriptEngine | undefined,
): CommandWords {
  const ofText = OF_TEXT[name];
  const script = ofText === undefined || engine === undefined ? undefined : findScript(engine, words);
  if (ofText === undefined || script === undefined) return words;
  return [bytesFromLatin1(ofText), bytesFromLatin1(script.text), ...words.slice(2)];
}

function script({ engine }: ScriptWork, words: CommandWords): Reply {
  const subcommand = optionOf(words, 1);
  switch (subcommand) {
    case "load":
      return textReply(engine.load(wordOf(words, 2)).digest);
    case "exists":
      return arrayReply(
        words.slice(2).map((word) => integerReply(engine.find(latin1FromBytes(word)) === undefined ? 0 : 1)),
      );
    case "flush": {
      const mode = optionOf(words, 2);
      if (words.length > 3 || (words.length === 3 && mode !== "sync" && mode !== "async"))
        throw new CommandError("ERR SCRIPT FLUSH only support SYNC|ASYNC option");
      engine.flush();
      return OK;
    }
    case "kill":
      // A script runs to its end before another command is looked at.
      return errorReply("NOTBUSY No scripts in execution right now.");
    case "debug":
      throw new CommandError("ERR scripts cannot be stepped through here");
    default:
      return arrayReply(HELP.map(statusReply));
  }
}

const SCRIPT_COMMANDS: Readonly<Record<string, ScriptCommand>> = {
  eval: ofText(false),
  eval_ro: ofText(true),
  evalsha: ofDigest(false),
  evalsha_ro: ofDigest(true),
  script,
};

/** Rows of the table, each with what `runScript` gives what it is carried out with. */
export const scriptingRows = rowsOf("scripting", TABLE).map((row) => ({
  ...row,
  isOfConnection: false,
  runScript: SCRIPT_COMMANDS[row.name] as ScriptCommand,
}));
