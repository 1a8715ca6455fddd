/**
 * The door for Yjs clients at `/yjs/{key}` and `/v1/keyspaces/{ks}/yjs/{key}`, which speaks what y-websocket does. Whatever
 * can be refused is refused as HTTP, before the upgrade. A token comes as for other doors, or where a page can put it: as
 * the parameter `token`, or among the subprotocols, behind `atoll.yjs`.
 */

import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { AtollError, toAtollError } from "../../base/errors.ts";
import type { Key } from "../../base/ids.ts";
import type { DocumentHub } from "../../documents/document-hub.ts";
import { type Admission, admit } from "../admission.ts";
import { type Auth, authenticate, authorise, bearerToken, type Principal } from "../auth.ts";
import type { Connections } from "../connections.ts";
import { checkKey } from "../fields.ts";
import type { Location } from "../http/locate.ts";
import type { DoorLimits } from "../limits.ts";
import type { DoorLog } from "../log.ts";
import type { DoorMetrics } from "../metrics.ts";
import { answerRaw } from "../raw-answer.ts";
import { closeCodeOf } from "./close-code.ts";
import { YjsConnection } from "./connection.ts";
import { chooseYjsProtocol, tokenOf } from "./token.ts";

export interface YjsDoorOptions {
  /** Of a keyspace; undefined where there is none of that name. */
  readonly documents: (keyspace: string) => DocumentHub | undefined;
  readonly auth: Auth;
  readonly admission: Admission;
  readonly connections: Connections;
  readonly limits: DoorLimits;
  readonly metrics: DoorMetrics;
  readonly log: DoorLog;
}

/** Messages that may lie unparsed in `ws` for one connection, as chunks of what the socket read. */
const BUFFERED_CHUNKS_MAX = 8_192;

export class YjsDoor {
  readonly #options: YjsDoorOptions;
  readonly #server: WebSocketServer;
  readonly #connections = new Set<YjsConnection>();
  #isClosing = false;

  constructor(options: YjsDoorOptions) {
    this.#options = options;
    this.#server = createServer(options.limits);
  }

  /** Judges an upgrade request, and takes the socket over or answers on it and closes it. */
  handle(location: Location, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { connections, metrics } = this.#options;
    try {
      this.#judge(request);
      const key = checkKey(location.key ?? "", this.#options.limits);
      const principal = this.#authenticate(location, request);
      authorise(principal, "read", key);
      const documents = this.#options.documents(location.keyspace);
      if (documents === undefined) throw new AtollError("UNKNOWN_KEYSPACE", "there are no documents in this keyspace");
      connections.handOver(request.socket);
      this.#server.handleUpgrade(request, socket, head, (webSocket) => {
        this.#connect({ documents, key, canWrite: mayWrite(principal) }, webSocket);
      });
    } catch (thrown) {
      const error = toAtollError(thrown);
      metrics.error("yjs", error.code);
      answerRaw(socket, error);
    }
  }

  close(): void {
    this.#isClosing = true;
    const goodbye = new AtollError("SHUTTING_DOWN", "this replica is shutting down");
    for (const connection of this.#connections) connection.close(goodbye);
  }

  /** What a document cannot be opened for is told by a close code: a client that sees none would try for ever. */
  #connect(
    { documents, key, canWrite }: { documents: DocumentHub; key: Key; canWrite: boolean },
    socket: ConstructorParameters<typeof YjsConnection>[0]["socket"],
  ): void {
    const { limits, metrics, log } = this.#options;
    try {
      const open = documents.open(key);
      const options = { socket, documents, open, canWrite, limits, metrics, log };
      this.#connections.add(new YjsConnection(options, (closed) => this.#connections.delete(closed)));
    } catch (thrown) {
      const error = toAtollError(thrown);
      metrics.error("yjs", error.code);
      if (error.code === "INTERNAL") log("error", "yjs-connection-failed", { error: error.cause ?? error });
      socket.close(closeCodeOf(error.code), error.code);
    }
  }

  #judge(request: IncomingMessage): void {
    admit(this.#options.admission, request);
    if (this.#isClosing) throw new AtollError("SHUTTING_DOWN", "this replica is shutting down");
    if (request.headers.upgrade?.toLowerCase() !== "websocket") {
      throw new AtollError("BAD_REQUEST", "only upgrades to websocket are taken here");
    }
    chooseYjsProtocol(request.headers["sec-websocket-protocol"]);
  }

  #authenticate(location: Location, request: IncomingMessage): Principal {
    const token = bearerToken(request.headers.authorization) ?? tokenOf(location.query, request);
    return authenticate(this.#options.auth, token);
  }
}

/** Of a key that it may read. */
function mayWrite({ scopes }: Principal): boolean {
  return scopes.has("write");
}

function createServer(limits: DoorLimits): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    // Beyond the limit, so that whoever is over it is told by a code that it understands.
    maxPayload: 2 * limits.documentMessageBytesMax,
    maxFragments: limits.fragmentsMax,
    maxBufferedChunks: BUFFERED_CHUNKS_MAX,
    // Pongs are sent by the connection, which knows how much is already unread.
    autoPong: false,
    handleProtocols: (protocols: Set<string>) => chooseYjsProtocol([...protocols].join(",")) ?? false,
  });
}
