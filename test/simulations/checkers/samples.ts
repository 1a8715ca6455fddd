/** Hand-made looks inside: what replicas held at some moments. */

import type { Evidence } from "../../../simulations/checkers/evidence.ts";
import type { NodeSample, Sample, SampledRegister } from "../../../simulations/sampling/sample.ts";
import type { OriginId, ReplicaId, ShardId } from "../../../src/base/ids.ts";
import { VersionVector } from "../../../src/core/version-vector.ts";
import { evidence, KEY, node } from "./evidence-builder.ts";

export function sampledRegister(timestamp: number, changes: Partial<SampledRegister> = {}): SampledRegister {
  const stamp = { timestamp, isDead: false, origin: 1 };
  return { key: KEY, stamp, isStanding: true, isLive: true, sequence: timestamp, checksum: 0, ...changes };
}

/** A replica that covers the dots of origin 1 up to `covered`. */
export function nodeSample(
  register: SampledRegister | undefined,
  covered: number,
  changes: Partial<NodeSample> = {},
): NodeSample {
  const vector = new VersionVector();
  vector.advance(1 as OriginId, covered);
  return {
    life: 1,
    wallMs: 0,
    registers: new Map(register === undefined ? [] : [[`0:${KEY}`, register]]),
    vectors: new Map([[0 as ShardId, vector]]),
    contentDigest: register?.isStanding === true ? `${register.sequence} ${register.checksum}` : "nothing",
    vectorDigest: `${covered}`,
    holdings: [],
    company: { id: "r" as ReplicaId, others: new Map() },
    votes: { correctionMs: 0, members: 2, rounds: new Map() },
    ...changes,
  };
}

export function sample(at: number, ...nodes: readonly (NodeSample | undefined)[]): Sample {
  return { at, nodes };
}

export function sampled(history: Evidence["history"], ...samples: readonly Sample[]): Evidence {
  return { ...evidence(history, [node(), node()]), samples };
}
