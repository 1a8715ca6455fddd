/** The stock y-websocket provider against real nodes, which are cut, restarted and stopped while it edits. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import * as Y from "yjs";
import { createNode, keyFromText, type Node, type StartConfig } from "../../../src/index.ts";
import { connect, disconnectAll, type YjsClient } from "../../support/yjs-clients.ts";

const KEY = "notes";
const TOKENS = [
  { token: "writer-writer-writer", scopes: ["read", "write"] },
  { token: "reader-reader-reader", scopes: ["read"] },
  { token: "elsewhere-elsewhere-", scopes: ["read", "write"], prefix: "other:" },
] as const;

const nodes: Node[] = [];
const folders: string[] = [];
const unexpected: string[] = [];

afterEach(async () => {
  disconnectAll();
  await Promise.all(nodes.splice(0).map((node) => node.stop()));
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
  expect(unexpected.splice(0)).toEqual([]);
});

async function start(options: Partial<StartConfig> = {}): Promise<Node> {
  const log = (level: string, event: string) => void (level === "error" && unexpected.push(event));
  const node = await createNode({ port: 0, data: "none", shards: 8, ...options }, { log });
  await node.start();
  nodes.push(node);
  return node;
}

function portOf(node: Node): number {
  return Number(node.address.split(":")[1]);
}

/** Nodes that all know each other. */
async function startCluster(count: number): Promise<readonly Node[]> {
  const first = await start();
  const join = [{ type: "address", host: "127.0.0.1", port: portOf(first) }] as const;
  const others = await Promise.all(Array.from({ length: count - 1 }, () => start({ join })));
  const all = [first, ...others];
  const seen = async () =>
    Promise.all(all.map(async (node) => (await node.store.status()).members.filter(isAlive).length));
  await expect.poll(seen, { timeout: 10_000 }).toEqual(all.map(() => count));
  return all;
}

const isAlive = ({ state }: { readonly state: string }) => state === "alive" || state === "self";

function texts(...clients: readonly YjsClient[]): readonly string[] {
  return clients.map(({ text }) => text.toString());
}

/** The names that each client sees, its own included. */
function names(...clients: readonly YjsClient[]): readonly (readonly string[])[] {
  return clients.map(({ provider }) => {
    const states = [...provider.awareness.getStates().values()] as { name?: string }[];
    return states.flatMap(({ name }) => (name === undefined ? [] : [name])).sort();
  });
}

describe("edits", () => {
  it("reach the other clients of the replica, and those of others", async () => {
    const [a, b, c] = (await startCluster(3)) as [Node, Node, Node];
    const clients = [a, a, b, c].map((node) => connect(node.address, KEY));
    await Promise.all(clients.map(({ synced }) => synced));
    for (const [place, { text }] of clients.entries()) text.insert(0, `${place}`);
    await expect.poll(() => new Set(texts(...clients)).size).toBe(1);
    await expect.poll(() => [...(texts(...clients)[0] ?? "")].sort().join("")).toBe("0123");
  });

  it("of both sides of a cut are there once it has healed", async () => {
    const [a, b] = (await startCluster(2)) as [Node, Node];
    const [one, other] = [connect(a.address, KEY), connect(b.address, KEY)];
    await Promise.all([one.synced, other.synced]);
    one.text.insert(0, "base ");
    await expect.poll(() => texts(one, other)).toEqual(["base ", "base "]);
    a.store.cut([b.id]);
    one.text.insert(5, "from one ");
    other.text.insert(5, "from other ");
    const late = connect(b.address, KEY);
    await late.synced;
    expect(texts(late)).toEqual(["base from other "]);
    expect(texts(one)).toEqual(["base from one "]);
    a.store.cut([]);
    await expect.poll(() => new Set(texts(one, other, late)).size, { timeout: 10_000 }).toBe(1);
    expect(one.text.toString()).toContain("from one ");
    expect(one.text.toString()).toContain("from other ");
  });

  it("outlive the replica, and clients come back to it by themselves with what they wrote meanwhile", async () => {
    const data = await mkdtemp(join(tmpdir(), "atoll-yjs-"));
    folders.push(data);
    const before = await start({ data });
    const port = portOf(before);
    const one = connect(before.address, KEY);
    await one.synced;
    one.text.insert(0, "kept");
    await expect.poll(() => before.document(keyFromText(KEY)).doc.getText("text").toString()).toBe("kept");
    await before.stop();
    nodes.splice(nodes.indexOf(before), 1);
    await expect.poll(() => one.provider.wsconnected).toBe(false);
    one.text.insert(4, " and more");
    const after = await start({ data, port });
    const other = connect(after.address, KEY);
    await other.synced;
    expect(texts(other)[0]).toMatch(/^kept/);
    await expect.poll(() => texts(other), { timeout: 10_000 }).toEqual(["kept and more"]);
  });

  it("end with the document, which the stock client takes for final", async () => {
    const [a, b] = (await startCluster(2)) as [Node, Node];
    const [one, other] = [connect(a.address, KEY), connect(b.address, KEY)];
    await Promise.all([one.synced, other.synced]);
    one.text.insert(0, "gone");
    await expect.poll(() => texts(one, other)).toEqual(["gone", "gone"]);
    const ended = b.document(keyFromText(KEY)).ended;
    const answer = await fetch(`http://${a.address}/v1/docs/${KEY}`, { method: "DELETE" });
    expect(answer.status).toBe(204);
    expect((await ended).code).toBe("DOCUMENT_RESET");
    await expect.poll(() => [one.closes, other.closes]).toEqual([[4410], [4410]]);
    expect([one.provider.shouldConnect, other.provider.shouldConnect]).toEqual([false, false]);
    const fresh = connect(b.address, KEY);
    await fresh.synced;
    expect(texts(fresh)).toEqual([""]);
    fresh.text.insert(0, "new");
    const third = connect(a.address, KEY);
    await expect.poll(() => texts(third)).toEqual(["new"]);
  });

  it("of a document that was deleted do not come back with clients that come again, as older ones do", async () => {
    const [a, b] = (await startCluster(2)) as [Node, Node];
    const shouldReconnect = () => true;
    const clients = [
      connect(a.address, KEY, { shouldReconnect }),
      connect(b.address, KEY, { shouldReconnect }),
    ] as const;
    await Promise.all(clients.map(({ synced }) => synced));
    clients[0].text.insert(0, "old");
    await expect.poll(() => texts(...clients)).toEqual(["old", "old"]);
    await a.deleteDocument(keyFromText(KEY));
    for (const { closes, text } of clients) {
      await expect.poll(() => closes.length).toBeGreaterThan(0);
      text.insert(0, "still ");
      await expect.poll(() => closes.length, { timeout: 5000 }).toBeGreaterThan(2);
      expect(new Set(closes)).toEqual(new Set([4410]));
    }
    expect((await fetch(`http://${b.address}/v1/docs/${KEY}`)).status).toBe(404);
    const fresh = connect(a.address, KEY);
    await fresh.synced;
    expect(texts(fresh)).toEqual([""]);
  });

  it("end when the document expires", async () => {
    const node = await start();
    const one = connect(node.address, KEY);
    await one.synced;
    const update = Y.encodeStateAsUpdate(new Y.Doc());
    one.text.insert(0, "short");
    await expect.poll(() => node.document(keyFromText(KEY)).doc.getText("text").toString()).toBe("short");
    const answer = await fetch(`http://${node.address}/v1/docs/${KEY}?ttl=300ms`, { method: "POST", body: update });
    expect(answer.status).toBe(204);
    expect(Date.parse(answer.headers.get("atoll-expires-at") ?? "")).toBeGreaterThan(Date.now() - 1000);
    await expect.poll(() => one.closes, { timeout: 5000 }).toEqual([4410]);
    expect((await fetch(`http://${node.address}/v1/docs/${KEY}`)).status).toBe(404);
  });
});

