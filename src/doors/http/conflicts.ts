/** GET of the writes that lost to a concurrent one. */

import { checkLimit, checkPrefix } from "../fields.ts";
import { type Answer, jsonAnswer } from "./answer.ts";
import type { Call, DoorFacts } from "./call.ts";
import { encodePercent } from "./key-path.ts";
import { withRoom } from "./long-answer.ts";
import { wholeNumberOf } from "./query.ts";

/** The latest under the prefix, the newest first, as this replica knows them; keys percent-encoded. */
export async function listConflicts(call: Call, { local, limits }: DoorFacts): Promise<Answer> {
  const prefix = checkPrefix(call.query.get("prefix") ?? "", limits);
  const limit = checkLimit(wholeNumberOf(call.query.get("limit")), limits);
  const { conflicts, counts } = local.conflicts({ keyspace: call.keyspace, prefix, limit });
  const shown = conflicts.map((receipt) => ({ ...receipt, key: encodePercent(receipt.key) }));
  return withRoom(call, jsonAnswer(200, { conflicts: shown, counts }));
}
