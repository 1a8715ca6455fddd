/** What a run of real processes can do to the links between them, be it in a proxy or in the kernel. */

import type { PathPair } from "../../simulations/faults/fault.ts";
import type { PathQuality } from "../../simulations/simulator/paths.ts";
import type { JoinTarget } from "../../src/base/join-target.ts";
import type { Launch } from "../end-to-end/replica-process.ts";

export interface Cut {
  readonly shape: string;
  readonly paths: readonly PathPair[];
}

/** Where a replica lives, so that whatever it says to others goes over these links. */
export interface Place {
  /** Address that its doors are bound to. */
  readonly host: string;
  readonly join: readonly JoinTarget[];
  /** host:port that it tells others to dial. */
  readonly advertise: string;
  readonly launch: Launch;
}

export interface Links {
  place(node: number): Place;
  /** The quality without any fault. */
  base(from: number, to: number): PathQuality;
  /** Throws where a figure is beyond what these links can do. */
  setQuality(from: number, to: number, quality: PathQuality): Promise<void>;
  /** Closes paths until the returned function opens them again. Cuts may overlap. */
  cut(cut: Cut): Promise<() => Promise<void>>;
  /** Ends the link between two nodes; the second learns of it so much later. */
  break(nodes: PathPair, lateMs: number): Promise<void>;
  /** From here on nobody hears of the end of this node's connections: its power is about to go. */
  unplug(node: number): Promise<void>;
  stop(): Promise<void>;
}
