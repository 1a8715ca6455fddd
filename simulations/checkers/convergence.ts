/**
 * Strong eventual convergence: once healed, and within the bound, every replica holds the same live registers, claims the
 * same dots, holds nothing beyond what it claims, and answers the same to the same question.
 *
 * Of a keyspace that some keep: all see the same owners of each shard; those hold the same, and are ready; the others hold
 * nothing of it, and answer the same all the same, since they ask.
 */

import type { ShardId } from "../../src/base/ids.ts";
import type { RegisterDump, ReplicaDump } from "../../src/replica/inspect.ts";
import { type Evidence, showKey, type Violation, violations } from "./evidence.ts";

export function checkConvergence(evidence: Evidence): Violation[] {
  const missing = evidence.nodes.flatMap((node, i) =>
    node.dump === undefined ? [`replica ${i} did not come back`] : [],
  );
  const messages = missing.length > 0 ? missing : [...differences(evidence)];
  return violations("convergence", messages);
}

/** Undefined: a replica that is not there, and equal to nobody. */
export function areEqualDumps(dumps: readonly (ReplicaDump | undefined)[], wallMs: number): boolean {
  const present = dumps.flatMap((dump) => dump ?? []);
  if (present.length < dumps.length) return false;
  for (const dump of present) for (const _ of misplacedOf(dump, "")) return false;
  for (const [one, other] of pairsOf(present)) for (const _ of compareDumps(one, other, ["", ""], wallMs)) return false;
  for (const dump of present) for (const _ of gapsOf(dump, "")) return false;
  return true;
}

/**
 * Those to be compared. Equality passes on: each with the first is enough for what all keep, and for what some keep each of
 * these with the first of them.
 */
function pairsOf<Dump extends ReplicaDump>(dumps: readonly Dump[]): (readonly [Dump, Dump])[] {
  const [first, ...others] = dumps;
  if (first === undefined) return [];
  const partners = new Map<Dump, Set<Dump>>([[first, new Set(others)]]);
  for (const owners of ownersByShard(dumps).values()) {
    const [one, ...rest] = owners;
    if (one === undefined) continue;
    const known = partners.get(one) ?? new Set();
    partners.set(one, known);
    for (const other of rest) known.add(other);
  }
  return [...partners].flatMap(([one, known]) => [...known].map((other): readonly [Dump, Dump] => [one, other]));
}

/** Of the shards that some keep: who takes itself for an owner. */
function ownersByShard<Dump extends ReplicaDump>(dumps: readonly Dump[]): ReadonlyMap<ShardId, readonly Dump[]> {
  const owners = new Map<ShardId, Dump[]>();
  for (const dump of dumps) {
    for (const { shard, placed } of dump.shards) {
      if (placed?.isOwner !== true) continue;
      const known = owners.get(shard);
      if (known === undefined) owners.set(shard, [dump]);
      else known.push(dump);
    }
  }
  return owners;
}

/** Shards that a replica owns and is not ready in, and those that it holds and does not own. */
export function* misplacedOf({ shards }: ReplicaDump, name: string): Iterable<string> {
  for (const { shard, placed, vector } of shards) {
    if (placed === undefined) continue;
    if (placed.isOwner && !placed.isReady) yield `${name} owns shard ${shard}, and is not ready in it`;
    if (!placed.isOwner && (placed.isHeld || vector !== ""))
      yield `${name} does not own shard ${shard}, and still holds it, claiming ${vector || "nothing"}`;
  }
}

