/**
 * A client of Atoll's HTTP door with failover: a request goes to the replica that answered last, and to the next of the
 * list when that one cannot be reached or is not ready. A repeated `put` or `delete` is a later write of the same
 * content; a conditional one is repeated only where the first certainly was not received.
 */

import { setTimeout as delay } from "node:timers/promises";
import { AtollError } from "../base/errors.ts";
import type { Key } from "../base/ids.ts";
import type { ClusterStatus } from "../cluster-status.ts";
import type { AckLevel, ConflictPage, Entry, KeyPage, KeyspaceSettings, KeyspaceStatus, WatchEvent } from "../store.ts";
import {
  type Answer,
  badAnswer,
  expectStatus,
  isObject,
  parseJson,
  problemCode,
  RemoteError,
  remoteError,
} from "./answer.ts";
import { parseConflictPage } from "./conflict-page.ts";
import { allFailed, type Failure, failureReason } from "./failure.ts";
import { decodePercent, encodePercent } from "./percent.ts";
import type { PutRequest, RestoreAnswer, RestoreRequest, WatchRequest } from "./requests.ts";
import type { Fetch } from "./trusting-fetch.ts";
import { decodeWatchEvents } from "./watch-event.ts";
import { versionOf, type WriteAnswer, writeAnswer } from "./write-answer.ts";

export interface HttpClientOptions {
  /** One for each replica, such as `http://127.0.0.1:7400`. */
  readonly urls: readonly string[];
  readonly keyspace?: string;
  readonly token?: string;
  /** For one request at one replica, its body included; 30,000 unless told. */
  readonly timeoutMs?: number;
  /** What requests go out through; the `fetch` of the platform unless told. */
  readonly fetch?: Fetch;
}

interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** False: it must not be sent twice. */
  readonly repeatable?: boolean;
  /** That of the client unless told. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 30_000;
/** A replica that is ready says so at once. */
const READY_TIMEOUT_MS = 2_000;
/** Owners are looked for, and disks waited for. */
const RESTORE_TIMEOUT_MS = 180_000;
const RECONNECT_MS_MIN = 250;
const RECONNECT_MS_MAX = 5_000;
/** Failures after which the request certainly was not received. */
const NEVER_SENT = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

export class HttpClient {
  readonly #urls: readonly string[];
  readonly #base: string;
  readonly #token: string | undefined;
  readonly #timeoutMs: number;
  readonly #fetch: Fetch;
  /** Index of the replica that answered last. */
  #current = 0;
  #session: string | undefined;

  constructor(options: HttpClientOptions) {
    if (options.urls.length === 0) throw new AtollError("BAD_CONFIG", "no URL to talk to");
    this.#urls = options.urls.map((url) => url.replace(/\/+$/, ""));
    this.#base = options.keyspace === undefined ? "/v1" : `/v1/keyspaces/${encodeURIComponent(options.keyspace)}`;
    this.#token = options.token;
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.#fetch = options.fetch ?? ((url, init) => fetch(url, init));
  }

  /** The URL that requests go to first. */
  get url(): string {
    return this.#urls[this.#current] ?? "";
  }

  async get(key: Key, options: { readonly consistency?: "local" | "quorum" } = {}): Promise<Entry | undefined> {
    const query = options.consistency === undefined ? {} : { consistency: options.consistency };
    const answer = await this.#request({ method: "GET", path: this.#keyPath("kv", key, query) });
    if (answer.status === 404 && problemCode(answer) === "NOT_FOUND") return undefined;
    const { headers, body } = expectStatus(answer, 200);
    const contentType = headers.get("content-type");
    const expiresAt = headers.get("atoll-expires-at");
    const tags = headers.get("atoll-tags");
    return {
      value: body,
      version: versionOf(headers) ?? "",
      ...(contentType !== null && { contentType }),
      ...(tags !== null && { tags: parseTags(tags) }),
      ...(expiresAt !== null && { expiresAt: /^\d+$/.test(expiresAt) ? Number(expiresAt) : Date.parse(expiresAt) }),
    };
  }

