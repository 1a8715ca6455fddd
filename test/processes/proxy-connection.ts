/** One connection through the proxy: the socket of whoever dialled, the socket to whoever was dialled, and a stream each way. */

import { connect, type Socket } from "node:net";
import type { ProxyPath } from "./proxy-path.ts";
import { ProxyStream } from "./proxy-stream.ts";

export interface ProxyConnectionOptions {
  readonly dialler: Socket;
  readonly from: number;
  readonly to: number;
  /** Where `to` listens. */
  readonly port: number;
  readonly there: ProxyPath;
  readonly back: ProxyPath;
}

export class ProxyConnection {
  onOver: () => void = () => {};
  readonly #options: ProxyConnectionOptions;
  #acceptor: Socket | undefined;
  #streams: { readonly there: ProxyStream; readonly back: ProxyStream } | undefined;

  constructor(options: ProxyConnectionOptions) {
    this.#options = options;
    const { dialler } = options;
    dialler.pause();
    dialler.on("error", () => {});
    dialler.once("close", () => this.#review());
  }

  joins(node: number): boolean {
    return node === this.#options.from || node === this.#options.to;
  }

  /** Connects, unless it has: an opening goes there and back. */
  proceed(): void {
    const { dialler, port, there, back } = this.#options;
    if (this.#acceptor !== undefined || dialler.destroyed || !there.isOpen || !back.isOpen) return;
    const acceptor = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    this.#acceptor = acceptor;
    for (const socket of [dialler, acceptor]) socket.setNoDelay(true);
    acceptor.on("error", () => {});
    acceptor.once("close", () => this.#review());
    this.#streams = {
      there: new ProxyStream(dialler, acceptor, there),
      back: new ProxyStream(acceptor, dialler, back),
    };
  }

  /** Nothing that this node says, or that becomes of its end, reaches the other any more. */
  abandon(node: number): void {
    if (node === this.#options.from) this.#streams?.there.stop();
    else this.#streams?.back.stop();
  }

  /** Ends the connection as this node sees it. */
  hangUp(node: number): void {
    if (node === this.#options.from) this.#options.dialler.resetAndDestroy();
    else this.#acceptor?.resetAndDestroy();
  }

  reset(): void {
    this.#options.dialler.resetAndDestroy();
    this.#acceptor?.resetAndDestroy();
  }

  #review(): void {
    const { dialler } = this.#options;
    if (dialler.destroyed && (this.#acceptor?.destroyed ?? true)) this.onOver();
  }
}
