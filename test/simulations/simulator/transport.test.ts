import { Endpoint } from "../../../simulations/simulator/transport.ts";
import type { LocalFacts } from "../../../src/replica/ports.ts";
import { describeTransport, type TransportWorld } from "../../ports/transport-law.ts";
import { createBareWorld } from "./bench-world.ts";

const NODES = 6;
const UNTIL_MS_MAX = 60_000;
const STEP_MS = 5;
const HELD_MS = 100;
const MESSAGE_BYTES_MAX = 4 * 1024 * 1024;

let seed = 0;

async function createWorld(): Promise<TransportWorld> {
  const world = createBareWorld({
    seed: `law ${seed++}`,
    nodes: NODES,
    network: { messageBytesMax: MESSAGE_BYTES_MAX },
  });
  let node = 0;
  return {
    messageBytesMax: MESSAGE_BYTES_MAX,
    async create(facts) {
      const index = node++;
      const { queue, network, trace } = world;
      const address = world.node(index).identity.address;
      const owner = { ended: false, pausedUntil: 0 };
      const random = world.random.fork(`endpoint ${index}`);
      const transport = new Endpoint({ network, queue, trace, random, owner, node: index, now: () => world.now });
      const local: LocalFacts = { life: 1, region: "eu", cluster: "law", shards: 16, ...facts, address };
      return { transport, facts: local };
    },
    async until(condition, what) {
      // Links that crossed may be up at one end each for a moment: what holds has to hold for a while.
      const deadline = world.now + UNTIL_MS_MAX;
      for (let heldMs = 0; heldMs < HELD_MS; heldMs = condition() ? heldMs + STEP_MS : 0) {
        if (world.now >= deadline) throw new Error(`never happened: ${what}`);
        await world.run(world.now + STEP_MS);
        const [breakdown] = world.breakdowns;
        if (breakdown !== undefined) throw breakdown.error;
      }
    },
    close: async () => undefined,
  };
}

describeTransport("in the simulator", createWorld);
