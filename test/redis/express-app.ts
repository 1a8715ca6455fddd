/**
 * A web application as people write them: sessions in Redis, a limit to how often somebody may try to log in, and a page that
 * is cached. Nothing in it knows what answers at the address.
 */

import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { RedisStore } from "connect-redis";
import express from "express";
import session from "express-session";
import { RateLimiterRedis, type RateLimiterRes } from "rate-limiter-flexible";
import { createClient, type RedisClientOptions } from "redis";

declare module "express-session" {
  interface SessionData {
    user?: string;
    visits?: number;
  }
}

const TRIES = 5;

export interface RunningApp {
  readonly url: string;
  /** Settles once its connection to Redis is lost: whatever is asked from then on waits for another one. */
  disconnected(): Promise<unknown>;
  stop(): Promise<void>;
}

/** `address`: all that is ever changed. */
export async function startApp(
  address: Pick<RedisClientOptions, "url" | "socket" | "maintNotifications">,
): Promise<RunningApp> {
  const redis = createClient(address);
  redis.on("error", () => {});
  await redis.connect();
  const limiter = new RateLimiterRedis({ storeClient: redis, useRedisPackage: true, points: TRIES, duration: 60 });
  const app = express();
  app.use(
    session({
      store: new RedisStore({ client: redis, prefix: "session:", ttl: 3600 }),
      ...{ secret: "not a secret here", resave: false, saveUninitialized: false },
    }),
  );
  app.post("/login/:user", async (request, response) => {
    try {
      await limiter.consume(request.params.user);
    } catch (refusal) {
      if (refusal instanceof Error) throw refusal;
      response.status(429).json({ retryAfterMs: (refusal as RateLimiterRes).msBeforeNext });
      return;
    }
    request.session.user = request.params.user;
    response.json({ user: request.params.user });
  });
  app.get("/me", (request, response) => {
    request.session.visits = (request.session.visits ?? 0) + 1;
    response.json({ user: request.session.user ?? null, visits: request.session.visits });
  });
  app.post("/logout", (request, response, next) => {
    request.session.destroy((error) => (error === undefined || error === null ? response.json({}) : next(error)));
  });
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    disconnected: () => new Promise((resolve) => redis.once("error", resolve)),
    stop: async () => {
      server.close();
      server.closeAllConnections();
      redis.destroy();
    },
  };
}

/** A visitor who keeps his cookie, wherever he is sent. */
export class Visitor {
  #cookie = "";

  async ask(
    app: RunningApp,
    method: "GET" | "POST",
    path: string,
  ): Promise<{ readonly status: number; readonly body: unknown }> {
    const response = await fetch(`${app.url}${path}`, { method, headers: { cookie: this.#cookie } });
    const cookie = response.headers.get("set-cookie");
    if (cookie !== null) this.#cookie = cookie.slice(0, cookie.indexOf(";"));
    return { status: response.status, body: await response.json() };
  }
}
