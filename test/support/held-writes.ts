/** A socket whose other side takes nothing, until that is released: how much a system keeps by itself differs. */

import type { Socket } from "node:net";

type Call = (...given: unknown[]) => void;

/** From the next write on. Returns what lets all of them go. */
export function holdWrites(socket: Socket): () => void {
  const held: (() => void)[] = [];
  for (const name of ["_write", "_writev"] as const) {
    const original = socket[name] as Call;
    const hold: Call = (...given) => void held.push(() => original.apply(socket, given));
    Object.defineProperty(socket, name, { value: hold, configurable: true });
  }
  return () => {
    for (const name of ["_write", "_writev"]) Reflect.deleteProperty(socket, name);
    for (const write of held.splice(0)) write();
  };
}
