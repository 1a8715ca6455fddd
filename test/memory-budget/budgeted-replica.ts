/** A replica in a process of its own with a bound for its memory, and what the system says that it takes. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { nodeDefaults } from "../../src/node/node-config.ts";
import type { ChildConfig, ChildMessage } from "../end-to-end/replica-process.ts";
import { bundle } from "../support/bundle.ts";
import { residentOf } from "../support/process-status.ts";

const SAMPLE_MS = 200;

export interface Sample {
  /** Since the run began. */
  readonly atMs: number;
  readonly bytes: number;
  readonly ownBytes: number;
}

export interface BudgetedReplicaOptions {
  /** Of what runs in its process (`replica-child.ts`), to be bundled. */
  readonly program: URL;
  readonly data: string;
  readonly memoryBytes: number;
  readonly environment?: Readonly<Record<string, string>>;
}

export class BudgetedReplica {
  readonly samples: Sample[] = [];
  port = 0;
  readonly #options: BudgetedReplicaOptions;
  readonly #begun = performance.now();
  #child: ChildProcess | undefined;
  #sampling: ReturnType<typeof setInterval> | undefined;

  constructor(options: BudgetedReplicaOptions) {
    this.#options = options;
  }

  /** On what its folder holds. */
  async start(): Promise<void> {
    const { program, data, memoryBytes, environment = {} } = this.#options;
    const config: ChildConfig = { ...nodeDefaults, data, memoryBytes, port: 0, logLevel: "error" };
    const script = await bundle(program.href);
    const child = spawn(process.execPath, ["--enable-source-maps", "--max-semi-space-size=4", script], {
      // As `atoll start` does with so little memory.
      env: { ...process.env, MALLOC_MMAP_THRESHOLD_: "131072", ...environment, ATOLL_CHILD: JSON.stringify(config) },
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      serialization: "advanced",
    });
    this.#child = child;
    this.#sampling = setInterval(() => this.#sample(), SAMPLE_MS);
    this.port = Number((await readyAddress(child)).split(":").at(-1));
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    clearInterval(this.#sampling);
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  }

  #sample(): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      const atMs = performance.now() - this.#begun;
      this.samples.push({ atMs, ...residentOf(pid) });
    } catch {
      // It has ended: whoever asks it something is told.
    }
  }
}

function readyAddress(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.on("message", (message: ChildMessage) => {
      if (message.type === "ready") resolve(message.address);
      if (message.type === "failed") reject(new Error(`${message.code}: ${message.message}`));
    });
    child.once("exit", (code, signal) => reject(new Error(`the replica ended with ${code ?? signal}`)));
  });
}
