/** Who is connected: bounds the sockets in all and for each address, and remembers what each one has shown. */

import type { Socket } from "node:net";
import type { Auth, Principal } from "./auth.ts";
import { bearerToken } from "./auth.ts";
import type { DoorLimits } from "./limits.ts";
import type { DoorMetrics } from "./metrics.ts";

/** What one connection has shown. */
interface Shown {
  readonly authorization: string | undefined;
  readonly principal: Principal;
}

export class Connections {
  readonly #limits: DoorLimits;
  readonly #metrics: DoorMetrics;
  readonly #sockets = new Set<Socket>();
  readonly #byAddress = new Map<string, number>();
  #whenEmpty: (() => void) | undefined;
  readonly #shown = new WeakMap<Socket, Shown>();

  constructor(limits: DoorLimits, metrics: DoorMetrics) {
    this.#limits = limits;
    this.#metrics = metrics;
  }

  /** Counts the socket until it closes; false, and not counted, where that is over a limit. */
  admit(socket: Socket): boolean {
    if (this.#sockets.has(socket)) return true;
    const address = socket.remoteAddress ?? "";
    const ofAddress = this.#byAddress.get(address) ?? 0;
    if (this.#sockets.size >= this.#limits.connectionsMax || ofAddress >= this.#limits.connectionsPerAddressMax) {
      this.#metrics.connectionsRefused++;
      return false;
    }
    this.#sockets.add(socket);
    this.#byAddress.set(address, ofAddress + 1);
    this.#metrics.connections = this.#sockets.size;
    socket.once("close", () => this.#forget(socket, address));
    return true;
  }

  /**
   * The caller behind a request's `Authorization` header. A header equal to the last one that this connection showed is
   * not hashed again: the comparison is with what the same client sent itself, so its timing tells nobody anything new,
   * and tokens do not change while the process lives. Wrong tokens are never remembered.
   */
  principal(socket: Socket, authorization: string | undefined, auth: Auth): Principal {
    const shown = this.#shown.get(socket);
    if (shown !== undefined && shown.authorization === authorization) return shown.principal;
    const principal = auth.authenticate(bearerToken(authorization));
    this.#shown.set(socket, { authorization, principal });
    return principal;
  }

  /** Somebody else has the socket from now on: it is no client's. */
  handOver(socket: Socket): void {
    if (this.#sockets.has(socket)) this.#forget(socket, socket.remoteAddress ?? "");
  }

  /** Resolves once no client is connected. */
  async emptied(): Promise<void> {
    if (this.#sockets.size > 0) await new Promise<void>((resolve) => (this.#whenEmpty = resolve));
  }

  /** Those that never sent anything, which `node:http` does not count as idle. */
  destroySilent(): void {
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy();
  }

  destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #forget(socket: Socket, address: string): void {
    if (!this.#sockets.delete(socket)) return;
    const left = (this.#byAddress.get(address) ?? 1) - 1;
    if (left === 0) this.#byAddress.delete(address);
    else this.#byAddress.set(address, left);
    this.#metrics.connections = this.#sockets.size;
    if (this.#sockets.size === 0) this.#whenEmpty?.();
  }
}
