/** What is answered only once others have it, or the disk. */

import type { AckLevel, Acks, Dot, WriteOptions } from "../store.ts";
import type { DiskFeed } from "./disk-feed.ts";
import { ACK_TIMEOUT_MS } from "./operations.ts";
import type { Replica } from "./replica.ts";

/** By as much a clock that is put back prolongs a wait; one that is put back by more ends it. */
export const PUT_BACK_MAX_MS = 1000;

export interface WriteWaitsHost {
  /** Throws `NOT_READY`, `SHUTTING_DOWN`. */
  replica(): Replica;
  /** Does something to the machine, then carries out what it wants. */
  step<T>(run: (now: number) => T): T;
}

/** A write, and how far it got. */
export interface Acknowledged {
  readonly dot: Dot;
  readonly acks: Acks;
}

export class WriteWaits {
  readonly #host: WriteWaitsHost;
  readonly #disk: DiskFeed;

  constructor(host: WriteWaitsHost, disk: DiskFeed) {
    this.#host = host;
    this.#disk = disk;
  }

  async acknowledged<T extends Acknowledged>(outcome: T, { ack, ackTimeoutMs }: WriteOptions): Promise<T> {
    if (ack === undefined || ack === "memory") return outcome;
    // Where nothing is kept, waiting brings nothing.
    if (ack === "disk" && this.#host.replica().isEphemeral)
      return { ...outcome, acks: { reached: 0, wanted: 1, met: false } };
    return { ...outcome, acks: await this.#acks(outcome.dot, ack, ackTimeoutMs ?? ACK_TIMEOUT_MS) };
  }

  #acks(dot: Dot, level: Exclude<AckLevel, "memory">, timeoutMs: number): Promise<Acks> {
    const replica = this.#host.replica();
    return new Promise((resolve) => {
      if (level === "disk") this.#disk.isUrgent = true;
      this.#host.step((now) => {
        const answer = (acks: Acks) => replica.outbox.answers.push(() => resolve(acks));
        const waitMaxMs = timeoutMs + PUT_BACK_MAX_MS;
        replica.acks.add({ ...dot, level, dueAt: now + timeoutMs, waitMaxMs, answer }, now);
      });
    });
  }

  /** Does something that concerns members. False: the disk has not learnt of it in time. Rejects with what `run` throws. */
  onDisk(run: (replica: Replica) => void): Promise<boolean> {
    const replica = this.#host.replica();
    this.#disk.isUrgent = true;
    return new Promise((resolve) => {
      this.#host.step((now) => {
        run(replica);
        const answer = (is: boolean) => replica.outbox.answers.push(() => resolve(is));
        const waitMaxMs = ACK_TIMEOUT_MS + PUT_BACK_MAX_MS;
        replica.waitForDisk({ dueAt: now + ACK_TIMEOUT_MS, waitMaxMs, answer });
      });
    });
  }
}
