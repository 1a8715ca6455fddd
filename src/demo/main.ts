/** `npm run demo:docs [-- --port N]`: runs the demo of documents until ctrl-C. */

import { parseArgs } from "node:util";
import { listenForStop } from "../cli/stop-request.ts";
import { print, say } from "../cli/terminal.ts";
import { startDemo } from "./documents.ts";

const PORT = "7470";

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { port: { type: "string", default: PORT } } });
  const stop = listenForStop({ again: () => process.exit(130) });
  const { url, stop: stopDemo } = await startDemo(Number(values.port));
  await print(`Both replicas on one page:  ${url}/`);
  await print(`One of them in each tab:    ${url}/edit?at=0   ${url}/edit?at=1`);
  await print("Stop with ctrl-C; nothing is kept.");
  await stop.requested;
  await stopDemo();
}

try {
  await main();
} catch (error) {
  say(`atoll: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}
