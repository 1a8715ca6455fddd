/** Makes a schedule of faults from a seed and a profile: what may happen, how often, and how bad. */

import type { SeededRandom } from "../../src/base/random.ts";
import { DAMAGES } from "../simulator/disk-damage.ts";
import { exponential, pickWeighted, smallUnit, uniform, unit } from "../simulator/draws.ts";
import { type CutShape, drawCut } from "./cuts.ts";
import type { Fault, FaultType, PathPair } from "./fault.ts";

/** Several faults that belong together. */
export type Pattern = "flapping" | "swizzle";

export interface FaultProfile {
  readonly nodes: number;
  readonly fromMs: number;
  readonly untilMs: number;
  /** Mean time between two faults. */
  readonly meanGapMs: number;
  /** How likely each type is; 0 = never. */
  readonly types: Readonly<Record<FaultType | Pattern, number>>;
  readonly cuts: Readonly<Record<CutShape, number>>;
  /** Nothing holds longer than this. */
  readonly longestMs: number;
  /** Largest jump of a clock, ms either way. */
  readonly clockJumpMs: number;
}

export const NO_FAULTS: FaultProfile["types"] = {
  cut: 0,
  flapping: 0,
  swizzle: 0,
  degrade: 0,
  break: 0,
  stall: 0,
  "late-copy": 0,
  datagram: 0,
  corrupt: 0,
  "slow-consumer": 0,
  crash: 0,
  stop: 0,
  leave: 0,
  pause: 0,
  "clock-jump": 0,
  "clock-drift": 0,
  "clock-strobe": 0,
  "disk-slow": 0,
  "disk-full": 0,
  "disk-damage": 0,
  "disk-unreadable": 0,
  "disk-read-errors": 0,
  "disk-old-copy": 0,
};

/** Next to none by itself: what happens is for plays, and for what else a plan has. */
export const NEXT_TO_NO_FAULTS: Omit<FaultProfile, "nodes" | "fromMs" | "untilMs"> = {
  meanGapMs: 1e9,
  types: { ...NO_FAULTS, break: 1 },
  cuts: { halves: 1, isolate: 1, bridge: 0, ring: 0, "one-way": 0, pair: 0 },
  longestMs: 1000,
  clockJumpMs: 0,
};

export function generateFaults(random: SeededRandom, profile: FaultProfile): Fault[] {
  const faults: Fault[] = [];
  let at = profile.fromMs + exponential(random, profile.meanGapMs);
  while (at < profile.untilMs) {
    const type = pickWeighted(random, profile.types);
    if (type === "flapping") faults.push(...drawFlapping(random, profile, at));
    else if (type === "swizzle") faults.push(...drawSwizzle(random, profile, at));
    else faults.push(drawFault(random, profile, type, at));
    at += exponential(random, profile.meanGapMs);
  }
  return faults.sort((a, b) => a.at - b.at);
}

/** Between two numbers, as likely in each power of ten. */
function spread(random: SeededRandom, low: number, high: number): number {
  return low * Math.exp(Math.log(high / low) * unit(random));
}

/** Short mostly, now and then as long as allowed. */
function drawDuration(random: SeededRandom, profile: FaultProfile): number {
  return Math.ceil(50 + smallUnit(random) * profile.longestMs);
}

function drawPath(random: SeededRandom, profile: FaultProfile): PathPair {
  const from = random.below(profile.nodes);
  return [from, (from + random.between(1, Math.max(1, profile.nodes - 1))) % profile.nodes];
}

function drawFlapping(random: SeededRandom, profile: FaultProfile, at: number): Fault[] {
  const cut = drawCut(random, pickWeighted(random, profile.cuts), profile.nodes);
  const faults: Fault[] = [];
  let next = at;
  for (let flaps = random.between(3, 12); flaps > 0 && next < profile.untilMs; flaps--) {
    const forMs = uniform(random, 10, 600);
    faults.push({ at: next, type: "cut", ...cut, forMs });
    next += forMs + uniform(random, 10, 400);
  }
  return faults;
}

/**
 * FoundationDB's swizzle-clog: the links of a random set of nodes go one after the other over seconds, and come back one
 * after the other in another order.
 */
