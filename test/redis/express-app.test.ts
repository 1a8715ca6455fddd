/**
 * An application moves from one Redis to a replica at each edge by nothing but another address: sessions and limits work there
 * as before, at both edges, while these cannot see each other, and once either of them is gone.
 */

import type { LookupFunction } from "node:net";

import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JoinTarget } from "../../src/base/join-target.ts";
import type { Node } from "../../src/node/create-node.ts";
import { until } from "../end-to-end/until.ts";
import { type RunningApp, startApp, Visitor } from "./express-app.ts";
import { freePort, hasRedis, startAtoll, startRedis } from "./servers.ts";

const undo: (() => Promise<unknown>)[] = [];

afterAll(async () => {
  for (const step of undo.reverse()) await step();
});

/** Where the edges are: at one port of two addresses, so that one name can stand for both. */
const HOSTS = ["127.0.0.1", "127.0.0.2"] as const;

const bothEdges: LookupFunction = (_name, _options, found) =>
  found(
    null,
    HOSTS.map((address) => ({ address, family: 4 })),
  );

async function appAt(address: Parameters<typeof startApp>[0]): Promise<RunningApp> {
  const app = await startApp(address);
  undo.push(app.stop);
  return app;
}

/** `settled`: what was written at one place is at the other. */
async function walkThrough(here: RunningApp, there: RunningApp, settled: () => Promise<void>): Promise<void> {
  const ann = new Visitor();
  expect(await ann.ask(here, "GET", "/me")).toEqual({ status: 200, body: { user: null, visits: 1 } });
  expect(await ann.ask(here, "POST", "/login/ann")).toEqual({ status: 200, body: { user: "ann" } });
  await settled();
  expect(await ann.ask(there, "GET", "/me")).toEqual({ status: 200, body: { user: "ann", visits: 2 } });
  const guesser = new Visitor();
  for (let i = 0; i < 5; i++) expect((await guesser.ask(here, "POST", "/login/bob")).status).toBe(200);
  const refusal = { status: 429, body: { retryAfterMs: expect.any(Number) } };
  expect(await guesser.ask(here, "POST", "/login/bob")).toEqual(refusal);
  await settled();
  expect(await guesser.ask(there, "POST", "/login/bob")).toEqual(refusal);
  expect((await ann.ask(there, "POST", "/logout")).status).toBe(200);
  await settled();
  expect(await ann.ask(here, "GET", "/me")).toEqual({ status: 200, body: { user: null, visits: 1 } });
}

test.skipIf(!hasRedis)("it works with Redis", async () => {
  const redis = await startRedis();
  if (redis === undefined) return;
  undo.push(redis.stop);
  const app = await appAt({ url: `redis://127.0.0.1:${redis.port}` });
  await walkThrough(app, app, async () => {});
});

describe("with a replica at each edge", () => {
  let port: number;
  const nodes: Node[] = [];
  let clients: readonly Redis[];
  let apps: readonly [RunningApp, RunningApp];

  beforeAll(async () => {
    port = await freePort();
    await startEdge(0);
    await startEdge(1);
    undo.push(() => Promise.all(nodes.map((node) => node.stop())));
    clients = HOSTS.map((host) => new Redis({ host, port }));
    for (const client of clients) {
      client.on("error", () => {});
      undo.push(async () => client.disconnect());
    }
    const [here, there] = HOSTS;
    apps = [await appAt({ url: `redis://${here}:${port}` }), await appAt({ url: `redis://${there}:${port}` })];
    await settled();
  });

  /** Empty, in place of the one that was there, and a member of what the other is in. */
  async function startEdge(edge: 0 | 1): Promise<void> {
    const other = nodes[1 - edge];
    const join: JoinTarget[] = [];
    if (other !== undefined) {
      const { hostname, port } = new URL(`http://${other.address}`);
      join.push({ type: "address", host: hostname, port: Number(port) });
    }
    nodes[edge] = (await startAtoll({ host: HOSTS[edge], redisPort: port, join })).node;
  }

  /** Both have the same keys with the same values. */
  async function settled(): Promise<void> {
    const isSame = async (): Promise<true | undefined> => {
      const [here, there] = await Promise.all(clients.map(contentsOf));
      return here === there ? true : undefined;
    };
    await until("both edges have the same", isSame);
  }

  async function contentsOf(client: Redis): Promise<string> {
    const keys = (await client.keys("*")).sort();
    return JSON.stringify([keys, keys.length === 0 ? [] : await client.mget(keys)]);
  }

  function cut(isCut: boolean): void {
    const [first, second] = nodes as [Node, Node];
    first.store.cut(isCut ? [second.id] : []);
    second.store.cut(isCut ? [first.id] : []);
  }

  test("it works at both", async () => {
    await walkThrough(...apps, settled);
  });

  test("it goes on at both while they are cut off from each other, and what was done is one afterwards", async () => {
    const [here, there] = apps;
    const [cleo, dora, guesser] = [new Visitor(), new Visitor(), new Visitor()];
    cut(true);
    expect((await cleo.ask(here, "POST", "/login/cleo")).status).toBe(200);
    expect((await dora.ask(there, "POST", "/login/dora")).status).toBe(200);
    for (let i = 0; i < 3; i++) {
      expect((await guesser.ask(here, "POST", "/login/eve")).status).toBe(200);
      expect((await guesser.ask(there, "POST", "/login/eve")).status).toBe(200);
    }
    cut(false);
    await settled();
    expect((await cleo.ask(there, "GET", "/me")).body).toMatchObject({ user: "cleo" });
    expect((await dora.ask(here, "GET", "/me")).body).toMatchObject({ user: "dora" });
    // Six tries were made, each of which counts: more than one place alone would have let happen.
    await until("all tries count at both edges", async () => {
      const counts = await Promise.all(clients.map((client) => client.get("rlflx:eve")));
      return counts.every((count) => count === "6") ? true : undefined;
    });
    for (const app of apps) expect((await guesser.ask(app, "POST", "/login/eve")).status).toBe(429);
  });

  test.each([0, 1] as const)("it goes on when edge %i is lost, and when another comes in its place", async (lost) => {
    const [app, other] = [apps[lost], apps[lost === 0 ? 1 : 0]];
    // With those notifications the library looks the name up by itself, and only there.
    const socket = { host: "edges.example", port, lookup: bothEdges };
    const atEither = await appAt({ socket, maintNotifications: "disabled" });
    const fay = new Visitor();
    expect((await fay.ask(app, "POST", "/login/fay")).status).toBe(200);
    await settled();
    // What knows both addresses is at the first one.
    const disconnected = Promise.all((lost === 0 ? [app, atEither] : [app]).map((each) => each.disconnected()));
    await nodes[lost]?.stop();
    await disconnected;
    expect((await fay.ask(other, "GET", "/me")).body).toEqual({ user: "fay", visits: 1 });
    expect((await fay.ask(atEither, "GET", "/me")).body).toEqual({ user: "fay", visits: 2 });
    const gus = new Visitor();
    expect((await gus.ask(other, "POST", "/login/gus")).status).toBe(200);
    await startEdge(lost);
    await settled();
    expect((await fay.ask(app, "GET", "/me")).body).toEqual({ user: "fay", visits: 3 });
    expect((await gus.ask(app, "GET", "/me")).body).toEqual({ user: "gus", visits: 1 });
    expect((await gus.ask(atEither, "POST", "/logout")).status).toBe(200);
  });
});
