/**
 * Carries a replica's outbox out into the world after each step, in the order that it promises (`outbox.ts`). What this brings
 * about is carried out as well before it ends.
 */

import { toAtollError } from "../base/errors.ts";
import type { DiskFeed } from "./disk-feed.ts";
import type { Log, Storage, Transport } from "./ports.ts";
import type { PushSchedule } from "./push-schedule.ts";
import type { Replica } from "./replica.ts";

export interface OutboxCarrierOptions {
  readonly storage: Storage;
  readonly transport: Transport;
  readonly log: Log;
  readonly disk: DiskFeed;
  readonly pushes: PushSchedule;
  /** Does something to the machine, then carries out what it wants. */
  readonly step: (run: () => void) => void;
  /** Others may have to be dialled now. */
  readonly connect: () => void;
}

export class OutboxCarrier {
  readonly #options: OutboxCarrierOptions;
  #isCarrying = false;

  constructor(options: OutboxCarrierOptions) {
    this.#options = options;
  }

  get isCarrying(): boolean {
    return this.#isCarrying;
  }

  carryOut(replica: Replica): void {
    if (this.#isCarrying) return;
    this.#isCarrying = true;
    const { disk, pushes, connect } = this.#options;
    try {
      disk.keepAside(replica);
      if (disk.isUrgent) disk.feed(replica);
      while (this.#carryReads(replica) || this.#carryFrames(replica) || this.#carryAnswers(replica)) {}
      // Where there are many they come by the hundred, and each changes whom to dial: once a tick is soon enough.
      if (replica.outbox.membersChanged && !replica.membership.areMany) connect();
      pushes.look(replica);
    } finally {
      this.#isCarrying = false;
    }
  }

  #carryReads(replica: Replica): boolean {
    const { outbox } = replica;
    if (outbox.reads.length === 0) return false;
    const { storage, step } = this.#options;
    const { reads } = outbox;
    outbox.reads = [];
    for (const key of reads) {
      storage.read(key).then(
        (value) => step(() => replica.diskRead(key, value)),
        (error: unknown) => step(() => replica.diskRead(key, toAtollError(error))),
      );
    }
    return true;
  }

  #carryFrames({ outbox }: Replica): boolean {
    if (outbox.frames.length === 0 && outbox.closes.length === 0) return false;
    const { transport } = this.#options;
    const { frames, closes } = outbox;
    outbox.frames = [];
    outbox.closes = [];
    for (const { link, frame, droppable } of frames) transport.send(link, frame, droppable);
    for (const { link, code, reason } of closes) transport.close(link, code, reason);
    return true;
  }

  #carryAnswers({ outbox }: Replica): boolean {
    const { answers, deliveries, logs } = outbox;
    if (answers.length + deliveries.length + logs.length === 0) return false;
    outbox.answers = [];
    outbox.deliveries = [];
    outbox.logs = [];
    for (const answer of answers) answer();
    for (const deliver of deliveries) deliver();
    for (const { level, event, fields } of logs) this.#options.log(level, event, fields);
    return true;
  }
}
