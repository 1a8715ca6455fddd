/** A server of doors over a fake store, on a free port, for one test. */

import { createServer, type DoorServer, type DoorServerOptions } from "../../src/doors/server.ts";
import { FakeStore } from "./fake-store.ts";

export interface TestDoors {
  readonly store: FakeStore;
  readonly server: DoorServer;
  readonly port: number;
  readonly url: string;
}

export async function openDoors(options: Partial<Omit<DoorServerOptions, "store">> = {}): Promise<TestDoors> {
  const store = new FakeStore();
  const server = createServer({ store, processMetrics: false, ...options });
  const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
  return { store, server, port, url: `http://127.0.0.1:${port}` };
}
