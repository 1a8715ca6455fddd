import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PathQuality } from "../../simulations/simulator/paths.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { untilTrue } from "../end-to-end/until.ts";
import { ProxyLinks, type ProxyOptions } from "./proxy.ts";

const CALM: PathQuality = { latencyMs: 0, jitterMs: 0, loss: 0, bytesPerMs: Infinity };

/** One end of a connection, with all that it has received. */
class End {
  received = "";
  isOver = false;
  readonly socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (bytes: Buffer) => (this.received += bytes.toString("latin1")));
    socket.on("error", () => {});
    socket.once("close", () => (this.isOver = true));
  }

  has(text: string): Promise<void> {
    return untilTrue(`${text.slice(0, 20)} arrives`, () => this.received.includes(text));
  }

  ends(): Promise<void> {
    return untilTrue("the connection ends", () => this.isOver);
  }
}

/** Three nodes that accept connections. */
class Nodes {
  readonly ends: End[] = [];
  readonly accepted: End[][] = [[], [], []];
  readonly servers: readonly Server[];
  links: ProxyLinks | undefined;

  constructor() {
    this.servers = this.accepted.map((ends) => createServer((socket) => ends.push(new End(socket))));
  }

  async start(options: Partial<ProxyOptions> = {}): Promise<ProxyLinks> {
    const ports: number[] = [];
    for (const server of this.servers) {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      ports.push((server.address() as AddressInfo).port);
    }
    this.links = await ProxyLinks.start({
      ports,
      quality: () => CALM,
      cuts: "black-hole",
      random: new SeededRandom("proxy"),
      ...options,
    });
    return this.links;
  }

  /** Begins to connect. */
  dial(from: number, to: number): End {
    const others = [0, 1, 2].filter((node) => node !== from);
    const target = this.links?.place(from).join[others.indexOf(to)];
    if (target?.type !== "address") throw new Error(`${from} cannot dial ${to}`);
    const end = new End(connect(target.port, target.host));
    this.ends.push(end);
    return end;
  }

  /** Both ends of a connection that is up. */
  async connect(from: number, to: number): Promise<readonly [dialler: End, acceptor: End]> {
    const before = this.accepted[to]?.length ?? 0;
    const dialler = this.dial(from, to);
    await untilTrue(`${to} is dialled`, () => (this.accepted[to]?.length ?? 0) > before);
    return [dialler, this.accepted[to]?.[before] as End];
  }

  async stop(): Promise<void> {
    await this.links?.stop();
    for (const end of [...this.ends, ...this.accepted.flat()]) end.socket.destroy();
    for (const server of this.servers) server.close();
  }
}

