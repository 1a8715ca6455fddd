/**
 * A listing returns each key that is there throughout, at every replica that it asks, exactly once, whichever replica each
 * page comes from; no key twice; and none that nobody wrote, or that its prefix does not begin. Of a keyspace that some keep
 * none is left out as long as every owner can be asked: cut off, a replica lists what it has.
 */

import type { Key } from "../../src/base/ids.ts";
import type { HistoryEntry, ListedAnswer } from "../workload/history.ts";
import { type Evidence, showKey, type Violation, violations } from "./evidence.ts";
import { indexWrites } from "./writes-by-key.ts";

export function checkListing(evidence: Evidence): Violation[] {
  const writes = indexWrites(evidence);
  const documents = new Set(evidence.documents.map(({ operation }) => operation.key));
  const isWritten = (key: Key): boolean =>
    documents.has(key) || (writes.get(key) ?? []).some(({ isDelete }) => !isDelete);
  const messages: string[] = [];
  for (const entry of evidence.history) {
    if (entry.answer?.type === "listed")
      messages.push(...checkListed(entry, entry.answer, isWritten, mayLeaveOut(entry, evidence)));
  }
  return violations("listing", messages);
}

function mayLeaveOut({ invokedAt, answeredAt = Infinity }: HistoryEntry, { placement }: Evidence): boolean {
  const isQuiet = placement?.quiet.some(({ from, to }) => invokedAt >= from && answeredAt < to);
  return isQuiet === false;
}

function* checkListed(
  { operation }: HistoryEntry,
  { keys, throughout }: ListedAnswer,
  isWritten: (key: Key) => boolean,
  mayBeShort: boolean,
): Iterable<string> {
  const name = `operation ${operation.id} (keys under ${showKey(operation.key)}, pages of ${operation.listing?.limit} from replicas ${operation.listing?.nodes.join(", ")})`;
  const listed = new Set<string>();
  for (const key of keys) {
    if (listed.has(key)) yield `${name} listed ${showKey(key)} twice`;
    listed.add(key);
    if (!isWritten(key) || !key.startsWith(operation.key))
      yield `${name} listed ${showKey(key)}, which nobody wrote under it`;
  }
  for (const key of mayBeShort ? [] : throughout) {
    if (!listed.has(key)) yield `${name} left out ${showKey(key)}, which was there throughout`;
  }
}
