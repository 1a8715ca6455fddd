/** `atoll status`: the cluster as one replica sees it. */

import Table from "cli-table3";
import type { Command } from "commander";
import type { ClusterStatus, MemberStatus, PlacementStatus } from "../cluster-status.ts";
import { readableBytes } from "./amounts.ts";
import { type ClientOptions, clientCommand, createClient, parseWait } from "./client-options.ts";
import { CommandFailure } from "./command-failure.ts";
import { print, printable } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";
import { untilDone } from "./wait.ts";

interface StatusOptions extends ClientOptions {
  readonly json?: boolean;
  readonly members?: string;
}

const MEMBERS_MAX = 10_000;

export function statusCommand(): Command {
  return clientCommand("status")
    .description("show members, lag, clock offsets and what the replica holds")
    .option("--json", "everything, as JSON")
    .option("--members <N>", "fail, or with --wait go on waiting, unless it sees so many alive, itself included")
    .action(status);
}

async function status(options: StatusOptions): Promise<void> {
  const wanted = parseMembers(options.members);
  const { wait, ...others } = options;
  const waitMs = parseWait(wait);
  const client = await createClient(others);
  const state = await untilDone(waitMs, client.url, async () => {
    if (waitMs > 0) await client.checkReady();
    const current = await client.status();
    const alive = current.members.filter(({ state }) => state === "self" || state === "alive").length;
    if (alive < wanted) throw new CommandFailure(`${current.replica} sees ${alive} of ${wanted} members alive`);
    return current;
  });
  await print(options.json === true ? JSON.stringify(state, null, 2) : formatStatus(state));
}

function parseMembers(text: string | undefined): number {
  if (text === undefined) return 0;
  const count = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= MEMBERS_MAX) return count;
  throw new UsageError(`--members must be a whole number from 1 to ${MEMBERS_MAX}`);
}

/** What an older or newer server leaves out shows as a hyphen. */
export function formatStatus(state: ClusterStatus): string {
  const isPlaced = state.members.some(({ owned }) => owned !== undefined);
  const table = new Table({
    head: ["member", "region", "address", "state", "life", "lag", "clock offset", "rtt", ...(isPlaced ? ["owns"] : [])],
    style: { head: [], border: [], compact: true },
    colAligns: ["left", "left", "left", "left", "right", "right", "right", "right", "right"],
  });
  for (const member of state.members) table.push([...memberRow(member), ...(isPlaced ? [shown(member.owned)] : [])]);
  const facts: readonly (readonly [string, unknown])[] = [
    ["cluster", state.cluster],
    ["asked", `${state.replica}, ${state.ready ? "ready" : `not ready: ${(state.reasons ?? []).join("; ")}`}`],
    ["shards", state.shards],
    ["registers", `${shown(state.registers)} (tombstones ${shown(state.tombstones)})`],
    ["memory", memoryState(state)],
    ["data", dataState(state)],
    ["digest", state.digest],
    ["clock", clockState(state)],
  ];
  const cut = state.cut ?? [];
  const lines = facts.map(([name, value]) => `${name.padEnd(10)} ${shown(value)}`);
  if (state.placement !== undefined) lines.push(`${"placed".padEnd(10)} ${placementState(state.placement)}`);
  if (cut.length > 0) lines.push(`${"cut off".padEnd(10)} ${printable(cut.join(", "))} (PUT /v1/admin/faults)`);
  return `${table.toString()}\n${lines.join("\n")}`;
}

function memoryState({
  memoryBytes,
  memoryBytesMax,
  valuesOnDiskOnly = 0,
  ghosts = 0,
}: Partial<ClusterStatus>): string | undefined {
  if (memoryBytes === undefined) return undefined;
  const bound = memoryBytesMax === undefined ? "" : ` of ${readableBytes(memoryBytesMax)}`;
  const away = valuesOnDiskOnly > 0 ? `, ${valuesOnDiskOnly} values on disk only` : "";
  return `${readableBytes(memoryBytes)}${bound}${away}${ghosts > 0 ? `, ${ghosts} values with others only` : ""}`;
}

function dataState({ dataBytes, dataBytesMax, evicted = 0 }: Partial<ClusterStatus>): string | undefined {
  const evictions = evicted > 0 ? `${evicted} evicted` : undefined;
  if (dataBytes === undefined || dataBytesMax === undefined) return evictions;
  const taken = `${readableBytes(dataBytes)} of ${readableBytes(dataBytesMax)}`;
  return evictions === undefined ? taken : `${taken}, ${evictions}`;
}

function placementState({ owned, ready, toHandOver, taken, handedOver }: PlacementStatus): string {
  return `${shown(ready)} of ${shown(owned)} shards here, ${shown(toHandOver)} to hand over (${shown(taken)} taken, ${shown(handedOver)} handed over)`;
}

function clockState({ clockOffsetMs, clockCorrectionMs }: ClusterStatus): string | undefined {
  if (clockOffsetMs === undefined) return undefined;
  const offset = `${milliseconds(Math.abs(clockOffsetMs))} ${clockOffsetMs > 0 ? "behind" : "ahead of"} the majority`;
  return clockCorrectionMs === undefined ? offset : `${offset}, corrected by ${milliseconds(clockCorrectionMs)}`;
}

function memberRow(member: MemberStatus): string[] {
  const offset = member.clockOffsetMs;
  const cells = [
    member.id,
    member.region,
    member.address,
    member.state,
    member.life,
    member.lag,
    offset === undefined ? undefined : `${offset > 0 ? "+" : ""}${milliseconds(offset)}`,
    member.rttMs === undefined ? undefined : milliseconds(member.rttMs),
  ];
  return cells.map(shown);
}

function milliseconds(ms: number): string {
  return `${Math.abs(ms) < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

function shown(value: unknown): string {
  return value === undefined || value === null ? "-" : printable(String(value));
}
