/**
 * The HTTP door: finds the route, judges origin and token, honours the session, reads the body, runs the operation and
 * sends its answer. On `node:http` with a hand-written router: frameworks hold the speed, but decode paths as UTF-8 and
 * normalise them, and a key is bytes.
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { BackupStore } from "../../backup-store.ts";
import { parseDurationMs } from "../../base/duration.ts";
import { AtollError, toAtollError } from "../../base/errors.ts";
import { giveBackWhole } from "../../base/give-back.ts";
import type { Key } from "../../base/ids.ts";
import type { CommandStore } from "../../command-store.ts";
import type { DocumentHub } from "../../documents/document-hub.ts";
import type { Dot, KeyspaceStore, LocalStore, Store } from "../../store.ts";
import { type Admission, admit } from "../admission.ts";
import { ANYONE, authorise, bearerToken, type Principal, unauthorized } from "../auth.ts";
import type { ByteAccount } from "../byte-account.ts";
import { ClientGone } from "../client-gone.ts";
import type { Connections } from "../connections.ts";
import { checkKey, checkPrefix } from "../fields.ts";
import type { DoorLimits } from "../limits.ts";
import type { DoorLog } from "../log.ts";
import type { DoorMetrics, OperationMetrics } from "../metrics.ts";
import { decodeSession, EMPTY_SESSION, encodeSession, mergeSession } from "../session.ts";
import { type Answer, jsonAnswer, problemAnswer } from "./answer.ts";
import { isBodyOver, readBody, streamBody } from "./body.ts";
import { type BoundOperation, bindRoute } from "./bound-operation.ts";
import type { Call, DoorFacts } from "./call.ts";
import { awaitBody, type Borrower, endWith, endWithAnswer, lend, makeRoom } from "./exchange-loan.ts";
import { lingerAtClose } from "./linger.ts";
import { locate } from "./locate.ts";
import { describeApi } from "./openapi.ts";
import { NO_QUERY, parseQuery, type Query } from "./query.ts";
import { type Operation, scopesOf } from "./route.ts";
import { type RouteName, routeNames, routes } from "./routes.ts";
import { sendStream } from "./stream-answer.ts";
import { Turns } from "./turns.ts";
import { EventStream } from "./watch.ts";

export interface HttpDoorOptions {
  readonly store: LocalStore;
  /** Undefined where there is but `default`. */
  readonly keyspaces: KeyspaceStore | undefined;
  /** Undefined where there are no maps and sets. */
  readonly commands: CommandStore | undefined;
  /** Undefined where nothing is backed up. */
  readonly backups: BackupStore | undefined;
  /** `undefined` where there is none of that name. */
  /** `seen`: by the session of the client. */
  readonly keyspace: (name: string, seen: readonly Dot[]) => Store | undefined;
  /** Of a keyspace; undefined where there are none. */
  readonly documents: (keyspace: string) => DocumentHub | undefined;
  readonly admission: Admission;
  readonly connections: Connections;
  readonly limits: DoorLimits;
  readonly account: ByteAccount;
  readonly metrics: DoorMetrics;
  readonly log: DoorLog;
  readonly faultsEnabled: boolean;
  readonly version: string;
}

/** A request that may be carried out, once its session and body are here. */
interface Judged {
  readonly bound: BoundOperation;
  readonly call: Call;
}

/** One request on its way to its answer. */
interface Exchange extends Borrower {
  /** Set when the client waits for `100 Continue`. */
  readonly continues: ServerResponse | undefined;
  readonly startedAt: number;
  metrics: OperationMetrics;
  /** The session's token as it came, and its dots. */
  token: string;
  earlier: readonly Dot[];
  /** `undefined` without a good token. */
  who: Principal | undefined;
  allowedOrigin: string | undefined;
  bodyRead: boolean;
}

const NO_BYTES: Buffer = Buffer.alloc(0);
const NO_DOTS: readonly Dot[] = [];
/** A body up to this is read and dropped to keep the connection; with a longer one unread, it is closed. */
const DROPPED_BYTES_MAX = 4_096;
const METHODS_ALLOWED = "GET, HEAD, PUT, POST, DELETE";
const HEADERS_ALLOWED =
  "Authorization, Content-Type, If-Match, If-None-Match, Last-Event-ID, Atoll-Session, Atoll-Tags";
