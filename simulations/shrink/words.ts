/** A plan in words, line by line in the order of time: short enough to be read once it has been shrunk. */

import type { BackupPlan } from "../backups/backup-plan.ts";
import { showKey } from "../checkers/evidence.ts";
import type { CommandOperation } from "../commands/command-operation.ts";
import type { DocumentOperation } from "../documents/document-operation.ts";
import { describeFault } from "../faults/fault.ts";
import { type KeyspaceChange, nameOf, type Plan } from "../plan.ts";
import type { TenantPlan } from "../tenants/tenant-plan.ts";
import type { Operation } from "../workload/operation.ts";
import type { WatchPlan } from "../workload/watch-plan.ts";

/** More lines than anybody reads. */
const EVENTS_MAX = 60;

export function scheduleInWords(plan: Plan): string[] {
  const events = [
    ...(plan.keyspace ?? []).map((change) => ({ at: change.at, line: describeChange(plan, change) })),
    ...plan.operations.map((operation) => ({ at: operation.at, line: describeOperation(plan, operation) })),
    ...(plan.documents ?? []).map((operation) => ({ at: operation.at, line: describeEdit(plan, operation) })),
    ...(plan.commands ?? []).map((operation) => ({ at: operation.at, line: describeCommand(plan, operation) })),
    ...plan.faults.map((fault) => ({ at: fault.at, line: describeFault(fault) })),
    ...(plan.backups ?? []).flatMap((backup) => backupInWords(plan, backup)),
    ...(plan.tenants ?? []).map((tenant) => ({ at: tenant.definedAt, line: describeTenant(tenant) })),
    ...(plan.watches ?? []).map((watch) => ({ at: watch.at, line: describeWatch(plan, watch) })),
    { at: plan.healAt, line: `${seconds(plan.healAt)} everything heals` },
  ].sort((a, b) => a.at - b.at);
  const left = events.length - EVENTS_MAX;
  return [
    `${plan.nodes.map((_, node) => describeNode(plan, node)).join("; ")}; ${count(plan.replica.shards, "shard")}`,
    ...events.slice(0, EVENTS_MAX).map(({ line }) => line),
    ...(left > 0 ? [`... and ${count(left, "more event")}`] : []),
  ];
}

function describeTenant({ name, memoryShare, definedAt, acts }: TenantPlan): string {
  const share = memoryShare === undefined ? "no share" : `a share of ${memoryShare}`;
  return `${seconds(definedAt)} keyspace ${name} is defined with ${share} of the memory, for ${count(acts.length, "operation")}`;
}

function backupInWords(plan: Plan, { id, at, node, restores }: BackupPlan): { at: number; line: string }[] {
  return [
    { at, line: `${seconds(at)} backup ${id} is made at ${nameOf(plan, node)}` },
    ...restores.map((restore) => {
      const how = restore.isOverwrite ? "over what is there" : "by its stamps";
      const stops = restore.interruptions.map(
        ({ after, node: next }) => `, after ${after} chunks ${nameOf(plan, next)}`,
      );
      return {
        at: restore.at,
        line: `${seconds(restore.at)} backup ${id} is restored ${how} at ${nameOf(plan, restore.node)}${stops.join("")}`,
      };
    }),
  ];
}

function describeNode(plan: Plan, node: number): string {
  const { region, durable } = plan.nodes[node] ?? { region: "nowhere", durable: true };
  return `node ${node}: ${nameOf(plan, node)} in ${region}${durable ? "" : ", nothing on disk"}`;
}

function describeChange(plan: Plan, { at, node, settings }: KeyspaceChange): string {
  return `${seconds(at)} the keyspace is defined at ${nameOf(plan, node)}: ${JSON.stringify(settings)}`;
}

function describeOperation(plan: Plan, operation: Operation): string {
  const { at, node, type, key, alsoKeys = [], ack, ttlMs, session, expects } = operation;
  const also = [
    ...(alsoKeys.length > 0 ? [`with ${alsoKeys.map(showKey).join(", ")}`] : []),
    ...(ack === "memory" ? [] : [`ack ${ack}`]),
    ...(ttlMs === undefined ? [] : [`expiring after ${ttlMs} ms`]),
    ...(expects === undefined ? [] : [`with the version that operation ${expects} showed`]),
    ...(session === undefined ? [] : [`session ${session}`]),
  ];
  return `${seconds(at)} ${type} ${showKey(key)} at ${nameOf(plan, node)}${also.length > 0 ? `, ${also.join(", ")}` : ""}`;
}

function describeEdit(plan: Plan, { at, client, node, type, key, ack, ttlMs }: DocumentOperation): string {
  const also = [
    ...(ack === "memory" ? [] : [`ack ${ack}`]),
    ...(type === "lease" ? [ttlMs === undefined ? "for ever" : `for ${ttlMs} ms`] : []),
  ];
  const details = also.length > 0 ? `, ${also.join(", ")}` : "";
  return `${seconds(at)} ${type} in document ${showKey(key)} by client ${client} at ${nameOf(plan, node)}${details}`;
}

function describeCommand(plan: Plan, { at, node, type, of, key, member }: CommandOperation): string {
  const what = member === undefined ? "" : ` ${showKey(member)}`;
  return `${seconds(at)} ${type}${what} in ${of} ${showKey(key)} at ${nameOf(plan, node)}`;
}

function describeWatch(plan: Plan, { id, at, node, prefix, moves }: WatchPlan): string {
  const then = moves.map((move) => `, from ${seconds(move.at)} on at ${nameOf(plan, move.node)}`);
  return `${seconds(at)} watch ${id} of ${showKey(prefix)} at ${nameOf(plan, node)}${then.join("")}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(3)}s`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
