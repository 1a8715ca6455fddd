/** Surroundings for one part of the cluster logic by itself: shards, members, reports, and what it sends. */

import type { ReplicaId, ShardId } from "../../src/base/ids.ts";
import { Members } from "../../src/cluster/members.ts";
import { Ownership } from "../../src/cluster/ownership.ts";
import { Reports } from "../../src/cluster/reports.ts";
import type { SendingSurroundings } from "../../src/cluster/surroundings.ts";
import type { Shard } from "../../src/core/shard/shard.ts";
import { Shards } from "../../src/core/shard/shards.ts";
import type { RecalledAll } from "../../src/replica/recalls.ts";
import { type MemberFacts, type Message, READY, type Readiness, type Rumour } from "../../src/wire/message.ts";
import { createShard, type LooseShard, NOW } from "./shards.ts";

export function facts(name: string, more: Partial<MemberFacts> = {}): MemberFacts {
  const place = { region: "r", address: `${name}:1` };
  return {
    id: name as ReplicaId,
    life: 1,
    ...place,
    ephemeral: false,
    left: false,
    epoch: 0,
    birth: 7,
    rootLife: 1,
    startedAt: 1,
    givenUpLife: 0,
    displaced: 0,
    seenAgoMs: undefined,
    ...more,
  };
}

export function rumour(name: string, more: Partial<Rumour> = {}): Rumour {
  return { ...facts(name), incarnation: 0, state: "alive", suspectedBy: [], ...more };
}

export class TestSurroundings implements SendingSurroundings {
  readonly looseShards: readonly LooseShard[];
  readonly shards: Shards;
  readonly members: Members;
  readonly reports: Reports;
  readonly ownership: Ownership;
  readonly links = new Set<ReplicaId>();
  /** What is sent is dropped. */
  isMute = false;
  /** Bytes that wait on every link. */
  queued = 0;
  readonly recalled: {
    readonly shard: Shard;
    readonly slots: readonly number[];
    readonly then: (recalled: RecalledAll) => void;
  }[] = [];
  sent: { readonly to: ReplicaId; readonly message: Message }[] = [];

  constructor(self: string, peers: readonly string[], shards = 2) {
    this.looseShards = Array.from({ length: shards }, (_, id) => createShard({ id }));
    this.shards = new Shards(shards, (id) => this.looseShards[id]?.shard ?? createShard({ id }).shard);
    this.members = new Members(facts(self));
    this.reports = new Reports();
    this.ownership = new Ownership(self as ReplicaId, shards);
    for (const peer of peers) {
      this.members.learn(facts(peer), NOW);
      this.links.add(peer as ReplicaId);
    }
  }

  durableOf(shard: ShardId): Shard["vector"] {
    return (this.shards.get(shard) as Shard).vector.snapshot();
  }

  readinessOf(): Readiness {
    return READY;
  }

  isHeld(shard: Shard): boolean {
    return !shard.isBlank;
  }

  recall(shard: Shard, slots: readonly number[], then: (recalled: RecalledAll) => void = () => {}): void {
    this.recalled.push({ shard, slots, then });
  }

  send(to: ReplicaId, message: Message): void {
    this.sent.push({ to, message });
  }

  canSend(to: ReplicaId): boolean {
    return this.links.has(to) && !this.isMute;
  }

  queuedBytes(): number {
    return this.queued;
  }

  isLinked(id: ReplicaId): boolean {
    return this.links.has(id);
  }

  linked(): readonly ReplicaId[] {
    return [...this.links];
  }

  /** What was sent since the last call, as 'to type'. */
  takeSent(): string[] {
    const texts = this.sent.map(({ to, message }) => `${to} ${message.type}`);
    this.sent = [];
    return texts;
  }
}
