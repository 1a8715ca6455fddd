/** One bash that is typed into, so that what one command sets the next one sees. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { untilTrue } from "./until.ts";

export interface Printed {
  readonly code: number;
  readonly output: string;
}

/** Between the output of two commands. */
const SENTINEL = "=== done with";

export class Shell {
  readonly #bash: ChildProcess;
  readonly #folder: string;
  #output = "";
  #commands = 0;

  constructor(folder: string, environment: Readonly<Record<string, string>>) {
    this.#folder = folder;
    // In a process group of its own, with all that it starts: `close` ends them together.
    this.#bash = spawn("bash", ["--noprofile", "--norc"], {
      cwd: folder,
      env: { ...process.env, ...environment },
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
    const read = (chunk: Buffer) => (this.#output += chunk.toString());
    this.#bash.stdout?.on("data", read);
    this.#bash.stderr?.on("data", read);
    process.on("exit", this.#killGroup);
  }

  /** Runs a command to its end. */
  async run(command: string, withinMs: number): Promise<Printed> {
    const number = ++this.#commands;
    const start = this.#output.length;
    this.#bash.stdin?.write(`{ ${command}\n} < /dev/null 2>&1; echo "${SENTINEL} ${number} $?"\n`);
    const end = new RegExp(`${SENTINEL} ${number} (\\d+)\\n`);
    await untilTrue(`it has run: ${command}`, () => end.test(this.#output.slice(start)), {
      withinMs,
      describe: () => this.#output.slice(start),
    });
    const printed = this.#output.slice(start);
    const match = end.exec(printed);
    return { code: Number(match?.[1]), output: printed.slice(0, match?.index) };
  }

  /** Starts a command in the background; returns how to read what it has printed so far. */
  async runInBackground(command: string): Promise<() => string> {
    const file = join(this.#folder, `background-${++this.#commands}.log`);
    await this.run(`( ${command} ) > ${file} 2>&1 &`, 10_000);
    return () => readFileSync(file, "utf8");
  }

  async close(): Promise<void> {
    process.off("exit", this.#killGroup);
    const exit = once(this.#bash, "exit");
    this.#killGroup();
    await exit;
  }

  readonly #killGroup = () => {
    try {
      if (this.#bash.pid !== undefined) process.kill(-this.#bash.pid, "SIGKILL");
    } catch {
      // All have gone already.
    }
  };
}
