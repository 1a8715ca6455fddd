/** Who is connected: bounds the sockets in all and for each address, and remembers what each one has shown. */

import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { ANYONE, type Auth, bearerToken, type Principal } from "./auth.ts";
import type { DoorLimits } from "./limits.ts";
import type { DoorMetrics } from "./metrics.ts";
import { headTooLong, Strangers } from "./strangers.ts";

/** What one connection has shown. */
interface Shown {
  readonly authorization: string | undefined;
  readonly principal: Principal;
}

export interface ConnectionsOptions {
  readonly auth: Auth;
  readonly limits: DoorLimits;
  readonly metrics: DoorMetrics;
  readonly isTls: boolean;
}

export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #strangers: Strangers;
  readonly #sockets = new Set<Socket>();
  readonly #byAddress = new Map<string, number>();
  #whenEmpty: (() => void) | undefined;
  readonly #shown = new WeakMap<Socket, Shown>();
  /** Under TLS, accepted sockets by their peer until hands are shaken ... */
  readonly #greetingByPeer = new Map<string, Socket>();
  /** ... and then by the socket that serves them: it is another, and the two have only their peer in common. */
  readonly #acceptedBySecured = new WeakMap<Socket, Socket>();

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    this.#strangers = new Strangers(options.limits, options.metrics);
  }

  /** Counts the socket until it closes; false, and not counted, where that is over a limit. */
  admit(socket: Socket): boolean {
    if (this.#sockets.has(socket)) return true;
    const { auth, limits, metrics, isTls } = this.#options;
    const address = socket.remoteAddress ?? "";
    const ofAddress = this.#byAddress.get(address) ?? 0;
    if (this.#sockets.size >= limits.connectionsMax || ofAddress >= limits.connectionsPerAddressMax) {
      metrics.connectionsRefused++;
      return false;
    }
    this.#sockets.add(socket);
    this.#byAddress.set(address, ofAddress + 1);
    metrics.connections = this.#sockets.size;
    socket.once("close", () => this.#forget(socket, address));
    if (isTls) this.#expectSecured(socket);
    if (auth.required) this.#strangers.add(socket, isTls);
    return true;
  }

  /** The TLS handshake of an admitted connection is done; `socket` serves it from now on. */
  secured(socket: Socket): void {
    const peer = peerOf(socket);
    const accepted = this.#greetingByPeer.get(peer);
    if (accepted === undefined) return;
    this.#greetingByPeer.delete(peer);
    this.#acceptedBySecured.set(socket, accepted);
    this.#strangers.secured(accepted, socket);
  }

  /**
   * The caller behind a request, or `undefined` where its token is missing or wrong. Throws `HEADERS_TOO_LARGE` for what
   * is too much from a stranger.
   *
   * An `Authorization` equal to the last good one that this connection showed is not hashed again: the comparison is with
   * what the same client sent itself, so its timing tells nobody anything new, and tokens do not change while the process
   * lives. Wrong tokens are never remembered.
   */
  recognise(request: IncomingMessage): Principal | undefined {
    const { auth, limits } = this.#options;
    if (!auth.required) return ANYONE;
    const { socket, headers } = request;
    const { authorization } = headers;
    const shown = this.#shown.get(socket);
    if (shown !== undefined && shown.authorization === authorization) return shown.principal;
    const principal = auth.recognise(bearerToken(authorization));
    if (principal !== undefined) {
      this.#shown.set(socket, { authorization, principal });
      this.handOver(socket);
    } else if (shown === undefined && headBytes(request) > limits.strangerHeadBytesMax) throw headTooLong(limits);
    return principal;
  }

  /** The socket is no client's. */
  release(socket: Socket): void {
    this.handOver(socket);
    this.#forget(this.#acceptedOf(socket), socket.remoteAddress ?? "");
  }

  /** Resolves once no client is connected. */
  async emptied(): Promise<void> {
    if (this.#sockets.size > 0) await new Promise<void>((resolve) => (this.#whenEmpty = resolve));
  }

  /** True where a good token has been shown, or none is asked for. */
  isKnown(socket: Socket): boolean {
    return !this.#options.auth.required || this.#shown.has(socket);
  }

  /** The head that a stranger may send is here, and will be answered. */
  headRead(socket: Socket): void {
    this.#strangers.headRead(this.#acceptedOf(socket));
  }

  /** Somebody else bounds this connection from now on. */
  handOver(socket: Socket): void {
    this.#strangers.remove(this.#acceptedOf(socket));
  }

  /** Those that never sent anything, which `node:http` does not count as idle. */
  destroySilent(): void {
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy();
  }

  destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #expectSecured(socket: Socket): void {
    const peer = peerOf(socket);
    this.#greetingByPeer.set(peer, socket);
    socket.once("close", () => {
      if (this.#greetingByPeer.get(peer) === socket) this.#greetingByPeer.delete(peer);
    });
  }

  #acceptedOf(socket: Socket): Socket {
    return this.#acceptedBySecured.get(socket) ?? socket;
  }

  #forget(socket: Socket, address: string): void {
    if (!this.#sockets.delete(socket)) return;
    const left = (this.#byAddress.get(address) ?? 1) - 1;
    if (left === 0) this.#byAddress.delete(address);
    else this.#byAddress.set(address, left);
    this.#options.metrics.connections = this.#sockets.size;
    if (this.#sockets.size === 0) this.#whenEmpty?.();
  }
}

function peerOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}

/** The request line and headers as they are usually written. */
function headBytes(request: IncomingMessage): number {
  const { method = "", url = "", rawHeaders } = request;
  let bytes = `${method} ${url} HTTP/1.1\r\n\r\n`.length;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    bytes += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`.length;
  }
  return bytes;
}
