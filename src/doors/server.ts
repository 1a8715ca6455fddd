/**
 * The one HTTP server that the doors share: it bounds connections, headers and time, hands requests to the HTTP door and
 * upgrades to whoever has their path, and shuts down without dropping what it has begun.
 */

import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  ServerResponse,
  STATUS_CODES,
} from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { BackupStore } from "../backup-store.ts";
import { AtollError, type ErrorCode, toAtollError } from "../base/errors.ts";
import { isLoopback } from "../base/loopback.ts";
import type { CommandStore } from "../command-store.ts";
import type { DocumentHub } from "../documents/document-hub.ts";
import type { StatisticsSource } from "../stats.ts";
import type { Dot, KeyspaceStore, LocalStore } from "../store.ts";
import type { Admission } from "./admission.ts";
import { type Auth, openAuth } from "./auth.ts";
import { ByteAccount } from "./byte-account.ts";
import { Connections } from "./connections.ts";
import { HttpDoor } from "./http/door.ts";
import { DEFAULT_KEYSPACE, locate } from "./http/locate.ts";
import { createLimits, type DoorLimits } from "./limits.ts";
import { listen } from "./listen.ts";
import { type DoorLog, silentLog } from "./log.ts";
import { DoorMetrics } from "./metrics.ts";
import { createOriginPolicy, hostName } from "./origin.ts";
import { answerRaw } from "./raw-answer.ts";
import { WebSocketDoor } from "./websocket/door.ts";
import { YjsDoor } from "./yjs/door.ts";

/** Takes over the socket of an upgrade request; `head` is what came behind its headers. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

export interface TlsOptions {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
  /** Authorities to trust for clients' certificates. */
  readonly ca?: string | Buffer;
}

export interface DoorServerOptions {
  /** The keyspace `default`, and what administration acts on. */
  readonly store: LocalStore;
  /** Keyspaces other than `default`, and their administration; there are none unless told. */
  readonly keyspaces?: KeyspaceStore;
  /** For maps and sets; there are none unless told. */
  readonly commands?: CommandStore;
  /** Copies of whole keyspaces; there are none unless told. */
  readonly backups?: BackupStore;
  /** Documents of the keyspace `default`; there are none unless told. */
  readonly documents?: DocumentHub;
  /** From `createAuth`; everyone may do everything unless told. */
  readonly auth?: Auth;
  readonly limits?: Partial<DoorLimits>;
  /** Read for `/metrics`, beside what the doors count themselves. */
  readonly statistics?: readonly StatisticsSource[];
  /** Adds what the process says of itself to `/metrics`; on unless told. */
  readonly processMetrics?: boolean;
  readonly log?: DoorLog;
  readonly tls?: TlsOptions;
  /** Allows `PUT /v1/admin/faults`. */
  readonly enableFaults?: boolean;
  /** Origins of web pages that may use the doors. `*` needs tokens. */
  readonly allowOrigins?: readonly string[];
  /** Names by which clients reach a server that is bound to loopback, beside loopback's own. */
  readonly hosts?: readonly string[];
  /** Upgrades by path, for example `/v1/peer`; a path that ends in `/` takes everything under it. */
  readonly upgrades?: Readonly<Record<string, UpgradeHandler>>;
  /** Version of this software, for `/openapi.json`. */
  readonly version?: string;
}

export interface DoorServer {
  readonly metrics: DoorMetrics;
  /** For long values under way, also at doors on ports of their own. */
  readonly account: ByteAccount;
  /** Binds and serves; port 0 takes a free one. Throws `PORT_IN_USE`. */
  listen(at: {
    readonly host: string;
    readonly port: number;
  }): Promise<{ readonly host: string; readonly port: number }>;
  /**
   * Takes no more connections, answers what was begun, and closes what is left after `deadlineMs` (5 s unless told).
   * Sockets that went to `upgrades` are left to those who have them.
   */
  close(deadlineMs?: number): Promise<void>;
}

const CHECK_INTERVAL_MS = 1_000;
const CLOSE_DEADLINE_MS = 5_000;

/** The doors over one store. Throws `BAD_CONFIG`. Nothing is bound until `listen`. */
export function createServer(options: DoorServerOptions): DoorServer {
  return new Doors(options);
}

