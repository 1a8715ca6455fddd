/** A problem written straight to a socket, where `node:http` offers no response: bad requests and refused upgrades. */

import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { AtollError } from "../base/errors.ts";
import { problemAnswer } from "./http/answer.ts";

const CLOSE_WITHIN_MS = 1_000;

/** Sends the error and closes the socket, by force where the other side does not let us within `closeWithinMs`. */
export function answerRaw(socket: Duplex, error: AtollError, closeWithinMs: number = CLOSE_WITHIN_MS): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const { status, headers, body } = problemAnswer(error);
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`, "Connection: close"];
  for (let i = 0; i < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}`);
  socket.end(`${lines.join("\r\n")}\r\n\r\n${body}`);
  socket.on("error", () => socket.destroy());
  setTimeout(() => socket.destroy(), closeWithinMs).unref();
}
