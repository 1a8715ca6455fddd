/** Makes a sequence that two servers answer differently as short as it can be, one part after another taken out. */

import type { Sequence, Unit } from "./sequence.ts";

export type Fails = (sequence: Sequence) => Promise<boolean>;

export async function shrink(sequence: Sequence, fails: Fails): Promise<Sequence> {
  let least = sequence;
  const keepIf = async (shorter: Sequence): Promise<boolean> => {
    const isShorter = await fails(shorter);
    if (isShorter) least = shorter;
    return isShorter;
  };
  await keepIf({ ...least, isPipelined: false });
  await keepIf({ ...least, version: "2" });
  for (let size = Math.ceil(least.units.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2))
    for (let at = least.units.length - size; at > -size; at -= size) {
      const from = Math.max(0, at);
      await keepIf({ ...least, units: without(least.units, from, Math.min(size, least.units.length - from)) });
    }
  for (let unit = 0; unit < least.units.length; unit++) await shrinkUnit(unit, () => least, keepIf);
  return least;
}

/** Single steps, then single words; the names of commands stay. */
async function shrinkUnit(
  unit: number,
  least: () => Sequence,
  keepIf: (shorter: Sequence) => Promise<boolean>,
): Promise<void> {
  const current = (): Unit => least().units[unit] as Unit;
  const replaced = (steps: Unit): Sequence => ({
    ...least(),
    units: least().units.map((each, i) => (i === unit ? steps : each)),
  });
  for (let at = current().length - 1; at >= 0 && current().length > 1; at--)
    await keepIf(replaced(without(current(), at, 1)));
  if (current().length > 1) return;
  const words = (): readonly string[] => current()[0]?.words ?? [];
  for (let size = 2; size >= 1; size--)
    for (let at = words().length - size; at >= 1; at--)
      await keepIf(replaced(current().map((step) => ({ ...step, words: without(step.words, at, size) }))));
}

function without<T>(list: readonly T[], from: number, count: number): readonly T[] {
  return [...list.slice(0, from), ...list.slice(from + count)];
}
