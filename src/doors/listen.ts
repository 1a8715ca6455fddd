/** Where a door binds. */

import type { AddressInfo, Server } from "node:net";
import { AtollError } from "../base/errors.ts";
import type { DoorLog } from "./log.ts";

export interface ListenAt {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
}

/**
 * Binds a server and serves; what goes wrong with it from then on is logged. `otherwise`: the flag that says another port.
 * Throws `PORT_IN_USE`, `BAD_CONFIG`.
 */
export async function listen(
  server: Server,
  at: ListenAt,
  { log, otherwise }: { readonly log: DoorLog; readonly otherwise: string },
): Promise<ListenAt> {
  await new Promise<void>((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException): void => reject(listenError(error, at, otherwise));
    server.once("error", refuse);
    server.listen({ host: at.host, port: at.port }, () => {
      server.off("error", refuse);
      resolve();
    });
  });
  server.on("error", (error) => log("error", "server-failed", { error }));
  return { host: at.host, port: (server.address() as AddressInfo).port };
}

function listenError(error: NodeJS.ErrnoException, { host, port }: ListenAt, otherwise: string): AtollError {
  if (error.code === "EADDRINUSE") {
    const message = `port ${port} on ${host} is in use; choose another with ${otherwise}`;
    return new AtollError("PORT_IN_USE", message, { cause: error });
  }
  return new AtollError("BAD_CONFIG", `cannot listen on ${host}:${port}: ${error.message}`, { cause: error });
}
