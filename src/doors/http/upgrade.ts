/** What a plain request gets at the path of the WebSocket door; upgrades never come as far as a route. */

import { AtollError } from "../../base/errors.ts";

/** Throws `UPGRADE_REQUIRED`. */
export async function askForUpgrade(): Promise<never> {
  throw new AtollError("UPGRADE_REQUIRED", "this path takes WebSockets: send Upgrade: websocket");
}
