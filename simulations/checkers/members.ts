/**
 * Members of collections. Adding wins over a removal that has not seen it, and nothing that was removed comes back:
 *
 *   kept     What was added, with an acknowledgement that holds, is there at the end, unless somebody may have removed it, or
 *            deleted the whole, who had seen it or a later addition of the same member.
 *   gone     What somebody removed, or deleted with the whole, with an acknowledgement that holds, is not there if he had
 *            seen it.
 *   newest   A field shows the value with the greatest stamp of those that are to be kept.
 *   here     A replica shows what it took itself, as far as nothing that it may know removed it.
 */

import type { CommandEntry, CommandHistory, FinalCollection, HeldMember } from "../commands/command-history.ts";
import { type Evidence, showKey, type Violation, violations } from "./evidence.ts";
import { isSurelyKnown } from "./knowledge.ts";
import { isKept } from "./promise.ts";
import { isSameWrite } from "./same-write.ts";
import { stampOfVersion } from "./stamp.ts";

/** Right answers of a replica that starts, or stops. */
const REFUSALS = /^(?:LOADING|SHUTDOWN|TRYAGAIN) /;
/** The same of one whose room has a bound. */
const REFUSALS_OF_SCANT = /^(?:LOADING|SHUTDOWN|TRYAGAIN|OOM) /;

interface Addition {
  readonly entry: CommandEntry;
  readonly shard: number;
  readonly timestamp: number;
  readonly version: string;
}

export function checkMembers(evidence: Evidence): Violation[] {
  const messages: string[] = [];
  const byKey = new Map<string, CommandEntry[]>();
  for (const entry of evidence.commands) {
    const { key } = entry.operation;
    byKey.set(key, [...(byKey.get(key) ?? []), entry]);
  }
  for (const entry of evidence.commands)
    messages.push(...checkAnswer(entry, byKey.get(entry.operation.key) ?? [], evidence));
  for (const [i, { collections }] of evidence.nodes.entries()) {
    for (const final of collections)
      messages.push(...checkFinal(final, byKey.get(final.key) ?? [], `replica ${i}`, evidence));
  }
  return violations("members", messages);
}

function* checkFinal(
  { key, members }: FinalCollection,
  history: CommandHistory,
  name: string,
  evidence: Evidence,
): Iterable<string> {
  const additions = additionsOf(history);
  for (const [member, held] of members) {
    const author = additions.find((addition) => memberOf(addition.entry) === member && isOf(held, addition, evidence));
    const what = `${name} shows ${showKey(member)} in ${showKey(key)}`;
    if (author === undefined) yield `${what} under the version ${held.version}, which nobody was told of`;
    else yield* checkShown(author, held, { history, what }, evidence);
  }
  for (const addition of additions) {
    const member = memberOf(addition.entry);
    if (member === undefined || members.has(member) || !isForGood(addition.entry, evidence)) continue;
    if (takingsOf(member, history).some((taking) => mayTake(taking, addition, { history, evidence }))) continue;
    yield `${name} lacks ${showKey(member)} in ${showKey(key)}, which ${describe(addition.entry)} added, and nothing that may have happened removed it`;
  }
}

/** What is shown at the end is what it is said to be, nothing removed it, and nothing newer is to be shown in its place. */
function* checkShown(
  author: Addition,
  held: HeldMember,
  { history, what }: { readonly history: CommandHistory; readonly what: string },
  evidence: Evidence,
): Iterable<string> {
  const { entry } = author;
  const member = memberOf(entry) ?? "";
  if (entry.operation.of === "hash" && held.value !== `${entry.operation.id}`)
    yield `${what} with the value ${held.value}, under the version of ${describe(entry)}`;
  for (const taking of takingsOf(member, history)) {
    if (isForGood(taking, evidence) && mustTake(taking, author, evidence))
      yield `${what}, which ${describe(entry)} added and ${describe(taking)} removed`;
  }
  for (const newer of additionsOf(history)) {
    if (newer.timestamp <= author.timestamp || memberOf(newer.entry) !== member || !isForGood(newer.entry, evidence))
      continue;
    yield `${what} as of ${describe(entry)}, yet ${describe(newer.entry)} was acknowledged with a greater stamp`;
  }
}

