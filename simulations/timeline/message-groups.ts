/**
 * Frames as lines of a picture: each for itself while they are few, and gathered by time, direction and kind in ever
 * coarser steps when they become many. What is kept is bounded; what is counted is exact.
 */

import type { Message } from "../../src/wire/message.ts";
import { typeOfFrame } from "../../src/wire/message-type.ts";
import type { Delivery } from "../simulator/observer.ts";
import type { MessageGroup, MessageKind } from "./timeline.ts";

const GROUPS_MAX = 5000;
/** Coarser than this nothing can be seen: from here on the bound grows with the number of directions. */
const STEP_MS_MAX = 30_000;

const KINDS = {
  members: "other",
  push: "push",
  confirm: "push",
  digest: "compare",
  "shard-digests": "compare",
  vectors: "compare",
  pull: "delta",
  delta: "delta",
  credit: "delta",
  stop: "delta",
  "audit-buckets": "audit",
  "audit-entries": "audit",
  "audit-fetch": "audit",
  "audit-records": "audit",
  "audit-vote": "audit",
  "audit-ballot": "audit",
  "audit-forget": "audit",
  read: "other",
  "read-reply": "other",
  quarantine: "other",
  leave: "other",
  whisper: "other",
  ping: "other",
  "ping-ack": "other",
  "ping-request": "other",
  "ping-nack": "other",
  gossip: "other",
  roster: "other",
  "roster-buckets": "other",
  "roster-rows": "other",
  follow: "other",
  followed: "other",
  news: "push",
  relay: "push",
  relayed: "push",
  request: "other",
  response: "other",
  keep: "other",
  kept: "other",
  fetch: "other",
  fetched: "other",
} as const satisfies Record<Message["type"], MessageKind>;

interface Gathered {
  readonly from: number;
  readonly to: number;
  readonly kind: MessageKind;
  readonly firstSentAt: number;
  frames: number;
  bytes: number;
  sentAtSum: number;
  arrivedAtSum: number;
}

export class MessageGroups {
  #groups = new Map<string, Gathered>();
  /** 0: each frame for itself. */
  #stepMs = 0;
  #max = GROUPS_MAX;
  #count = 0;

  add({ from, to, sentAt, bytes }: Delivery, now: number): void {
    const type = typeOfFrame(bytes);
    const kind = type === undefined ? "other" : KINDS[type];
    this.#gather({
      from,
      to,
      kind,
      firstSentAt: sentAt,
      frames: 1,
      bytes: bytes.length,
      sentAtSum: sentAt,
      arrivedAtSum: now,
    });
    if (this.#groups.size > this.#max) this.#coarsen();
  }

  inOrder(): MessageGroup[] {
    const groups = [...this.#groups.values()].map(({ from, to, kind, frames, bytes, sentAtSum, arrivedAtSum }) => ({
      from,
      to,
      kind,
      frames,
      bytes,
      sentAt: sentAtSum / frames,
      arrivedAt: arrivedAtSum / frames,
    }));
    return groups.sort((a, b) => a.sentAt - b.sentAt);
  }

  #gather(group: Gathered): void {
    const { from, to, kind, firstSentAt } = group;
    const step = this.#stepMs === 0 ? this.#count++ : Math.floor(firstSentAt / this.#stepMs);
    const name = `${step} ${from} ${to} ${kind}`;
    const there = this.#groups.get(name);
    if (there === undefined) {
      this.#groups.set(name, group);
      return;
    }
    there.frames += group.frames;
    there.bytes += group.bytes;
    there.sentAtSum += group.sentAtSum;
    there.arrivedAtSum += group.arrivedAtSum;
  }

  #coarsen(): void {
    while (this.#groups.size > this.#max / 2) {
      if (this.#stepMs >= STEP_MS_MAX) {
        this.#max = this.#groups.size * 2;
        return;
      }
      this.#stepMs = Math.max(1, this.#stepMs * 2);
      const before = this.#groups;
      this.#groups = new Map();
      for (const group of before.values()) this.#gather(group);
    }
  }
}
