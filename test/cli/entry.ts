/** The compiled command line without the bootstrap, for child processes of tests. */

import { main } from "../../src/cli/main.ts";

process.exitCode = await main(process.argv.slice(2));
