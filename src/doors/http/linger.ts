/** How a connection is closed whose client may still be sending. */

import type { Socket } from "node:net";

const LINGER_MS = 1_000;

/**
 * Closes our side after the answer, and drops what the client still sends for a moment: closing outright would reset
 * the connection, and the client, still sending, would never see why.
 */
export function lingerAtClose(socket: Socket): void {
  socket.destroySoon = () => {
    if (socket.writable) socket.end();
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  };
}
