/**
 * The Redis door: a port of its own, on which each socket is a `Connection`. What commands of one piece of input answer goes out
 * in one write.
 */

import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { CommandStore } from "../../command-store.ts";
import { type Auth, openAuth } from "../auth.ts";
import type { ByteAccount } from "../byte-account.ts";
import { createLimits, type DoorLimits } from "../limits.ts";
import { listen } from "../listen.ts";
import { type DoorLog, silentLog } from "../log.ts";
import type { DoorMetrics } from "../metrics.ts";
import type { TlsOptions } from "../server.ts";
import { clientCommand } from "./client-command.ts";
import { command } from "./command-command.ts";
import { CommandRate, SAMPLE_MS } from "./command-rate.ts";
import { Connection } from "./connection.ts";
import { connectionCommands } from "./connection-commands.ts";
import type { ConnectionsAround } from "./connections-around.ts";
import type { ConnectionCommand, Extension } from "./extension.ts";
import type { ClientFacts } from "./info.ts";
import { serverCommands } from "./server-commands.ts";
import { settingsOf } from "./settings.ts";
import { SocketOutput } from "./socket-output.ts";
import { transactionCommands } from "./transaction-commands.ts";

export interface RedisDoorOptions {
  readonly store: CommandStore;
  /** Shared with the other doors. */
  readonly account: ByteAccount;
  readonly metrics: DoorMetrics;
  /** From `createAuth`; everyone may do everything unless told. */
  readonly auth?: Auth;
  readonly limits?: Partial<DoorLimits>;
  readonly log?: DoorLog;
  readonly tls?: TlsOptions;
  readonly enableFaults?: boolean;
  readonly version?: string;
  readonly extensions?: readonly Extension[];
}

const TOO_MANY = "-ERR max number of clients reached\r\n";
const CLOSE_DEADLINE_MS = 5_000;

export class RedisDoor {
  readonly #options: RedisDoorOptions;
  readonly #limits: DoorLimits;
  readonly #auth: Auth;
  readonly #log: DoorLog;
  readonly #server: Server;
  readonly #around: ConnectionsAround;
  readonly #connections = new Map<number, Connection>();
  /** As they were accepted: under TLS before hands are shaken. */
  readonly #admitted = new Set<Socket>();
  /** Those that are served: under TLS others than were accepted. */
  readonly #served = new Set<Socket>();
  readonly #byAddress = new Map<string, number>();
  #connected = 0;
  #refused = 0;
  readonly #rate = new CommandRate();
  #sampling: NodeJS.Timeout | undefined;
  #port = 0;
  #whenEmpty: (() => void) | undefined;

