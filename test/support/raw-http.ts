/** HTTP as bytes on a socket: what no well-behaved client can be made to send. */

import { connect, type Socket } from "node:net";

export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  /** Everything received, undecoded, as latin1. */
  readonly text: string;
}

export function openSocket(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1" }, () => resolve(socket));
    socket.once("error", reject);
  });
}

/** Everything that arrives until the other side closes. */
export function readAll(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(text));
  });
}

/** Sends `bytes` (latin1) and reads the answer until the server closes; ask for `Connection: close` where it would not. */
export async function exchange(port: number, bytes: string): Promise<RawAnswer> {
  const socket = await openSocket(port);
  const answered = readAll(socket);
  socket.write(Buffer.from(bytes, "latin1"));
  return parseAnswer(await answered);
}

/** A request line and headers, ending the connection after the answer. */
export function request(line: string, headers: readonly string[] = [], body = ""): string {
  const all = [`${line} HTTP/1.1`, ...headers, "Connection: close"];
  if (!headers.some((header) => header.toLowerCase().startsWith("host:"))) all.push("Host: localhost");
  if (body !== "") all.push(`Content-Length: ${body.length}`);
  return `${all.join("\r\n")}\r\n\r\n${body}`;
}

export function parseAnswer(text: string): RawAnswer {
  const end = text.indexOf("\r\n\r\n");
  const [first = "", ...lines] = text.slice(0, end < 0 ? text.length : end).split("\r\n");
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
  return { status: Number(first.split(" ")[1]), headers, body: end < 0 ? "" : text.slice(end + 4), text };
}
