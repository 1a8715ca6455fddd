/** The parent's end of `replica-child.ts`, and a proxy that counts what passes between replicas. */

import { type ChildProcess, fork } from "node:child_process";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { bundle } from "../support/bundle.ts";
import type { Answer, Call, Commands } from "./replica-child.ts";

export type ReplicaProcess = Commands & { kill(): void };

/** A child whose commands are called like functions. */
export async function startReplicaProcess(nodeOptions: readonly string[] = []): Promise<ReplicaProcess> {
  const file = await bundle(new URL("./replica-child.ts", import.meta.url).href);
  const child = fork(file, { execArgv: ["--enable-source-maps", ...nodeOptions], serialization: "advanced" });
  const calls = new Calls(child);
  const call =
    <Name extends keyof Commands>(command: Name): Commands[Name] =>
    (...parameters: readonly unknown[]) =>
      calls.send(command, parameters) as never;
  return {
    start: call("start"),
    fill: call("fill"),
    meet: call("meet"),
    pace: call("pace"),
    lags: call("lags"),
    cut: call("cut"),
    state: call("state"),
    load: call("load"),
    stop: call("stop"),
    kill: () => child.kill("SIGKILL"),
  };
}

class Calls {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  #next = 1;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.on("message", (message) => this.#receive(message as Answer));
    child.once("exit", (code) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`a replica ended with ${code}`));
      this.#waiting.clear();
    });
  }

  send(command: Call["command"], parameters: readonly unknown[]): Promise<unknown> {
    const number = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      this.#child.send({ number, command, parameters } satisfies Call);
    });
  }

  #receive({ number, result, error }: Answer): void {
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(error));
  }
}

/** Passes TCP connections on to a port that is told later, and counts their bytes, both ways together. */
export class CountingProxy {
  bytes = 0;
  target = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor() {
    this.#server = createServer((inbound) => {
      const outbound = connect(this.target, "127.0.0.1");
      this.#join(inbound, outbound);
      this.#join(outbound, inbound);
    });
  }

  static async listen(): Promise<CountingProxy> {
    const proxy = new CountingProxy();
    proxy.#server.listen(0, "127.0.0.1");
    await new Promise((resolve) => proxy.#server.once("listening", resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from.setNoDelay());
    from.on("data", (chunk) => {
      this.bytes += chunk.length;
    });
    from.on("error", () => to.destroy());
    from.on("close", () => this.#sockets.delete(from));
    from.pipe(to);
  }
}
