/** What can go wrong in a script. Each fault ends by itself; what still holds at the end of the script ends then. */

import { assert } from "../../src/base/assert.ts";
import type { Fault, PathPair } from "../faults/fault.ts";
import type { Cluster, Place } from "./cluster.ts";
import { type Duration, msOf } from "./duration.ts";
import { ScriptError } from "./script-error.ts";

/** Made by the functions below; resolved when the replicas are known. */
export interface ScriptFault {
  readonly type: string;
  readonly resolve: (cluster: Cluster) => readonly Fault[];
}

interface Span {
  readonly at: Duration;
  readonly lasts: Duration;
}

interface Downtime {
  readonly replica: string;
  readonly at: Duration;
  /** Until its process is started again. */
  readonly down: Duration;
}

/** No byte passes between two places, both ways, or only from the first to the second with `oneWay`. */
export function cut(
  options: Span & { readonly between: readonly [Place, Place]; readonly oneWay?: boolean },
): ScriptFault {
  return fault("cut", (cluster, what) => {
    const paths = pathsOf(cluster, options.between, what);
    return {
      type: "cut",
      shape: "script",
      paths: options.oneWay === true ? paths.there : paths.both,
      ...span(options, what),
    };
  });
}

/** A place and everybody else are cut from each other. */
export function isolate(options: Span & { readonly place: Place }): ScriptFault {
  return fault("isolate", (cluster, what) => {
    const inside = new Set(cluster.nodesAt(options.place, what));
    const others = cluster.names.filter((_, i) => !inside.has(i));
    if (others.length === 0) throw new ScriptError(`${what}: there is nobody else to be cut from`);
    const paths = pathsOf(cluster, [options.place, others], what).both;
    return { type: "cut", shape: "script", paths, ...span(options, what) };
  });
}

/** Paths between two places are slower, thinner or lose more, both ways. What is not given stays as it is. */
export function degrade(
  options: Span & {
    readonly between: readonly [Place, Place];
    /** One way. */
    readonly latency?: Duration;
    /** Share of the segments that are lost and sent again, 0 to 1. */
    readonly loss?: number;
    readonly kilobitsPerSecond?: number;
  },
): ScriptFault {
  const { latency, loss, kilobitsPerSecond } = options;
  return fault("degrade", (cluster, what) => ({
    type: "degrade",
    paths: pathsOf(cluster, options.between, what).both,
    ...(latency !== undefined && { latencyMs: msOf(latency, what) }),
    ...(loss !== undefined && { loss }),
    ...(kilobitsPerSecond !== undefined && { bytesPerMs: kilobitsPerSecond / 8 }),
    ...span(options, what),
  }));
}

/** The process is killed, or with `powerCut` the machine goes dark and nobody tells its peers. Unsynced writes are lost. */
export function crash(options: Downtime & { readonly powerCut?: boolean }): ScriptFault {
  const { powerCut: isPowerCut = false } = options;
  return fault("crash", (cluster, what) => ({
    type: "crash",
    aim: "now",
    isPowerCut,
    ...downtime(options, cluster, what),
  }));
}

/** The process is stopped in order (SIGTERM) and started again: a deployment. */
export function restart(options: Downtime): ScriptFault {
  return fault("restart", (cluster, what) => ({ type: "stop", ...downtime(options, cluster, what) }));
}

/** The process does nothing for a while (SIGSTOP, a long pause of a virtual machine). */
export function pause(options: Span & { readonly replica: string }): ScriptFault {
  return fault("pause", (cluster, what) => ({
    type: "pause",
    node: cluster.nodeAt(options.replica, what),
    ...span(options, what),
  }));
}

/** The wall clock jumps, forward or back. */
export function clockJump(
  options: { readonly replica: string; readonly at: Duration } & (
    | { readonly forward: Duration }
    | { readonly back: Duration }
  ),
): ScriptFault {
  return fault("clockJump", (cluster, what) => ({
    type: "clock-jump",
    at: msOf(options.at, what),
    node: cluster.nodeAt(options.replica, what),
    byMs: "forward" in options ? msOf(options.forward, what) : -msOf(options.back, what),
  }));
}

/** The wall clock runs so many parts in a million too fast; -1,000,000 = it stands still. */
export function clockDrift(
  options: Span & { readonly replica: string; readonly partsPerMillion: number },
): ScriptFault {
  return fault("clockDrift", (cluster, what) => ({
    type: "clock-drift",
    node: cluster.nodeAt(options.replica, what),
    ppm: options.partsPerMillion,
    ...span(options, what),
  }));
}

/** Every write to the disk takes about so long. */
export function slowDisk(options: Span & { readonly replica: string; readonly writes: Duration }): ScriptFault {
  return fault("slowDisk", (cluster, what) => ({
    type: "disk-slow",
    node: cluster.nodeAt(options.replica, what),
    meanMs: msOf(options.writes, what),
    ...span(options, what),
  }));
}

/** Every write to the disk fails. */
export function fullDisk(options: Span & { readonly replica: string }): ScriptFault {
  return fault("fullDisk", (cluster, what) => ({
    type: "disk-full",
    node: cluster.nodeAt(options.replica, what),
    ...span(options, what),
  }));
}

/** The machine goes dark and comes back with its disk as it was before: somebody has put an old copy back. */
export function oldDisk(options: Downtime & { readonly age: Duration }): ScriptFault {
  return fault("oldDisk", (cluster, what) => ({
    type: "disk-old-copy",
    ageMs: msOf(options.age, what),
    ...downtime(options, cluster, what),
  }));
}

/** Any fault of the simulator, nodes by their place in the list of replicas, times in ms. */
export function rawFault(raw: Fault): ScriptFault {
  return { type: raw.type, resolve: () => [raw] };
}

function fault(type: string, resolve: (cluster: Cluster, what: string) => Fault): ScriptFault {
  return { type, resolve: (cluster) => [resolve(cluster, type)] };
}

function span({ at, lasts }: Span, what: string): { readonly at: number; readonly forMs: number } {
  return { at: msOf(at, `${what}.at`), forMs: msOf(lasts, `${what}.lasts`) };
}

function downtime({ replica, at, down }: Downtime, cluster: Cluster, what: string) {
  return { node: cluster.nodeAt(replica, what), at: msOf(at, `${what}.at`), downMs: msOf(down, `${what}.down`) };
}

function pathsOf(cluster: Cluster, [one, other]: readonly [Place, Place], what: string) {
  const [from, to] = [cluster.nodesAt(one, what), cluster.nodesAt(other, what)];
  if (from.some((node) => to.includes(node))) throw new ScriptError(`${what}: a replica is on both sides`);
  const there = from.flatMap((a) => to.map((b): PathPair => [a, b]));
  assert(there.length > 0, "two places without a path");
  return { there, both: [...there, ...there.map(([a, b]): PathPair => [b, a])] };
}
