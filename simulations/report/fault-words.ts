/** Faults as people talk of them: what they hurt, how long they held, and a sentence for each. */

import type { Fault } from "../faults/fault.ts";
import type { Plan } from "../plan.ts";
import { bytes, count, duration, list, plural } from "./words.ts";

/** What kind of trouble a fault is; a colour for each. */
export type FaultKind = "network" | "process" | "clock" | "disk";

export interface FaultSpan {
  readonly fault: Fault;
  readonly kind: FaultKind;
  /** Virtual ms at which it came to act, and at which it was undone; equal for what happens at once. */
  readonly from: number;
  readonly to: number;
  readonly title: string;
}

export function faultSpan(fault: Fault, from: number, plan: Plan): FaultSpan {
  const to = Math.max(from, Math.min(from + lengthOf(fault), plan.healAt));
  return { fault, kind: kindOf(fault), from, to, title: titleOf(fault, plan.nodes.length) };
}

/** Cuts, crashes and so on with how many of each there were, the most frequent first. */
export function countFaults(faults: readonly Fault[]): string {
  const counts = new Map<string, number>();
  for (const { type } of faults) counts.set(type, (counts.get(type) ?? 0) + 1);
  const sorted = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return list(sorted.map(([type, amount]) => plural(amount, NAMES[type]?.[0] ?? type, NAMES[type]?.[1] ?? `${type}s`)));
}

/** Singular and plural, where adding an "s" to the type will not do. */
const NAMES: Readonly<Record<string, readonly [string, string]>> = {
  cut: ["network cut", "network cuts"],
  degrade: ["worse path", "worse paths"],
  break: ["broken link", "broken links"],
  stall: ["stalled path", "stalled paths"],
  "late-copy": ["late copy of a push", "late copies of pushes"],
  datagram: ["time of repeated and reordered pushes", "times of repeated and reordered pushes"],
  corrupt: ["time of damaged frames", "times of damaged frames"],
  "slow-consumer": ["slow consumer", "slow consumers"],
  "clock-strobe": ["strobing clock", "strobing clocks"],
  "disk-unreadable": ["unreadable disk", "unreadable disks"],
  "disk-read-errors": ["time of read errors", "times of read errors"],
  stop: ["orderly stop", "orderly stops"],
  leave: ["departure", "departures"],
  pause: ["process pause", "process pauses"],
  crash: ["crash", "crashes"],
  "clock-jump": ["clock jump", "clock jumps"],
  "clock-drift": ["drifting clock", "drifting clocks"],
  "disk-slow": ["slow disk", "slow disks"],
  "disk-full": ["full disk", "full disks"],
  "disk-damage": ["damaged disk", "damaged disks"],
  "disk-old-copy": ["disk set back", "disks set back"],
};

function lengthOf(fault: Fault): number {
  if ("forMs" in fault) return fault.forMs;
  if ("downMs" in fault) return fault.downMs;
  return "lateMs" in fault ? fault.lateMs : 0;
}

const PROCESS: ReadonlySet<Fault["type"]> = new Set(["crash", "stop", "leave", "pause"]);

function kindOf({ type }: Fault): FaultKind {
  if (type.startsWith("clock")) return "clock";
  if (type.startsWith("disk")) return "disk";
  return PROCESS.has(type) ? "process" : "network";
}

function titleOf(fault: Fault, nodes: number): string {
  const { at: _at, type, ...facts } = fault;
  if (fault.type === "cut") return `cut (${fault.shape}) ${sidesOf(fault.paths, nodes)}`;
  const details = Object.entries(facts).flatMap(([name, value]) => describe(name, value));
  return [type, ...details].join(", ");
}

function describe(name: string, value: unknown): string[] {
  if (name === "paths" && Array.isArray(value)) {
    return value.length > 4 ? [plural(value.length, "path")] : [value.map((path) => arrow(path)).join(" ")];
  }
  if (Array.isArray(value)) return [`${name} ${arrow(value)}`];
  if (name === "node") return [`replica ${value}`];
  if (typeof value === "boolean") return value ? [BOOLEANS[name] ?? name] : [];
  if (typeof value === "number") return [number(name, value)];
  return [`${name} ${String(value)}`];
}

const BOOLEANS: Readonly<Record<string, string>> = { isPowerCut: "power cut", isOnlyCopy: "the only copy" };

function number(name: string, value: number): string {
  if (name.endsWith("PerMs")) return `${bytes(value * 1000)}/s`;
  if (name === "ppm") return value === -1_000_000 ? "frozen" : `${count(value)} parts in a million`;
  if (!name.endsWith("Ms")) return `${name} ${Number(value.toPrecision(3))}`;
  const word = name === "forMs" ? "for" : name === "downMs" ? "down for" : name.slice(0, -2);
  return `${word} ${value < 0 ? "-" : ""}${duration(Math.abs(value))}`;
}

function arrow(path: unknown): string {
  return Array.isArray(path) ? path.join("→") : String(path);
}

/** `0 2 | 1 3 4` where the paths part the nodes in two, both ways; else the paths. */
function sidesOf(paths: readonly (readonly [number, number])[], nodes: number): string {
  const closed = new Set(paths.map(([from, to]) => from * nodes + to));
  const isOpen = (a: number, b: number): boolean => !closed.has(a * nodes + b) || !closed.has(b * nodes + a);
  const sides: number[][] = [];
  for (let node = 0; node < nodes; node++) {
    const joined = sides.filter((side) => side.some((other) => isOpen(node, other)));
    const rest = sides.filter((side) => !joined.includes(side));
    sides.splice(0, sides.length, ...rest, [...joined.flat(), node]);
  }
  if (sides.length > 1)
    return sides
      .map((side) => side.sort((a, b) => a - b).join(" "))
      .sort()
      .join(" | ");
  return paths.length > 8 ? plural(paths.length, "path") : paths.map(arrow).join(" ");
}
