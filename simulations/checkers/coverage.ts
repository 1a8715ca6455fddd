/** How much a checker had to look at: a verdict over nothing is worth nothing. */

import { isEdit } from "../documents/document-operation.ts";
import { acknowledgedParts } from "../workload/history.ts";
import { stampsInView, timesInView } from "./clock.ts";
import { isConditional } from "./condition.ts";
import { letGoIn } from "./copies.ts";
import type { Evidence } from "./evidence.ts";
import { steadyReads } from "./handover.ts";
import { inPeace } from "./levels.ts";
import { isSettled } from "./shares.ts";

/** Amounts by what was counted, in the plural: `{ replicas: 3, registers: 40 }`. */
export type Coverage = Readonly<Record<string, number>>;

/** What a run came to in the eyes of one checker. */
export interface Verdict {
  readonly checker: string;
  readonly violations: number;
  /** Empty where nothing is counted for the checker. */
  readonly checked: Coverage;
}

export function coverageOf(checker: string, evidence: Evidence): Coverage {
  return COVERAGE[checker]?.(evidence) ?? {};
}

const COVERAGE: Readonly<Record<string, (evidence: Evidence) => Coverage>> = {
  convergence: ({ nodes, keys }) => ({
    replicas: nodes.length,
    keys: keys.length,
    registers: nodes.reduce((sum, { dump }) => sum + (dump?.registers.length ?? 0), 0),
    vectors: nodes.reduce((sum, { dump }) => sum + (dump?.shards.length ?? 0), 0),
  }),
  audit: ({ auditRepairs, history }) => ({
    "writes acknowledged": acknowledgedParts(history).length,
    "repairs by the audit": auditRepairs.length,
  }),
  acknowledged: ({ history, nodes }) => ({
    "writes acknowledged": acknowledgedParts(history).length,
    "last reads": nodes.reduce((sum, { finals }) => sum + finals.length, 0),
  }),
  "local-order": ({ history }) => ({
    "answers in order": history.filter(({ answer, life }) => answer !== undefined && life !== 0).length,
  }),
  condition: ({ history }) => {
    const asked = history.filter(({ operation, life }) => isConditional(operation.type) && life !== 0);
    const refused = asked.filter(({ answer }) => answer?.type === "refused" && answer.code === "PRECONDITION_FAILED");
    return { conditions: asked.length, refusals: refused.length };
  },
  session: ({ history }) => {
    const steps = history.filter(({ operation, answer }) => operation.session !== undefined && answer !== undefined);
    return { sessions: new Set(steps.map(({ operation }) => operation.session)).size, steps: steps.length };
  },
  handover: ({ history, placement }) => ({
    "reads with nothing disturbed": placement === undefined ? 0 : steadyReads(history, placement).length,
  }),
  copies: (evidence) => ({ "shards let go of": letGoIn(evidence).length }),
  eviction: ({ nodes }) => ({
    "values removed": nodes.reduce((sum, { evictions }) => sum + evictions.length, 0),
    "collections and counters removed": nodes.reduce((sum, { wholes }) => sum + wholes.length, 0),
    "values that nobody had any more": nodes.reduce(
      (sum, { evictions }) => sum + evictions.filter(({ isOrphan }) => isOrphan).length,
      0,
    ),
    "values that others have": nodes.reduce((sum, { lent }) => sum + lent.length, 0),
  }),
  shares: ({ shares }) => ({
    "values removed by shares": shares?.losses.flat().filter((loss) => isSettled(loss, shares)).length ?? 0,
  }),
  backup: ({ backups }) => {
    const restores = backups?.all.flatMap((taken) => taken.restores) ?? [];
    return {
      backups: backups?.all.filter(({ file }) => file !== undefined).length ?? 0,
      "values in them": backups?.all.reduce((sum, { file }) => sum + (file?.values.length ?? 0), 0) ?? 0,
      restores: restores.length,
      "restores of all": restores.filter(({ endedAt }) => endedAt !== undefined).length,
    };
  },
  expiry: ({ history, nodes }) => ({
    reads: history.filter(({ answer }) => answer?.type === "read").length,
    "last reads": nodes.reduce((sum, { finals }) => sum + finals.length, 0),
    "values that expire": history.filter(
      ({ operation, answer }) => operation.ttlMs !== undefined && answer?.type === "written",
    ).length,
  }),
  clock: (evidence) => ({
    "looks at replicas that hear a majority": timesInView(evidence),
    stamps: stampsInView(evidence).length,
  }),
  watch: ({ watches }) => {
    const entries = watches.flatMap((watch) => watch.entries);
    return {
      watchers: watches.length,
      connections: entries.filter(({ type }) => type === "connected").length,
      resets: entries.filter(({ type }) => type === "reset").length,
      "changes seen": entries.filter(({ type }) => type === "change").length,
    };
  },
  quorum: ({ history }) => ({
    "reads of a majority": history.filter(
      ({ operation, answer }) => operation.consistency === "quorum" && answer?.type === "read",
    ).length,
  }),
  resurrection: ({ history, samples }) => ({
    "deletions acknowledged": history.flatMap(({ answer }) =>
      answer?.type === "written" ? answer.parts.filter(({ isDelete }) => isDelete) : [],
    ).length,
    "looks inside": samples.length,
  }),
  digest: ({ samples }) => ({
    "pairs of replicas": samples.reduce((sum, { nodes }) => sum + pairsOf(nodes.filter((node) => node).length), 0),
  }),
  vectors: ({ nodes }) => ({
    vectors: nodes.reduce((sum, { dump }) => sum + (dump?.shards.length ?? 0), 0),
    "lives ended": nodes.reduce((sum, { ends }) => sum + ends.length, 0),
  }),
  bounds: ({ samples }) => ({
    amounts: samples.reduce(
      (sum, { nodes }) => sum + nodes.reduce((all, node) => all + (node?.holdings.length ?? 0), 0),
      0,
    ),
  }),
  availability: ({ history }) => ({
    "operations at replicas that run": history.filter(({ life }) => life !== 0).length,
    refusals: history.filter(({ answer }) => answer?.type === "refused" || answer?.type === "failed").length,
  }),
  levels: (evidence) => ({ "operations in peace that need others": inPeace(evidence).length }),
  membership: ({ memberVerdicts, nodes }) => ({
    "pairs of members": nodes.length * (nodes.length - 1),
    suspicions: memberVerdicts.filter(({ state }) => state === "suspect").length,
    deaths: memberVerdicts.filter(({ state }) => state === "dead").length,
    "false alarms": memberVerdicts.filter(({ isWrong }) => isWrong).length,
  }),
  document: ({ documents, nodes }) => ({
    "operations on documents": documents.length,
    "edits acknowledged": documents.filter(({ sent, answer }) => sent !== undefined && answer?.type === "written")
      .length,
    "deletions and leases": documents.filter(
      ({ operation, answer }) => !isEdit(operation.type) && answer?.type === "written",
    ).length,
    "documents at the end": nodes.reduce((sum, node) => sum + node.documents.length, 0),
  }),
  counters: ({ commands }) => ({
    "additions acknowledged": commands.filter(
      ({ operation, answer }) => operation.type === "increase" && answer?.type === "done",
    ).length,
  }),
  members: ({ commands, nodes }) => ({
    "commands carried out": commands.filter(({ answer }) => answer?.type === "done").length,
    "members at the end": nodes.reduce(
      (sum, { collections }) => sum + collections.reduce((all, { members }) => all + members.size, 0),
      0,
    ),
  }),
  listing: ({ history }) => {
    const listed = history.flatMap(({ answer }) => (answer?.type === "listed" ? [answer] : []));
    const throughout = listed.reduce((sum, answer) => sum + answer.throughout.length, 0);
    return { listings: listed.length, "keys there throughout": throughout };
  },
};

function pairsOf(count: number): number {
  return (count * (count - 1)) / 2;
}
