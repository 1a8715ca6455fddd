/**
 * Runs `atoll` in the process of the test: what it reads and writes is put in place of this process's own streams and
 * variables meanwhile. Whether a process ends, and what signals do to it, only `runAtoll` shows.
 */

import { Readable, Writable } from "node:stream";
import { compile, type Finished, type RunOptions } from "./run-atoll.ts";

const STOPPING = ["SIGTERM", "SIGINT", "disconnect"] as const;

/** There is one process: who calls while another command runs waits for its end. */
let last: Promise<unknown> = Promise.resolve();

/** Runs a command to its end. */
export function runHere(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const run = last.then(() => runAlone(args, options));
  last = run.catch(() => {});
  return run;
}

async function runAlone(args: readonly string[], { input = "", env = {}, cwd }: RunOptions): Promise<Finished> {
  const { main }: typeof import("./entry.ts") = await import(await compile());
  const [stdout, stderr] = [new Kept(), new Kept()];
  const stdin = Readable.from(input.length === 0 ? [] : [Buffer.from(input)]);
  const restore = [standIn({ stdin, stdout, stderr }), withEnvironment(env), inFolder(cwd), withoutNewListeners()];
  try {
    const code = await main(args);
    return { code, stdout: stdout.bytes(), stderr: stderr.bytes().toString() };
  } finally {
    for (const undo of restore) undo();
  }
}

/** What was written, and no terminal. */
class Kept extends Writable {
  readonly #chunks: Buffer[] = [];

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#chunks.push(chunk);
    done();
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

function standIn(streams: Readonly<Record<"stdin" | "stdout" | "stderr", object>>): () => void {
  const undo = Object.entries(streams).map(([name, stream]) => {
    const own = Object.getOwnPropertyDescriptor(process, name) ?? {};
    Object.defineProperty(process, name, { configurable: true, enumerable: true, value: stream });
    return () => Object.defineProperty(process, name, own);
  });
  return () => undo.forEach((each) => void each());
}

/** Nothing of this process's own `ATOLL_...` variables reaches the command. */
function withEnvironment(env: Readonly<Record<string, string>>): () => void {
  const own = process.env;
  const inherited = Object.entries(own).filter(([name]) => !name.startsWith("ATOLL_"));
  process.env = { ...Object.fromEntries(inherited), ...env };
  return () => {
    process.env = own;
  };
}

function inFolder(folder: string | undefined): () => void {
  const own = process.cwd();
  if (folder !== undefined) process.chdir(folder);
  return () => process.chdir(own);
}

/** A command listens for what stops it until its process ends. */
function withoutNewListeners(): () => void {
  const own = STOPPING.map((event) => ({ event, listeners: new Set(process.listeners(event as "SIGTERM")) }));
  return () => {
    for (const { event, listeners } of own) {
      for (const each of process.listeners(event as "SIGTERM")) if (!listeners.has(each)) process.off(event, each);
    }
  };
}
