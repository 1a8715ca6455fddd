/** The store behind the HTTP door of a replica. */

import { type ClientRequest, request } from "node:http";
import type { Key } from "../../src/base/ids.ts";
import { EventStreamParser } from "../../src/client/event-stream.ts";
import { decodePercent, encodePercent } from "../../src/client/percent.ts";
import { parseWatchEvent } from "../../src/client/watch-event.ts";
import type { ClusterStatus } from "../../src/cluster-status.ts";
import { encodeSession } from "../../src/doors/session.ts";
import type {
  BatchOperation,
  BatchResult,
  Dot,
  InvalidateOutcome,
  KeyPage,
  PutOptions,
  ReadOptions,
  ReadOutcome,
  WatchEvent,
  WatchOptions,
  WriteOptions,
  WriteOutcome,
} from "../../src/store.ts";
import { type HttpAnswer, type HttpCall, HttpClient, versionIn } from "../end-to-end/http-client.ts";
import {
  batchResults,
  dotIn,
  encodeOperation,
  type Message,
  NEVER,
  remoteError,
  unreachable,
} from "./remote-answer.ts";
import type { RemoteStore, RemoteWatch, StoreAddress } from "./remote-store.ts";

export class HttpStore implements RemoteStore {
  readonly #address: StoreAddress;
  readonly #http: HttpClient;
  readonly #watches = new Set<ClientRequest>();
  #isClosed = false;

  constructor(address: StoreAddress) {
    this.#address = address;
    this.#http = new HttpClient(address.port, address.host, address.token);
  }

  async get(key: Key, { consistency }: ReadOptions = {}): Promise<ReadOutcome> {
    const answer = await this.#send("GET", "/v1/kv", { key, consistency });
    const dot = dotIn(answer.headers["atoll-session"]);
    const known = dot === undefined ? {} : { dot };
    if (codeOf(answer) === "NOT_FOUND") return known;
    throwUnless(answer, 200);
    const expiresAt = answer.headers["atoll-expires-at"];
    const entry = {
      value: new Uint8Array(answer.body),
      version: versionIn(answer) ?? "",
      ...(expiresAt === undefined ? {} : { expiresAt: Date.parse(String(expiresAt)) }),
    };
    return { ...known, entry };
  }

  async put(key: Key, value: Uint8Array, options: PutOptions = {}): Promise<WriteOutcome> {
    const { ack = "memory", ttlMs, tags } = options;
    const query = { key, ack, ttl: ttlMs === undefined ? undefined : `${ttlMs}ms` };
    const tagHeaders = tags === undefined ? {} : { "atoll-tags": tags.map(encodePercent).join(",") };
    const headers = { ...conditionHeaders(options), ...tagHeaders };
    const answer = await this.#send("PUT", "/v1/kv", query, { body: value, headers });
    throwUnless(answer, 201, 202, 204);
    const [reached, wanted] = String(answer.headers["atoll-acks"]).split("/").map(Number);
    const dot = dotIn(answer.headers["atoll-session"]);
    if (dot === undefined) throw new Error("a write was answered without a session");
    return {
      version: versionIn(answer) ?? "",
      dot,
      existed: answer.status !== 201,
      acks: { reached: reached ?? 0, wanted: wanted ?? 0, met: answer.status !== 202 },
    };
  }

  /** As a batch, whose answers name the version of a tombstone. */
  async delete(key: Key, options: WriteOptions = {}): Promise<WriteOutcome> {
    const [result] = await this.batch([{ type: "delete", key }], options);
    if (result?.type === "delete") return result;
    throw remoteError(result?.type === "error" ? result.code : undefined, "a delete failed");
  }

  async invalidate(tag: string, { ack = "memory" }: WriteOptions = {}): Promise<InvalidateOutcome> {
    const answer = await this.#send("POST", `/v1/tags/${encodePercent(tag)}/invalidate`, { ack });
    throwUnless(answer, 202, 204);
    const [reached, wanted] = String(answer.headers["atoll-acks"]).split("/").map(Number);
    const dot = dotIn(answer.headers["atoll-session"]);
    if (dot === undefined) throw new Error("a write was answered without a session");
    const acks = { reached: reached ?? 0, wanted: wanted ?? 0, met: answer.status !== 202 };
    return { version: versionIn(answer) ?? "", dot, acks };
  }

