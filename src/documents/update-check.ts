/**
 * The check of a Yjs update (first encoding, as y-protocols carries it) before anything is made of it, stored or relayed:
 * in time and memory of the order of its bytes. An update is
 *
 *   count of clients, and for each: count of structs, client, clock of the first, the structs
 *   count of clients, and for each: client, count of ranges, and for each: clock, length       (the delete set)
 *
 * and a struct is a byte with its kind, what it refers to, and its content (`update-reader.ts`). Yjs believes the counts,
 * and takes the rest as it comes: see https://github.com/yjs/yjs/issues/687.
 *
 * What is accepted here, Yjs can apply to an empty document, and to any other once `prepareUpdate` has had a look at both. It
 * is no check of who wrote it: whoever may write can write in anybody's name. How long Yjs would take for it depends on the
 * document: see `insertion-work.ts`.
 */

import { BadBytes } from "../base/bytes.ts";
import { AtollError } from "../base/errors.ts";
import { documentLimits, type UpdateLimits } from "./document-limits.ts";
import type { UpdateFacts } from "./update-facts.ts";
import { tooLarge } from "./update-reader.ts";
import { UpdateWalk } from "./update-walk.ts";

/** By client, the clock that is expected next; none or 0 where nothing is there of it. Such as a `Map`. */
export interface StateVector {
  get(client: number): number | undefined;
}

/**
 * Facts about an update. Throws `AtollError`: `BAD_UPDATE` for bytes that are no update or one that Yjs cannot take,
 * `UPDATE_TOO_LARGE` for one over a limit.
 */
export function checkUpdate(update: Uint8Array, limits: UpdateLimits = documentLimits): UpdateFacts {
  if (update.length > limits.updateBytesMax) throw tooLarge(`${update.length} bytes`);
  try {
    return new UpdateWalk(update, limits).facts();
  } catch (error) {
    if (error instanceof BadBytes)
      throw new AtollError("BAD_UPDATE", `no Yjs update: ${error.message}`, { cause: error });
    throw error;
  }
}

/** True when something of the update would have to wait for what is not there. */
export function isMissing({ needs, deletesUpTo, ranges }: UpdateFacts, state: StateVector): boolean {
  for (const [client, clock] of needs) if (clock > stateOf(state, client)) return true;
  for (const [client, clock] of deletesUpTo) {
    if (clock > Math.max(stateOf(state, client), ranges.get(client)?.end ?? 0)) return true;
  }
  return false;
}

/** True when a client's structs are there up to a clock in the midst of what the update brings of it. */
export function isPartlyKnown({ ranges }: UpdateFacts, state: StateVector): boolean {
  for (const [client, { clock, end }] of ranges) {
    const next = stateOf(state, client);
    if (clock < next && next < end) return true;
  }
  return false;
}

function stateOf(state: StateVector, client: number): number {
  return state.get(client) ?? 0;
}