  constructor(options: RedisDoorOptions) {
    this.#options = options;
    this.#limits = createLimits(options.limits);
    this.#auth = options.auth ?? openAuth;
    this.#log = options.log ?? silentLog;
    const extensions = options.extensions ?? [];
    this.#around = {
      store: options.store,
      auth: this.#auth,
      limits: this.#limits,
      account: options.account,
      commands: this.#commands(extensions),
      extensions,
      now: Date.now,
      carriedOut: 0,
    };
    options.metrics.redis = { connections: () => this.#connections.size, commands: () => this.#around.carriedOut };
    const { tls } = options;
    if (tls === undefined) {
      this.#server = createTcpServer({ noDelay: true }, (socket) => this.#admit(socket) && this.#serve(socket));
    } else {
      const handshake = { minVersion: "TLSv1.2", handshakeTimeout: this.#limits.headersTimeoutMs } as const;
      this.#server = createTlsServer({ ...tls, ...handshake }, (socket) => this.#serve(socket));
      this.#server.on("connection", (socket: Socket) => this.#admit(socket));
    }
    this.#server.on("tlsClientError", (_error: Error, socket: Socket) => {
      options.metrics.tlsFailures++;
      // Where the handshake took too long nobody else does.
      socket.destroy();
    });
  }

  /** Binds and serves; port 0 takes a free one. Throws `PORT_IN_USE`, `BAD_CONFIG`. */
  async listen(at: { readonly host: string; readonly port: number }): Promise<{ host: string; port: number }> {
    const bound = await listen(this.#server, at, { log: this.#log, otherwise: "--redis-port, or 0 for none" });
    this.#port = bound.port;
    this.#sampling = setInterval(() => this.#rate.sample(this.#around.carriedOut, performance.now()), SAMPLE_MS);
    this.#sampling.unref();
    return bound;
  }

  /** Takes no more connections, and ends those there are: what was answered is sent first. */
  async close(deadlineMs: number = CLOSE_DEADLINE_MS): Promise<void> {
    this.#server.close();
    clearInterval(this.#sampling);
    for (const socket of this.#served) socket.end();
    const force = setTimeout(() => this.#destroyAll(), deadlineMs);
    if (this.#admitted.size > 0) await new Promise<void>((resolve) => (this.#whenEmpty = resolve));
    clearTimeout(force);
  }

  #destroyAll(): void {
    for (const socket of [...this.#served, ...this.#admitted]) socket.destroy();
  }

  #commands(extensions: readonly Extension[]): ReadonlyMap<string, ConnectionCommand> {
    const settings = settingsOf(this.#options.store, () => this.#port, extensions);
    const server = serverCommands({
      version: this.#options.version ?? "0.0.0",
      port: () => this.#port,
      clients: () => this.#clients(),
      perSecond: () => this.#rate.perSecond,
      settings,
      enableFaults: this.#options.enableFaults ?? false,
    });
    const own = {
      ...connectionCommands,
      ...transactionCommands,
      ...server,
      command,
      client: clientCommand(this.#connections),
    };
    return new Map([own, ...extensions.map(({ commands }) => commands ?? {})].flatMap((each) => Object.entries(each)));
  }

  #clients(): ClientFacts {
    let blocked = 0;
    for (const { waits } of this.#connections.values()) if (waits.isBlocked) blocked++;
    const [now, max] = [this.#connections.size, this.#limits.connectionsMax];
    return { now, max, blocked, ever: this.#connected, refused: this.#refused };
  }

  /** Counts it until it closes; false, and it is closed, where that is over a limit. */
  #admit(socket: Socket): boolean {
    socket.on("error", () => socket.destroy());
    const address = socket.remoteAddress ?? "";
    const ofAddress = this.#byAddress.get(address) ?? 0;
    const { connectionsMax, connectionsPerAddressMax } = this.#limits;
    if (this.#admitted.size >= connectionsMax || ofAddress >= connectionsPerAddressMax) {
      this.#options.metrics.connectionsRefused++;
      this.#refused++;
      if (this.#options.tls === undefined) {
        socket.end(TOO_MANY);
        socket.destroySoon();
      } else socket.destroy();
      return false;
    }
    this.#admitted.add(socket);
    this.#byAddress.set(address, ofAddress + 1);
    socket.on("close", () => this.#forget(socket, address));
    return true;
  }

  #serve(socket: Socket): void {
    socket.on("error", () => socket.destroy());
    const connection = this.#connect(socket);
    if (connection === undefined) return;
    this.#served.add(socket);
    const stranger = this.#auth.required
      ? setTimeout(() => connection.principal === undefined && socket.destroy(), this.#limits.strangerTimeoutMs)
      : undefined;
    socket.on("close", () => {
      clearTimeout(stranger);
      this.#served.delete(socket);
      this.#connections.delete(connection.facts.id);
      connection.closed();
    });
  }

  /** Undefined: this replica takes no commands now. */
  #connect(socket: Socket): Connection | undefined {
    const id = ++this.#connected;
    const facts = {
      id,
      address: `${socket.remoteAddress}:${socket.remotePort}`,
      localAddress: `${socket.localAddress}:${socket.localPort}`,
    };
    const output = new SocketOutput(socket, this.#limits.stalledReaderTimeoutMs);
    let connection: Connection;
    try {
      connection = new Connection(this.#around, facts, output);
    } catch (error) {
      socket.end(`-LOADING ${error instanceof Error ? error.message : ""}\r\n`);
      return undefined;
    }
    this.#connections.set(id, connection);
    // A plain view: its parts are made several times as fast as those of a `Buffer`.
    socket.on("data", (chunk: Buffer) =>
      connection.receive(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length)),
    );
    output.whenDrained = () => connection.drained();
    return connection;
  }

  #forget(socket: Socket, address: string): void {
    this.#admitted.delete(socket);
    const left = (this.#byAddress.get(address) ?? 1) - 1;
    if (left === 0) this.#byAddress.delete(address);
    else this.#byAddress.set(address, left);
    if (this.#admitted.size === 0) this.#whenEmpty?.();
  }
}
