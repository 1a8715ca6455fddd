/** Lets clients put with versions that they were shown a while ago: still the newest, or overtaken since. */

import type { Key } from "../../src/base/ids.ts";
import type { SeededRandom } from "../../src/base/random.ts";
import type { Operation } from "./operation.ts";

/** Of the updates. */
const HELD_SHARE = 0.6;
/** Older ones are hardly ever the newest any more. */
const REMEMBERED_MAX = 3;

/** The same operations, in the order of time; some updates expect what an earlier one of their key showed. */
export function holdVersions(random: SeededRandom, operations: readonly Operation[]): Operation[] {
  const shownByKey = new Map<Key, readonly Operation[]>();
  return [...operations]
    .sort((a, b) => a.at - b.at)
    .map((operation) => {
      const { key, type } = operation;
      const shown = shownByKey.get(key) ?? [];
      if (type !== "keys") shownByKey.set(key, [...shown, operation].slice(-REMEMBERED_MAX));
      if (type !== "update" || shown.length === 0 || !random.chance(HELD_SHARE)) return operation;
      return { ...operation, expects: random.pick(shown).id };
    });
}
