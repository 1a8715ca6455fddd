/** Which nodes a fault names, so that it can be checked, moved to other nodes, or dropped with one. */

import type { Fault, PathPair } from "./fault.ts";

/** The nodes that a fault names, some perhaps twice; none for one that concerns all. */
export function nodesOf(fault: Fault): readonly number[] {
  const nodes = "node" in fault ? [fault.node] : [];
  const pairs = pairsOf(fault);
  return [...nodes, ...pairs.flat()];
}

function pairsOf(fault: Fault): readonly PathPair[] {
  if ("paths" in fault) return fault.paths;
  if ("path" in fault) return [fault.path];
  return "nodes" in fault ? [fault.nodes] : [];
}

/** The fault among other numbers of nodes; undefined when nothing of it is left. `to` gives undefined for a node that is gone. */
export function renumberFault(fault: Fault, to: (node: number) => number | undefined): Fault | undefined {
  const pair = ([from, into]: PathPair): PathPair | undefined => {
    const [a, b] = [to(from), to(into)];
    return a === undefined || b === undefined ? undefined : [a, b];
  };
  if ("node" in fault) {
    const node = to(fault.node);
    return node === undefined ? undefined : { ...fault, node };
  }
  if ("paths" in fault) {
    const paths = fault.paths.flatMap((each) => {
      const moved = pair(each);
      return moved === undefined ? [] : [moved];
    });
    return paths.length === 0 ? undefined : { ...fault, paths };
  }
  if ("path" in fault) {
    const path = pair(fault.path);
    return path === undefined ? undefined : { ...fault, path };
  }
  if ("nodes" in fault) {
    const nodes = pair(fault.nodes);
    return nodes === undefined ? undefined : { ...fault, nodes };
  }
  return fault;
}
