/** What is used here of the helper of Yjs' own tests, which comes without types. */
declare module "yjs/testHelper" {
  import type { PRNG } from "lib0/prng";
  import type { Doc } from "yjs";

  export class TestConnector {
    constructor(random: PRNG);
    readonly allConns: Set<TestYInstance>;
    readonly onlineConns: Set<TestYInstance>;
    flushAllMessages(): boolean;
  }

  export class TestYInstance extends Doc {
    constructor(connector: TestConnector, userId: number);
    readonly tc: TestConnector;
    connect(): void;
    disconnect(): void;
    _receive(message: Uint8Array, from: unknown): void;
  }

  /** Connects all, lets everything arrive, and throws unless all are equal down to their structs. Destroys them. */
  export function compare(users: TestYInstance[]): void;
}
