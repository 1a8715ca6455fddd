/** HTTP to one replica over connections that are kept, as a client library would. */

import { Agent, type IncomingHttpHeaders, request } from "node:http";

export interface HttpCall {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly path: string;
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Longer than any pause or wait of a test. */
const TIMEOUT_MS = 60_000;

export class HttpClient {
  readonly #port: number;
  readonly #host: string;
  readonly #token: string | undefined;
  #agent = new Agent({ keepAlive: true, maxSockets: 64 });

  constructor(port: number, host = "127.0.0.1", token?: string) {
    this.#port = port;
    this.#host = host;
    this.#token = token;
  }

  /** Rejects when the connection ends before the answer: then the call may have been carried out, or not. */
  send(call: HttpCall): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const outgoing = request({
        agent: this.#agent,
        host: this.#host,
        port: this.#port,
        method: call.method,
        path: call.path,
        headers: { ...call.headers, ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }) },
        timeout: TIMEOUT_MS,
      });
      outgoing.on("timeout", () => outgoing.destroy(new Error(`${call.method} ${call.path}: no answer`)));
      outgoing.on("error", reject);
      outgoing.on("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
        });
      });
      outgoing.end(call.body);
    });
  }

  put(key: string, value: string | Uint8Array, query = ""): Promise<HttpAnswer> {
    return this.send({ method: "PUT", path: `/v1/kv/${encodeURIComponent(key)}${query}`, body: value });
  }

  get(key: string, query = ""): Promise<HttpAnswer> {
    return this.send({ method: "GET", path: `/v1/kv/${encodeURIComponent(key)}${query}` });
  }

  delete(key: string, query = ""): Promise<HttpAnswer> {
    return this.send({ method: "DELETE", path: `/v1/kv/${encodeURIComponent(key)}${query}` });
  }

  /** Drops the connections: the process at the other end is another one now. */
  reset(): void {
    this.#agent.destroy();
    this.#agent = new Agent({ keepAlive: true, maxSockets: 64 });
  }
}

/** The version in an ETag. */
export function versionIn(answer: HttpAnswer): string | undefined {
  return /^"(.*)"$/.exec(answer.headers.etag ?? "")?.[1];
}
