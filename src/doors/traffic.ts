/** How much a client has sent and taken so far, by which one that is slow can be told from one that does nothing. */

import type { Socket } from "node:net";

/**
 * Bytes that came and bytes that the system took over for the other side, together. Of a long answer, which is written at once, the
 * public counters know only that it was begun; its handle knows what is left, by which `node:net` tells that a connection is idle.
 */
export function trafficOf(socket: Socket): number {
  const handle: unknown = Reflect.get(socket, "_handle");
  if (typeof handle !== "object" || handle === null) return socket.bytesRead;
  return socket.bytesRead + numberOf(handle, "bytesWritten") - numberOf(handle, "writeQueueSize");
}

function numberOf(handle: object, name: string): number {
  const value: unknown = Reflect.get(handle, name);
  return typeof value === "number" ? value : 0;
}
