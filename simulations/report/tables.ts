/** The tables of a report: verdicts, traffic, recoveries, faults, operations. */

import type { Plan } from "../plan.ts";
import type { RunResult } from "../run/run-result.ts";
import type { Recovery, Timeline } from "../timeline/timeline.ts";
import type { HistoryEntry } from "../workload/history.ts";
import type { FaultSpan } from "./fault-words.ts";
import { html, type Markup } from "./markup.ts";
import { bytes, count, duration, list, moment, plural, replicaTitle } from "./words.ts";
import { describeOperation, outcomeOf } from "./write-marks.ts";

/** Rows beyond this are of no use to people. */
const ROWS_MAX = 400;

type Cell = string | Markup;

interface Column {
  readonly name: string;
  readonly isNumber?: boolean;
}

function table(columns: readonly Column[], rows: readonly (readonly Cell[])[]): Markup {
  const kind = (i: number): string => (columns[i]?.isNumber === true ? "number" : "text");
  const shown = rows.slice(0, ROWS_MAX);
  return html`<div class="scroll"><table><thead><tr>${columns.map(({ name }, i) => html`<th class="${kind(i)}" scope="col">${name}</th>`)}</tr></thead>
<tbody>${shown.map(
    (row) => html`<tr>${row.map((cell, i) => html`<td class="${kind(i)}">${cell}</td>`)}</tr>
`,
  )}</tbody></table></div>${rows.length > shown.length ? html`<p class="note">and ${plural(rows.length - shown.length, "more row")}</p>` : undefined}`;
}

export function renderVerdicts({ verdicts }: RunResult): Markup {
  const rows = verdicts.map(({ checker, violations, checked }) => [
    checker,
    violations === 0
      ? html`<span class="good">✓ held</span>`
      : html`<span class="bad">✗ ${plural(violations, "violation")}</span>`,
    PROMISES[checker] ?? "",
    Object.entries(checked)
      .map(([what, amount]) => `${count(amount)} ${what}`)
      .join(", "),
  ]);
  return html`<section id="verdicts"><h2>Verdicts</h2>${table([{ name: "checker" }, { name: "verdict" }, { name: "what it holds the replicas to" }, { name: "checked" }], rows)}</section>
`;
}

/** What each checker demands, in a few words. */
export const PROMISES: Readonly<Record<string, string>> = {
  convergence: "all replicas hold, claim and answer the same once healed",
  audit: "the audit finds nothing to repair",
  acknowledged: "no acknowledged write is lost, nothing deleted comes back",
  "local-order": "at one replica nothing older is shown after something newer",
  condition: "a conditional write is carried out only where its condition may hold, and refused only where it may not",
  session: "a session reads its own writes and never goes back, wherever it goes",
  handover: "of a keyspace that some keep, whoever is asked shows what was acknowledged a while ago",
  copies: "nobody lets go of a shard before as many others as are to keep it have all of it",
  eviction: "values are removed for want of room only where there is none, and disks end below their bounds",
  shares: "a keyspace within its share of the memory loses nothing while another is above its own",
  backup: "backups have all that was acknowledged before, and restores bring nothing back that was deleted since",
  expiry: "nothing is served after its time, or with another time than was asked for",
  clock: "who hears a majority goes by a time within the bound of the middle of their clocks, and stamps by it",
  watch: "a watcher sees every change of its replica once or more, in order, across reconnects",
  quorum: "a read of a majority sees what a majority had acknowledged",
  listing: "a listing has each key once, whichever replica each page comes from",
  document:
    "all replicas have the same of each document, with every edit that was acknowledged and nothing that was deleted",
  members: "what was added to a collection stays unless somebody removed it who had seen it, and then it is gone",
  counters: "what was added to a counter counts once, until somebody takes it away who has seen it",
  resurrection: "what was gone everywhere is never seen again",
  digest: "two replicas have equal digests exactly when they hold the same",
  vectors: "version vectors do not grow with restarts",
  bounds: "everything that is held for a while stays within its bound, and goes",
  availability: "a replica that runs answers, and in time",
  levels: "with nothing disturbed every level that was asked for is met",
  membership: "once all is healed, everybody sees everybody who is there, and nobody else",
};

