/**
 * Documents: at the end every replica has the same of each, in its registers and before its clients; every edit that was
 * acknowledged with a promise that held is in it, unless something that may have happened removed it; it shows nothing that
 * nobody sent, or that was deleted; nothing in it waits for what it follows; and it takes no more room than compaction allows.
 *
 * During the run a replica, asked alone, shows what it took in this life, and nothing whose deletion it took, or whose lease it
 * knew to end. And whoever edits is refused only where the document has gone meanwhile.
 *
 * Promises are weak where they are for values: `acknowledged.ts`. Leases promise less: `document-fate.ts`. Where an edit was
 * lost by right, what stands on it may wait for ever. What a client had kept may come back with it, as its edit.
 */

import {
  type ClockSpan,
  type Contents,
  firstMissing,
  firstUnexplained,
  nameOfContents,
  showSpan,
} from "../documents/contents.ts";
import type { DocumentEntry, DocumentHistory } from "../documents/document-history.ts";
import { type FinalDocument, isCompact } from "../documents/final-document.ts";
import {
  type DocumentWrites,
  hasRunOut,
  indexDocuments,
  isForGood,
  isRemoved,
  mayBeBehind,
  mayBeRemoved,
  mayJustHaveEnded,
} from "./document-fate.ts";
import { type Evidence, showKey, type Violation, violations } from "./evidence.ts";

/** Right answers of a replica that runs. */
const REFUSALS: ReadonlySet<string> = new Set([
  "UNREACHABLE",
  "NOT_FOUND",
  "DOCUMENT_RESET",
  "DOCUMENT_CHANGED",
  "SHUTTING_DOWN",
]);

const NOTHING: DocumentWrites = { edits: [], deletions: [], leases: [] };

export function checkDocument(evidence: Evidence): Violation[] {
  const index = indexDocuments(evidence);
  const messages: string[] = [];
  for (const entry of evidence.documents) messages.push(...checkAnswer(entry, index, evidence));
  for (const [i, node] of evidence.nodes.entries()) {
    for (const final of node.documents) {
      const writes = index.get(final.key) ?? NOTHING;
      const name = `document ${showKey(final.key)} of replica ${i}`;
      const twin = evidence.nodes[0]?.documents.find(({ key }) => key === final.key);
      messages.push(
        ...checkSame(final, twin, { name, isUntold: mayJustHaveEnded(writes, node.finalWallMs, evidence) }),
        ...checkHeld(final, writes, { name, wallMs: node.finalWallMs }, evidence),
      );
      if (!isCompact(final))
        messages.push(`${name} takes ${final.heldBytes} bytes, and its state only ${final.stateBytes}`);
    }
  }
  return violations("document", messages);
}

function* checkAnswer(
  entry: DocumentEntry,
  index: ReadonlyMap<string, DocumentWrites>,
  evidence: Evidence,
): Iterable<string> {
  const { answer, operation, life } = entry;
  if (life === 0) return;
  if ((answer?.type === "refused" || answer?.type === "failed") && !REFUSALS.has(answer.code))
    yield `${describe(entry)} was answered with ${answer.code}`;
  if (answer?.type === "read")
    yield* checkRead(entry, answer.shown.contents, index.get(operation.key) ?? NOTHING, evidence);
}

/** What this replica took before, in this life, it shows, as far as nothing that it knows removed it. */
function* checkRead(
  read: DocumentEntry,
  shown: Contents,
  writes: DocumentWrites,
  evidence: Evidence,
): Iterable<string> {
  if (evidence.nodes[read.node]?.judgements.length !== 0) return;
  const moment = { at: read.invokedAt, wallMs: read.invokedWallMs };
  const isBefore = (entry: DocumentEntry): boolean =>
    entry.answer?.type === "written" && (entry.answeredAt ?? Infinity) <= read.invokedAt;
  const isHere = (entry: DocumentEntry): boolean =>
    isBefore(entry) && entry.node === read.node && entry.life === read.life;
  for (const edit of writes.edits) {
    if (!isHere(edit) || edit.sent === undefined || mayBeRemoved(edit, writes, moment, evidence)) continue;
    const missing = firstMissing(edit.sent, shown);
    if (missing !== undefined)
      yield `${describe(read)} did not show ${showSpan(missing)}, which ${describe(edit)} had brought there`;
  }
  const deletions = writes.deletions.filter(isHere);
  const isGone = (edit: DocumentEntry): boolean =>
    deletions.some((deletion) => !mayBeBehind(deletion, edit, writes, evidence)) ||
    hasRunOut(edit, writes, { ...moment, knew: read.knew }, evidence);
  const left = writes.edits.filter((edit) => edit.invokedAt <= read.invokedAt && !isGone(edit));
  const risen = firstUnexplained(shown, contentsOf(left));
  if (risen !== undefined) yield `${describe(read)} showed ${showSpan(risen)}, ${fateOf(risen, writes.edits)}`;
}

