/**
 * A plan as text: JSON with a line for each operation and each fault, to be kept beside a test, read, edited and run
 * again. What was written and is read back runs the same, event for event; a file from elsewhere is not trusted.
 */

import { z } from "zod";
import { nodesOf } from "../faults/touched.ts";
import { type Plan, qualityOf } from "../plan.ts";
import { planSchema } from "./plan-schema.ts";

export const SCENARIO_FILE_VERSION = 1;
export const SCENARIO_FILE_BYTES_MAX = 256 * 1024 * 1024;
/** More complaints about one file than anybody reads. */
const COMPLAINTS_MAX = 5;

/** A file that is no plan. The message says where and why, in one line. */
export class UnreadablePlan extends Error {}

export function encodePlan(plan: Plan): string {
  const fields = Object.entries({ atollSimulation: SCENARIO_FILE_VERSION, ...plan });
  return `{\n${fields.map(([name, value]) => `  ${JSON.stringify(name)}: ${encodeField(value)}`).join(",\n")}\n}\n`;
}

function encodeField(value: unknown): string {
  if (!Array.isArray(value) || value.length === 0) return encodeLine(value);
  return `[\n${value.map((item) => `    ${encodeLine(item)}`).join(",\n")}\n  ]`;
}

/** JSON on one line, with the spaces that people put. */
function encodeLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(encodeLine).join(", ")}]`;
  // JSON knows a negative zero, which JSON.stringify does not write; exactly the same plan is what was promised.
  if (Object.is(value, -0)) return "-0";
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return `{ ${fields.map(([name, field]) => `${JSON.stringify(name)}: ${encodeLine(field)}`).join(", ")} }`;
}

/** Throws `UnreadablePlan` for what is no JSON, of another version, incomplete, out of bounds, or knows more than we do. */
export function decodePlan(text: string): Plan {
  if (text.length > SCENARIO_FILE_BYTES_MAX) throw new UnreadablePlan(`over ${SCENARIO_FILE_BYTES_MAX} characters`);
  const result = planSchema.safeParse(withoutVersion(parseJson(text)));
  if (!result.success) throw new UnreadablePlan(shown(result.error.issues.map(complaintOf)));
  const complaints = [...contradictionsOf(result.data)];
  if (complaints.length > 0) throw new UnreadablePlan(shown(complaints));
  return result.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UnreadablePlan(`not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function withoutVersion(value: unknown): unknown {
  const { atollSimulation: version, ...plan } = (typeof value === "object" && value !== null ? value : {}) as {
    readonly atollSimulation?: unknown;
  };
  if (version === undefined) throw new UnreadablePlan('no scenario file: it has no "atollSimulation"');
  if (version !== SCENARIO_FILE_VERSION) {
    throw new UnreadablePlan(
      `version ${JSON.stringify(version)} of the format; this atoll reads ${SCENARIO_FILE_VERSION}`,
    );
  }
  return plan;
}

function complaintOf(issue: z.core.$ZodIssue): string {
  return `${z.core.toDotPath(issue.path) || "the file"}: ${issue.message}`;
}

function shown(complaints: readonly string[]): string {
  const more = complaints.length - COMPLAINTS_MAX;
  return complaints.slice(0, COMPLAINTS_MAX).join("; ") + (more > 0 ? `; and ${more} more` : "");
}

/** What no single field shows. */
function* contradictionsOf(plan: Plan): Iterable<string> {
  const { nodes, operations, documents = [], commands = [], faults } = plan;
  const ids = new Set<number>();
  for (const [i, { id, node, key, type, listing }] of operations.entries()) {
    if (key === "" && type !== "keys") yield `operations[${i}].key: only a listing may have an empty one`;
    const farthest = Math.max(...(listing?.nodes ?? []));
    if (farthest >= nodes.length) yield `operations[${i}].listing: there is no node ${farthest}`;
    if (node >= nodes.length) yield `operations[${i}].node: there is no node ${node}, only ${nodes.length} nodes`;
    if (ids.has(id)) yield `operations[${i}].id: another operation has the id ${id}`;
    ids.add(id);
  }
  for (const [i, { id, node }] of documents.entries()) {
    if (node >= nodes.length) yield `documents[${i}].node: there is no node ${node}, only ${nodes.length} nodes`;
    if (ids.has(id)) yield `documents[${i}].id: another operation has the id ${id}`;
    ids.add(id);
  }
  for (const [i, { id, node }] of commands.entries()) {
    if (node >= nodes.length) yield `commands[${i}].node: there is no node ${node}, only ${nodes.length} nodes`;
    if (ids.has(id)) yield `commands[${i}].id: another operation has the id ${id}`;
    ids.add(id);
  }
  for (const [i, { node }] of (plan.keyspace ?? []).entries()) {
    if (node >= nodes.length) yield `keyspace[${i}].node: there is no node ${node}, only ${nodes.length} nodes`;
  }
  for (const [i, fault] of faults.entries()) {
    for (const node of nodesOf(fault)) {
      if (node >= nodes.length) yield `faults[${i}]: there is no node ${node}, only ${nodes.length} nodes`;
    }
  }
  for (const [i, { id, node, restores }] of (plan.backups ?? []).entries()) {
    const asked = [node, ...restores.flatMap((each) => [each.node, ...each.interruptions.map((next) => next.node)])];
    const missing = asked.find((each) => each >= nodes.length);
    if (missing !== undefined) yield `backups[${i}]: there is no node ${missing}, only ${nodes.length} nodes`;
    if (plan.backups?.findIndex((other) => other.id === id) !== i) yield `backups[${i}].id: another has the id ${id}`;
  }
  for (const [i, { acts }] of (plan.tenants ?? []).entries()) {
    const missing = acts.find(({ node }) => node >= nodes.length);
    if (missing !== undefined) yield `tenants[${i}]: there is no node ${missing.node}, only ${nodes.length} nodes`;
  }
  for (const [i, { node, moves }] of (plan.watches ?? []).entries()) {
    const missing = [node, ...moves.map((move) => move.node)].find((each) => each >= nodes.length);
    if (missing !== undefined) yield `watches[${i}]: there is no node ${missing}, only ${nodes.length} nodes`;
  }
  const names = nodes.flatMap(({ name }) => name ?? []);
  if (new Set(names).size < names.length) yield "nodes: two have the same name";
  yield* unknownDistances(plan);
}

function* unknownDistances(plan: Plan): Iterable<string> {
  const regions = new Map(plan.nodes.map(({ region }, i) => [region, i]));
  for (const one of regions.values()) {
    for (const other of regions.values()) {
      try {
        qualityOf(plan, one, other);
      } catch (error) {
        yield error instanceof Error ? error.message : String(error);
      }
    }
  }
}
