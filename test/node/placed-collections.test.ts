/** Maps and sets over HTTP in a keyspace that some replicas keep, for sessions that go from one replica to another. */

import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { JoinTarget } from "../../src/base/join-target.ts";
import type { Node } from "../../src/node/create-node.ts";
import { freePort, startAtoll } from "../redis/servers.ts";

const LONG = { timeout: 20_000 };
const nodes: Node[] = [];

/** The first two keep the keyspace, the third asks them. */
beforeAll(async () => {
  const port = await freePort();
  const join: readonly JoinTarget[] = [{ type: "address", host: "127.0.0.1", port }];
  nodes.push((await startAtoll({ region: "here", port })).node);
  for (const region of ["here", "there"]) nodes.push((await startAtoll({ region, join })).node);
  const [first] = nodes as [Node];
  await vi.waitFor(async () => {
    const { members } = await first.store.status();
    expect(members.filter(({ state }) => state === "alive")).toHaveLength(2);
  }, LONG);
  await first.defineKeyspace("kept", { replication: { here: 2 } });
  for (const [at, { store }] of nodes.entries()) {
    await vi.waitFor(async () => expect((await send(at, "PUT", `/maps/first/${at}`)).status).toBe(201), LONG);
    const isReady = async () => {
      const { placement } = await store.status();
      expect(placement?.ready).toBe(placement?.owned);
    };
    await vi.waitFor(isReady, LONG);
  }
}, 60_000);

afterAll(() => Promise.all(nodes.map((node) => node.stop())));

function send(at: number, method: string, path: string, session?: string): Promise<Response> {
  const headers = session === undefined ? {} : { "atoll-session": session };
  const body = method === "PUT" && path.startsWith("/maps") ? { body: "v" } : {};
  return fetch(`http://${nodes[at]?.address}/v1/keyspaces/kept${path}`, { method, headers, ...body });
}

function cut(isCut: boolean): void {
  const [first, ...others] = nodes as [Node, ...Node[]];
  first.store.cut(isCut ? others.map(({ id }) => id) : []);
  for (const other of others) other.store.cut(isCut ? [first.id] : []);
}

async function written(path: string, earlier?: string): Promise<string> {
  const answer = await send(0, "PUT", path, earlier);
  expect(answer.status).toBe(201);
  return answer.headers.get("atoll-session") as string;
}

test("a session reads of maps and sets what it has seen, a page of them too, or is told that it is not there", async () => {
  cut(true);
  const map = await written("/maps/m/f");
  const session = await written("/sets/s/m", map);
  const paths = ["/maps/m/f", "/maps/m", "/sets/s/m", "/sets/s"];
  for (const path of paths) {
    await vi.waitFor(async () => expect((await send(2, "GET", path)).status, path).toBe(404), LONG);
    const answer = await send(2, "GET", `${path}?wait=100ms`, session);
    expect([answer.status, ((await answer.json()) as { code: string }).code], path).toEqual([503, "SESSION_BEHIND"]);
  }
  cut(false);
  for (const path of paths) {
    await vi.waitFor(async () => expect((await send(2, "GET", path, session)).status, path).toBe(200), LONG);
  }
  const read = (await send(2, "GET", "/maps/m/f")).headers.get("atoll-session");
  expect(read).toBe(map);
});