const HEADERS_EXPOSED = "ETag, Atoll-Session, Atoll-Acks, Atoll-Expires-At, Atoll-Tags, Retry-After";

export class HttpDoor {
  readonly #options: HttpDoorOptions;
  readonly #facts: DoorFacts;
  readonly #table = new Map<RouteName, ReadonlyMap<string, BoundOperation>>();
  readonly #unrouted: OperationMetrics;
  readonly #streams = new Set<EventStream>();
  readonly #turns = new Turns();
  /** See `Turns`. */
  readonly excuse: Turns["excuse"] = (...late) => this.#turns.excuse(...late);
  readonly #description: Answer;
  #closing = false;

  constructor(options: HttpDoorOptions) {
    this.#options = options;
    this.#facts = {
      local: options.store,
      keyspaces: options.keyspaces,
      commands: options.commands,
      backups: options.backups,
      limits: options.limits,
      metrics: options.metrics,
      faultsEnabled: options.faultsEnabled,
      documents: (keyspace) => this.#documents(keyspace),
      isClosing: () => this.#closing,
    };
    for (const name of routeNames) this.#table.set(name, bindRoute(routes[name], options.metrics));
    this.#unrouted = options.metrics.operation("none", "any");
    this.#description = jsonAnswer(200, describeApi(options.version));
  }

  /** Answers one request. `expectsContinue`: its body comes only after `100 Continue`. */
  handle(request: IncomingMessage, response: ServerResponse, expectsContinue = false): void {
    const exchange: Exchange = {
      request,
      response,
      continues: expectsContinue ? response : undefined,
      startedAt: performance.now(),
      metrics: this.#unrouted,
      token: EMPTY_SESSION,
      earlier: NO_DOTS,
      who: undefined,
      allowedOrigin: undefined,
      bodyRead: false,
      loan: undefined,
    };
    this.#turns.take(request, response, () => void this.#serve(exchange));
  }

  /** Every further answer closes its connection; watches end now. */
  close(): void {
    this.#closing = true;
    for (const stream of this.#streams) stream.close();
  }

  /** One asynchronous function for the whole way: each more costs every request a promise and a turn. */
  async #serve(exchange: Exchange): Promise<void> {
    let answer: Answer | undefined;
    try {
      const judged = this.#judge(exchange);
      if (judged === undefined) answer = this.#otherMethod(exchange.request);
      else {
        const { call } = judged;
        const { operation, hasSession } = judged.bound;
        if (hasSession) {
          const waitMs = this.#waitMs(call.query);
          if (exchange.earlier.length > 0) {
            call.store = await call.store.catchUp(exchange.earlier, waitMs);
            call.session = { dots: exchange.earlier, waitMs };
          }
        }
        if (operation.body === "stream") call.upload = streamBody(exchange);
        else if (operation.body !== "none") {
          const { limits, metrics } = this.#options;
          const borrow = (bytes: number, cutOff: () => void) => this.#lend(exchange, bytes, cutOff);
          call.body = await readBody(exchange, operation.body, { limits, metrics, lend: borrow });
          exchange.bodyRead = true;
          exchange.loan?.atWork();
        }
        if (operation.run === "openapi") answer = { ...this.#description, headers: [...this.#description.headers] };
        else if (operation.run === "watch") this.#openStream(exchange, call);
        else answer = await operation.run(call, this.#facts);
        // What a document is told, that keeps.
        if (exchange.bodyRead && operation.body !== "document") giveBackWhole(call.body);
      }
    } catch (error) {
      answer = this.#failure(exchange, error);
    }
    if (answer !== undefined) this.#send(exchange, answer);
    endWithAnswer(exchange);
  }

  async #lend(exchange: Exchange, bytes: number, cutOff: () => void): Promise<void> {
    await lend(this.#options.account, exchange, bytes).granted;
    awaitBody(exchange, cutOff);
  }

  /** Everything that can be decided from the head of a request; `undefined` where the path lacks the method. */
  #judge(exchange: Exchange): Judged | undefined {
    const { request } = exchange;
    const { headers } = request;
    const options = this.#options;
    exchange.who = options.connections.recognise(request);
    const sessionError = readSession(exchange);
    exchange.allowedOrigin = admit(options.admission, request);
    const location = locate(request.url ?? "/");
    const bound = this.#table.get(location.route)?.get(request.method ?? "GET");
    if (bound === undefined) return undefined;
    exchange.metrics = bound.metrics;
    const { operation } = bound;
    const principal = principalOf(exchange, operation);
    if (bound.hasSession && sessionError !== undefined) throw sessionError;
    const query = bound.query === undefined ? NO_QUERY : parseQuery(location.query, bound.query);
    const key = bound.hasKey ? this.#key(location.key, query) : ("" as Key);
    this.#authorise(principal, operation, bound.hasKey ? key : (query.get("prefix") ?? ""));
    const store = this.#keyspace(location.keyspace, exchange.earlier);
    const { keyspace, id } = location;
    const room = (bytes: number) => makeRoom(options.account, exchange, bytes);
    return { bound, call: { store, keyspace, key, id, query, headers, body: NO_BYTES, principal, room } };
  }

  /** Answers `OPTIONS`, and refuses a method that the route does not have. */
  #otherMethod(request: IncomingMessage): Answer {
    const operations = this.#table.get(locate(request.url ?? "/").route);
    const methods = [...(operations?.keys() ?? []), "OPTIONS"].join(", ");
    if (request.method === "OPTIONS") return { status: 204, headers: ["Allow", methods] };
    this.#options.metrics.error("http", "METHOD_NOT_ALLOWED");
    const refusal = problemAnswer(new AtollError("METHOD_NOT_ALLOWED", `this path has ${methods}`));
    return { ...refusal, headers: [...refusal.headers, "Allow", methods] };
  }

  #authorise(principal: Principal, operation: Operation, under: string): void {
    const { access } = operation;
    // A batch names its keys in its body and is judged there.
    if (access === "open" || access === "any" || access === "batch") return;
    for (const what of access === "read-write" ? scopesOf(operation) : [access]) authorise(principal, what, under);
  }

  #key(fromPath: string | undefined, query: Query): Key {
    const fromQuery = query.get("key");
    if (fromQuery === undefined) return checkKey(fromPath ?? "", this.#options.limits);
    if (fromPath !== undefined && fromPath !== "") {
      throw new AtollError("BAD_REQUEST", "the key is in the path and in the query");
    }
    return checkKey(fromQuery, this.#options.limits);
  }

  #keyspace(name: string, seen: readonly Dot[]): Store {
    const store = this.#options.keyspace(name, seen);
    if (store === undefined) throw new AtollError("UNKNOWN_KEYSPACE", "there is no keyspace of this name");
    return store;
  }

  #documents(keyspace: string): DocumentHub {
    const documents = this.#options.documents(keyspace);
    if (documents === undefined) throw new AtollError("UNKNOWN_KEYSPACE", "there are no documents in this keyspace");
    return documents;
  }

  #waitMs(query: Query): number {
    const { sessionWaitMs, sessionWaitMsMax } = this.#options.limits;
    const asked = query.get("wait");
    const waitMs = asked === undefined ? sessionWaitMs : parseDurationMs(asked);
    if (waitMs === undefined || waitMs > sessionWaitMsMax) {
      throw new AtollError("BAD_REQUEST", `wait is a duration such as 500ms or 2s, at most ${sessionWaitMsMax} ms`);
    }
    return waitMs;
  }

  #openStream(exchange: Exchange, call: Call): void {
    const { limits, metrics } = this.#options;
    // As its session was waited for: nothing would tell the stream.
    if (exchange.request.socket.destroyed) throw new ClientGone();
    if (this.#closing) throw new AtollError("SHUTTING_DOWN", "this replica is shutting down");
    if (metrics.watches >= limits.watchesMax) {
      throw new AtollError("TOO_MANY_WATCHES", `there are already ${limits.watchesMax} watches`);
    }
    const resume = String(call.headers["last-event-id"] ?? "") || call.query.get("resume");
    const encoding = call.query.get("encoding");
    if (encoding !== undefined && encoding !== "utf8" && encoding !== "base64") {
      throw new AtollError("BAD_REQUEST", "encoding is utf8 or base64");
    }
    const prefix = checkPrefix(call.query.get("prefix") ?? "", limits);
    const headers: string[] = [];
    this.#addShared(headers, exchange, NO_DOTS);
    const stream = new EventStream(
      {
        store: call.store,
        watch: { prefix, ...(resume === undefined || resume === "" ? {} : { resume }) },
        encoding,
        response: exchange.response,
        headers,
        limits,
        metrics,
      },
      (closed) => this.#streams.delete(closed),
    );
    this.#streams.add(stream);
    exchange.metrics.observe(200, performance.now() - exchange.startedAt);
  }

  #failure(exchange: Exchange, thrown: unknown): Answer | undefined {
    if (thrown instanceof ClientGone) return undefined;
    const error = toAtollError(thrown);
    this.#options.metrics.error("http", error.code);
    if (error.code === "INTERNAL") {
      this.#options.log("error", "http-request-failed", { route: exchange.metrics.route, error: error.cause ?? error });
    }
    return problemAnswer(error);
  }

  #send(exchange: Exchange, answer: Answer): void {
    const { request, response, metrics, startedAt } = exchange;
    const { headers } = answer;
    this.#addShared(headers, exchange, answer.dots ?? NO_DOTS);
    const isLast = this.#closing || this.#isUnwelcome(exchange, answer.status);
    const isRead = exchange.bodyRead || (request.complete && request.readableEnded);
    const isLeft = !isRead && isBodyOver(request, isLast ? 0 : DROPPED_BYTES_MAX);
    if (isLeft) lingerAtClose(request.socket);
    if (isLeft || isLast) headers.push("Connection", "close");
    metrics.observe(answer.status, performance.now() - startedAt);
    response.writeHead(answer.status, headers);
    if (answer.stream !== undefined) return this.#sendStream(exchange, answer.stream);
    const { body, isBodySpent = false } = answer;
    if (isBodySpent && body instanceof Uint8Array) endWith(exchange, body);
    else response.end(body);
    if (request.socket.writableLength > 0) this.#boundStall(request.socket);
    if (!isLeft && !isLast && exchange.loan === undefined) this.#turns.answered(request, response, body?.length ?? 0);
  }

  #sendStream({ request, response, metrics }: Exchange, stream: AsyncIterable<Uint8Array>): void {
    this.#boundStall(request.socket);
    sendStream(response, stream, (error) => {
      this.#options.metrics.error("http", error.code);
      this.#options.log("error", "http-stream-failed", { route: metrics.route, error: error.cause ?? error });
    });
  }

  /** A wrong token ends its connection, and a stranger gets one answer. */
  #isUnwelcome(exchange: Exchange, status: number): boolean {
    if (exchange.who !== undefined) return false;
    const { connections } = this.#options;
    const { socket } = exchange.request;
    if (connections.isKnown(socket)) return status === 401;
    connections.headRead(socket);
    return true;
  }

  /** Adds what every answer carries. */
  #addShared(headers: string[], exchange: Exchange, seen: readonly Dot[]): void {
    const token = seen.length === 0 ? exchange.token : encodeSession(mergeSession(exchange.earlier, seen));
    headers.push("Atoll-Session", token);
    if (exchange.allowedOrigin !== undefined) {
      headers.push("Access-Control-Allow-Origin", exchange.allowedOrigin, "Vary", "Origin");
      headers.push("Access-Control-Expose-Headers", HEADERS_EXPOSED);
      if (exchange.request.method === "OPTIONS") {
        headers.push("Access-Control-Allow-Methods", METHODS_ALLOWED, "Access-Control-Max-Age", "600");
        headers.push("Access-Control-Allow-Headers", HEADERS_ALLOWED);
      }
    }
  }

  /** A client that does not read its answer holds it in our memory: not for long. */
  #boundStall(socket: Socket): void {
    const { stalledReaderTimeoutMs } = this.#options.limits;
    socket.setTimeout(stalledReaderTimeoutMs);
  }
}

/** Notes the session that a request belongs to; returns what is wrong with its token, which not every operation minds. */
function readSession(exchange: Exchange): AtollError | undefined {
  const header = exchange.request.headers["atoll-session"];
  if (header === undefined || header === "") return undefined;
  const token = String(header);
  try {
    exchange.earlier = decodeSession(token);
    exchange.token = token;
    return undefined;
  } catch (error) {
    return toAtollError(error);
  }
}

function principalOf(exchange: Exchange, operation: Operation): Principal {
  if (exchange.who !== undefined) return exchange.who;
  if (operation.access === "open") return ANYONE;
  throw unauthorized(bearerToken(exchange.request.headers.authorization));
}
