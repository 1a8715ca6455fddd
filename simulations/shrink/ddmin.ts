/**
 * Delta debugging (Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", 2002, section 3.2):
 * reduces a list to one of which no single item can be left out, asking about halves first, then about quarters, and so
 * on. The parts themselves are not tried, only what is left without them: a fault alone hardly ever breaks anything.
 */

/** The first of the lists that still fails. */
export type FirstFailing<Item> = (lists: Iterable<readonly Item[]>) => Promise<readonly Item[] | undefined>;

export async function ddmin<Item>(items: readonly Item[], first: FirstFailing<Item>): Promise<readonly Item[]> {
  let kept = items;
  let parts = 2;
  while (kept.length > 0) {
    const smaller = await first(complementsOf(kept, parts));
    if (smaller !== undefined) {
      kept = smaller;
      parts = Math.max(parts - 1, 2);
    } else if (parts >= kept.length) {
      return kept;
    } else {
      parts = Math.min(parts * 2, kept.length);
    }
  }
  return kept;
}

/** The list without each of its parts, the last part first: what comes after a failure has nothing to do with it. */
function* complementsOf<Item>(items: readonly Item[], parts: number): Iterable<readonly Item[]> {
  const count = Math.min(parts, items.length);
  for (let part = count - 1; part >= 0; part--) {
    const from = Math.floor((part * items.length) / count);
    const to = Math.floor(((part + 1) * items.length) / count);
    yield [...items.slice(0, from), ...items.slice(to)];
  }
}
