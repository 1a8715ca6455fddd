/** The parent's end of `memory-child.ts`. */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { bundle } from "../support/bundle.ts";
import { type Resident, residentOf } from "../support/process-status.ts";
import type { Facts, Figures, Filling, MemoryCall } from "./memory-child.ts";

type Answer = { readonly result?: unknown; readonly error?: string };

/** Between two looks at whether a process has come to rest, and the bytes by which it may differ then. */
const REST_LOOK_MS = 1000;
const REST_BYTES = 1024 * 1024;
const REST_LOOKS_MAX = 60;

export class MemoryProcess {
  readonly #child: ChildProcess;
  port = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(facts: Facts): Promise<MemoryProcess> {
    const file = await bundle(new URL("./memory-child.ts", import.meta.url).href);
    const child = fork(file, {
      execArgv: ["--enable-source-maps"],
      serialization: "advanced",
      // As `atoll start` does.
      env: { ...process.env, MALLOC_MMAP_THRESHOLD_: "131072" },
    });
    const started = new MemoryProcess(child);
    started.port = ((await started.#call({ command: "start", parameter: facts })) as { port: number }).port;
    return started;
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  async fill(filling: Filling): Promise<void> {
    await this.#call({ command: "fill", parameter: filling });
  }

  async askAtOnce(key: string, times: number): Promise<number> {
    return (await this.#call({ command: "askAtOnce", parameter: { key, times } })) as number;
  }

  async watch(prefix: string): Promise<void> {
    await this.#call({ command: "watch", parameter: prefix });
  }

  async events(): Promise<{ readonly counts: Readonly<Record<string, number>>; readonly lastAt: number }> {
    return (await this.#call({ command: "events" })) as Awaited<ReturnType<MemoryProcess["events"]>>;
  }

  async listed(prefix: string): Promise<number> {
    return (await this.#call({ command: "listed", parameter: prefix })) as number;
  }

  async figures(): Promise<Figures> {
    return (await this.#call({ command: "figures" })) as Figures;
  }

  resident(): Resident {
    return residentOf(this.pid);
  }

  /** What it takes once that changes no more. */
  restingResident(): Promise<Resident> {
    return restingResident(this.pid);
  }

  /** Gently. */
  async stop(): Promise<void> {
    await this.#call({ command: "stop" });
    await this.kill();
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }

  async #call(call: MemoryCall): Promise<unknown> {
    this.#child.send(call);
    const ended = (code: number | null) => this.#child.emit("message", { error: `a replica ended with ${code}` });
    this.#child.once("exit", ended);
    const [{ result, error }] = (await once(this.#child, "message")) as [Answer];
    this.#child.off("exit", ended);
    if (error !== undefined) throw new Error(error);
    return result;
  }
}

/** What a process takes once that changes no more, or a minute later. */
export async function restingResident(pid: number): Promise<Resident> {
  let last = residentOf(pid);
  for (let look = 0; look < REST_LOOKS_MAX; look++) {
    await new Promise((resolve) => setTimeout(resolve, REST_LOOK_MS));
    const now = residentOf(pid);
    if (Math.abs(now.bytes - last.bytes) < REST_BYTES) return now;
    last = now;
  }
  return last;
}
