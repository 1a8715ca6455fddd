/**
 * The demo of documents: two replicas in this process and a page with an editor at each, to cut the link between them and see
 * what becomes of one document. Nothing is kept: both replicas hold their data in memory. It needs what a clone has and the
 * published package has not, a bundler for the page's script.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { AtollError } from "../base/errors.ts";
import type { ReplicaId } from "../base/ids.ts";
import type { JoinTarget } from "../base/join-target.ts";
import { createNode, type Node } from "../node/create-node.ts";
import { bothPage, editorPage } from "./pages.ts";

const PLACES = ["Frankfurt", "Tokyo"] as const;
const ROOM = "demo";
const BODY_BYTES_MAX = 1024;
/** Frames of this page come from it alone, and so do its scripts. */
const POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self' ws://127.0.0.1:*";

export interface Demo {
  /** Where the page is. */
  readonly url: string;
  stop(): Promise<void>;
}

interface Answer {
  readonly type: string;
  readonly body: string;
}

/** Starts replicas and page; port 0 = any free one, for all three. Throws `PORT_IN_USE`. */
export async function startDemo(port: number): Promise<Demo> {
  const [editor, link] = await Promise.all(["editor.mjs", "switch.mjs"].map(bundled));
  let nodes: readonly Node[] = [];
  let isCut = false;
  const server = createServer((request, response) => void answer(request, response));
  await listen(server, port);
  const url = `http://127.0.0.1:${portOf(server)}`;
  nodes = await startReplicas(url, port);

  const setCut = (cut: boolean): void => {
    isCut = cut;
    for (const node of nodes) node.store.cut(cut ? nodes.map(({ id }) => id).filter((id) => id !== node.id) : []);
  };
  const pages: Readonly<Record<string, (request: IncomingMessage, query: URLSearchParams) => Promise<Answer>>> = {
    "GET /": async () => html(bothPage(PLACES)),
    "GET /edit": async (_request, query) => {
      const at = query.get("at") === "1" ? 1 : 0;
      return html(editorPage({ url: `ws://${nodes[at]?.address}/yjs`, room: ROOM, place: PLACES[at] }));
    },
    "GET /editor.js": async () => ({ type: "text/javascript", body: editor ?? "" }),
    "GET /switch.js": async () => ({ type: "text/javascript", body: link ?? "" }),
    "GET /link": async () => json({ cut: isCut }),
    "POST /link": async (request) => {
      setCut((JSON.parse(await bodyOf(request)) as { cut?: unknown }).cut === true);
      return json({ cut: isCut });
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", url);
    const page = pages[`${request.method} ${pathname}`];
    response.setHeader("content-security-policy", POLICY);
    try {
      if (page === undefined) return void response.writeHead(404).end();
      const { type, body } = await page(request, searchParams);
      response.writeHead(200, { "content-type": `${type}; charset=utf-8`, "cache-control": "no-store" }).end(body);
    } catch {
      response.writeHead(400).end();
    }
  }

  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await Promise.all(nodes.map((node) => node.stop()));
  };
  return { url, stop };
}

/** Two replicas that know each other, and let the page in. */
async function startReplicas(page: string, port: number): Promise<readonly Node[]> {
  const nodes: Node[] = [];
  for (const [index, place] of PLACES.entries()) {
    const node = await createNode({
      id: place.toLowerCase() as ReplicaId,
      region: place.toLowerCase(),
      port: port === 0 ? 0 : port + 1 + index,
      data: "none",
      cluster: "demo",
      shards: 16,
      allowOrigins: [page],
      join: nodes.map(targetOf),
    });
    await node.start();
    nodes.push(node);
  }
  return nodes;
}

function targetOf({ address }: Node): JoinTarget {
  const { hostname, port } = new URL(`http://${address}`);
  return { type: "address", host: hostname, port: Number(port) };
}

/** A script of this folder with what it imports, as the browser takes it. */
async function bundled(name: string): Promise<string> {
  // Compiled, this file is in another folder than the scripts.
  const folder = new URL(".", import.meta.url).href.replace(/\/dist\/src\/demo\/$/, "/src/demo/");
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(name, folder))],
    bundle: true,
    write: false,
    platform: "browser",
    format: "iife",
    target: "es2022",
    minify: true,
    logLevel: "warning",
  });
  return outputFiles[0]?.text ?? "";
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => reject(new AtollError("PORT_IN_USE", `port ${port} cannot be had`, { cause })));
    server.listen(port, "127.0.0.1", resolve);
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > BODY_BYTES_MAX) throw new AtollError("BODY_TOO_LARGE", "more than a switch says");
  }
  return text;
}

function html(body: string): Answer {
  return { type: "text/html", body };
}

function json(value: unknown): Answer {
  return { type: "application/json", body: JSON.stringify(value) };
}
