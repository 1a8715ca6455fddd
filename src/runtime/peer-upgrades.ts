/**
 * Upgrade requests from peers: which become WebSockets, and which are answered with an HTTP error. A connection that has
 * not proved itself holds a *greeting slot* until it is a link or its socket is closed. There are few, in all and for each
 * IP address, so that a burst of strangers costs a bounded amount and leaves room for the others.
 */

import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { errorRow } from "../base/errors.ts";
import type { Refusal } from "../wire/handshake-message.ts";
import { type LinkLimits, WS_LIMITS } from "./link-limits.ts";

/** Where peers knock, and the subprotocol that they ask for. */
export const PEER_PATH = "/v1/peer";
export const PEER_SUBPROTOCOL = "atoll.peer";

/** Our dialler sends 7 headers; a proxy may add some. */
const HEADERS_MAX = 64;

export interface PeerUpgradesOptions {
  readonly limits: LinkLimits;
  /** Why nobody may come in at present. */
  readonly closedFor: () => Refusal | undefined;
  readonly accepted: (socket: WebSocket, raw: Duplex, address: string) => void;
  readonly refused: (address: string, refusal: Refusal) => void;
}

export class PeerUpgrades {
  readonly #options: PeerUpgradesOptions;
  readonly #server: WebSocketServer;
  /** The IP address behind each socket that holds a slot. */
  readonly #ipBySocket = new Map<WebSocket, string>();
  readonly #slotsByIp = new Map<string, number>();

  constructor(options: PeerUpgradesOptions) {
    this.#options = options;
    this.#server = new WebSocketServer({
      ...WS_LIMITS,
      noServer: true,
      clientTracking: false,
      handleProtocols: () => PEER_SUBPROTOCOL,
    });
    this.#server.on("wsClientError", (error, socket, request) => {
      this.#refuse(socket, addressOf(request), { code: "BAD_REQUEST", message: error.message });
    });
  }

  get slotsInUse(): number {
    return this.#ipBySocket.size;
  }

  /** Takes the socket over, whatever becomes of it. */
  handle(request: IncomingMessage, socket: Duplex, head: Uint8Array): void {
    socket.on("error", () => socket.destroy());
    const address = addressOf(request);
    const refusal = this.#options.closedFor() ?? this.#refusalOf(request);
    if (refusal !== undefined) {
      this.#refuse(socket, address, refusal);
      return;
    }
    const bytes = Buffer.from(head.buffer, head.byteOffset, head.length);
    this.#server.handleUpgrade(request, socket, bytes, (webSocket) => {
      this.#takeSlot(webSocket, ipOf(request));
      webSocket.on("close", () => this.freeSlot(webSocket));
      this.#options.accepted(webSocket, socket, address);
    });
  }

  /** The peer has proved itself. Harmless for a socket without a slot. */
  freeSlot(socket: WebSocket): void {
    const ip = this.#ipBySocket.get(socket);
    if (ip === undefined) return;
    this.#ipBySocket.delete(socket);
    const left = (this.#slotsByIp.get(ip) ?? 1) - 1;
    if (left === 0) this.#slotsByIp.delete(ip);
    else this.#slotsByIp.set(ip, left);
  }

  stop(): void {
    this.#server.close();
  }

  #takeSlot(socket: WebSocket, ip: string): void {
    this.#ipBySocket.set(socket, ip);
    this.#slotsByIp.set(ip, (this.#slotsByIp.get(ip) ?? 0) + 1);
  }

  #refusalOf(request: IncomingMessage): Refusal | undefined {
    const { greetingsMax, greetingsPerIpMax } = this.#options.limits;
    if (request.rawHeaders.length > 2 * HEADERS_MAX) {
      return { code: "HEADERS_TOO_LARGE", message: `over ${HEADERS_MAX} headers` };
    }
    if (request.headers.origin !== undefined || request.headers["sec-websocket-origin"] !== undefined) {
      return { code: "FORBIDDEN_ORIGIN", message: "for replicas, not for web pages" };
    }
    if (!asksForPeerProtocol(request)) {
      return { code: "UNSUPPORTED_SUBPROTOCOL", message: `the subprotocol here is ${PEER_SUBPROTOCOL}` };
    }
    const fromThere = this.#slotsByIp.get(ipOf(request)) ?? 0;
    if (fromThere < greetingsPerIpMax && this.slotsInUse < greetingsMax) return undefined;
    return { code: "TOO_MANY_CONNECTIONS", message: "too many connections that have not proved themselves" };
  }

  #refuse(socket: Duplex, address: string, refusal: Refusal): void {
    this.#options.refused(address, refusal);
    const body = JSON.stringify({ error: refusal });
    const head = `HTTP/1.1 ${errorRow(refusal.code).http} Refused\r\nConnection: close\r\nContent-Type: application/json\r\n`;
    socket.once("finish", () => socket.destroy());
    socket.end(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }
}

/** The path of a request without its query. */
export function pathOf(request: IncomingMessage): string {
  return (request.url ?? "").split("?", 1)[0] ?? "";
}

function asksForPeerProtocol(request: IncomingMessage): boolean {
  const asked = request.headers["sec-websocket-protocol"] ?? "";
  return asked.split(",").some((name) => name.trim() === PEER_SUBPROTOCOL);
}

function ipOf(request: IncomingMessage): string {
  return request.socket.remoteAddress ?? "unknown";
}

function addressOf(request: IncomingMessage): string {
  return `${ipOf(request)}:${request.socket.remotePort ?? 0}`;
}
