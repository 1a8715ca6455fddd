/** Makes the timeline of a run while it runs. It only looks: the run is the same without it. */

import type { Replica } from "../../src/replica/replica.ts";
import { describeFault, type PathPair } from "../faults/fault.ts";
import type { Plan } from "../plan.ts";
import { EPOCH_MS } from "../simulator/clock.ts";
import type { Delivery, WorldObserver } from "../simulator/observer.ts";
import type { TraceKind } from "../simulator/trace-kind.ts";
import type { World } from "../simulator/world.ts";
import type { History, HistoryEntry } from "../workload/history.ts";
import { compareContents } from "./contents.ts";
import { MessageGroups } from "./message-groups.ts";
import { Recoveries } from "./recoveries.ts";
import { Sightings } from "./sightings.ts";
import type { CutSpan, LifeSpan, LinkChange, Sample, Timeline, Traffic } from "./timeline.ts";

/** Beyond this every second sample goes, and the time between two doubles. */
const SAMPLES_MAX = 1200;
/** Samples until the healing, at first. */
const SAMPLES_AIM = 600;
const SAMPLE_MS_MIN = 5;
/** Time between two looks at what has not caught up. */
const LOOK_MS = 10;

export class TimelineRecorder implements WorldObserver {
  readonly #world: World;
  readonly #history: History;
  readonly #entriesById = new Map<number, HistoryEntry>();
  readonly #messages = new MessageGroups();
  readonly #sightings = new Sightings();
  readonly #recoveries = new Recoveries();
  readonly #traffic: readonly Traffic[];
  readonly #starts: { readonly node: number; readonly life: number; readonly from: number; readyAt?: number }[] = [];
  readonly #links: LinkChange[] = [];
  readonly #cuts: CutSpan[] = [];
  readonly #faultsByText: ReadonlyMap<string, number>;
  readonly #faults: { readonly fault: number; readonly at: number }[] = [];
  #samples: Sample[] = [];
  #sampleMs: number;
  #nextSampleAt = 0;
  #nextLookAt = 0;
  #cutsSeen = 0;
  #cutSince = 0;
  #cutPaths: readonly PathPair[] = [];

