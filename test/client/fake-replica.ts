/** A stand-in for a replica's HTTP door: one process, one Map, as much of the contract as clients use. */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { decodePercent, encodePercent } from "../../src/client/percent.ts";

export interface FakeReplica {
  readonly url: string;
  /** Method, path and headers of every request so far. */
  readonly requests: { readonly method: string; readonly path: string; readonly headers: IncomingMessage["headers"] }[];
  readonly values: Map<string, Buffer>;
  /** Answers every request itself while set. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  /** Sends an event to every watcher. */
  emit(type: string, data: object): void;
  /** Breaks the connections of all watchers. */
  dropWatchers(): void;
  watchers(): number;
  close(): Promise<void>;
}

export function problem(response: ServerResponse, status: number, code: string, detail: string): void {
  response
    .writeHead(status, { "content-type": "application/problem+json" })
    .end(JSON.stringify({ status, code, detail }));
}

export interface FakeReplicaOptions {
  readonly port?: number;
  readonly tls?: { readonly cert: string; readonly key: string };
}

export async function startFakeReplica(options: FakeReplicaOptions = {}): Promise<FakeReplica> {
  const values = new Map<string, Buffer>();
  const watching = new Set<ServerResponse>();
  let events = 0;
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? "";
    replica.requests.push({ method: request.method ?? "", path, headers: request.headers });
    if (replica.intercept?.(request, response) === true) return;
    void answer(request, response);
  };
  const server = options.tls === undefined ? createServer(listener) : createTlsServer(options.tls, listener);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = "", search = ""] = (request.url ?? "").split("?");
    const query = new Map(search.split("&").map((pair) => pair.split("=", 2) as [string, string]));
    if (path === "/readyz") response.end(JSON.stringify({ ready: true, reasons: [] }));
    else if (path === "/v1/watch") {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(": welcome\n\n");
      watching.add(response);
      request.on("close", () => watching.delete(response));
    } else if (path === "/v1/keys") {
      const prefix = decodePercent(query.get("prefix") ?? "") ?? "";
      const all = [...values.keys()].filter((key) => key.startsWith(prefix));
      const from = Number(query.get("cursor") ?? 0);
      const to = from + Number(query.get("limit"));
      const cursor = to < all.length ? { cursor: String(to) } : {};
      response.end(JSON.stringify({ keys: all.slice(from, to).map(encodePercent), ...cursor }));
    } else if (path.startsWith("/v1/kv")) {
      const key = decodePercent(query.get("key") ?? path.slice("/v1/kv/".length)) ?? "";
      const value = values.get(key);
      if (request.method === "PUT") {
        values.set(key, await buffer(request));
        response.writeHead(value === undefined ? 201 : 204, { etag: '"v1"', "atoll-session": "s1" }).end();
      } else if (request.method === "DELETE") {
        values.delete(key);
        response.writeHead(204).end();
      } else if (value === undefined) problem(response, 404, "NOT_FOUND", "no such key");
      else response.writeHead(200, { etag: '"v1"', "content-type": "text/plain" }).end(value);
    } else problem(response, 404, "NOT_FOUND", "no such route");
  }

  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  const replica: FakeReplica = {
    url: `${options.tls === undefined ? "http" : "https"}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    values,
    intercept: undefined,
    emit(type, data) {
      events++;
      const text = `id: r${events}\nevent: ${type}\ndata: ${JSON.stringify({ type, resume: `r${events}`, ...data })}\n\n`;
      for (const response of watching) response.write(text);
    },
    dropWatchers() {
      for (const response of watching) response.destroy();
    },
    watchers: () => watching.size,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return replica;
}
