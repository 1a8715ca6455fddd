/** The WebSocket door at `/v1/ws` and `/v1/keyspaces/{ks}/ws`: everything that can be refused is refused as HTTP, before the upgrade. */

import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { AtollError, toAtollError } from "../../base/errors.ts";
import type { CommandStore } from "../../command-store.ts";
import type { Dot, Store } from "../../store.ts";
import { type Admission, admit } from "../admission.ts";
import { type Auth, authenticate, bearerToken, type Principal } from "../auth.ts";
import type { ByteAccount } from "../byte-account.ts";
import type { Connections } from "../connections.ts";
import { type DoorLimits, messageBytesMax } from "../limits.ts";
import type { DoorLog } from "../log.ts";
import type { DoorMetrics } from "../metrics.ts";
import { answerRaw } from "../raw-answer.ts";
import { trafficOf } from "../traffic.ts";
import { Connection } from "./connection.ts";
import { languageOf } from "./language.ts";
import { chooseSubprotocol, type Offer } from "./subprotocol.ts";

export interface WebSocketDoorOptions {
  readonly keyspace: (name: string, seen: readonly Dot[]) => Store | undefined;
  /** Undefined where there are no counters. */
  readonly commands: CommandStore | undefined;
  readonly auth: Auth;
  readonly admission: Admission;
  readonly connections: Connections;
  readonly limits: DoorLimits;
  readonly account: ByteAccount;
  readonly metrics: DoorMetrics;
  readonly log: DoorLog;
}

/** Messages that may lie unparsed in `ws` for one connection, as chunks of what the socket read. */
const BUFFERED_CHUNKS_MAX = 8_192;

export class WebSocketDoor {
  readonly #options: WebSocketDoorOptions;
  readonly #server: WebSocketServer;
  readonly #connections = new Set<Connection>();
  #closing = false;

  constructor(options: WebSocketDoorOptions) {
    this.#options = options;
    this.#server = createServer(options.limits);
  }

  /**
   * Judges an upgrade request, and takes the socket over or answers on it and closes it. Messages that name no keyspace
   * mean the one given.
   */
  handle(keyspace: string, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    try {
      const offer = this.#judge(request);
      const principal = this.#authenticate(request, offer);
      const store = this.#options.keyspace(keyspace, []);
      if (store === undefined) throw new AtollError("UNKNOWN_KEYSPACE", "there is no keyspace of this name");
      this.#options.connections.handOver(request.socket);
      this.#server.handleUpgrade(request, socket, head, (webSocket) => {
        const language = languageOf(offer.protocol);
        const traffic = () => trafficOf(request.socket);
        const where = { store, keyspaceName: keyspace };
        const options = { ...this.#options, ...where, socket: webSocket, traffic, language, principal };
        const connection = new Connection(options, (closed) => this.#connections.delete(closed));
        socket.prependListener("data", (chunk: Buffer) => connection.hear(chunk));
        this.#connections.add(connection);
      });
    } catch (thrown) {
      const error = toAtollError(thrown);
      this.#options.metrics.error("websocket", error.code);
      answerRaw(socket, error);
    }
  }

  close(): void {
    this.#closing = true;
    const goodbye = new AtollError("SHUTTING_DOWN", "this replica is shutting down");
    for (const connection of this.#connections) connection.close(goodbye);
  }

  #judge(request: IncomingMessage): Offer {
    admit(this.#options.admission, request);
    if (this.#closing) throw new AtollError("SHUTTING_DOWN", "this replica is shutting down");
    if (request.headers.upgrade?.toLowerCase() !== "websocket") {
      throw new AtollError("BAD_REQUEST", "only upgrades to websocket are taken here");
    }
    return chooseSubprotocol(request.headers["sec-websocket-protocol"]);
  }

  #authenticate(request: IncomingMessage, offer: Offer): Principal {
    return authenticate(this.#options.auth, bearerToken(request.headers.authorization) ?? offer.token);
  }
}

function createServer(limits: DoorLimits): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: messageBytesMax(limits),
    // Both bound what may pile up before a message is whole: tiny fragments cost far more than their bytes.
    maxFragments: limits.fragmentsMax,
    maxBufferedChunks: BUFFERED_CHUNKS_MAX,
    // Pongs are sent by the connection, which knows how much is already unread.
    autoPong: false,
    handleProtocols: (protocols: Set<string>) => chooseSubprotocol([...protocols].join(",")).protocol,
  });
}