function drawSwizzle(random: SeededRandom, profile: FaultProfile, at: number): Fault[] {
  const nodes = random.shuffle(Array.from({ length: profile.nodes }, (_, i) => i));
  const clogged = new Set(nodes.slice(0, random.between(1, Math.max(1, profile.nodes - 1))));
  const links = nodes.flatMap((a, i) => nodes.slice(i + 1).map((b): PathPair => [a, b]));
  const going = random.shuffle(links.filter((pair) => pair.some((node) => clogged.has(node))));
  const stepMs = uniform(random, 50, Math.max(100, profile.longestMs / 2)) / going.length;
  const returning = random.shuffle(going.map((_, i) => i));
  return going.map(([a, b], i) => {
    const forMs = stepMs * (going.length - i + (returning[i] as number));
    return {
      at: at + i * stepMs,
      type: "cut",
      shape: "swizzle",
      paths: [
        [a, b],
        [b, a],
      ],
      forMs,
    };
  });
}

function drawFault(random: SeededRandom, profile: FaultProfile, type: FaultType, at: number): Fault {
  const node = random.below(profile.nodes);
  const forMs = drawDuration(random, profile);
  const path = drawPath(random, profile);
  switch (type) {
    case "cut":
      return { at, type, ...drawCut(random, pickWeighted(random, profile.cuts), profile.nodes), forMs };
    case "degrade":
      return { at, type, paths: [path], ...drawQuality(random), forMs };
    case "break":
      return { at, type, nodes: path, lateMs: random.chance(0.5) ? 0 : uniform(random, 0, 5000) };
    case "stall":
      return { at, type, path, forMs };
    case "late-copy":
      return { at, type, path, lateMs: forMs, isOnlyCopy: random.chance(0.3) };
    case "datagram":
      return { at, type, duplicate: 0.3, reorder: 0.3, lateMs: uniform(random, 10, 3000), forMs };
    case "corrupt":
      return { at, type, path, probability: uniform(random, 0.001, 0.2), forMs };
    case "slow-consumer":
      return { at, type, node, bytesPerMs: uniform(random, 0.05, 2), forMs };
    case "crash": {
      const aim = random.pick(["now", "push", "disk-write"] as const);
      return { at, type, node, aim, isPowerCut: random.chance(0.5), downMs: drawDowntime(random, profile) };
    }
    case "stop":
      return { at, type, node, downMs: drawDowntime(random, profile) };
    case "leave":
      return { at, type, node, downMs: forMs };
    case "pause":
      return { at, type, node, forMs };
    case "clock-jump":
      return { at, type, node, byMs: random.between(-profile.clockJumpMs, profile.clockJumpMs) };
    case "clock-drift":
      return { at, type, node, ppm: random.chance(0.2) ? -1_000_000 : random.between(-100_000, 100_000), forMs };
    case "clock-strobe": {
      const amplitudeMs = Math.ceil(spread(random, 4, Math.max(5, profile.clockJumpMs)));
      return { at, type, node, amplitudeMs, periodMs: spread(random, 1, 1000), forMs };
    }
    case "disk-slow":
      return { at, type, node, meanMs: uniform(random, 20, 500), forMs };
    case "disk-full":
      return { at, type, node, forMs };
    case "disk-damage":
      return {
        at,
        type,
        node,
        damage: random.pick(DAMAGES),
        downMs: drawDowntime(random, profile),
      };
    case "disk-unreadable":
    case "disk-read-errors":
      return { at, type, node, forMs };
    case "disk-old-copy":
      return { at, type, node, ageMs: uniform(random, 0, Math.min(at, 10_000)), downMs: drawDowntime(random, profile) };
  }
}

/** A restart by a supervisor is quick; by an operator it is not. */
function drawDowntime(random: SeededRandom, profile: FaultProfile): number {
  return random.chance(0.5) ? uniform(random, 1, 300) : drawDuration(random, profile);
}

function drawQuality(random: SeededRandom): {
  latencyMs?: number;
  jitterMs?: number;
  loss?: number;
  bytesPerMs?: number;
} {
  switch (random.below(4)) {
    case 0:
      return { latencyMs: uniform(random, 1, 800) };
    case 1:
      return { jitterMs: uniform(random, 1, 300) };
    case 2:
      return { loss: uniform(random, 0.01, 0.3) };
    default:
      return { bytesPerMs: uniform(random, 1, 100) };
  }
}