describe("awareness", () => {
  it("appears at the other replicas, and vanishes with its client, and with its replica", async () => {
    const [a, b, c] = (await startCluster(3)) as [Node, Node, Node];
    const [one, other, third] = [connect(a.address, KEY), connect(b.address, KEY), connect(c.address, KEY)];
    one.provider.awareness.setLocalStateField("name", "Ada");
    other.provider.awareness.setLocalStateField("name", "Bo");
    third.provider.awareness.setLocalStateField("name", "Cy");
    const all = ["Ada", "Bo", "Cy"];
    await expect.poll(() => names(one, other, third), { timeout: 5000 }).toEqual([all, all, all]);
    const late = connect(b.address, KEY);
    await expect.poll(() => names(late)).toEqual([all]);
    one.provider.destroy();
    await expect
      .poll(() => names(other, third))
      .toEqual([
        ["Bo", "Cy"],
        ["Bo", "Cy"],
      ]);
    b.store.cut([c.id]);
    await expect.poll(() => names(other, third)).toEqual([["Bo"], ["Cy"]]);
    b.store.cut([]);
    other.provider.awareness.setLocalStateField("name", "Bob");
    await expect.poll(() => names(third), { timeout: 10_000 }).toEqual([["Bob", "Cy"]]);
  });
});

describe("tokens", () => {
  it("come as the parameter, as a subprotocol, or not at all", async () => {
    const node = await start({ tokens: TOKENS });
    const asParameter = connect(node.address, KEY, { params: { token: TOKENS[0].token } });
    const offer = `atoll.token.${Buffer.from(TOKENS[0].token).toString("base64url")}`;
    const asProtocol = connect(node.address, KEY, { protocols: ["atoll.yjs", offer] });
    await Promise.all([asParameter.synced, asProtocol.synced]);
    asParameter.text.insert(0, "x");
    await expect.poll(() => texts(asProtocol)).toEqual(["x"]);
    for (const params of [{}, { token: "wrong-wrong-wrong-wrong" }, { token: TOKENS[2].token }]) {
      const refused = connect(node.address, KEY, { params });
      await expect.poll(() => refused.closes.length).toBeGreaterThan(0);
      expect(refused.provider.synced).toBe(false);
    }
  });

  it("that only read are told so, and change nothing", async () => {
    const node = await start({ tokens: TOKENS });
    const writer = connect(node.address, KEY, { params: { token: TOKENS[0].token } });
    const reader = connect(node.address, KEY, { params: { token: TOKENS[1].token } });
    await Promise.all([writer.synced, reader.synced]);
    const denied = new Promise<Uint8Array>((resolve) => {
      reader.provider.messageHandlers[2] = (_encoder, decoder) => resolve(decoder.arr);
    });
    reader.text.insert(0, "mine");
    expect(Buffer.from(await denied).toString()).toContain("lacks the scope write");
    writer.text.insert(0, "ours");
    await expect.poll(() => texts(reader)[0]).toContain("ours");
    expect(texts(writer)).toEqual(["ours"]);
    expect(reader.closes).toEqual([]);
  });
});