  async put(key: Key, value: Uint8Array | string, options: PutRequest = {}): Promise<WriteAnswer> {
    const query = {
      ...(options.ttlMs !== undefined && { ttl: `${options.ttlMs}ms` }),
      ...(options.ack !== undefined && { ack: options.ack }),
    };
    const answer = await this.#request({
      method: "PUT",
      path: this.#keyPath("kv", key, query),
      headers: {
        "content-type": options.contentType ?? "application/octet-stream",
        ...(options.tags !== undefined && { "atoll-tags": options.tags.map(encodePercent).join(",") }),
        ...(options.ifMatch !== undefined && { "if-match": `"${options.ifMatch}"` }),
        ...(options.ifNoneMatch !== undefined && { "if-none-match": options.ifNoneMatch }),
      },
      body: value,
      repeatable: options.ifMatch === undefined && options.ifNoneMatch === undefined,
    });
    expectStatus(answer, 201, 202, 204);
    return writeAnswer(answer, answer.status === 201 ? "created" : "replaced");
  }

  async delete(key: Key, options: { readonly ack?: AckLevel } = {}): Promise<WriteAnswer> {
    const query = options.ack === undefined ? {} : { ack: options.ack };
    const answer = await this.#request({ method: "DELETE", path: this.#keyPath("kv", key, query) });
    expectStatus(answer, 202, 204);
    return writeAnswer(answer, "deleted");
  }

  /** Makes every older value that carries the tag, bytes as latin1 text, stale everywhere. */
  async invalidate(tag: string, options: { readonly ack?: AckLevel } = {}): Promise<WriteAnswer> {
    const query = options.ack === undefined ? "" : `?ack=${options.ack}`;
    const path = `${this.#base}/tags/${encodePercent(tag)}/invalidate${query}`;
    const answer = await this.#request({ method: "POST", path });
    expectStatus(answer, 202, 204);
    return writeAnswer(answer, "invalidated");
  }

  /** One page of keys under a prefix. */
  async page(prefix: string, options: { readonly limit: number; readonly cursor?: string }): Promise<KeyPage> {
    const cursor = options.cursor === undefined ? "" : `&cursor=${encodePercent(options.cursor)}`;
    const path = `${this.#base}/keys?prefix=${encodePercent(prefix)}&limit=${options.limit}${cursor}`;
    const parsed = parseJson(expectStatus(await this.#request({ method: "GET", path }), 200));
    if (!isObject(parsed) || !Array.isArray(parsed.keys)) throw badAnswer("a page of keys");
    const keys = parsed.keys.map((text: unknown) => {
      const key = typeof text === "string" ? decodePercent(text) : undefined;
      if (key === undefined) throw badAnswer("a key");
      return key as Key;
    });
    return typeof parsed.cursor === "string" ? { keys, cursor: parsed.cursor } : { keys };
  }

  /** All keys under a prefix, page by page: a replica that is lost on the way is followed by the next where it ended. */
  async *keys(prefix: string, pageSize = 1_000): AsyncGenerator<Key> {
    let cursor: string | undefined;
    do {
      const page: KeyPage = await this.page(prefix, { limit: pageSize, ...(cursor !== undefined && { cursor }) });
      yield* page.keys;
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  /** One look at whether a replica is in sync and able to serve. Throws `NOT_READY` with the reasons, or `UNREACHABLE`. */
  async checkReady(): Promise<void> {
    expectStatus(await this.#request({ method: "GET", path: "/readyz", timeoutMs: READY_TIMEOUT_MS }), 200);
  }

  async status(): Promise<ClusterStatus> {
    const parsed = parseJson(expectStatus(await this.#request({ method: "GET", path: "/v1/cluster" }), 200));
    if (!isObject(parsed) || !Array.isArray(parsed.members)) throw badAnswer("the state of a cluster");
    // The shape is the server's promise; whoever shows it copes with fields that an older server lacks.
    return parsed as unknown as ClusterStatus;
  }

  /** The latest writes under a prefix that lost to a concurrent one, as the replica that is asked knows them; newest first. */
  async conflicts(prefix: string, limit: number): Promise<ConflictPage> {
    const path = `${this.#base}/conflicts?prefix=${encodePercent(prefix)}&limit=${limit}`;
    return parseConflictPage(parseJson(expectStatus(await this.#request({ method: "GET", path }), 200)));
  }

  async keyspaces(): Promise<readonly KeyspaceStatus[]> {
    const path = "/v1/admin/keyspaces";
    const parsed = parseJson(expectStatus(await this.#request({ method: "GET", path }), 200));
    if (!isObject(parsed) || !Array.isArray(parsed.keyspaces)) throw badAnswer("a list of keyspaces");
    return parsed.keyspaces as readonly KeyspaceStatus[];
  }

  /** Creates a keyspace, or replaces what one is set to as a whole. */
  async defineKeyspace(
    name: string,
    settings: KeyspaceSettings,
  ): Promise<{ readonly existed: boolean; readonly keyspace: KeyspaceStatus }> {
    const body = JSON.stringify({ name, ...settings });
    const headers = { "content-type": "application/json" };
    const answer = await this.#request({ method: "POST", path: "/v1/admin/keyspaces", headers, body });
    const parsed = parseJson(expectStatus(answer, 200, 201));
    if (!isObject(parsed) || parsed.name !== name) throw badAnswer("a keyspace");
    return { existed: answer.status === 200, keyspace: parsed as unknown as KeyspaceStatus };
  }

  /** Removes a member that is gone for good; `force`: also where nobody else is known to have what it owns. */
  async removeMember(id: string, { force }: { readonly force: boolean }): Promise<void> {
    const path = `/v1/admin/members/${encodePercent(id)}${force ? "?force=true" : ""}`;
    expectStatus(await this.#request({ method: "DELETE", path }), 204);
  }

  /** Whole keyspaces, or all of them, as a backup that comes while it is made; whoever reads it checks that it is whole. */
  async backup(keyspaces?: readonly string[], signal?: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const query = keyspaces === undefined ? "" : `?keyspaces=${encodePercent(keyspaces.join(","))}`;
    const answer = await this.#firstOf((url) => this.#open(`${url}/v1/admin/backup${query}`, signal));
    const { stream } = expectStatus(answer, 200) as typeof answer;
    if (stream === undefined) throw badAnswer("a backup");
    return endedBy(signal, stream);
  }

  /** Hands in a backup, or a part of one. Sent twice, it is restored once. */
  async restore(part: Uint8Array, options: RestoreRequest): Promise<RestoreAnswer> {
    const { overwrite, stamp } = options;
    const query = overwrite ? `?overwrite=true${stamp === undefined ? "" : `&stamp=${stamp}`}` : "";
    const path = `/v1/admin/restore${query}`;
    const parsed = parseJson(
      expectStatus(await this.#request({ method: "POST", path, body: part, timeoutMs: RESTORE_TIMEOUT_MS }), 200),
    );
    if (!isObject(parsed) || typeof parsed.restored !== "number") throw badAnswer("that of a restore");
    return parsed as unknown as RestoreAnswer;
  }

  /** Drops every link of the replica to these, both ways, until set otherwise (`--enable-faults`). */
  async cut(replicas: readonly string[]): Promise<void> {
    const body = JSON.stringify({ cut: replicas });
    const headers = { "content-type": "application/json" };
    const answer = await this.#request({ method: "PUT", path: "/v1/admin/faults", headers, body });
    if (answer.status >= 300) throw remoteError(answer);
  }

  /**
   * Changes under a prefix, for ever: after a break it goes on behind the last event, at the next replica. Throws
   * `UNREACHABLE` when it never got through to any.
   */
  async *watch(request: WatchRequest): AsyncGenerator<WatchEvent> {
    let resume = request.resume;
    let everConnected = false;
    const neverConnected: Failure[] = [];
    let failures = 0;
    while (!isAborted(request)) {
      let reason = "the stream ended";
      try {
        const body = await this.#openWatch(request, resume);
        everConnected = true;
        for await (const event of decodeWatchEvents(body)) {
          failures = 0;
          resume = event.resume;
          yield event;
        }
      } catch (error) {
        if (isAborted(request)) return;
        if (error instanceof RemoteError && error.status < 500 && error.status !== 429) throw error;
        if (!everConnected) neverConnected.push({ url: this.url, error });
        if (neverConnected.length >= this.#urls.length) throw allFailed(neverConnected);
        reason = failureReason(error);
      }
      if (isAborted(request)) return;
      failures++;
      this.#current = (this.#current + 1) % this.#urls.length;
      if (everConnected) request.onReconnect?.(reason);
      // At once at the next replica; slower when the whole list has failed.
      const rounds = Math.floor(failures / this.#urls.length);
      const waitMs = rounds === 0 ? 0 : Math.min(RECONNECT_MS_MIN * 2 ** (rounds - 1), RECONNECT_MS_MAX);
      await delay(waitMs, undefined, request.signal === undefined ? {} : { signal: request.signal }).catch(() => {});
    }
  }

  async #openWatch(request: WatchRequest, resume: string | undefined): Promise<ReadableStream<Uint8Array>> {
    const response = await this.#fetch(`${this.url}${this.#base}/watch?prefix=${encodePercent(request.prefix)}`, {
      headers: this.#headers({ accept: "text/event-stream", ...(resume !== undefined && { "last-event-id": resume }) }),
      redirect: "error",
      ...(request.signal !== undefined && { signal: request.signal }),
    });
    if (response.status === 200 && response.body !== null) return endedBy(request.signal, response.body);
    throw remoteError({
      status: response.status,
      headers: response.headers,
      body: new Uint8Array(await response.arrayBuffer()),
    });
  }

  #keyPath(family: string, key: Key, query: Readonly<Record<string, string>>): string {
    const pairs = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
    // URLs normalise dots away, even encoded ones.
    const isDots = key === "." || key === ".." || key === "";
    if (isDots) pairs.unshift(`key=${encodePercent(key)}`);
    const path = isDots ? `${this.#base}/${family}` : `${this.#base}/${family}/${encodePercent(key)}`;
    return pairs.length === 0 ? path : `${path}?${pairs.join("&")}`;
  }

  #headers(more: Readonly<Record<string, string>>): Record<string, string> {
    return {
      ...more,
      ...(this.#token !== undefined && { authorization: `Bearer ${this.#token}` }),
      ...(this.#session !== undefined && { "atoll-session": this.#session }),
    };
  }

  /** The first answer that is not "try another replica"; else the last of those, or `UNREACHABLE`. */
  #request(request: Request): Promise<Answer> {
    return this.#firstOf((url) => this.#send(url, request), request.repeatable);
  }

  async #firstOf<A extends Answer>(send: (url: string) => Promise<A>, repeatable = true): Promise<A> {
    const failures: Failure[] = [];
    for (let tries = 0; tries < this.#urls.length; tries++) {
      const index = (this.#current + tries) % this.#urls.length;
      const url = this.#urls[index] ?? "";
      try {
        const answer = await send(url);
        if (answer.status !== 502 && answer.status !== 503) {
          this.#current = index;
          this.#session = answer.headers.get("atoll-session") ?? this.#session;
          return answer;
        }
        failures.push({ url, error: remoteError(answer) });
      } catch (error) {
        failures.push({ url, error });
        if (!repeatable && !NEVER_SENT.has(failureReason(error))) break;
      }
    }
    throw allFailed(failures);
  }

  /** An answer whose body comes piece by piece. */
  async #open(
    url: string,
    signal?: AbortSignal,
  ): Promise<Answer & { readonly stream: ReadableStream<Uint8Array> | undefined }> {
    const response = await this.#fetch(url, {
      method: "POST",
      headers: this.#headers({}),
      redirect: "error",
      ...(signal !== undefined && { signal }),
    });
    const { status, headers } = response;
    if (status === 200) return { status, headers, body: new Uint8Array(), stream: response.body ?? undefined };
    return { status, headers, body: new Uint8Array(await response.arrayBuffer()), stream: undefined };
  }

  async #send(url: string, request: Request): Promise<Answer> {
    const response = await this.#fetch(`${url}${request.path}`, {
      method: request.method,
      headers: this.#headers(request.headers ?? {}),
      ...(request.body !== undefined && { body: request.body }),
      redirect: "error",
      signal: AbortSignal.timeout(request.timeoutMs ?? this.#timeoutMs),
    });
    return { status: response.status, headers: response.headers, body: new Uint8Array(await response.arrayBuffer()) };
  }
}

function isAborted(request: WatchRequest): boolean {
  return request.signal?.aborted === true;
}

/** Of a body that is long under way `fetch` follows its signal by a weak reference alone: it may be gone by then. */
function endedBy(signal: AbortSignal | undefined, stream: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  return signal === undefined ? stream : stream.pipeThrough(new TransformStream(), { signal });
}

function parseTags(header: string): readonly string[] {
  return header.split(",").map((part) => {
    const tag = decodePercent(part.trim());
    if (tag === undefined) throw badAnswer("a list of tags");
    return tag;
  });
}
