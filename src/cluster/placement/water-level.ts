/**
 * Fair division with bounds: everybody gets in proportion to their weight, as water that rises in vessels of these
 * widths, but nobody less than their least or more than their most (max-min fairness, Bertsekas and Gallager 1987,
 * 6.5.2).
 */

export interface Vessel {
  readonly weight: number;
  readonly least: number;
  readonly most: number;
}

/**
 * What each vessel gets when `total` is poured: `level * weight` within its bounds, at the one level that gives the
 * total.
 */
export function pour(total: number, vessels: readonly Vessel[]): readonly number[] {
  const level = levelOf(total, vessels);
  return vessels.map(({ weight, least, most }) => Math.min(most, Math.max(least, level * weight)));
}

/** Infinity where even all that fits is less than the total, or just as much. */
function levelOf(total: number, vessels: readonly Vessel[]): number {
  // Each vessel begins to fill at one level, and is full at another; between these the sum rises evenly.
  const turns = vessels
    .flatMap(({ weight, least, most }) => [
      { level: least / weight, slope: weight },
      { level: most / weight, slope: -weight },
    ])
    .sort((a, b) => a.level - b.level || b.slope - a.slope);
  let sum = vessels.reduce((all, { least }) => all + least, 0);
  let [level, slope] = [0, 0];
  for (const turn of turns) {
    const risen = sum + slope * (turn.level - level);
    if (risen >= total && slope > 0) return level + (total - sum) / slope;
    [sum, level, slope] = [risen, turn.level, slope + turn.slope];
  }
  return Infinity;
}
