/** A run as a picture needs it: what each replica, link and clock was like over virtual time. All times are virtual ms. */

import type { Key } from "../../src/base/ids.ts";
import type { PathPair } from "../faults/fault.ts";
import type { LifeEnd } from "../simulator/node.ts";

export interface Timeline {
  /** Virtual ms at which the run was over. */
  readonly endedAt: number;
  readonly samples: readonly Sample[];
  readonly lives: readonly LifeSpan[];
  readonly cuts: readonly CutSpan[];
  readonly links: readonly LinkChange[];
  /** In order of sending. */
  readonly messages: readonly MessageGroup[];
  readonly conflicts: readonly Conflict[];
  readonly recoveries: readonly Recovery[];
  readonly traffic: readonly Traffic[];
  /** Places in the plan's list of the faults that came to act, with the time at which they did. */
  readonly faults: readonly { readonly fault: number; readonly at: number }[];
}

export interface Sample {
  readonly at: number;
  /** For each node: keys of which it would not show the newest value that any replica holds; undefined while it is down. */
  readonly behind: readonly (number | undefined)[];
  /** Keys that not all running replicas would show alike. */
  readonly differing: number;
  /** Bytes that wait to leave, over all links. */
  readonly queuedBytes: number;
  /** By all replicas since the beginning. */
  readonly bytesSent: number;
  /** Links that are up at both ends. */
  readonly links: number;
  /** For each node: how far its clock is ahead of true time. */
  readonly clockOffsetsMs: readonly number[];
}

/** A process of a node, from start to end. */
export interface LifeSpan {
  readonly node: number;
  readonly from: number;
  /** Absent: it ended before it was ready. */
  readonly readyAt: number | undefined;
  readonly to: number;
  /** Absent: it ran to the end. */
  readonly end: LifeEnd["type"] | undefined;
}

/** A time through which the same paths were cut. */
export interface CutSpan {
  readonly from: number;
  readonly to: number;
  readonly paths: readonly PathPair[];
}

/** A node's end of a link comes up or goes down. */
export interface LinkChange {
  readonly at: number;
  readonly node: number;
  readonly peer: number;
  readonly isUp: boolean;
}

/** Writes as they are pushed; comparisons; deltas that fetch what is missing; audits; what else there is. */
export type MessageKind = "push" | "compare" | "delta" | "audit" | "other";

/** Frames that arrived, of one kind and direction, sent at about the same time: one, or more where there are too many. */
export interface MessageGroup {
  readonly from: number;
  readonly to: number;
  readonly kind: MessageKind;
  readonly frames: number;
  readonly bytes: number;
  /** Means of the group. */
  readonly sentAt: number;
  readonly arrivedAt: number;
}

/** A write that lost to another that had not seen it: the work of one client undone by another's, neither knowing. */
export interface Conflict {
  readonly key: Key;
  /** Operation numbers. */
  readonly loser: number;
  readonly winner: number;
}

/** How long it took until what was known when something healed was known wherever it had been missing. */
export interface Recovery {
  readonly at: number;
  /** `network`: pairs of nodes that were cut from each other can talk again; `restart`: a node is ready again. */
  readonly type: "network" | "restart";
  /** Those that may have missed something. */
  readonly nodes: readonly number[];
  /** Absent: not before the run was over. */
  readonly caughtUpAfterMs: number | undefined;
}

/** Of one node. Bytes are those of frames, before any transport's own. */
export interface Traffic {
  framesSent: number;
  bytesSent: number;
  framesReceived: number;
  bytesReceived: number;
  /** Left out because the queue to the peer was full. */
  framesDropped: number;
}
