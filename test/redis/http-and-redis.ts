/** A replica with tokens, seen over HTTP and by a Redis client at once. */

import type { StartConfig } from "../../src/node/node-config.ts";
import { RespClient } from "./resp-client.ts";
import { startAtoll } from "./servers.ts";

export class HttpAndRedis {
  /** May read and write everything, as `all` may over HTTP. */
  readonly redis: RespClient;
  readonly #base: string;
  readonly #stop: () => Promise<void>;

  private constructor(redis: RespClient, base: string, stop: () => Promise<void>) {
    this.redis = redis;
    this.#base = base;
    this.#stop = stop;
  }

  /** With these tokens beside `all`. */
  static async start(tokens: StartConfig["tokens"]): Promise<HttpAndRedis> {
    const { node, port } = await startAtoll({ tokens: [{ token: "all", scopes: ["read", "write"] }, ...tokens] });
    const redis = await RespClient.connect(port);
    await redis.send("AUTH", "all");
    return new HttpAndRedis(redis, `http://${node.address}/v1`, () => node.stop());
  }

  async stop(): Promise<void> {
    await this.redis.close();
    await this.#stop();
  }

  /** Asks for a path behind `/v1`. */
  fetch(
    path: string,
    { token = "all", headers, ...init }: RequestInit & { readonly token?: string } = {},
  ): Promise<Response> {
    return fetch(this.#base + path, { ...init, headers: { ...headers, authorization: `Bearer ${token}` } });
  }
}
