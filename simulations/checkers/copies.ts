/**
 * No shard falls below its replication by what moves: whoever lets go of one, or leaves for good, leaves all that it covered
 * there at as many others as anybody then took for its owners. What a fault takes is no part of it.
 */

import type { ShardId } from "../../src/base/ids.ts";
import { VersionVector } from "../../src/core/version-vector.ts";
import type { NodeSample, Sample } from "../sampling/sample.ts";
import { type Evidence, type Violation, violations } from "./evidence.ts";

/** A shard that a replica held at one look and does not hold at the next. */
export interface LetGo {
  readonly node: number;
  readonly shard: ShardId;
  readonly vector: VersionVector;
  /** The looks before and after it. */
  readonly before: Sample;
  readonly after: Sample;
}

export function checkCopies(evidence: Evidence): Violation[] {
  const messages: string[] = [];
  for (const letGo of letGoIn(evidence)) {
    const { node, shard, after } = letGo;
    const wanted = leastWanted(letGo, evidence);
    const kept = keepersOf(letGo, evidence);
    if (kept.length >= wanted) continue;
    const where = kept.length === 0 ? "nobody has" : `only replica ${kept.join(", ")} has`;
    messages.push(
      `replica ${node} let go of shard ${shard} by ${(after.at / 1000).toFixed(3)}s, and ${where} all that it covered, where ${wanted} are to`,
    );
  }
  return violations("copies", messages);
}

/** Several checkers ask of the same evidence. */
const found = new WeakMap<Evidence, readonly LetGo[]>();

/** Of a keyspace that some keep; not what a replica lost that began anew. */
export function letGoIn(evidence: Evidence): readonly LetGo[] {
  const known = found.get(evidence) ?? findLetGo(evidence);
  found.set(evidence, known);
  return known;
}

function findLetGo(evidence: Evidence): readonly LetGo[] {
  const { placement, samples } = evidence;
  if (placement === undefined) return [];
  return samples.slice(1).flatMap((after, i) => {
    const before = samples[i] as Sample;
    return before.nodes.flatMap((look, node) =>
      look === undefined ? [] : [...letGoBetween(look, { node, before, after }, evidence)],
    );
  });
}

function* letGoBetween(
  look: NodeSample,
  between: Pick<LetGo, "node" | "before" | "after">,
  { nodes }: Evidence,
): Iterable<LetGo> {
  const { node, before, after } = between;
  const { ends = [], judgements = [] } = nodes[node] ?? {};
  if (judgements.some(({ at }) => at >= before.at && at <= after.at)) return;
  const next = after.nodes[node];
  const hasLeft = ends.some(({ life, type, at }) => life === look.life && type === "leave" && at <= after.at);
  if (!hasLeft && next?.life !== look.life) return;
  for (const shard of look.placed?.ownersByShard.keys() ?? []) {
    const vector = look.vectors.get(shard);
    if (vector === undefined || vector.size === 0) continue;
    if (hasLeft || next?.vectors.get(shard)?.size === 0) yield { ...between, shard, vector };
  }
}

/** By then a policy that was followed by another is nobody's any more. */
const POLICY_MS = 3000;

/**
 * Views differ for a while; the least that anybody goes by will do, at either look or in between. Whoever came since was
 * perhaps not reckoned with yet.
 */
function leastWanted({ node: self, shard, before, after }: LetGo, { nodes, placement }: Evidence): number {
  const policies = placement?.policies.filter(({ at }) => at >= before.at - POLICY_MS && at <= after.at) ?? [];
  const looks = [...before.nodes, ...after.nodes];
  const others = nodes.filter(({ ends }, node) => {
    const hasLeft = ends.findLast(({ at }) => at <= before.at)?.type === "leave";
    return node !== self && (before.nodes[node] !== undefined || !hasLeft);
  });
  const copies = policies.map((policy) => policy.copies);
  return Math.min(
    others.length,
    ...copies,
    ...looks.map((look) => look?.placed?.ownersByShard.get(shard)?.length ?? Infinity),
  );
}

/** Others that cover all of it; whoever ended since the look before may have. */
function keepersOf(letGo: LetGo, evidence: Evidence): number[] {
  const { node: self, shard, vector, before, after } = letGo;
  return evidence.nodes.flatMap(({ ends }, node) => {
    if (node === self) return [];
    const look = after.nodes[node];
    const hasEndedSince = ends.some(({ at }) => at >= before.at && at <= after.at);
    const covers =
      look === undefined ? mayHaveOnDisk(node, letGo, evidence) : look.vectors.get(shard)?.dominates(vector);
    return hasEndedSince || covers === true ? [node] : [];
  });
}

/** Of one that is down: all of it was somewhere at the last look at which it ran, or the next. */
function mayHaveOnDisk(node: number, { shard, vector, after }: LetGo, { nodes, samples }: Evidence): boolean {
  if (nodes[node]?.durable !== true) return false;
  const up = samples.findLastIndex(({ at, nodes: looks }) => at < after.at && looks[node] !== undefined);
  if (up === -1) return false;
  const anywhere = new VersionVector();
  const looks = samples.slice(up, up + 2).flatMap(({ nodes: all }) => all);
  for (const look of looks) anywhere.merge(look?.vectors.get(shard) ?? NOTHING);
  return anywhere.dominates(vector);
}

const NOTHING = new VersionVector();
