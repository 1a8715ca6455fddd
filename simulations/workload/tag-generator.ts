/**
 * Makes operations on values that carry tags, and invalidations of these. Each key always carries the same tags, and nobody
 * deletes it: so an invalidation is a deletion of all keys with its tag as far as any checker can tell, under one stamp.
 */

import type { Key } from "../../src/base/ids.ts";
import type { SeededRandom } from "../../src/base/random.ts";
import { exponential, pickWeighted, smallUnit } from "../simulator/draws.ts";
import type { WorkloadProfile } from "./generator.ts";
import type { Operation } from "./operation.ts";

export interface TagsProfile {
  readonly keys: number;
  readonly operationsPerSecond: number;
  /** Of the operations, how many of a hundred invalidate a tag. */
  readonly invalidations: number;
  /** Clients that carry what they have seen from replica to replica. */
  readonly sessions: number;
}

const TAGS = ["a", "b", "c"];
/** Those of other clients are lower. */
const FIRST_SESSION = 1000;
const SESSION_SHARE = 0.4;
const QUORUM_SHARE = 0.15;
const TYPES = { put: 40, "put-absent": 6, update: 6, get: 45 } as const;
const VALUE_BYTES = 40;

function keyOf(index: number): Key {
  return `kt${index}` as Key;
}

/** One at least. */
function tagsOf(index: number): readonly string[] {
  const bits = (index % (2 ** TAGS.length - 1)) + 1;
  return TAGS.filter((_, i) => (bits & (1 << i)) !== 0);
}

export function generateTagged(
  random: SeededRandom,
  profile: WorkloadProfile,
  tagged: TagsProfile,
  nextId: () => number,
): Operation[] {
  const operations: Operation[] = [];
  const meanGapMs = 1000 / tagged.operationsPerSecond;
  let at = profile.fromMs + exponential(random, meanGapMs);
  for (; at < profile.untilMs; at += exponential(random, meanGapMs)) {
    operations.push(drawTagged(random, profile, tagged, { id: nextId(), at }));
  }
  return operations;
}

function drawTagged(
  random: SeededRandom,
  profile: WorkloadProfile,
  { keys, invalidations, sessions }: TagsProfile,
  when: Pick<Operation, "id" | "at">,
): Operation {
  const isOfSession = sessions > 0 && random.chance(SESSION_SHARE);
  const type = pickWeighted(random, { ...TYPES, invalidate: invalidations });
  const index = random.below(keys);
  const common = {
    ...when,
    node: random.below(profile.nodes),
    type,
    ack: pickWeighted(random, profile.acks),
    valueBytes: VALUE_BYTES,
    ...(isOfSession && { session: FIRST_SESSION + random.below(sessions) }),
  };
  if (type === "invalidate") {
    const tag = random.pick(tagsOf(index));
    const [key = keyOf(index), ...alsoKeys] = Array.from({ length: keys }, (_, i) => i)
      .filter((i) => tagsOf(i).includes(tag))
      .map(keyOf);
    return { ...common, key, alsoKeys, tag };
  }
  const key = keyOf(index);
  if (type === "get") return { ...common, key, ...(random.chance(QUORUM_SHARE) && { consistency: "quorum" }) };
  const expires = random.chance(profile.ttlShare);
  const ttlMs = Math.ceil(profile.ttlMsMax * smallUnit(random)) + 1;
  return { ...common, key, tags: tagsOf(index), ...(expires && { ttlMs }) };
}
