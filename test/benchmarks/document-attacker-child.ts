/**
 * Attacks a document from a process of its own: `argv` is its URL, what to send (see `attacks`), and how often. Whoever is
 * hung up on comes again. Ends when all is sent and read, or when it is killed.
 */

import { DocumentWire, updateMessage } from "./document-wire.ts";
import { bomb, orphan } from "./hostile-bytes.ts";

const SENDERS = 8;
const [url = "", kind = "bombs", count = "0"] = process.argv.slice(2);
let left = Number(count);

/** One for each connection: whoever hears a bomb hangs up, or is stunned. */
async function throwBombs(): Promise<void> {
  const message = updateMessage(bomb());
  while (left-- > 0) {
    const wire = await DocumentWire.open(url);
    wire.send(message);
    await wire.close();
  }
}

async function sendOrphans(): Promise<void> {
  const wire = await DocumentWire.open(url);
  while (left > 0) {
    wire.send(updateMessage(orphan(1_000 + left--)));
    if (left % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await wire.close();
}

await (kind === "bombs" ? Promise.all(Array.from({ length: SENDERS }, throwBombs)) : sendOrphans());
process.exit();
