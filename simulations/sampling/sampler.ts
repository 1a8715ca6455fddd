/** Looks at all replicas of a world now and then. It changes nothing: the run is the same without it. */

import { spaceOf } from "../../src/base/shard-id.ts";
import { DigestSum, digestText } from "../../src/core/digest.ts";
import {
  checksumAt,
  FLAG_DEAD,
  FLAG_GONE,
  flagsAt,
  keyAt,
  originAt,
  sequenceAt,
  timestampAt,
} from "../../src/core/record/record.ts";
import type { Shard } from "../../src/core/shard/shard.ts";
import { identityText } from "../../src/replica/inspect.ts";
import type { Replica } from "../../src/replica/replica.ts";
import { contentDigest } from "../../src/replica/status.ts";
import type { SimulatedNode } from "../simulator/node.ts";
import type { World } from "../simulator/world.ts";
import { NodeIndex, votesOf } from "./clock-votes.ts";
import { companyOf } from "./company.ts";
import type { NodeSample, PlacedSample, Sample, SampledRegister } from "./sample.ts";

/** Registers of all samples together: of a run with many more there are fewer samples. */
const REGISTERS_MAX = 200_000;

export class Sampler {
  readonly samples: Sample[] = [];
  readonly #world: World;
  readonly #index: NodeIndex;
  #registers = 0;

  /** Looks every `everyMs` from the beginning to `until`, as long as there is room for it. */
  constructor(world: World, schedule: { readonly everyMs: number; readonly until: number }) {
    this.#world = world;
    this.#index = new NodeIndex(world.nodes);
    for (let at = schedule.everyMs; at <= schedule.until; at += schedule.everyMs) world.at(at, () => this.#look());
  }

  /** Looks now, whatever there is. */
  look(): void {
    const last = this.samples.at(-1)?.nodes;
    const nodes = this.#world.nodes.map((node, i) => sampleNode(node, this.#index, last?.[i]));
    for (const node of nodes) this.#registers += node?.registers.size ?? 0;
    this.samples.push({ at: this.#world.now, nodes });
  }

  #look(): void {
    if (this.#registers < REGISTERS_MAX) this.look();
  }
}

function sampleNode(node: SimulatedNode, index: NodeIndex, last: NodeSample | undefined): NodeSample | undefined {
  const { replica: driver, life } = node;
  const replica = driver?.replica;
  if (driver === undefined || replica === undefined || life === undefined) return undefined;
  const wallMs = node.clockTime;
  const registers = new Map<string, SampledRegister>();
  const vectors = new DigestSum();
  for (const shard of replica.shards) {
    addRegisters(shard, wallMs, registers);
    vectors.add(shard.id, shard.vector.digest());
  }
  return {
    life: life.number,
    wallMs,
    registers,
    vectors: new Map(replica.shards.all.map((shard) => [shard.id, shard.vector.snapshot()])),
    contentDigest: contentDigest(replica),
    vectorDigest: digestText(vectors),
    holdings: driver.holdings?.() ?? [],
    company: companyOf(replica, last?.company),
    votes: votesOf(replica, index),
    ...(replica.ownership.isAnyPlaced && { placed: placedIn(replica) }),
  };
}

function placedIn({ ownership, shards }: Replica): PlacedSample {
  const placed = shards.all.filter((shard) => !ownership.isEverywhere(spaceOf(shard.id)));
  return {
    view: ownership.view,
    ownersByShard: new Map(placed.map(({ id }) => [id, ownership.groupOf(id)])),
    ready: new Set(placed.filter((shard) => shard.isReady && ownership.owns(shard.id)).map(({ id }) => id)),
  };
}

function addRegisters(shard: Shard, wallMs: number, into: Map<string, SampledRegister>): void {
  shard.forEachHeld((slot) => {
    const view = shard.table.viewOf(slot);
    const bytes = shard.table.bytesOf(slot);
    const at = shard.table.offsetOf(slot);
    const flags = flagsAt(view, at);
    const timestamp = timestampAt(view, at);
    const origin = originAt(view, at);
    into.set(identityText(view, bytes, at), {
      key: keyAt(view, bytes, at),
      stamp: { timestamp, isDead: (flags & FLAG_DEAD) !== 0, origin },
      isStanding: (flags & (FLAG_DEAD | FLAG_GONE)) === 0,
      isLive: shard.isLive(slot, wallMs),
      sequence: sequenceAt(view, at),
      checksum: checksumAt(view, at),
    });
  });
}
