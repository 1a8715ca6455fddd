/** A replica with tokens, seen over HTTP and by a Redis client at once. */

import { vi } from "vitest";
import { decodeSession } from "../../src/doors/session.ts";
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

  /** The sequences of what a session has seen with the answer to `path`. */
  async seenBy(path: string): Promise<number[]> {
    const { headers } = await this.fetch(path);
    return decodeSession(headers.get("atoll-session") ?? "").map(({ sequence }) => sequence);
  }

  /**
   * What a session has seen of each path once `put` has put something at the first and `remove` has removed it: only what is
   * newer than what was put. Both anew, where the tombstone was purged before the last path was asked for, since nobody else has
   * to hear of it.
   */
  seenAfter(put: () => Promise<unknown>, remove: () => Promise<unknown>, ...paths: string[]): Promise<number[]> {
    return vi.waitUntil(async () => {
      await put();
      const there = Math.max(...(await this.seenBy(paths[0] ?? "")));
      await remove();
      const seen: number[] = [];
      for (const path of paths) seen.push(...(await this.seenBy(path)).filter((sequence) => sequence > there));
      return seen.length === paths.length && seen;
    });
  }
}
