/** What a replica tells of writes that lost to a concurrent one, as JSON. */

import type { Key } from "../base/ids.ts";
import type { ConflictPage, ConflictReceipt } from "../store.ts";
import { badAnswer, isObject } from "./answer.ts";
import { decodePercent } from "./percent.ts";

/** Throws `BAD_MESSAGE` for what is none. */
export function parseConflictPage(parsed: unknown): ConflictPage {
  if (!isObject(parsed) || !Array.isArray(parsed.conflicts)) throw badAnswer("a list of conflicts");
  const conflicts = (parsed.conflicts as readonly ConflictReceipt[]).map((receipt) => {
    const key = decodePercent(String(receipt.key));
    if (key === undefined) throw badAnswer("a key");
    return { ...receipt, key: key as Key };
  });
  const { counts } = parsed as unknown as ConflictPage;
  return counts === undefined ? { conflicts } : { conflicts, counts };
}
