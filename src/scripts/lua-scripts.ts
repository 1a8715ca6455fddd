/**
 * Scripts of Redis clients: kept by the digest of their text, as many as there is room for, and run in one interpreter. That is made for the
 * first script, and anew after one that had to be ended.
 */

import { latin1FromBytes } from "../base/bytes.ts";
import { errorReply, type Reply } from "../command-reply.ts";
import type { CommandWords } from "../command-store.ts";
import type { LoadedScript, ScriptCaller, ScriptEngine } from "../commands/rows/script-engine.ts";
import { CommandError } from "../commands/words/command-error.ts";
import { ScriptMachine, type ScriptMachineOptions } from "./script-machine.ts";
import { headOf } from "./shebang.ts";

export interface LuaScriptsOptions extends Omit<ScriptMachineOptions, "memoryBytesMax"> {
  readonly limits?: Partial<ScriptLimits>;
}

export interface ScriptLimits {
  /** Whoever was not used for longest is forgotten: `EVALSHA` then says so, and clients send the text. */
  readonly scriptsMax: number;
  readonly scriptBytesMax: number;
  /** Of texts that are compiled in one interpreter: what they take there is not for those that run. Beyond, another is begun. */
  readonly compiledBytesMax: number;
  readonly memoryBytesMax: number;
  /** How long a script may run when nobody has set it. */
  readonly timeLimitMs: number;
}

export const scriptLimits: ScriptLimits = {
  scriptsMax: 10_000,
  scriptBytesMax: 16 * 1024 * 1024,
  compiledBytesMax: 1024 * 1024,
  memoryBytesMax: 64 * 1024 * 1024,
  timeLimitMs: 250,
};

interface Script extends LoadedScript {
  readonly bytes: Uint8Array;
  /** Where its function is in `machine`. */
  reference: number;
  machine: ScriptMachine | undefined;
}

export class LuaScripts implements ScriptEngine {
  timeLimitMs: number;
  readonly #options: LuaScriptsOptions;
  readonly #limits: ScriptLimits;
  #machine: ScriptMachine | undefined;
  #isRunning = false;
  /** The first was not used for longest. */
  readonly #byDigest = new Map<string, Script>();
  readonly #byText = new Map<string, Script>();
  #bytes = 0;

  constructor(options: LuaScriptsOptions) {
    this.#options = options;
    this.#limits = { ...scriptLimits, ...options.limits };
    this.timeLimitMs = this.#limits.timeLimitMs;
  }

  /** Scripts that are kept, and the bytes of their texts. */
  get kept(): { readonly scripts: number; readonly bytes: number } {
    return { scripts: this.#byDigest.size, bytes: this.#bytes };
  }

  load(bytes: Uint8Array): LoadedScript {
    const text = latin1FromBytes(bytes);
    const known = this.#byText.get(text);
    if (known !== undefined) return this.#used(known);
    if (bytes.length > this.#limits.scriptBytesMax)
      throw new CommandError(`ERR a script has at most ${this.#limits.scriptBytesMax} bytes`);
    const { bodyAt, isReadOnly } = headOf(text);
    const digest = this.#options.digestOf(bytes);
    const script: Script = { text, bytes: bytes.slice(bodyAt), digest, isReadOnly, reference: 0, machine: undefined };
    this.#compiled(script);
    this.#byText.set(text, script);
    this.#byDigest.set(digest, script);
    this.#bytes += text.length;
    this.#forgetOldest();
    return script;
  }

  find(digest: string): LoadedScript | undefined {
    const script = this.#byDigest.get(digest.toLowerCase());
    return script === undefined ? undefined : this.#used(script);
  }

  flush(): void {
    this.#byDigest.clear();
    this.#byText.clear();
    this.#bytes = 0;
    this.#machine = undefined;
  }

  run(loaded: LoadedScript, keys: CommandWords, args: CommandWords, caller: ScriptCaller): Reply {
    if (this.#isRunning) return errorReply("ERR a script runs already");
    const script = loaded as Script;
    const machine = this.#compiled(script);
    this.#isRunning = true;
    try {
      return machine.run(script, { keys, args, caller, timeLimitMs: this.timeLimitMs });
    } finally {
      this.#isRunning = false;
      if (machine.isSpent) this.#machine = undefined;
    }
  }

  #used(script: Script): Script {
    this.#byDigest.delete(script.digest);
    this.#byDigest.set(script.digest, script);
    return script;
  }

  /** Has its function in the machine of now, or in a new one where that is full of those of others. Throws `CommandError`. */
  #compiled(script: Script): ScriptMachine {
    const before = this.#machine;
    if (before !== undefined && script.machine === before) return before;
    const first = this.#compile(script);
    const wrong = first !== undefined && before?.isSpent === true ? this.#compile(script) : first;
    if (wrong !== undefined) throw new CommandError(`ERR Error compiling script (new function): ${wrong}`);
    return script.machine as ScriptMachine;
  }

  /** What is wrong with it. A machine that has no memory for it is given up, with what else it has compiled. */
  #compile(script: Script): string | undefined {
    const { memoryBytesMax, compiledBytesMax } = this.#limits;
    const compiledBytes = this.#machine?.compiledBytes ?? 0;
    if (compiledBytes > 0 && compiledBytes + script.bytes.length > compiledBytesMax) this.#machine = undefined;
    this.#machine ??= new ScriptMachine({ ...this.#options, memoryBytesMax });
    const machine = this.#machine;
    const reference = machine.compile(script.bytes);
    if (machine.isSpent) this.#machine = undefined;
    if (typeof reference === "string") return reference;
    script.reference = reference;
    script.machine = machine;
    return undefined;
  }

  #forgetOldest(): void {
    for (const script of this.#byDigest.values()) {
      if (this.#byDigest.size <= this.#limits.scriptsMax && this.#bytes <= this.#limits.scriptBytesMax) return;
      this.#byDigest.delete(script.digest);
      this.#byText.delete(script.text);
      this.#bytes -= script.text.length;
      if (script.machine === this.#machine) this.#machine?.forget(script.reference);
    }
  }
}
