/** Times, amounts and names as people read them. */

import type { Plan } from "../plan.ts";

/** 12.3 s; below a second 340 ms; from two minutes 10 min 3 s. */
export function duration(ms: number): string {
  if (ms < 1) return ms === 0 ? "0 ms" : "under 1 ms";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 120) return `${minutes} min ${Math.round((ms % 60_000) / 1000)} s`;
  return `${(ms / 3_600_000).toFixed(1)} h`;
}

/** A moment of the run: 12.340 s. */
export function moment(ms: number): string {
  return `${(ms / 1000).toFixed(3)} s`;
}

export function count(amount: number): string {
  return Math.round(amount).toLocaleString("en-US");
}

/** 1 cut, 2 cuts. */
export function plural(amount: number, one: string, many = `${one}s`): string {
  return `${count(amount)} ${amount === 1 ? one : many}`;
}

export function bytes(amount: number): string {
  if (amount < 1000) return `${Math.round(amount)} B`;
  if (amount < 1_000_000) return `${(amount / 1000).toFixed(amount < 10_000 ? 1 : 0)} kB`;
  return `${(amount / 1_000_000).toFixed(amount < 10_000_000 ? 1 : 0)} MB`;
}

/** a, b and c. */
export function list(items: readonly string[]): string {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}

export function replicaName(node: number): string {
  return `replica ${node}`;
}

/** With the name that the plan gives it, where it does. */
export function replicaTitle({ nodes }: Pick<Plan, "nodes">, node: number): string {
  const name = nodes[node]?.name;
  return name === undefined ? replicaName(node) : `${name} (${node})`;
}
