/**
 * The log of refused connections. A stranger, or a joiner with the wrong secret, may come a thousand times a second: of a
 * kind, which is who it was and why, there is one warning at once and one a minute after that, with the number of those
 * left out.
 */

import type { ErrorCode } from "../base/errors.ts";
import type { Log, TransportEvents } from "./ports.ts";

type Refused = Parameters<TransportEvents["refused"]>[0];

const EVERY_MS = 60_000;
/** Kinds told apart. Beyond them those of one code are one kind, wherever they come from. */
export const REFUSAL_KINDS_MAX = 256;

interface Kind {
  readonly latest: Refused;
  readonly dueAt: number;
  readonly leftOut: number;
}

/** That somebody cannot be reached, or is dialled at the same time, is a link's daily life. */
const ORDINARY: ReadonlySet<ErrorCode> = new Set(["UNREACHABLE", "PEER_REPLACED"]);

export class RefusalLog {
  readonly #log: Log;
  readonly #kinds = new Map<string, Kind>();

  constructor(log: Log) {
    this.#log = log;
  }

  note(refused: Refused, now: number): void {
    if (ORDINARY.has(refused.code)) {
      this.#log("debug", "link-refused", { ...refused });
      return;
    }
    const name = this.#nameOf(refused);
    const kind = this.#kinds.get(name);
    if (kind !== undefined) this.#kinds.set(name, { ...kind, latest: refused, leftOut: kind.leftOut + 1 });
    else {
      this.#log("warn", "link-refused", { ...refused });
      this.#kinds.set(name, { latest: refused, dueAt: now + EVERY_MS, leftOut: 0 });
    }
  }

  tick(now: number): void {
    for (const [name, { latest, dueAt, leftOut }] of this.#kinds) {
      if (now < dueAt && now >= dueAt - EVERY_MS) continue;
      this.#kinds.delete(name);
      if (leftOut === 0) continue;
      this.#log("warn", "link-refused", { ...latest, times: leftOut });
      this.#kinds.set(name, { latest, dueAt: now + EVERY_MS, leftOut: 0 });
    }
  }

  #nameOf({ address, code, inbound }: Refused): string {
    // Who dials us does so from another port each time.
    const name = `${code} ${inbound ? address.slice(0, address.lastIndexOf(":")) : address}`;
    return this.#kinds.has(name) || this.#kinds.size < REFUSAL_KINDS_MAX ? name : code;
  }
}