  /** `history` is the one that is being written. */
  constructor(world: World, plan: Plan, history: History) {
    this.#world = world;
    this.#history = history;
    this.#sampleMs = Math.max(SAMPLE_MS_MIN, Math.ceil(plan.healAt / SAMPLES_AIM));
    this.#faultsByText = new Map(plan.faults.map((fault, i) => [describeFault(fault), i]));
    this.#traffic = world.nodes.map(() => ({
      framesSent: 0,
      bytesSent: 0,
      framesReceived: 0,
      bytesReceived: 0,
      framesDropped: 0,
    }));
    world.observe(this);
  }

  recorded(at: number, kind: TraceKind, node: number, a: number, b: number, detail: string | undefined): void {
    switch (kind) {
      case "send":
        this.#count(node, (traffic) => {
          traffic.framesSent++;
          traffic.bytesSent += b;
        });
        break;
      case "drop":
        this.#count(node, (traffic) => {
          traffic.framesDropped++;
        });
        break;
      case "start":
        this.#starts.push({ node, life: a, from: at });
        break;
      case "ready":
        this.#ready(at, node, a);
        break;
      case "up":
      case "down":
        this.#links.push({ at, node, peer: a, isUp: kind === "up" });
        break;
      case "fault":
        this.#fault(at, detail);
        break;
      case "invoke":
        this.#invoked(node);
        break;
      case "answer":
        this.#answered(a);
        break;
    }
  }

  delivered(delivery: Delivery): void {
    const { now } = this.#world;
    this.#messages.add(delivery, now);
    this.#count(delivery.to, (traffic) => {
      traffic.framesReceived++;
      traffic.bytesReceived += delivery.bytes.length;
    });
  }

  advancing(to: number): void {
    const { now, network } = this.#world;
    if (network.paths.changes !== this.#cutsSeen) this.#noteCuts(now);
    if (this.#recoveries.isWaiting && now >= this.#nextLookAt) {
      this.#recoveries.look(now, this.#replicas());
      this.#nextLookAt = now + LOOK_MS;
    }
    if (this.#nextSampleAt > to) return;
    // Nothing changes until `to`: one look is good for all samples until then.
    const sample = this.#sample();
    for (; this.#nextSampleAt <= to; this.#nextSampleAt += this.#sampleMs) {
      this.#samples.push({ ...sample, at: this.#nextSampleAt });
      if (this.#samples.length > SAMPLES_MAX) this.#thin();
    }
  }

  /** The timeline up to now. */
  finish(): Timeline {
    const { now } = this.#world;
    this.#noteCuts(now);
    return {
      endedAt: now,
      samples: this.#samples,
      lives: this.#lives(),
      cuts: this.#cuts,
      links: this.#links,
      messages: this.#messages.inOrder(),
      conflicts: this.#sightings.conflicts(this.#history),
      recoveries: this.#recoveries.inOrder(),
      traffic: this.#traffic,
      faults: this.#faults,
    };
  }

  #replicas(): (Replica | undefined)[] {
    return this.#world.nodes.map((node) => node.replica?.replica);
  }

  #count(node: number, change: (traffic: Traffic) => void): void {
    const traffic = this.#traffic[node];
    if (traffic !== undefined) change(traffic);
  }

  #ready(at: number, node: number, life: number): void {
    const start = this.#starts.findLast((candidate) => candidate.node === node && candidate.life === life);
    if (start !== undefined) start.readyAt = at;
    if (life > 1) this.#recoveries.begin({ at, type: "restart", nodes: [node] }, this.#everyNode(), this.#replicas());
  }

  #fault(at: number, detail: string | undefined): void {
    const fault = this.#faultsByText.get(detail ?? "");
    if (fault !== undefined) this.#faults.push({ fault, at });
  }

  #invoked(node: number): void {
    const entry = this.#history.at(-1);
    const replica = this.#world.node(node).replica?.replica;
    if (entry === undefined) return;
    this.#entriesById.set(entry.operation.id, entry);
    if (replica !== undefined) this.#sightings.invoked(entry, replica);
  }

  #answered(operation: number): void {
    const entry = this.#entriesById.get(operation);
    if (entry !== undefined) this.#sightings.answered(entry);
  }

  /** The cuts have changed, or the run is over: what held until now is a span. */
  #noteCuts(now: number): void {
    const { paths } = this.#world.network;
    if (this.#cutPaths.length > 0 && now > this.#cutSince) {
      this.#cuts.push({ from: this.#cutSince, to: now, paths: this.#cutPaths });
    }
    const before = this.#cutPaths;
    this.#cutPaths = paths.closed === 0 ? [] : closedPaths(paths.nodes, (from, to) => paths.isCut(from, to));
    this.#cutSince = now;
    this.#cutsSeen = paths.changes;
    const nodes = rejoined(before, this.#cutPaths);
    if (nodes.length > 0) this.#recoveries.begin({ at: now, type: "network", nodes }, nodes, this.#replicas());
  }

  #everyNode(): number[] {
    return this.#world.nodes.map((_, node) => node);
  }

  #sample(): Omit<Sample, "at"> {
    const { nodes, now, network } = this.#world;
    return {
      ...compareContents(this.#replicas(), EPOCH_MS + now),
      ...network.load(),
      bytesSent: network.bytes,
      clockOffsetsMs: nodes.map((node) => node.clock.offset()),
    };
  }

  #thin(): void {
    this.#samples = this.#samples.filter((_, i) => i % 2 === 0);
    this.#sampleMs *= 2;
  }

  #lives(): LifeSpan[] {
    return this.#starts.map(({ node, life, from, readyAt }) => {
      const end = this.#world.node(node).ends.find((candidate) => candidate.life === life);
      return { node, from, readyAt, to: end?.at ?? this.#world.now, end: end?.type };
    });
  }
}

/** Nodes that can talk to another, both ways, to whom they could not. */
function rejoined(before: readonly PathPair[], after: readonly PathPair[]): number[] {
  const pairOf = ([from, to]: PathPair): string => (from < to ? `${from} ${to}` : `${to} ${from}`);
  const still = new Set(after.map(pairOf));
  const opened = before.filter((path) => !still.has(pairOf(path)));
  return [...new Set(opened.flat())].sort((a, b) => a - b);
}

function closedPaths(nodes: number, isCut: (from: number, to: number) => boolean): PathPair[] {
  const found: PathPair[] = [];
  for (let from = 0; from < nodes; from++) {
    for (let to = 0; to < nodes; to++) if (isCut(from, to)) found.push([from, to]);
  }
  return found;
}
