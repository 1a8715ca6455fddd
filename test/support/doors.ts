/** A server of doors over a fake store, on a free port, for one test. */

import { createServer, type DoorServer, type DoorServerOptions } from "../../src/doors/server.ts";
import { FakeBackups } from "./fake-backups.ts";
import { FakeCommands } from "./fake-commands.ts";
import { fakeHub } from "./fake-documents.ts";
import { FakeKeyspaces } from "./fake-keyspaces.ts";
import { FakeStore } from "./fake-store.ts";

export interface TestDoors {
  readonly store: FakeStore;
  readonly keyspaces: FakeKeyspaces;
  readonly backups: FakeBackups;
  readonly commands: FakeCommands;
  readonly documents: ReturnType<typeof fakeHub>;
  readonly server: DoorServer;
  readonly port: number;
  readonly url: string;
}

export async function openDoors(options: Partial<Omit<DoorServerOptions, "store">> = {}): Promise<TestDoors> {
  const store = new FakeStore();
  const documents = fakeHub();
  const keyspaces = new FakeKeyspaces();
  const backups = new FakeBackups();
  const commands = new FakeCommands();
  const shared = { store, keyspaces, backups, commands, documents: documents.hub, processMetrics: false };
  const server = createServer({ ...shared, ...options });
  const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
  return { store, keyspaces, backups, commands, documents, server, port, url: `http://127.0.0.1:${port}` };
}
