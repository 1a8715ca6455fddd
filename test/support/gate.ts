/** Holds the next call of one operation of a fake store until it is opened. */

import type { FakeStore } from "./fake-store.ts";

type Held = "get" | "put";

export class Gate {
  readonly reached: Promise<void>;
  /** The call is over, whatever came of it. */
  readonly left: Promise<void>;
  open: () => void = () => {};

  /** `afterwards`: what the call does is done by then, but not returned. */
  constructor(store: FakeStore, operation: Held, afterwards = false) {
    const opened = new Promise<void>((resolve) => (this.open = resolve));
    let reach = (): void => {};
    let leave = (): void => {};
    this.reached = new Promise((resolve) => (reach = resolve));
    this.left = new Promise((resolve) => (leave = resolve));
    const original = store[operation].bind(store) as (...given: unknown[]) => Promise<unknown>;
    const held = async (...given: unknown[]): Promise<unknown> => {
      Reflect.deleteProperty(store, operation);
      try {
        const done = afterwards ? await original(...given) : undefined;
        reach();
        await opened;
        return afterwards ? done : await original(...given);
      } finally {
        leave();
      }
    };
    Object.defineProperty(store, operation, { value: held, configurable: true });
  }
}
