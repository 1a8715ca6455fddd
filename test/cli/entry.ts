/** The compiled command line without the bootstrap: for child processes of tests, and for tests that call it themselves. */

import { fileURLToPath } from "node:url";
import { main } from "../../src/cli/main.ts";

export { main };

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main(process.argv.slice(2));
