/** Finds what somebody who mistyped a name most likely meant. */

/** Insertions, deletions and replacements that turn one text into the other (Levenshtein 1966). */
export function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}

/** The candidate nearest to `name`, or `undefined` when none is near: more than a third of its letters differ. */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  let best: { readonly candidate: string; readonly distance: number } | undefined;
  // Distance costs the product of the lengths; nobody mistypes a name of a hundred letters.
  const typed = name.slice(0, 100);
  for (const candidate of candidates) {
    const distance = editDistance(typed, candidate);
    if (distance <= Math.ceil(candidate.length / 3) && distance < (best?.distance ?? Number.POSITIVE_INFINITY)) {
      best = { candidate, distance };
    }
  }
  return best?.candidate;
}
