/** Commands that a script has carried out: what it may not do, in Redis's words, and the rest on the spot. */

import { latin1FromBytes } from "../../base/bytes.ts";
import { errorReply, OK, type Reply } from "../../command-reply.ts";
import type { CommandClient, CommandFacts, CommandWords } from "../../command-store.ts";
import { subcommandFault } from "../../command-subcommands.ts";
import type { CommandRow } from "./command-row.ts";
import type { ScriptCaller } from "./script-engine.ts";

const UNKNOWN = errorReply("ERR Unknown Redis command called from script");
const WRONG_ARITY = errorReply("ERR Wrong number of args calling Redis command from script");
export const NOT_ALLOWED = errorReply("ERR This Redis command is not allowed from script");
const READ_ONLY = errorReply("ERR Write commands are not allowed from read-only scripts.");
const WAITS = errorReply("ERR what this command waits for cannot be waited for in a script");
/** Would change what the commands behind the script are about. */
const NOT_IN_SCRIPTS = new Set(["select"]);

/** What a command answers; throws what has to be waited for. */
export type Execute = (words: CommandWords, facts: CommandRow) => Reply;

export interface ScriptCallsOptions {
  readonly execute: Execute;
  readonly client: CommandClient;
  readonly isReadOnly: boolean;
  /** Told that others may have heard of what a command of the connection did, which a script that begins again would do twice. */
  readonly sent: () => void;
}

export class ScriptCalls implements ScriptCaller {
  readonly #table: ReadonlyMap<string, CommandRow>;
  readonly #execute: Execute;
  readonly #client: CommandClient;
  readonly #isReadOnly: boolean;
  readonly #sent: () => void;

  constructor(table: ReadonlyMap<string, CommandRow>, { execute, client, isReadOnly, sent }: ScriptCallsOptions) {
    this.#sent = sent;
    this.#table = table;
    this.#execute = execute;
    this.#client = client;
    this.#isReadOnly = isReadOnly;
  }

  call(words: CommandWords): Reply {
    const facts = this.#factsOf(words);
    if (facts === undefined) return UNKNOWN;
    const { arity, flags } = facts;
    if (arity >= 0 ? words.length !== arity : words.length < -arity) return WRONG_ARITY;
    const fault = subcommandFault(words, facts);
    if (fault !== undefined) return fault === "unknown" ? UNKNOWN : WRONG_ARITY;
    if (flags.has("noscript") || NOT_IN_SCRIPTS.has(facts.name)) return NOT_ALLOWED;
    const refusal = this.#client.refusal?.(words, facts);
    if (refusal !== undefined) return refusalReply(refusal);
    if (this.#isReadOnly && (flags.has("write") || flags.has("may_replicate"))) return READ_ONLY;
    return facts.isOfConnection ? this.#ofConnection(words, facts) : this.#execute(words, facts);
  }

  may(words: CommandWords): boolean | undefined {
    const facts = this.#factsOf(words);
    return facts === undefined ? undefined : this.#client.refusal?.(words, facts) === undefined;
  }

  #factsOf(words: CommandWords): CommandRow | undefined {
    const name = words[0] as Uint8Array;
    return name.length > 64 ? undefined : this.#table.get(latin1FromBytes(name).toLowerCase());
  }

  #ofConnection(words: CommandWords, facts: CommandFacts): Reply {
    if (this.#client.carryOut === undefined) return NOT_ALLOWED;
    const reply = this.#client.carryOut(words, facts);
    if (facts.flags.has("may_replicate")) this.#sent();
    if (!(reply instanceof Promise)) return reply ?? OK;
    // Nobody hears how it ends.
    reply.catch(() => {});
    return WAITS;
  }
}

function refusalReply(refusal: string): Reply {
  const what = refusal.includes("channels")
    ? "publish to the channel mentioned in the command"
    : refusal.includes("keys")
      ? "access at least one of the keys mentioned in the command arguments"
      : "run this command or subcommand";
  return errorReply(`ERR The user executing the script can't ${what}`);
}