export function renderTraffic({ plan }: RunResult, { traffic, endedAt }: Timeline): Markup {
  const seconds = Math.max(1, endedAt) / 1000;
  const rows = traffic.map((each, node) => [
    replicaTitle(plan, node),
    plan.nodes[node]?.region ?? "",
    count(each.framesSent),
    bytes(each.bytesSent),
    `${bytes(each.bytesSent / seconds)}/s`,
    count(each.framesReceived),
    bytes(each.bytesReceived),
    count(each.framesDropped),
  ]);
  const columns = ["frames sent", "bytes sent", "rate", "frames received", "bytes received", "left out, queue full"];
  return html`<section id="traffic"><h2>Traffic of each replica</h2>${table([{ name: "replica" }, { name: "region" }, ...columns.map((name) => ({ name, isNumber: true }))], rows)}</section>
`;
}

export function renderRecoveries(result: RunResult, { recoveries }: Timeline): Markup {
  const rows = recoveries.map((recovery) => [
    jump(recovery.at, recovery.at + (recovery.caughtUpAfterMs ?? 0), moment(recovery.at)),
    describeRecovery(recovery, result.plan.nodes.length),
    recovery.caughtUpAfterMs === undefined ? "not before the end" : duration(recovery.caughtUpAfterMs),
  ]);
  const { plan, convergedAfterMs } = result;
  const last = [
    jump(plan.healAt, plan.healAt + (convergedAfterMs ?? plan.settleMs), moment(plan.healAt)),
    "everything is healed: until all replicas are equal, looked at four times a second",
    convergedAfterMs === undefined ? html`<span class="bad">never</span>` : duration(convergedAfterMs),
  ];
  const columns = [{ name: "at", isNumber: true }, { name: "what healed" }, { name: "took", isNumber: true }];
  return html`<section id="recoveries"><h2>Convergence after each heal</h2><p class="note">Writes and further faults go on meanwhile: a new cut before all is told makes it longer.</p>${table(columns, [...rows, last])}</section>
`;
}

function describeRecovery({ type, nodes }: Recovery, all: number): string {
  if (type === "restart") return `replica ${nodes.join()} is ready again: until it has caught up`;
  const who =
    nodes.length === all
      ? "all replicas"
      : nodes.length > 8
        ? plural(nodes.length, "replica")
        : `replicas ${list(nodes.map(String))}`;
  return `a cut ends, ${who} can talk again: until each of them knows what any of them knew`;
}

export function renderFaults(spans: readonly FaultSpan[], plan: Plan): Markup {
  const rows = spans.map(({ from, to, kind, title }) => [
    jump(from, to, moment(from)),
    html`<span class="swatch ${kind}"></span>${kind}`,
    title,
    to > from ? duration(to - from) : "",
  ]);
  const unused = plan.faults.length - spans.length;
  const note = unused === 0 ? undefined : html`<p class="note">${plural(unused, "more fault")} had no time to act.</p>`;
  const columns = [
    { name: "at", isNumber: true },
    { name: "kind" },
    { name: "fault" },
    { name: "held", isNumber: true },
  ];
  return html`<section id="faults"><h2>Faults</h2>${table(columns, rows)}${note}</section>
`;
}

export function renderOperations(entries: readonly HistoryEntry[], named: ReadonlySet<number>): Markup {
  const rows = entries.map((entry) => {
    const [what = "", answer = ""] = describeOperation(entry).split("\n");
    const isNamed = named.has(entry.operation.id);
    return [
      jump(entry.invokedAt, entry.answeredAt ?? entry.invokedAt, moment(entry.invokedAt)),
      isNamed ? html`<strong>${what.slice(what.indexOf(":") + 2)}</strong>` : what.slice(what.indexOf(":") + 2),
      html`<span class="outcome ${outcomeOf(entry)}">${answer}</span>`,
    ];
  });
  return table([{ name: "at", isNumber: true }, { name: "operation" }, { name: "answer" }], rows);
}

/** A link that shows a time in the picture; without a script it leads there. */
export function jump(fromMs: number, toMs: number, text: string): Markup {
  return html`<a href="#timeline" data-from="${Math.round(fromMs)}" data-to="${Math.round(toMs)}">${text}</a>`;
}
