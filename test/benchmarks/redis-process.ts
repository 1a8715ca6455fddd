/** A Redis of this machine to measure against, where there is one (Debian: `apt-get install redis-server`). */

import { type ChildProcess, spawn } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { Resident } from "../support/process-status.ts";
import type { Filling } from "./memory-child.ts";
import { restingResident } from "./memory-process.ts";

/** Written at once, before the answers to all of them are waited for. */
const PIPELINE = 10_000;
const START_TRIES = 50;
const START_TRY_MS = 100;

const OK = "+OK\r\n";
const LINE_END = Buffer.from("\r\n");

export class Redis {
  readonly version: string;
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #socket: Socket;

  private constructor(version: string, port: number, child: ChildProcess, socket: Socket) {
    this.version = version;
    this.port = port;
    this.#child = child;
    this.#socket = socket;
  }

  /** Keeps nothing on disk. Undefined where this machine has none. */
  static async start(): Promise<Redis | undefined> {
    const version = await versionOf("redis-server");
    if (version === undefined) return undefined;
    const port = await freePort();
    const options = { port, bind: "127.0.0.1", save: "", appendonly: "no", dir: "/" };
    const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const child = spawn("redis-server", words, { stdio: "ignore" });
    return new Redis(version, port, child, await reach(port));
  }

  /** Writes values of random bytes under `prefix` and a number from `first` on, without a disk and over one connection. */
  async fill({ prefix, first, count, valueBytes }: Filling): Promise<void> {
    const values = randomFillSync(Buffer.alloc(PIPELINE * valueBytes));
    for (let done = 0; done < count; done += PIPELINE) {
      const commands: Buffer[] = [];
      const now = Math.min(PIPELINE, count - done);
      for (let i = 0; i < now; i++) {
        const key = `${prefix}${first + done + i}`;
        commands.push(
          Buffer.from(`*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$${valueBytes}\r\n`),
          values.subarray(i * valueBytes, (i + 1) * valueBytes),
          LINE_END,
        );
      }
      this.#socket.write(Buffer.concat(commands));
      await this.#answers(now * OK.length);
      randomFillSync(values);
    }
  }

  resident(): Promise<Resident> {
    return restingResident(this.#child.pid as number);
  }

  async stop(): Promise<void> {
    this.#socket.destroy();
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }

  async #answers(bytes: number): Promise<void> {
    for (let left = bytes; left > 0; ) {
      const [chunk] = (await once(this.#socket, "data")) as [Buffer];
      if (chunk.includes("-")) throw new Error(`redis: ${chunk.toString("latin1", 0, 200)}`);
      left -= chunk.length;
    }
  }
}

async function versionOf(program: string): Promise<string | undefined> {
  const child = spawn(program, ["--version"], { stdio: ["ignore", "pipe", "ignore"] });
  const said: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => said.push(chunk));
  try {
    await once(child, "close");
  } catch {
    return undefined;
  }
  return /v=(\S+)/.exec(Buffer.concat(said).toString())?.[1];
}

/** A port of this machine that nobody uses at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

async function reach(port: number): Promise<Socket> {
  for (let attempt = 1; ; attempt++) {
    const socket = connect(port, "127.0.0.1");
    try {
      await once(socket, "connect");
      return socket;
    } catch (error) {
      if (attempt === START_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, START_TRY_MS));
    }
  }
}
