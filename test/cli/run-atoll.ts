/** Runs `atoll` as users do: in a process of its own, with its streams and its exit code. */

import { type ChildProcess, spawn } from "node:child_process";
import { buffer } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import { bundle } from "../support/bundle.ts";

export interface Finished {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: Uint8Array | string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

let compiled: Promise<string> | undefined;

/** The path of the command line, compiled: a script to run, which exports `main` as well. */
export function compile(): Promise<string> {
  compiled ??= bundle(new URL("./entry.ts", import.meta.url).href);
  return compiled;
}

/** Starts a command, and kills it when the test that called is over. */
export async function spawnAtoll(args: readonly string[], options: RunOptions = {}): Promise<ChildProcess> {
  const child = await launch(args, options);
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

/** Nothing of this process's own `ATOLL_...` variables reaches the command. */
async function launch(args: readonly string[], options: RunOptions): Promise<ChildProcess> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("ATOLL_"));
  const child = spawn(process.execPath, [await compile(), ...args], {
    env: { ...Object.fromEntries(inherited), ...options.env },
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin?.on("error", () => {});
  child.stdin?.end(options.input ?? "");
  return child;
}

/** Runs a command to its end. */
export async function runAtoll(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return finished(await launch(args, options));
}

export async function finished(child: ChildProcess): Promise<Finished> {
  if (child.stdout === null || child.stderr === null) throw new Error("BUG: the child's streams are not piped");
  const exit = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const [stdout, stderr, code] = await Promise.all([buffer(child.stdout), buffer(child.stderr), exit]);
  return { code, stdout, stderr: stderr.toString() };
}