/** `isUntold`: it may have expired, and its clients are still to hear of that. */
function* checkSame(
  final: FinalDocument,
  twin: FinalDocument | undefined,
  { name, isUntold }: { readonly name: string; readonly isUntold: boolean },
): Iterable<string> {
  const { version, held, live } = final;
  if (isUntold && held.contents.made.length === 0) return;
  if (nameOfContents(held.contents) !== nameOfContents(live.contents))
    yield `${name} shows its clients ${show(live.contents)}, its registers hold ${show(held.contents)}`;
  else if (held.text !== live.text) yield `${name} shows its clients another text than its registers hold`;
  if (twin === undefined) return;
  if (twin.version !== version) yield `${name} has the version ${version}, replica 0 has ${twin.version}`;
  if (nameOfContents(twin.held.contents) !== nameOfContents(held.contents))
    yield `${name} holds ${show(held.contents)}, replica 0 holds ${show(twin.held.contents)}`;
  else if (twin.held.text !== held.text) yield `${name} has another text than replica 0 makes of the same edits`;
}

function* checkHeld(
  { held }: FinalDocument,
  writes: DocumentWrites,
  { name, wallMs }: { readonly name: string; readonly wallMs: number },
  evidence: Evidence,
): Iterable<string> {
  const moment = { at: Infinity, wallMs };
  for (const edit of writes.edits) {
    if (edit.sent === undefined || !isForGood(edit, evidence) || mayBeRemoved(edit, writes, moment, evidence)) continue;
    const missing = firstMissing(edit.sent, held.contents);
    if (missing !== undefined)
      yield `${name} lacks ${showSpan(missing)} of ${describe(edit)}, which was acknowledged, and nothing that may have happened removes it`;
  }
  const left = writes.edits.filter((edit) => !isRemoved(edit, writes, moment, evidence));
  const risen = firstUnexplained(held.contents, contentsOf(left));
  if (risen !== undefined) yield `${name} has ${showSpan(risen)}, ${fateOf(risen, writes.edits)}`;
  if (held.isWaiting && !mayHaveLost(writes.edits, evidence))
    yield `${name} holds what waits for something that never came`;
}

/** An edit may have gone with the memory of those that had it: nobody was promised that it stays. */
function mayHaveLost(edits: DocumentHistory, evidence: Evidence): boolean {
  return edits.some((edit) => !isForGood(edit, evidence));
}

function contentsOf(edits: DocumentHistory): Contents[] {
  return edits.flatMap(({ sent }) => sent ?? []);
}

function fateOf(risen: ClockSpan, edits: DocumentHistory): string {
  const holds = ({ client, from, to }: ClockSpan): boolean =>
    client === risen.client && from <= risen.from && to > risen.from;
  const author = edits.find(({ sent }) => sent?.made.some(holds) === true);
  return author === undefined ? "which nobody sent" : `of ${describe(author)}, which was deleted or has expired`;
}

function show({ made, deleted }: Contents): string {
  return `${made.length === 0 ? "nothing" : made.map(showSpan).join(", ")} (${deleted.length} deletions)`;
}

function describe({ operation, node, invokedAt }: DocumentEntry): string {
  const { id, type, client, ack } = operation;
  return `operation ${id} (${type} by client ${client} at replica ${node}, ${(invokedAt / 1000).toFixed(3)}s, ack ${ack})`;
}
