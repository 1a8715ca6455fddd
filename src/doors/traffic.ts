/** How much a client has sent and taken so far, by which one that is slow can be told from one that does nothing. */

import type { Socket } from "node:net";

/**
 * Bytes that came and bytes that the system took over for the other side, together. Of a long answer, which is written at once, the
 * public counters know only that it was begun; the handle knows what is left, by which `node:net` tells that a connection is idle.
 */
export function trafficOf(socket: Socket): number {
  const handle = innermost(objectIn(socket, "_handle"));
  if (handle === undefined) return socket.bytesRead;
  return socket.bytesRead + numberIn(handle, "bytesWritten") - numberIn(handle, "writeQueueSize");
}

/** That of TLS hands everything on at once to that of the connection, and knows no more of it until all is taken. */
function innermost(handle: object | undefined): object | undefined {
  if (handle === undefined) return undefined;
  return objectIn(handle, "_parent") ?? handle;
}

function objectIn(holder: object, name: string): object | undefined {
  const value: unknown = Reflect.get(holder, name);
  return typeof value === "object" && value !== null ? value : undefined;
}

function numberIn(holder: object, name: string): number {
  const value: unknown = Reflect.get(holder, name);
  return typeof value === "number" ? value : 0;
}
