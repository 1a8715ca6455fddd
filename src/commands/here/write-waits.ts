/** `WAIT`: clients that wait until others have what was written for them here. */

import { AtollError } from "../../base/errors.ts";
import type { CommandClient } from "../../command-store.ts";
import { replicaOf } from "../../core/origin.ts";
import type { KeyspaceHost } from "../../replica/local-keyspace.ts";
import type { Replica } from "../../replica/replica.ts";
import type { Dot } from "../../store.ts";

/** However long a client may wait. */
const WAIT_MS_MAX = 10 * 60_000;
const PUT_BACK_MAX_MS = 1000;
/** Such clients of one keyspace. */
const WAITS_MAX = 4096;

export class WriteWaits {
  readonly #host: KeyspaceHost;
  #waits = 0;

  constructor(host: KeyspaceHost) {
    this.#host = host;
  }

  /** Resolves to how many others have it, once they are as many as wanted, or it has taken too long. Throws `TOO_MANY_REQUESTS`. */
  async wait(client: CommandClient, wanted: number, timeoutMs: number): Promise<number> {
    const replica = this.#host.replica();
    const [first, ...beside] = writtenBy(client, replica);
    if (first === undefined) return replica.linked().length;
    if (this.#waits >= WAITS_MAX)
      throw new AtollError("TOO_MANY_REQUESTS", "too many clients wait for acknowledgements");
    this.#waits++;
    const forMs = timeoutMs === 0 ? WAIT_MS_MAX : Math.min(timeoutMs, WAIT_MS_MAX);
    try {
      return await this.#reached(first, beside, wanted, forMs, client.gone);
    } finally {
      this.#waits--;
    }
  }

  #reached(
    first: Dot,
    beside: readonly Dot[],
    wanted: number,
    forMs: number,
    gone: AbortSignal | undefined,
  ): Promise<number> {
    const { acks, outbox } = this.#host.replica();
    return new Promise((resolve) => {
      const end = (count: number): void => {
        gone?.removeEventListener("abort", giveUp);
        resolve(count);
      };
      let cancel = (): void => {};
      // Nobody reads what it is answered.
      const giveUp = (): void => {
        cancel();
        end(0);
      };
      gone?.addEventListener("abort", giveUp);
      this.#host.step((now) => {
        const answer = ({ reached }: { readonly reached: number }): void => {
          outbox.answers.push(() => end(Math.max(0, reached - 1)));
        };
        const until = { dueAt: now + forMs, waitMaxMs: forMs + PUT_BACK_MAX_MS };
        cancel = acks.add({ ...first, beside, level: "all", enough: wanted + 1, ...until, answer }, now);
      });
    });
  }
}

/** What others have to have for it: what was written here, since nobody knows here who has what was written elsewhere. */
function writtenBy({ written, lastWrite }: CommandClient, replica: Replica): readonly Dot[] {
  if (written === "all") {
    return [...replica.shards].flatMap(({ id, written }) => (written === undefined ? [] : [{ shard: id, ...written }]));
  }
  const dots = written ?? (lastWrite === undefined ? [] : [lastWrite]);
  return dots.filter(({ origin }) => replicaOf(origin) === replicaOf(replica.origin));
}