describe("the proxy", () => {
  let nodes: Nodes;
  beforeEach(() => {
    nodes = new Nodes();
  });
  afterEach(() => nodes.stop());

  it("carries bytes both ways, and the end", async () => {
    await nodes.start();
    const [dialler, acceptor] = await nodes.connect(0, 1);
    dialler.socket.write("there");
    await acceptor.has("there");
    acceptor.socket.write("back");
    await dialler.has("back");
    dialler.socket.end("last");
    await acceptor.ends();
    expect(acceptor.received).toBe("therelast");
  });

  it("holds back what is sent one way over a cut, and delivers it afterwards", async () => {
    const links = await nodes.start();
    const [dialler, acceptor] = await nodes.connect(0, 1);
    const heal = await links.cut({ shape: "one-way", paths: [[0, 1]] });
    dialler.socket.write("swallowed");
    acceptor.socket.write("one");
    await dialler.has("one");
    acceptor.socket.write("two");
    await dialler.has("two");
    expect(acceptor.received).toBe("");
    await heal();
    await acceptor.has("swallowed");
  });

  it("hides the end of a process behind a cut", async () => {
    const links = await nodes.start();
    const [dialler, acceptor] = await nodes.connect(0, 1);
    const heal = await links.cut({ shape: "one-way", paths: [[0, 1]] });
    dialler.socket.resetAndDestroy();
    await dialler.ends();
    const [other, third] = await nodes.connect(0, 2);
    other.socket.write("later");
    await third.has("later");
    expect(acceptor.isOver).toBe(false);
    await heal();
    await acceptor.ends();
  });

  it("lets a dial over a cut hang until it is healed, whichever way it is cut", async () => {
    const links = await nodes.start();
    const heal = await links.cut({ shape: "one-way", paths: [[1, 0]] });
    const dialler = nodes.dial(0, 1);
    dialler.socket.write("hello");
    await nodes.connect(0, 2);
    expect(nodes.accepted[1]).toHaveLength(0);
    await heal();
    await untilTrue("the dial gets through", () => nodes.accepted[1]?.[0]?.received === "hello");
  });

  it("counts cuts that overlap", async () => {
    const links = await nodes.start();
    const [dialler, acceptor] = await nodes.connect(0, 1);
    const healFirst = await links.cut({ shape: "one-way", paths: [[0, 1]] });
    const healSecond = await links.cut({ shape: "one-way", paths: [[0, 1]] });
    await healFirst();
    dialler.socket.write("x");
    acceptor.socket.write("y");
    await dialler.has("y");
    expect(acceptor.received).toBe("");
    await healSecond();
    await acceptor.has("x");
  });

  it("resets what is cut, and whoever dials it, where cuts are walls", async () => {
    const links = await nodes.start({ cuts: "reset" });
    const [dialler, acceptor] = await nodes.connect(0, 1);
    const heal = await links.cut({ shape: "pair", paths: [[0, 1]] });
    await Promise.all([dialler.ends(), acceptor.ends()]);
    await nodes.dial(1, 0).ends();
    await heal();
    await nodes.connect(1, 0);
  });

  it("breaks a link at one end, and at the other later", async () => {
    const links = await nodes.start();
    const [dialler, acceptor] = await nodes.connect(0, 1);
    await links.break([0, 1], 150);
    const brokenAt = performance.now();
    await dialler.ends();
    await acceptor.ends();
    expect(performance.now() - brokenAt).toBeGreaterThan(140);
  });

  it("tells nobody of the end of a node that was unplugged", async () => {
    const links = await nodes.start();
    const [dialler, acceptor] = await nodes.connect(0, 1);
    await links.unplug(0);
    dialler.socket.resetAndDestroy();
    await dialler.ends();
    const [again, anew] = await nodes.connect(0, 1);
    again.socket.write("I am back");
    await anew.has("I am back");
    expect(acceptor.isOver).toBe(false);
  });

  it("refuses whoever dials a node that is not there", async () => {
    await nodes.start();
    nodes.servers[1]?.close();
    await nodes.dial(0, 1).ends();
  });

  it("delays one way, and the other not", async () => {
    await nodes.start({ quality: (from) => ({ ...CALM, latencyMs: from === 0 ? 120 : 0 }) });
    const [dialler, acceptor] = await nodes.connect(0, 1);
    const begun = performance.now();
    dialler.socket.write("slow");
    acceptor.socket.write("fast");
    await dialler.has("fast");
    await acceptor.has("slow");
    expect(performance.now() - begun).toBeGreaterThan(115);
  });

  it("rations a path, and lets what waits go by what the path becomes", async () => {
    const links = await nodes.start();
    const [dialler, acceptor] = await nodes.connect(0, 1);
    await links.setQuality(0, 1, { ...CALM, bytesPerMs: 20 });
    const begun = performance.now();
    dialler.socket.write("a".repeat(4000));
    await untilTrue("it has arrived", () => acceptor.received.length === 4000);
    expect(performance.now() - begun).toBeGreaterThan(190);
    await links.setQuality(0, 1, { ...CALM, bytesPerMs: 0.001 });
    dialler.socket.write("b".repeat(4000));
    acceptor.socket.write("y");
    await dialler.has("y");
    expect(acceptor.received.length).toBe(4000);
    await links.setQuality(0, 1, CALM);
    await untilTrue("the rest has arrived", () => acceptor.received.length === 8000);
  });

  it("keeps the order of bytes that are late by chance", async () => {
    await nodes.start({ quality: () => ({ ...CALM, jitterMs: 5, loss: 0.02 }) });
    const [dialler, acceptor] = await nodes.connect(0, 1);
    const text = Array.from({ length: 20_000 }, (_, i) => String.fromCharCode(32 + (i % 90))).join("");
    for (let at = 0; at < text.length; at += 700) dialler.socket.write(text.slice(at, at + 700));
    await untilTrue("all of it has arrived", () => acceptor.received.length === text.length);
    expect(acceptor.received).toBe(text);
  });

  it("goes on where a receiver did not read for a while, with all that was sent", async () => {
    await nodes.start();
    const [dialler, acceptor] = await nodes.connect(0, 1);
    acceptor.socket.removeAllListeners("data").pause();
    const bytes = 32 << 20;
    dialler.socket.write(Buffer.alloc(bytes));
    dialler.socket.write("last");
    const [other, third] = await nodes.connect(0, 2);
    other.socket.write("meanwhile");
    await third.has("meanwhile");
    let received = 0;
    acceptor.socket.on("data", (block: Buffer) => (received += block.length));
    acceptor.socket.resume();
    await untilTrue("all of it has arrived", () => received === bytes + 4);
  });
});
