/**
 * Somebody who has no token, or one that may only read, and tries to write all the same, throughout a run: at replicas that
 * start, stop, are cut off or were never told of anybody. What got through would be found as bytes that nobody wrote, too.
 */

import type { Violation } from "../../simulations/checkers/evidence.ts";
import { keyOf } from "../../simulations/workload/generator.ts";
import { encodePercent } from "../../src/client/percent.ts";
import type { TokenEntry } from "../../src/node/node-config.ts";
import { type HttpAnswer, HttpClient } from "../end-to-end/http-client.ts";
import type { RealWorld } from "./real-world.ts";

/** Of every replica of these runs. */
export const TOKENS: readonly TokenEntry[] = [
  { token: "a-token-that-may-do-everything", scopes: ["read", "write", "admin"] },
  { token: "a-token-that-may-only-read", scopes: ["read"] },
];

const EVERY_MS = 300;
const HOT_KEYS = 4;
const CREDENTIALS: readonly (string | undefined)[] = [undefined, TOKENS[1]?.token, "a-token-that-nobody-ever-gave-out"];

export class Stranger {
  readonly #world: RealWorld;
  readonly #untilMs: number;
  readonly #clients: readonly HttpClient[];
  readonly #taken: string[] = [];
  #tries = 0;

  constructor(world: RealWorld, untilMs: number) {
    this.#world = world;
    this.#untilMs = untilMs;
    this.#clients = world.nodes.flatMap((node) =>
      CREDENTIALS.map((token) => new HttpClient(node.process.port, node.doorHost, token)),
    );
    this.#later();
  }

  /** Tries once more in every way, now that all replicas are there, and tells what got through. */
  async finish(): Promise<Violation[]> {
    for (const client of this.#clients) {
      // A connection that was kept may end at this moment.
      client.reset();
      const { status } = await this.#write(client);
      if (status !== 401 && status !== 403) this.#taken.push(`a write without permission was answered with ${status}`);
      client.reset();
    }
    return this.#taken.map((message) => ({ checker: "authorisation", message }));
  }

  #later(): void {
    const { now } = this.#world;
    if (now < this.#untilMs) this.#world.at(now + EVERY_MS, () => this.#try());
  }

  #try(): void {
    const client = this.#clients[this.#tries % this.#clients.length];
    this.#later();
    if (client === undefined) return;
    this.#write(client).then(
      ({ status }) => {
        if (status < 400) this.#taken.push(`a write without permission was answered with ${status}`);
      },
      // Nobody is there, or nobody any more.
      () => {},
    );
  }

  #write(client: HttpClient): Promise<HttpAnswer> {
    const key = keyOf(this.#tries++ % HOT_KEYS);
    return client.send({ method: "PUT", path: `/v1/kv/${encodePercent(key)}`, body: "stolen" });
  }
}