  async batch(operations: readonly BatchOperation[], { ack = "memory" }: WriteOptions = {}): Promise<BatchResult[]> {
    const body = JSON.stringify({ operations: operations.map(encodeOperation) });
    const answer = await this.#send("POST", "/v1/batch", { ack }, { body });
    throwUnless(answer, 200);
    const { results } = JSON.parse(answer.body.toString()) as { readonly results: readonly Message[] };
    return batchResults(operations, results, answer.headers["atoll-session"], this.#address.shards);
  }

  async keys({ prefix, limit, cursor }: Parameters<RemoteStore["keys"]>[0]): Promise<KeyPage> {
    const answer = await this.#send("GET", "/v1/keys", { prefix, limit: String(limit), cursor });
    throwUnless(answer, 200);
    const page = JSON.parse(answer.body.toString()) as { readonly keys: readonly string[]; readonly cursor?: string };
    return { ...page, keys: page.keys.map((key) => decodePercent(key) as Key) };
  }

  async status(): Promise<ClusterStatus> {
    const answer = await this.#send("GET", "/v1/cluster", {});
    throwUnless(answer, 200);
    return JSON.parse(answer.body.toString()) as ClusterStatus;
  }

  async catchUp(dots: readonly Dot[], waitMs: number): Promise<this> {
    const headers = { "atoll-session": encodeSession(dots) };
    const answer = await this.#send("GET", "/v1/kv", { key: "-", wait: `${waitMs}ms` }, { headers });
    throwUnless(answer, 200, 404);
    return this;
  }

  watch({ prefix, resume }: WatchOptions, listener: (event: WatchEvent) => void): RemoteWatch {
    const { host, port, token } = this.#address;
    const headers = {
      ...(resume === undefined ? {} : { "last-event-id": resume }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    const path = `/v1/watch?prefix=${encodePercent(prefix)}&encoding=base64`;
    const sent = request({ host, port, path, headers, agent: false });
    this.#watches.add(sent);
    sent.once("close", () => this.#watches.delete(sent));
    const watch = { resume: "", close: () => void sent.destroy() };
    const opened = new Promise<void>((resolve, reject) => {
      sent.on("error", (error: NodeJS.ErrnoException) => {
        if (error.code === "ECONNREFUSED") reject(unreachable(port));
      });
      sent.on("response", (response) => {
        response.on("error", () => {});
        if (response.statusCode !== 200) reject(remoteError(undefined, `a watch: HTTP ${response.statusCode}`));
        const parser = new EventStreamParser();
        response.setEncoding("utf8").on("data", (text: string) => {
          watch.resume ||= /^id: (.*)$/m.exec(text)?.[1] ?? "";
          resolve();
          for (const event of parser.push(text).map(parseWatchEvent)) if (event !== undefined) listener(event);
        });
      });
    });
    sent.end();
    return Object.assign(watch, { opened });
  }

  close(): void {
    this.#isClosed = true;
    this.#http.reset();
    for (const watch of this.#watches) watch.destroy();
  }

  async #send(
    method: HttpCall["method"],
    path: string,
    query: Readonly<Record<string, string | undefined>>,
    rest: Pick<HttpCall, "body" | "headers"> = {},
  ): Promise<HttpAnswer> {
    if (this.#isClosed) return NEVER;
    const pairs = Object.entries(query).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${encodePercent(value)}`],
    );
    try {
      return await this.#http.send({ method, path: `${path}?${pairs.join("&")}`, ...rest });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ECONNREFUSED") return NEVER;
      throw unreachable(this.#address.port);
    }
  }
}

function conditionHeaders({ condition }: WriteOptions): Record<string, string> {
  if (condition === undefined) return {};
  if (condition.type === "absent") return { "if-none-match": "*" };
  if (condition.type === "present") return { "if-match": "*" };
  return { "if-match": condition.versions.map((version) => `"${version}"`).join(", ") };
}

function codeOf(answer: HttpAnswer): string | undefined {
  if (answer.status < 400) return undefined;
  return (JSON.parse(answer.body.toString()) as { readonly code?: string }).code;
}

function throwUnless(answer: HttpAnswer, ...expected: readonly number[]): void {
  if (!expected.includes(answer.status)) throw remoteError(codeOf(answer), `HTTP ${answer.status}`);
}
