/**
 * Faults as data: a schedule is a list that can be printed, edited, cut down to what matters, and replayed. Each fault
 * undoes itself, so any sublist of a schedule is a schedule. Nodes are named by index, times are virtual ms.
 */

import type { Damage } from "../simulator/disk-damage.ts";

/** A direction between two nodes. */
export type PathPair = readonly [from: number, to: number];

/** What a fault waits for, once armed: the moments at which a replica is most easily hurt. */
export type Aim = "now" | "push" | "disk-write";

export type Fault = { readonly at: number } & (
  | { readonly type: "cut"; readonly shape: string; readonly paths: readonly PathPair[]; readonly forMs: number }
  /** Each given figure replaces that of the paths. */
  | {
      readonly type: "degrade";
      readonly paths: readonly PathPair[];
      readonly latencyMs?: number;
      readonly jitterMs?: number;
      readonly loss?: number;
      readonly bytesPerMs?: number;
      readonly forMs: number;
    }
  /** A link breaks; the second node learns of it so much later. */
  | { readonly type: "break"; readonly nodes: PathPair; readonly lateMs: number }
  /** Nothing arrives for a while, then everything in order. */
  | { readonly type: "stall"; readonly path: PathPair; readonly forMs: number }
  /**
   * The next push on a path arrives a second time, so much later, whatever link there is by then; or, with
   * `isOnlyCopy`, not before. Beyond the law of the port: pushes may be late without harm.
   */
  | { readonly type: "late-copy"; readonly path: PathPair; readonly lateMs: number; readonly isOnlyCopy: boolean }
  | {
      readonly type: "datagram";
      readonly duplicate: number;
      readonly reorder: number;
      readonly lateMs: number;
      readonly forMs: number;
    }
  /** Damages frames of a path, of every kind: a bit flips, an end is missing, bytes change places. */
  | { readonly type: "corrupt"; readonly path: PathPair; readonly probability: number; readonly forMs: number }
  /** A node takes in so little from each of the others that what they have for it piles up. */
  | { readonly type: "slow-consumer"; readonly node: number; readonly bytesPerMs: number; readonly forMs: number }
  /** The process ends at once; with `isPowerCut` nobody tells its peers. It starts again by itself. */
  | {
      readonly type: "crash";
      readonly node: number;
      readonly aim: Aim;
      readonly isPowerCut: boolean;
      readonly downMs: number;
    }
  | { readonly type: "stop"; readonly node: number; readonly downMs: number }
  /** Is told to leave the cluster for good. After so long it comes back, or is killed where it has not handed over by then. */
  | { readonly type: "leave"; readonly node: number; readonly downMs: number }
  | { readonly type: "pause"; readonly node: number; readonly forMs: number }
  | { readonly type: "clock-jump"; readonly node: number; readonly byMs: number }
  /** Parts in a million too fast; -1,000,000 = frozen. */
  | { readonly type: "clock-drift"; readonly node: number; readonly ppm: number; readonly forMs: number }
  /** Jumps ahead and back again once a period (Jepsen's strobe). */
  | {
      readonly type: "clock-strobe";
      readonly node: number;
      readonly amplitudeMs: number;
      readonly periodMs: number;
      readonly forMs: number;
    }
  | { readonly type: "disk-slow"; readonly node: number; readonly meanMs: number; readonly forMs: number }
  | { readonly type: "disk-full"; readonly node: number; readonly forMs: number }
  /** The process crashes and finds its disk damaged when it starts again. */
  | { readonly type: "disk-damage"; readonly node: number; readonly damage: Damage; readonly downMs: number }
  /** The process crashes, and every start fails, as nothing can be read. */
  | { readonly type: "disk-unreadable"; readonly node: number; readonly forMs: number }
  /** The same, of a disk whose process goes on running. */
  | { readonly type: "disk-read-errors"; readonly node: number; readonly forMs: number }
  /** The process crashes and finds the disk as it was `ageMs` before: somebody put an old copy back. */
  | { readonly type: "disk-old-copy"; readonly node: number; readonly ageMs: number; readonly downMs: number }
);

export type FaultType = Fault["type"];

/** One line for people. */
export function describeFault(fault: Fault): string {
  const { at, type, ...rest } = fault;
  const facts = Object.entries(rest).map(([name, value]) => `${name} ${describe(value)}`);
  return `${(at / 1000).toFixed(3)}s ${type} ${facts.join(", ")}`;
}

function describe(value: unknown): string {
  if (!Array.isArray(value)) return String(value);
  const isPair = value.every((item) => typeof item === "number");
  return isPair ? value.join("->") : value.map(describe).join(" ");
}
