/**
 * Strong eventual convergence: once healed, and within the bound, every replica holds the same live registers, claims the
 * same dots, holds nothing beyond what it claims, and answers the same to the same question.
 */

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
  const [first, ...others] = dumps;
  if (first === undefined) return dumps.length === 0;
  for (const _ of gapsOf(first, "")) return false;
  for (const other of others) {
    if (other === undefined) return false;
    for (const _ of compareDumps(first, other, ["", ""], wallMs)) return false;
    for (const _ of gapsOf(other, "")) return false;
  }
  return true;
}

/** What keeps two dumps from being equal, in words; nothing when they are. `wallMs` decides what has expired. */
export function* compareDumps(
  one: ReplicaDump,
  other: ReplicaDump,
  names: readonly [string, string],
  wallMs: number,
): Iterable<string> {
  const [oneName, otherName] = names;
  const held = new Map(liveRegisters(other, wallMs).map((register) => [register.identity, register]));
  for (const register of liveRegisters(one, wallMs)) {
    const twin = held.get(register.identity);
    held.delete(register.identity);
    if (twin === undefined) yield `${oneName} has ${show(register)}, which ${otherName} lacks`;
    else if (!isSame(register, twin)) yield `${oneName} has ${show(register)}, ${otherName} has ${show(twin)}`;
  }
  for (const register of held.values()) yield `${otherName} has ${show(register)}, which ${oneName} lacks`;
  for (const [i, shard] of one.shards.entries()) {
    const twin = other.shards[i];
    if (twin === undefined || twin.vector !== shard.vector) {
      yield `shard ${shard.shard}: ${oneName} claims ${shard.vector}, ${otherName} claims ${twin?.vector ?? "nothing"}`;
    }
  }
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
  for (const [i, node] of others.entries()) {
    if (node.dump === undefined) continue;
    yield* compareDumps(first.dump, node.dump, ["replica 0", `replica ${i + 1}`], wallMs);
    for (const [k, read] of node.finals.entries()) {
      const before = first.finals[k];
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
    a.valueHash === b.valueHash
  );
}

function show(register: RegisterDump): string {
  const expiry = register.expiresAt === Infinity ? "" : ` expiring at ${register.expiresAt}`;
  return `${showKey(register.key)} at ${register.timestamp} by ${register.origin}${expiry}, value ${register.valueHash}`;
}
