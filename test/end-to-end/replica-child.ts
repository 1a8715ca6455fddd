/**
 * One replica in a process of its own. `ATOLL_CHILD` is its configuration as JSON, the secret as text. Over the IPC
 * channel it tells each fact it logs, then `ready` or `failed`, and all it holds when it is asked to. It stops gently at
 * SIGTERM, and with its parent.
 */

import { toAtollError } from "../../src/base/errors.ts";
import { createNode } from "../../src/node/create-node.ts";
import { Driver } from "../../src/replica/driver.ts";
import type { Log } from "../../src/replica/ports.ts";
import { plainDump } from "./plain-dump.ts";
import type { ChildConfig, ChildMessage, ChildRequest } from "./replica-process.ts";

const { secret, ...rest } = JSON.parse(process.env.ATOLL_CHILD ?? "{}") as ChildConfig;

function tell(message: ChildMessage): void {
  if (process.connected) process.send?.(message);
}

const log: Log = (level, event, fields) => {
  if (level !== "debug") tell({ type: "log", at: Date.now(), level, event, fields: plain(fields) });
};

/** Without what JSON cannot carry. */
function plain(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = Object.entries(fields);
  return Object.fromEntries(entries.map(([name, value]) => [name, value instanceof Error ? value.message : value]));
}

try {
  const node = await createNode(
    { ...rest, ...(secret === undefined ? {} : { secret: new TextEncoder().encode(secret) }) },
    { log },
  );
  node.left.then(() => process.disconnect?.());
  process.once("SIGTERM", () => {
    node.stop().then(() => process.disconnect?.());
  });
  process.once("disconnect", () => process.exit());
  process.on("message", (request: ChildRequest) => {
    if (node.store instanceof Driver)
      tell({ type: "dump", request: request.id, dump: plainDump(node.store.inspect()) });
  });
  await node.start();
  tell({ type: "ready", id: node.id, address: node.address });
} catch (error) {
  const { code, message } = toAtollError(error);
  tell({ type: "failed", code, message });
  process.exitCode = 1;
  process.disconnect?.();
}
