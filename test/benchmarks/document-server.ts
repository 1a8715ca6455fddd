/** The parent's end of `document-server-child.ts`. */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { bundle } from "../support/bundle.ts";
import type { Kind, ServerCall, ServerCommands } from "./document-server-child.ts";

export interface ServerOptions {
  /** A folder; absent = in memory only. */
  readonly data?: string;
  readonly joinPort?: number;
}

export class DocumentServer {
  readonly kind: Kind;
  readonly port: number;
  readonly #child: ChildProcess;
  #turn: Promise<unknown> = Promise.resolve();

  static async start(kind: Kind, { data = "none", joinPort }: ServerOptions = {}): Promise<DocumentServer> {
    const script = await bundle(new URL("./document-server-child.ts", import.meta.url).href);
    const words = [kind, data, ...(joinPort === undefined ? [] : [String(joinPort)])];
    const stdio = ["ignore", "ignore", "ignore", "ipc"] as const;
    const child = fork(script, words, { execArgv: ["--expose-gc"], stdio: [...stdio] });
    return new DocumentServer(kind, (await resultOf(child)) as number, child);
  }

  private constructor(kind: Kind, port: number, child: ChildProcess) {
    this.kind = kind;
    this.port = port;
    this.#child = child;
  }

  /** Where clients find a document. */
  url(key: string): string {
    return `ws://127.0.0.1:${this.port}/${this.kind === "atoll" ? "yjs/" : ""}${key}`;
  }

  /** Calls wait for one another. */
  ask<Name extends keyof ServerCommands>(
    command: Name,
    parameter?: Parameters<ServerCommands[Name]>[0],
  ): Promise<Awaited<ReturnType<ServerCommands[Name]>>> {
    const answer = this.#turn.then(() => {
      this.#child.send({ command, parameter } satisfies ServerCall);
      return resultOf(this.#child);
    });
    this.#turn = answer.catch(() => {});
    return answer as Promise<Awaited<ReturnType<ServerCommands[Name]>>>;
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exit;
  }
}

/** The next that a child tells. */
function resultOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error("a server of documents has ended"));
    child.once("exit", ended);
    child.once("message", (message) => {
      child.off("exit", ended);
      resolve((message as { readonly result: unknown }).result);
    });
  });
}