/** What keeps two dumps from being equal, in words; nothing when they are. `wallMs` decides what has expired. */
export function* compareDumps(
  one: ReplicaDump,
  other: ReplicaDump,
  names: readonly [string, string],
  wallMs: number,
): Iterable<string> {
  const [oneName, otherName] = names;
  const apart = ownedByOne(one, other);
  const isShared = ({ shard }: RegisterDump): boolean => !apart.has(shard);
  const held = new Map(
    liveRegisters(other, wallMs)
      .filter(isShared)
      .map((register) => [register.identity, register]),
  );
  for (const register of liveRegisters(one, wallMs).filter(isShared)) {
    const twin = held.get(register.identity);
    held.delete(register.identity);
    if (twin === undefined) yield `${oneName} has ${show(register)}, which ${otherName} lacks`;
    else if (!isSame(register, twin)) yield `${oneName} has ${show(register)}, ${otherName} has ${show(twin)}`;
  }
  for (const register of held.values()) yield `${otherName} has ${show(register)}, which ${oneName} lacks`;
  for (const [i, shard] of one.shards.entries()) {
    const twin = other.shards[i];
    const [owners, theirs] = [shard.placed?.owners.join(", "), twin?.placed?.owners.join(", ")];
    if (owners !== theirs)
      yield `shard ${shard.shard}: ${oneName} takes ${owners ?? "all"} for its owners, ${otherName} ${theirs ?? "all"}`;
    if (apart.has(shard.shard)) continue;
    if (twin === undefined || twin.vector !== shard.vector) {
      yield `shard ${shard.shard}: ${oneName} claims ${shard.vector}, ${otherName} claims ${twin?.vector ?? "nothing"}`;
    }
  }
}

/** Shards that not both own: what is held of them says nothing. */
function ownedByOne(one: ReplicaDump, other: ReplicaDump): ReadonlySet<ShardId> {
  const notOwned = [...one.shards, ...other.shards].filter(({ placed }) => placed?.isOwner === false);
  return new Set(notOwned.map(({ shard }) => shard));
}

/** Registers held beyond what their shard's vector claims: a gap that was never filled. */
export function* gapsOf(dump: ReplicaDump, name: string): Iterable<string> {
  const shards = new Map(dump.shards.map((shard) => [shard.shard, shard]));
  for (const register of dump.registers) {
    const shard = shards.get(register.shard);
    if (shard?.covers(register.origin, register.sequence) === true) continue;
    yield `${name} holds ${show(register)}, dot ${register.sequence} of ${register.origin}, but claims only ${shard?.vector ?? "nothing"}`;
  }
}

function* differences(evidence: Evidence): Iterable<string> {
  const [first, ...others] = evidence.nodes;
  if (first?.dump === undefined) return;
  const wallMs = Math.max(...evidence.nodes.map((node) => node.finalWallMs));
  const dumps = evidence.nodes.flatMap(({ dump }, i) =>
    dump === undefined ? [] : [{ ...dump, name: `replica ${i}` }],
  );
  for (const dump of dumps) yield* misplacedOf(dump, dump.name);
  for (const [one, other] of pairsOf(dumps)) yield* compareDumps(one, other, [one.name, other.name], wallMs);
  for (const [i, { finals }] of evidence.nodes.entries()) {
    const unread = evidence.placement === undefined ? 0 : evidence.keys.length - finals.length;
    if (unread > 0) yield `replica ${i} did not answer the last reads of ${unread} keys`;
  }
  for (const [i, node] of others.entries()) {
    const firstByKey = new Map(first.finals.map((read) => [read.key, read]));
    for (const read of node.finals) {
      const before = firstByKey.get(read.key);
      if (before !== undefined && before.version !== read.version) {
        const shown = [before.version ?? "nothing", read.version ?? "nothing"];
        yield `${showKey(read.key)} reads as ${shown[0]} at replica 0 and as ${shown[1]} at replica ${i + 1}`;
      }
    }
  }
  for (const [i, node] of evidence.nodes.entries()) {
    if (node.dump === undefined) continue;
    yield* gapsOf(node.dump, `replica ${i}`);
    for (const { shard, fingerprint } of node.dump.shards) {
      if (fingerprint === undefined || fingerprint.kept === fingerprint.recomputed) continue;
      yield `replica ${i}, shard ${shard}: kept fingerprint ${fingerprint.kept}, recomputed ${fingerprint.recomputed}`;
    }
  }
}

function liveRegisters(dump: ReplicaDump, wallMs: number): RegisterDump[] {
  return dump.registers.filter((register) => !register.isDead && register.expiresAt > wallMs);
}

function isSame(a: RegisterDump, b: RegisterDump): boolean {
  return (
    a.timestamp === b.timestamp &&
    a.origin === b.origin &&
    a.sequence === b.sequence &&
    a.expiresAt === b.expiresAt &&
    a.checksum === b.checksum
  );
}

function show(register: RegisterDump): string {
  const expiry = register.expiresAt === Infinity ? "" : ` expiring at ${register.expiresAt}`;
  return `${showKey(register.key)} at ${register.timestamp} by ${register.origin}${expiry}, value ${register.checksum}`;
}
