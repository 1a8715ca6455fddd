/** Where `simulation.ts` has its runs carried out: the worker thread of `atoll simulate`. */

import "../../simulations/workers/worker.ts";