/** What this replica took before, in this life, it shows. */
function* checkAnswer(read: CommandEntry, history: CommandHistory, evidence: Evidence): Iterable<string> {
  const { answer, operation, life, node, invokedAt } = read;
  if (life === 0 || answer === undefined) return;
  if (answer.type === "refused") {
    const refusals = isScant(node, evidence) ? REFUSALS_OF_SCANT : REFUSALS;
    if (!refusals.test(answer.text)) yield `${describe(read)} was answered with ${answer.text}`;
    return;
  }
  if (answer.shown === undefined || evidence.nodes[node]?.judgements.length !== 0) return;
  const before = history.filter((entry) => entry.invokedAt <= invokedAt && entry !== read);
  for (const addition of additionsOf(before)) {
    const member = memberOf(addition.entry);
    const isHere = addition.entry.node === node && addition.entry.life === life;
    if (!isHere || member === undefined || answer.shown.has(member)) continue;
    if (takingsOf(member, before).some((taking) => mayTake(taking, addition, { history: before, evidence }))) continue;
    yield `${describe(read)} did not show ${showKey(member)}, which ${describe(addition.entry)} had added there`;
  }
  for (const name of answer.shown.keys()) {
    if (!before.some((entry) => entry.operation.type === "add" && memberOf(entry) === name))
      yield `${describe(read)} of ${showKey(operation.key)} showed ${showKey(name)}, which nobody had added`;
  }
}

function isScant(node: number, { nodes, dataBytesMax }: Evidence): boolean {
  return Math.min(dataBytesMax, nodes[node]?.memoryBytesMax ?? Infinity) < Infinity;
}

/** True where a member is shown as of an addition, under the version that was told, or one that it got when a replica began anew. */
function isOf(held: HeldMember, { entry, shard, version }: Addition, evidence: Evidence): boolean {
  const [stamp, shown] = [stampOfVersion(version, false), stampOfVersion(held.version, false)];
  return isSameWrite({ stamp, shard, node: entry.node, invokedAt: entry.invokedAt }, shown, evidence);
}

function additionsOf(history: CommandHistory): Addition[] {
  return history.flatMap((entry) => {
    const { answer, operation } = entry;
    if (operation.type !== "add" || answer?.type !== "done") return [];
    const { dot, timestamp, version = "" } = answer;
    return timestamp === undefined || dot === undefined ? [] : [{ entry, shard: dot.shard, timestamp, version }];
  });
}

/** What may have taken members of a name away: a removal or a deletion of the whole that was carried out, and wrote something. */
function takingsOf(member: string, history: CommandHistory): CommandEntry[] {
  return history.filter((entry) => {
    const { answer, operation } = entry;
    if (answer?.type !== "done" || answer.dot === undefined) return false;
    if (operation.type === "drop") return true;
    return (operation.type === "remove" || operation.type === "pop") && memberOf(entry) === member;
  });
}

/** True when it may be for this that a member is not there. What was taken hides, from where it stands, what is below it. */
function mayTake(
  taking: CommandEntry,
  addition: Addition,
  { history, evidence }: { readonly history: CommandHistory; readonly evidence: Evidence },
): boolean {
  const member = memberOf(addition.entry);
  return additionsOf(history).some(
    (other) =>
      memberOf(other.entry) === member && other.timestamp >= addition.timestamp && mustTake(taking, other, evidence),
  );
}

/** True when a member cannot be there after this. A removal is of what was shown; a deletion also of what was covered. */
function mustTake(taking: CommandEntry, { entry, timestamp }: Addition, evidence: Evidence): boolean {
  if ((taking.held.get(memberOf(entry) ?? "")?.timestamp ?? 0) >= timestamp) return true;
  return taking.operation.type === "drop" && isSurelyKnown(entry, taking, evidence);
}

function memberOf({ answer, operation }: CommandEntry): string | undefined {
  return answer?.type === "done" ? answer.member : operation.member;
}

/** True when what was answered has to hold whatever happened since. */
export function isForGood(
  { operation, node, life, invokedAt, answeredAt, answer }: CommandEntry,
  evidence: Evidence,
): boolean {
  if (answer?.type !== "done" || answer.dot === undefined || answeredAt === undefined) return false;
  const { key } = operation;
  const promised = { key, shard: answer.dot.shard, node, life, invokedAt, answeredAt, reached: 1 };
  return isKept(
    { ...promised, ack: "memory", isAckMet: true },
    ({ judgements, diskLosses }) => judgements.length + diskLosses.length > 0,
    evidence,
  );
}

function describe({ operation, node, invokedAt, isEviction }: CommandEntry): string {
  const { id, type, of, member } = operation;
  if (isEviction === true) return `an eviction (at replica ${node}, ${(invokedAt / 1000).toFixed(3)}s)`;
  const whom = member === undefined ? "" : ` ${showKey(member)}`;
  return `command ${id} (${of} ${type}${whom} at replica ${node}, ${(invokedAt / 1000).toFixed(3)}s)`;
}
