/**
 * Values and members that are written anew with what was added to them (U2 of `counter-upkeep.ts`), as they come: they say the same as
 * what was there did, so that nothing becomes of their keys, and nobody who watches is to hear of it.
 */

import { isSameBytes } from "../base/bytes.ts";
import { msOfTimestamp } from "../core/clock.ts";
import { isMember } from "../core/containers/container-part.ts";
import { adderAt, runAt, sightAt, unseenOf } from "../core/containers/increments.ts";
import { KIND_PLAIN } from "../core/record/kind.ts";
import { fieldOfName, memberLengthAt, memberStartAt, nameAt } from "../core/record/member.ts";
import {
  bodyLengthAt,
  bodyStartAt,
  contentTypeAt,
  expiresAt,
  FALLEN,
  FLAG_SEEN,
  flagsAt,
  keyAt,
  kindAt,
  tagsAt,
  timestampAt,
} from "../core/record/record.ts";
import type { Shard } from "../core/shard/shard.ts";
import { memberRegisters, memberSlot, memberValue } from "./collection.ts";
import { endOf, sumOf, textOf } from "./counter.ts";

/** Of what is written anew the stamp is older, ms, by any clock that is trusted: what clients put is not, where it is not late. */
const AGE_MIN_MS = 30_000;

/** Of a record that is about to come, if it wins over what is held. It is sound. */
export function isSaidAnew(shard: Shard, view: DataView, at: number, nowMs: number): boolean {
  if ((flagsAt(view, at) & (FLAG_SEEN | FALLEN)) !== FLAG_SEEN) return false;
  if (msOfTimestamp(timestampAt(view, at)) > nowMs - AGE_MIN_MS) return false;
  if (kindAt(view, at) === KIND_PLAIN) return isSameValue(shard, view, at, nowMs);
  return isMember(view, at) && isSameMember(shard, view, at, nowMs);
}

function isSameValue(shard: Shard, view: DataView, at: number, nowMs: number): boolean {
  const bytes = bytesAround(view);
  const key = keyAt(view, bytes, at);
  const sum = sumOf(shard, key, nowMs);
  if (sum === undefined || endOf(shard, sum) !== expiresAt(view, at)) return false;
  if (!hasSeenAll(shard, view, at, shard.increments.of(key))) return false;
  const value = bodyAt(view, at);
  if (sum.base !== 0 && shard.isAway(sum.base)) return false;
  if (sum.base === 0) {
    const isBare = contentTypeAt(view, bytes, at) === undefined && tagsAt(view, bytes, at) === undefined;
    return isBare && isSameBytes(textOf(shard, sum) ?? value, value);
  }
  const [heldView, heldAt] = [shard.table.viewOf(sum.base), shard.table.offsetOf(sum.base)];
  const held = bytesAround(heldView);
  return (
    isSameBytes(textOf(shard, sum) ?? bodyAt(heldView, heldAt), value) &&
    contentTypeAt(heldView, held, heldAt) === contentTypeAt(view, bytes, at) &&
    String(tagsAt(heldView, held, heldAt)) === String(tagsAt(view, bytes, at))
  );
}

function isSameMember(shard: Shard, view: DataView, at: number, nowMs: number): boolean {
  const id = { kind: kindAt(view, at), key: keyAt(view, bytesAround(view), at) };
  const slot = memberSlot(shard, id, nameAt(view, at), nowMs);
  if (slot === 0) return false;
  const start = memberStartAt(view, at);
  const value = bytesAround(view).subarray(start, start + memberLengthAt(view, at));
  const isSame =
    expiresAt(shard.table.viewOf(slot), shard.table.offsetOf(slot)) === expiresAt(view, at) &&
    isSameBytes(memberValue(shard, slot), value);
  const own = shard.find(id.kind, id.key, fieldOfName(nameAt(view, at)));
  const added = memberRegisters(shard, id, nameAt(view, at)).filter((each) => each !== own);
  return isSame && hasSeenAll(shard, view, at, added);
}

/** Nothing that is held of increments counts on top of a record. */
function hasSeenAll({ table }: Shard, view: DataView, at: number, slots: readonly number[]): boolean {
  const seen = sightAt(view, at);
  return slots.every((slot) => {
    const [heldView, heldAt] = [table.viewOf(slot), table.offsetOf(slot)];
    const run = runAt(heldView, heldAt);
    return run === undefined || unseenOf(run.tally, seen.get(adderAt(heldView, heldAt))) === undefined;
  });
}

function bodyAt(view: DataView, at: number): Uint8Array {
  const start = bodyStartAt(view, at);
  return bytesAround(view).subarray(start, start + bodyLengthAt(view, at));
}

function bytesAround(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