class Doors implements DoorServer {
  readonly metrics: DoorMetrics;
  readonly account: ByteAccount;
  readonly #options: DoorServerOptions;
  readonly #limits: DoorLimits;
  readonly #log: DoorLog;
  readonly #auth: Auth;
  readonly #admission: Admission;
  readonly #connections: Connections;
  readonly #http: HttpDoor;
  readonly #server: Server;
  readonly #webSockets: WebSocketDoor;
  readonly #yjs: YjsDoor;
  readonly #upgrades: Map<string, UpgradeHandler>;

  constructor(options: DoorServerOptions) {
    const limits = createLimits(options.limits);
    this.#options = options;
    this.#limits = limits;
    this.#log = options.log ?? silentLog;
    this.#auth = options.auth ?? openAuth;
    this.#admission = {
      origins: createOriginPolicy(options.allowOrigins ?? [], this.#auth.required),
      headersMax: limits.headersMax,
      hosts: undefined,
    };
    this.metrics = new DoorMetrics(options.statistics ?? [], { processMetrics: options.processMetrics ?? true });
    this.#connections = new Connections({
      auth: this.#auth,
      limits,
      metrics: this.metrics,
      isTls: options.tls !== undefined,
    });
    const account = new ByteAccount({
      bytesMax: limits.bodyBytesInFlightMax,
      waitMs: limits.roomWaitMs,
      keepMs: limits.roomKeepMs,
    });
    this.account = account;
    this.metrics.account = account;
    const shared = {
      store: options.store,
      keyspace: (name: string, seen: readonly Dot[]) =>
        name === DEFAULT_KEYSPACE ? options.store : options.keyspaces?.keyspace(name, seen),
      documents: (keyspace: string) => (keyspace === DEFAULT_KEYSPACE ? options.documents : undefined),
      admission: this.#admission,
      connections: this.#connections,
      limits,
      account,
      metrics: this.metrics,
      log: this.#log,
    };
    this.#http = new HttpDoor({
      ...shared,
      keyspaces: options.keyspaces,
      commands: options.commands,
      backups: options.backups,
      faultsEnabled: options.enableFaults ?? false,
      version: options.version ?? "0.0.0",
    });
    this.#webSockets = new WebSocketDoor({ ...shared, commands: options.commands, auth: this.#auth });
    this.#yjs = new YjsDoor({ ...shared, auth: this.#auth });
    this.#upgrades = new Map(Object.entries(options.upgrades ?? {}));
    this.#server = createBareServer(limits, options.tls);
    this.#attach();
  }

  async listen(at: { readonly host: string; readonly port: number }): Promise<{ host: string; port: number }> {
    const protectedByLoopback = isLoopback(at.host) && !this.#auth.required;
    this.#admission.hosts = protectedByLoopback ? new Set((this.#options.hosts ?? []).map(hostName)) : undefined;
    return listen(this.#server, at, { log: this.#log, otherwise: "--port" });
  }

  async close(deadlineMs: number = CLOSE_DEADLINE_MS): Promise<void> {
    this.#http.close();
    this.#webSockets.close();
    this.#yjs.close();
    this.#server.close();
    this.#server.closeIdleConnections();
    this.#connections.destroySilent();
    const force = setTimeout(() => this.#connections.destroyAll(), deadlineMs);
    await this.#connections.emptied();
    clearTimeout(force);
    this.metrics.close();
  }

  #attach(): void {
    const server = this.#server;
    server.on("connection", (socket: Socket) => {
      if (!this.#connections.admit(socket)) this.#refuseConnection(socket);
    });
    // Whoever sends garbage is closed as for any error of a connection: here it is only counted.
    server.on("tlsClientError", () => this.metrics.tlsFailures++);
    server.on("secureConnection", (socket: Socket) => this.#connections.secured(socket));
    server.on("request", (request, response) => this.#http.handle(request, response));
    server.on("checkContinue", (request, response) => this.#http.handle(request, response, true));
    server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    server.on("clientError", (error: NodeJS.ErrnoException, socket) => this.#clientError(error, socket));
  }

  #refuseConnection(socket: Socket): void {
    this.metrics.error("server", "TOO_MANY_CONNECTIONS");
    // Under TLS nothing readable can be said before the handshake, which is what we will not pay for.
    if (this.#options.tls !== undefined) socket.destroy();
    else answerRaw(socket, new AtollError("TOO_MANY_CONNECTIONS", "too many connections are open"));
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    if (request.headers.upgrade?.toLowerCase() !== "websocket" && request.method !== "CONNECT") {
      this.#serveWithoutUpgrade(request, socket, head);
      return;
    }
    this.#connections.headRead(request.socket);
    let handler: UpgradeHandler;
    try {
      handler = this.#upgradeHandler(request);
    } catch (thrown) {
      const error = toAtollError(thrown);
      this.metrics.error("server", error.code);
      answerRaw(socket, error);
      return;
    }
    handler(request, socket, head);
  }

  /**
   * An offer that nobody here knows, such as the `h2c` of Java's client, is to be ignored (RFC 9110, 7.8), but
   * `node:http` has already let go of the connection: it gets the request back, without the offer.
   */
  #serveWithoutUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const lines = [`${request.method} ${request.url} HTTP/1.1`];
    const { rawHeaders } = request;
    for (let i = 0; i < rawHeaders.length; i += 2) {
      if (!/^(upgrade|connection|http2-settings)$/i.test(rawHeaders[i] ?? "")) {
        lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
      }
    }
    const again = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
    socket.unshift(Buffer.concat([again, head]));
    this.#server.emit(this.#options.tls === undefined ? "connection" : "secureConnection", socket);
  }

  /** Throws `NOT_FOUND`, and `HEADERS_TOO_LARGE` for a stranger at a door that knows callers by something else than tokens. */
  #upgradeHandler(request: IncomingMessage): UpgradeHandler {
    const url = request.url ?? "/";
    const path = url.split("?", 1)[0] ?? "/";
    const handler = this.#upgrades.get(path) ?? this.#upgradeUnder(path);
    if (handler === undefined) {
      const location = locate(url);
      if (location.route === "ws") return (...upgrade) => this.#webSockets.handle(location.keyspace, ...upgrade);
      if (location.route === "yjs") return (...upgrade) => this.#yjs.handle(location, ...upgrade);
      throw new AtollError("NOT_FOUND", "nothing to upgrade to at this path");
    }
    this.#connections.recognise(request);
    this.#connections.release(request.socket);
    return handler;
  }

  #upgradeUnder(path: string): UpgradeHandler | undefined {
    for (const [prefix, handler] of this.#upgrades) {
      if (prefix.endsWith("/") && path.startsWith(prefix)) return handler;
    }
    return undefined;
  }

  #clientError(error: NodeJS.ErrnoException, socket: Duplex): void {
    const code = clientErrorCode(error);
    if (code === undefined) {
      socket.destroy();
      return;
    }
    const refuse = (): void => this.#refuse(socket, code);
    if (code === "TIMEOUT" && this.#http.excuse(socket, this.#limits.requestTimeoutMs, refuse)) return;
    refuse();
  }

  #refuse(socket: Duplex, code: ErrorCode): void {
    this.metrics.error("server", code);
    // Raw bytes would be read as part of the answer to another request, or as all of it.
    if (isAnswering(socket)) socket.destroy();
    else answerRaw(socket, new AtollError(code, CLIENT_ERRORS[code] ?? STATUS_CODES[400] ?? ""));
  }
}

function createBareServer(limits: DoorLimits, tls: TlsOptions | undefined): Server {
  const bounds = {
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
    noDelay: true,
    // Refused by the door, which answers in its own format.
    requireHostHeader: false,
  };
  const server =
    tls === undefined
      ? createHttpServer(bounds)
      : createHttpsServer({ ...bounds, ...tls, minVersion: "TLSv1.2", handshakeTimeout: limits.headersTimeoutMs });
  // Left to itself `node:http` silently drops what is beyond a count; here it is bounded in bytes, and refused by count.
  server.maxHeadersCount = 0;
  return server;
}

const CLIENT_ERRORS: Readonly<Partial<Record<ErrorCode, string>>> = {
  HEADERS_TOO_LARGE: "the request line and headers are too large",
  TIMEOUT: "the request did not arrive in time",
  BAD_REQUEST: "this is not an HTTP request",
};

/** `undefined` where the connection is gone and there is nobody to tell. */
function clientErrorCode(error: NodeJS.ErrnoException): ErrorCode | undefined {
  if (error.code === "HPE_HEADER_OVERFLOW") return "HEADERS_TOO_LARGE";
  if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") return "TIMEOUT";
  return error.code?.startsWith("HPE_") === true ? "BAD_REQUEST" : undefined;
}

/** True while an answer on this socket is under way, or the next one there is for a request other than the one that arrives. */
function isAnswering(socket: Duplex): boolean {
  const message: unknown = Reflect.get(socket, "_httpMessage");
  return message instanceof ServerResponse && (message.headersSent || message.req.complete);
}
