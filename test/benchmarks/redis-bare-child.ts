/**
 * The least that a Redis server in Node can be: what comes is read as arrays of short strings, `SET` and `GET` go to a map of text,
 * and what is answered to one piece of input goes out in one write. It checks, bounds and keeps nothing besides. Its argument is
 * its port.
 */

import { createServer, type Socket } from "node:net";

const [port = "0"] = process.argv.slice(2);
const values = new Map<string, string>();

createServer({ noDelay: true }, serve).listen(Number(port), "127.0.0.1", () => process.send?.("ready"));

function serve(socket: Socket): void {
  let left: Buffer | undefined;
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    const bytes = left === undefined ? chunk : Buffer.concat([left, chunk]);
    let [at, answers] = [0, ""];
    for (let end = 0; at < bytes.length; at = end) {
      const words: string[] = [];
      end = readCommand(bytes, at, words);
      if (end < 0) break;
      answers += answerTo(words);
    }
    left = at < bytes.length ? bytes.subarray(at) : undefined;
    if (answers !== "") socket.write(answers, "latin1");
  });
}

/** Where it ends; -1: not all of it is here. */
function readCommand(bytes: Buffer, start: number, words: string[]): number {
  let at = bytes.indexOf(10, start) + 1;
  if (at === 0) return -1;
  for (let count = numberIn(bytes, start + 1, at - 2); count > 0; count--) {
    const from = bytes.indexOf(10, at) + 1;
    const to = from + numberIn(bytes, at + 1, from - 2);
    if (from === 0 || to + 2 > bytes.length) return -1;
    words.push(bytes.toString("latin1", from, to));
    at = to + 2;
  }
  return at;
}

function numberIn(bytes: Buffer, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) value = value * 10 + (bytes[at] as number) - 48;
  return value;
}

function answerTo([name, key = "", value = ""]: readonly string[]): string {
  if (name === "SET") {
    values.set(key, value);
    return "+OK\r\n";
  }
  const found = name === "GET" ? values.get(key) : undefined;
  return found === undefined ? "$-1\r\n" : `$${found.length}\r\n${found}\r\n`;
}
